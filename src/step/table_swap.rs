//! `table.swap`: the stage becomes live, what was live goes to quarantine; per table, by rename.
//!
//! The act can be taken up where an earlier attempt ended: what stage, live and quarantine hold
//! together tells how far it came; a state that no attempt leaves is reported, not touched.

use super::{Context, Kind, ResolvedStep, Script, Spec, Target, Unresolved, by_exit_code, count, never};

/// The step type.
pub const SPEC: Spec = Spec {
    name: "table.swap",
    help: "For each table of the keyspace: live directory to quarantine, staged directory to live (each rename \
           checked), snapshots/ and backups/ of others put back; every data directory. Refuses while Cassandra runs. \
           May run again: it goes on where it was.",
    on: Kind::Node,
    scripts: &[
        ("table.swap.act", include_str!("table_swap.act.sh")),
        ("table.swap.proof", include_str!("table_swap.proof.sh")),
    ],
    resolve,
    probe: never,
    judge: by_exit_code,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let (_, facts) = context.node(SPEC.name, target)?;
    let keyspace = target.keyspace(SPEC.name)?;
    let dirs = context.table_dirs(keyspace);
    let files = context.staged_files(SPEC.name, target)?;
    let script = |name| context.data_places(Script::new(name), facts).var("KEYSPACE", keyspace).list("TABLES", &dirs);
    Ok(vec![ResolvedStep {
        summary: format!(
            "replace {} of {keyspace} on {} by the backup's (what was there goes to quarantine)",
            count(dirs.len(), "table"),
            target.host
        ),
        act: Some(script("table.swap.act").var("FRESH", if facts.is_down() { "yes" } else { "" })),
        proof: target.ask(script("table.swap.proof").var("COUNT", files.len())),
        idempotent: true,
        ..target.step(SPEC.name)
    }])
}
