//! `node.back`: the hints, logged batches and Paxos state that an earlier run set aside return, and the commit log where that run
//! had not proven the drain. Caches stay cleared.
//!
//! `node.clear` comes before it and makes room: what was written since then waits in the rollback's
//! own quarantine.

use super::{Context, Kind, ResolvedStep, Script, Spec, Target, Unresolved, by_exit_code, never, places};

/// The step type.
pub const SPEC: Spec = Spec {
    name: "node.back",
    help: "Moves the hints (and the tables of `system` like them) that the earlier run set aside back to where they were, each by a checked rename; the \
           commit log too, when that run had not proven this node's drain (else it holds nothing). Caches stay \
           cleared. Refuses while Cassandra runs. May run again: it moves what is still in quarantine.",
    on: Kind::Node,
    scripts: &[
        ("node.back.act", concat!(include_str!("system_tables.sh"), include_str!("node_back.act.sh"))),
        ("node.back.proof", concat!(include_str!("system_tables.sh"), include_str!("node_back.proof.sh"))),
    ],
    resolve,
    probe: never,
    judge: by_exit_code,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let (_, facts) = context.node(SPEC.name, target)?;
    let earlier = context.earlier(SPEC.name, target)?;
    let drained = earlier.drained.contains(target.host);
    let returns = |label: &str| label == "hints" || (label == "commitlog" && !drained);
    let dirs: Vec<_> = facts.dirs.iter().filter(|dir| returns(&dir.label)).collect();
    let labels = dirs.iter().map(|dir| dir.label.clone());
    let tables = facts.version.resending_tables().iter().map(|table| format!("system.{table}"));
    let what: Vec<_> = labels.chain(tables).collect();
    let script = |name| {
        let script = Script::new(name).var("OF", &earlier.run).list("DIRS", places(dirs.iter().copied()));
        context.system_tables(script, facts)
    };
    Ok(vec![ResolvedStep {
        summary: format!("put back {} of {}", what.join(", "), target.host),
        act: Some(script("node.back.act")),
        proof: target.ask(script("node.back.proof")),
        idempotent: true,
        ..target.step(SPEC.name)
    }])
}
