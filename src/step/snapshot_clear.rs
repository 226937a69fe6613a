//! `snapshot.clear`: our snapshot goes; never any other tag.

use super::{Context, Kind, ResolvedStep, Script, Spec, Target, Unresolved, by_exit_code, never};

/// The step type.
pub const SPEC: Spec = Spec {
    name: "snapshot.clear",
    help: "Runs `nodetool clearsnapshot -t reseed-TAG` for the keyspaces; proven on disk. May run again.",
    on: Kind::Node,
    scripts: &[
        ("snapshot.clear.act", include_str!("snapshot_clear.act.sh")),
        ("snapshot.clear.proof", include_str!("snapshot_clear.proof.sh")),
    ],
    resolve,
    probe: never,
    judge: by_exit_code,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let (node, facts) = context.node(SPEC.name, target)?;
    let script = |name| context.backup_vars(Script::new(name));
    Ok(vec![ResolvedStep {
        summary: format!("clear our snapshot on {}", target.host),
        act: Some(context.nodetool(script("snapshot.clear.act"), node, facts)),
        proof: target.ask(context.data_paths(script("snapshot.clear.proof"), facts)),
        idempotent: true,
        ..target.step(SPEC.name)
    }])
}
