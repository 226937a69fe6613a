//! `snapshot.copy`: a keyspace's snapshot goes to the backup root, still under its partial name.
//!
//! The map of tables to directories comes from the schema: a listing would also find directories
//! of dropped tables (on which the written script aborts, domain.md A.3).

use super::{Context, Kind, ResolvedStep, Script, Spec, Target, Unresolved, by_exit_code, count, never};

/// The step type.
pub const SPEC: Spec = Spec {
    name: "snapshot.copy",
    help: "Copies the snapshot of every table, dot directories and all data directories included, to \
           ROOT/.partial-TAG, cloned where the filesystem can, and keeps the hash of every source file, which is read \
           once; gives way to others, and keeps to --rate or limits.copy_rate. May run again: it starts anew.",
    on: Kind::Node,
    scripts: &[("snapshot.copy.act", concat!(include_str!("../backup/copy.sh"), include_str!("snapshot_copy.act.sh")))],
    resolve,
    probe: never,
    judge: by_exit_code,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let (_, facts) = context.node(SPEC.name, target)?;
    let keyspace = target.keyspace(SPEC.name)?;
    let dirs = context.table_dirs(keyspace);
    let tables: Vec<String> = dirs.iter().map(|dir| format!("{}\t{dir}", dir.table)).collect();
    let script = context.copying(context.data_paths(context.backup_vars(Script::new("snapshot.copy.act")), facts));
    Ok(vec![ResolvedStep {
        summary: format!("copy {} of {keyspace} to {}", count(tables.len(), "table"), context.partial()),
        act: Some(script.var("KEYSPACE", keyspace).list("TABLES", tables)),
        idempotent: true,
        limit_s: 0,
        ..target.step(SPEC.name)
    }])
}
