//! `node.clear`: commitlog, saved caches, hints, and the tables of `system` that work like hints, go to
//! quarantine, by rename.
//!
//! The written procedure deletes the first two and forgets the third, which then brings writes of
//! after the backup back (domain.md B.2). Logged batches and what is agreed by Paxos but not yet everywhere
//! would do the same (B.3, B.13); in 2.2 hints are a table too. Of Paxos the state of other keyspaces goes
//! along: nothing tells rows of a table apart without Cassandra, and no proposal is under way. A rollback sets aside what came after the earlier run set
//! the old ones aside, before these return (`node.back`).

use super::{Context, Kind, ResolvedStep, Script, Spec, Target, Unresolved, by_exit_code, never, places};

/// The step type.
pub const SPEC: Spec = Spec {
    name: "node.clear",
    help: "Moves every entry of the commitlog, saved_caches and hints directories, and of the tables of `system` \
           that hold hints (2.2), logged batches and Paxos state, to quarantine, each by a checked rename. Refuses while Cassandra runs. May run again: it moves what is still there.",
    on: Kind::Node,
    scripts: &[
        ("node.clear.act", concat!(include_str!("system_tables.sh"), include_str!("node_clear.act.sh"))),
        ("node.clear.proof", concat!(include_str!("system_tables.sh"), include_str!("node_clear.proof.sh"))),
    ],
    resolve,
    probe: never,
    judge: by_exit_code,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let (_, facts) = context.node(SPEC.name, target)?;
    if context.request.earlier.as_ref().is_some_and(|earlier| !earlier.cleared.contains(target.host)) {
        // a rollback: what is there was there before the earlier run, or is what it left to move
        return Ok(vec![]);
    }
    let dirs: Vec<_> = facts.dirs.iter().filter(|dir| dir.is_cleared()).collect();
    let labels = dirs.iter().map(|dir| dir.label.clone());
    let tables = facts.version.resending_tables().iter().map(|table| format!("system.{table}"));
    let what: Vec<_> = labels.chain(tables).collect();
    let script = |name| context.system_tables(Script::new(name).list("DIRS", places(dirs.iter().copied())), facts);
    Ok(vec![ResolvedStep {
        summary: format!("set aside {} of {}", what.join(", "), target.host),
        act: Some(script("node.clear.act")),
        proof: target.ask(script("node.clear.proof")),
        idempotent: true,
        ..target.step(SPEC.name)
    }])
}
