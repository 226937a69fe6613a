//! `backup.verify`: every byte of the copy is read back and compared with the snapshot's hashes.

use super::{Context, Kind, ResolvedStep, Script, Spec, Target, Unresolved, by_exit_code, never};

/// The step type.
pub const SPEC: Spec = Spec {
    name: "backup.verify",
    help: "Reads back every copied file and compares its sha256 with that of the snapshot's file. Changes nothing.",
    on: Kind::Node,
    scripts: &[("backup.verify.act", concat!(include_str!("../backup/copy.sh"), include_str!("backup_verify.act.sh")))],
    resolve,
    probe: never,
    judge: by_exit_code,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    context.node(SPEC.name, target)?;
    Ok(vec![ResolvedStep {
        summary: format!("verify the copy of {}", context.keyspace_list()),
        act: Some(context.copying(context.backup_vars(Script::new("backup.verify.act")))),
        idempotent: true,
        limit_s: 0,
        ..target.step(SPEC.name)
    }])
}
