//! `guard.clear`: the last act before a node's start (safety rule 3).

use super::guard_set::FILE;
use super::{Context, Kind, ResolvedStep, Script, Spec, Target, Unresolved, by_exit_code, never};

/// The step type.
pub const SPEC: Spec = Spec {
    name: "guard.clear",
    help: "Syncs the disks and removes the file that kept the node from starting. May run again.",
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
    let script = |name| context.data_paths(Script::new(name), facts).var("GUARD_FILE", FILE);
    Ok(vec![ResolvedStep {
        summary: format!("let {} start again", target.host),
        act: Some(script("guard.clear.act")),
        proof: target.ask(script("guard.clear.proof")),
        idempotent: true,
        ..target.step(SPEC.name)
    }])
}
