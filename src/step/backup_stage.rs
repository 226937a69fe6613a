//! `backup.stage`: a verified copy of one keyspace of the backup beside the data, made while the
//! cluster serves, so that the outage holds only renames.
//!
//! The copy never shares an inode with the backup (Cassandra appends to some components).

use super::{Context, Kind, ResolvedStep, Script, Spec, Target, Unresolved, by_exit_code, count, never};

/// The step type.
pub const SPEC: Spec = Spec {
    name: "backup.stage",
    help: "Copies the keyspace's files from the backup to the stage on the data filesystem, with owner and mode of \
           live data, and compares the sha256 of every copied byte with the manifest. Cassandra serves meanwhile. \
           May run again: it starts anew.",
    on: Kind::Node,
    scripts: &[
        ("backup.stage.act", include_str!("backup_stage.act.sh")),
        ("backup.stage.proof", include_str!("backup_stage.proof.sh")),
    ],
    resolve,
    probe: never,
    judge: by_exit_code,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let (_, facts) = context.node(SPEC.name, target)?;
    let keyspace = target.keyspace(SPEC.name)?;
    let data = facts.data().next().ok_or_else(|| target.unresolved(SPEC.name, "it has no data directory"))?;
    let files = context.staged_files(SPEC.name, target)?;
    let dirs = context.table_dirs(keyspace);
    let tables = dirs.iter().map(|dir| format!("{}\t{dir}", dir.table));
    let bytes: u64 = files.iter().map(|f| f.size).sum();
    let act = Script::new("backup.stage.act")
        .var("SOURCE", format!("{}/{}/{keyspace}", context.inventory.backup.root, context.tag()))
        .var("PLACE", &data.place)
        .var("LIVE", format!("{}/{keyspace}", data.path))
        .var("KEYSPACE", keyspace)
        .list("TABLES", tables)
        .list("FILES", files.iter().map(|f| format!("{}\t{}\t{}\t{}", f.sha256, f.size, f.from, f.to)));
    let proof =
        Script::new("backup.stage.proof").var("PLACE", &data.place).var("KEYSPACE", keyspace).var("COUNT", files.len());
    Ok(vec![ResolvedStep {
        summary: format!(
            "stage {} ({bytes} bytes) of {keyspace} on {} and verify them",
            count(files.len(), "file"),
            target.host
        ),
        act: Some(act),
        proof: target.ask(proof),
        idempotent: true,
        limit_s: 0,
        ..target.step(SPEC.name)
    }])
}
