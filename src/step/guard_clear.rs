//! `guard.clear`: the last act before a node's start (safety rule 3).

use super::guard_set::script;
use super::{Context, Kind, ResolvedStep, Spec, Target, Unresolved, by_exit_code, never};

/// The step type.
pub const SPEC: Spec = Spec {
    name: "guard.clear",
    help: "Syncs the disks and takes away all that kept the node from starting: the file, the key in cassandra.yaml \
           (the original file comes back), at last the unit's condition. May run again.",
    on: Kind::Node,
    scripts: &[
        ("guard.clear.act", include_str!("guard_clear.act.sh")),
        ("guard.clear.proof", include_str!("guard_clear.proof.sh")),
    ],
    resolve,
    probe: never,
    judge: by_exit_code,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let (_, facts) = context.node(SPEC.name, target)?;
    Ok(vec![ResolvedStep {
        summary: format!("let {} start again", target.host),
        act: Some(script("guard.clear.act", context, facts)),
        proof: target.ask(script("guard.clear.proof", context, facts)),
        idempotent: true,
        ..target.step(SPEC.name)
    }])
}
