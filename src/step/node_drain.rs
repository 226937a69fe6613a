//! `node.drain`: everything in memory goes to sstables; the commit log then holds nothing.
//!
//! Proven by the mode DRAINED and a clean log, never by the exit code: a failing drain exits 0 from
//! 3.11 on, and so does the second of two (domain.md C.4). Cassandra logs the mode as it takes it, so where its log
//! is at INFO and still there no JVM is started to ask for it.
//!
//! Nodes that drain together (fan-out) stop gossiping first: from 4.0 on one that has just gossiped to a peer
//! whose port is closed by then waits ten seconds, until that message expires (docs/adr/0017-fan-out.md).

use super::{Context, Kind, Observations, ResolvedStep, Script, Spec, Target, Unresolved, Verdict};
use crate::cassandra::drainlog;
use crate::cassandra::netstats::{self, Mode};

/// The step type.
pub const SPEC: Spec = Spec {
    name: "node.drain",
    help: "Runs `nodetool drain` (by fan-out from 4.0 on `nodetool disablegossip` before it, so that drains do not wait for \
           each other), and demands a clean log and the mode DRAINED, as the log or else `nodetool netstats` tells it. A \
           node that is drained already is left alone. For a node that is down (--override node-down) the plan has `node.quiet` \
           instead. May run again: a second drain changes nothing.",
    on: Kind::Node,
    scripts: &[
        ("node.drain.probe", concat!(include_str!("node_drain.probe.sh"), include_str!("node_drain.mode.sh"))),
        ("node.drain.act", include_str!("node_drain.act.sh")),
        ("node.drain.proof", include_str!("node_drain.mode.sh")),
    ],
    resolve,
    probe: judge,
    judge,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let (node, facts) = context.node(SPEC.name, target)?;
    if facts.is_down() {
        // overridden by the operator: it is drained only if it happens to run by then
        return super::node_quiet::resolve(context, target);
    }
    let ports = format!("{} {}", facts.conf.storage_port, facts.conf.ssl_storage_port);
    let script = |name| context.nodetool(Script::new(name), node, facts).var("LOG", &facts.log);
    let together = context.request.fans_out() && context.facts.nodes.len() > 1;
    let quiet = if together && facts.version.waits_for_messages() { "yes" } else { "" };
    Ok(vec![ResolvedStep {
        summary: format!("drain {}{}", target.host, if quiet.is_empty() { "" } else { " (gossip is stopped first)" }),
        probe: target.ask(script("node.drain.probe").var("STORAGE_PORTS", &ports)),
        act: Some(script("node.drain.act").var("GOSSIP_FIRST", quiet)),
        proof: target.ask(script("node.drain.proof").var("STORAGE_PORTS", ports)),
        idempotent: true,
        limit_s: 3600,
        ..target.step(SPEC.name)
    }])
}

/// Of the probe as of the proof (mode, and the log since the last drain began): the act's own log is not enough, for a second
/// drain does nothing and says nothing of how the first one failed.
fn judge(_: &ResolvedStep, observed: &Observations) -> Verdict {
    let reply = match &observed.seen[0].reply {
        Ok(reply) => reply,
        Err(why) => return Verdict::Unknown(why.clone()),
    };
    let act = observed.act.as_ref().map_or("", |act| act.stdout.as_str());
    if let Some(line) = [act, &reply.stdout].into_iter().flat_map(drainlog::failures).next() {
        return Verdict::Not(format!("the drain failed, says its log: {line}"));
    }
    match netstats::mode(&reply.stdout) {
        Ok(Mode::Drained) => Verdict::Holds(format!("Mode: DRAINED{}, clean log", netstats::source(&reply.stdout))),
        Ok(mode) => Verdict::Not(format!("mode is {mode:?}, not DRAINED")),
        Err(_) => Verdict::Unknown(format!("no mode: {}", reply.reason())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::HostName;
    use crate::remote::Reply;
    use crate::step::Seen;

    fn judged(act: Option<&str>, proof: &str) -> Verdict {
        let host = HostName::parse("cass1").unwrap();
        let step = Target { phase: "drain", host: &host, keyspace: None, earlier: &[] }.step(SPEC.name);
        let reply = |text: &str| Reply { stdout: text.to_owned(), ..Reply::default() };
        let seen = vec![Seen { host: host.clone(), reply: Ok(reply(proof)) }];
        judge(&step, &Observations { act: act.map(reply), seen })
    }

    #[test]
    fn a_second_drain_does_not_hide_how_the_first_one_failed() {
        let clean = "Mode: DRAINED\nreseed: its log says so: x - DRAINED\n";
        assert_eq!(judged(Some(""), clean), Verdict::Holds("Mode: DRAINED (from its log), clean log".to_owned()));
        assert_eq!(judged(None, "Mode: DRAINED\n"), Verdict::Holds("Mode: DRAINED, clean log".to_owned()));
        let failed =
            format!("{clean}ERROR x - Caught exception while waiting for memtable flushes during shutdown hook\n");
        for act in [None, Some(""), Some("WARN x - Cannot drain node (did it already happen?)\n")] {
            let Verdict::Not(why) = judged(act, &failed) else { panic!("{act:?}") };
            assert!(why.contains("memtable flushes"), "{why}");
        }
    }
}
