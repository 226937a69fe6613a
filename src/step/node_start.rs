//! `node.start`: Cassandra is started, and is ready.
//!
//! Ready means: it says `Mode: NORMAL` and listens for clients, and every node that was started
//! before sees it Up and Normal, and its log tells of no sstable that was not loaded (a node that
//! could not load a table comes up all the same, domain.md B.9). Its own view of the ring counts for
//! nothing: a starting node calls itself UN (C.1). The act waits on the host without a JVM; so does the proof, where the
//! log tells the mode (as of a drain), but for what other nodes see.

use super::ring_ready;
use super::{Ask, Context, Kind, Observations, ResolvedStep, Script, Spec, Target, Unresolved, Verdict};
use crate::cassandra::netstats::{self, Mode};
use crate::cassandra::startlog;

/// The step type.
pub const SPEC: Spec = Spec {
    name: "node.start",
    help: "Runs the inventory's start command as run_as, waits until the node listens for clients or exits (then \
           with the log line that says why), and demands mode NORMAL, no load error in the log, and UN as seen by \
           every node started before. May run again: a running node is not started twice.",
    on: Kind::Node,
    scripts: &[
        ("node.start.act", concat!(include_str!("node_up.sh"), include_str!("node_start.act.sh"))),
        ("node.start.proof", include_str!("node_start.proof.sh")),
        ring_ready::VIEW,
    ],
    resolve,
    probe: super::never,
    judge,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let (node, facts) = context.node(SPEC.name, target)?;
    let ready = context.inventory.limits.ready.as_secs();
    let act = act("node.start.act", context, target)?.var("NATIVE_PORT", facts.conf.native_transport_port);
    let own = Script::new("node.start.proof")
        .var("NATIVE_PORT", facts.conf.native_transport_port)
        .var("LOG", &facts.log)
        .var("ADDRESSES", facts.ring_addresses().join(" "));
    let mut proof = target.ask(context.nodetool(own, node, facts));
    for earlier in target.earlier {
        let at = Target { host: earlier, ..*target };
        let (peer, peer_facts) = context.node(SPEC.name, &at)?;
        let view = Script::new(ring_ready::VIEW.0).var("EXPECT", facts.known_as());
        proof.push(Ask { host: earlier.clone(), script: context.nodetool(view, peer, peer_facts) });
    }
    Ok(vec![ResolvedStep {
        summary: format!("start {} and wait until it is ready", target.host),
        act: Some(act),
        proof,
        idempotent: true,
        limit_s: ready + 60,
        patience_s: ready,
        ..target.step(SPEC.name)
    }])
}

/// An act that starts a node unless it runs, and waits for something.
pub fn act(name: &str, context: &Context, target: &Target) -> Result<Script, Unresolved> {
    let (node, facts) = context.node(SPEC.name, target)?;
    Ok(Script::new(name)
        .var("START", &node.cassandra.start)
        .var("RUN_AS", &facts.run_as)
        .var("LOG", &facts.log)
        .var("GUARD_UNIT", facts.guarding().unit.unwrap_or(""))
        .var("READY_TICKS", context.inventory.limits.ready.as_secs() * 5))
}

fn judge(step: &ResolvedStep, observed: &Observations) -> Verdict {
    let log = observed.act.as_ref().map_or("", |act| act.stdout.as_str());
    if let Some(finding) = startlog::findings(log).first() {
        return Verdict::Not(format!("it is up but did not load everything: {}", finding.line));
    }
    let own = match &observed.seen[0].reply {
        Ok(reply) if reply.rc == 0 => reply.stdout.as_str(),
        Ok(reply) => return Verdict::Not(reply.reason()),
        Err(why) => return Verdict::Unknown(why.clone()),
    };
    match netstats::mode(own) {
        Ok(Mode::Normal) => {}
        Ok(mode) => return Verdict::Not(format!("mode is {mode:?}, not NORMAL")),
        Err(why) => return Verdict::Not(why.to_string()),
    }
    let peers = match ring_ready::views(&step.proof[1..], &observed.seen[1..]) {
        Verdict::Holds(_) if step.proof.len() == 1 => "first node up".to_owned(),
        Verdict::Holds(seen) => seen,
        other => return other,
    };
    Verdict::Holds(format!("Mode: NORMAL{}, no load error in its log, {peers}", netstats::source(own)))
}
