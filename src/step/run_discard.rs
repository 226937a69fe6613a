//! `run.discard`: what an earlier run and its rollbacks keep on a node is deleted: stage, quarantine.
//!
//! The only step that deletes data, and after it there is no way back. Never what belongs to others:
//! a snapshot that is still in the quarantine stops it.

use std::collections::BTreeSet;

use super::{
    Context, Kind, Observations, ResolvedStep, Script, Spec, Target, Unresolved, Verdict, by_exit_code, never,
};
use crate::units::bytes;

/// The step type.
pub const SPEC: Spec = Spec {
    name: "run.discard",
    help: "Deletes the stage and the quarantine of the earlier run, and of its rollbacks, on the node. Refuses when a \
           snapshots/ or backups/ directory in there holds files: these are other people's. Says how much became \
           free. May run again: it deletes what is left.",
    on: Kind::Node,
    scripts: &[
        ("run.discard.act", include_str!("run_discard.act.sh")),
        ("run.discard.proof", include_str!("run_discard.proof.sh")),
    ],
    resolve,
    probe: never,
    judge,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let (_, facts) = context.node(SPEC.name, target)?;
    let earlier = context.earlier(SPEC.name, target)?;
    let places: BTreeSet<_> = facts.dirs.iter().map(|dir| &dir.place).collect();
    let script = |name| Script::new(name).list("PLACES", &places).list("RUNS", earlier.runs());
    Ok(vec![ResolvedStep {
        summary: format!("delete for good what run {} keeps on {}", earlier.run, target.host),
        act: Some(script("run.discard.act")),
        proof: target.ask(script("run.discard.proof")),
        idempotent: true,
        limit_s: 0,
        ..target.step(SPEC.name)
    }])
}

fn judge(step: &ResolvedStep, observed: &Observations) -> Verdict {
    let freed = observed.act.as_ref().and_then(|act| act.last_line().strip_prefix("freed=")?.parse().ok());
    match (by_exit_code(step, observed), freed) {
        (Verdict::Holds(_), Some(freed)) => Verdict::Holds(format!("{} freed", bytes(freed))),
        (other, _) => other,
    }
}
