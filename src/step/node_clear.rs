//! `node.clear`: commitlog, saved caches and hints go to quarantine, by rename.
//!
//! The written procedure deletes the first two and forgets the third, which then brings writes of
//! after the backup back (domain.md B.2). A rollback sets aside what came after the earlier run set
//! the old ones aside, before these return (`node.back`).

use super::{Context, Kind, ResolvedStep, Script, Spec, Target, Unresolved, by_exit_code, never, places};

/// The step type.
pub const SPEC: Spec = Spec {
    name: "node.clear",
    help: "Moves every entry of the commitlog, saved_caches and hints directories to quarantine, each by a checked \
           rename. Refuses while Cassandra runs. May run again: it moves what is still there.",
    on: Kind::Node,
    scripts: &[
        ("node.clear.act", include_str!("node_clear.act.sh")),
        ("node.clear.proof", include_str!("node_clear.proof.sh")),
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
    let others: Vec<_> = facts.dirs.iter().filter(|dir| !dir.is_data()).collect();
    let lines = || places(others.iter().copied());
    let labels: Vec<_> = others.iter().map(|d| d.label.as_str()).collect();
    Ok(vec![ResolvedStep {
        summary: format!("set aside {} of {}", labels.join(", "), target.host),
        act: Some(Script::new("node.clear.act").list("DIRS", lines())),
        proof: target.ask(Script::new("node.clear.proof").list("DIRS", lines())),
        idempotent: true,
        ..target.step(SPEC.name)
    }])
}
