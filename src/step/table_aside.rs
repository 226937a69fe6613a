//! `table.aside`: a keyspace's tables go to quarantine; the node will be refilled by repair.

use super::{Context, Kind, ResolvedStep, Script, Spec, Target, Unresolved, by_exit_code, count, never};

/// The step type.
pub const SPEC: Spec = Spec {
    name: "table.aside",
    help: "For each table of the keyspace, in every data directory: live directory to quarantine by a checked \
           rename, an empty one with the same owner in its place, snapshots/ and backups/ of others put back. \
           Refuses while Cassandra runs. May run again: it goes on where it was.",
    on: Kind::Node,
    scripts: &[
        ("table.aside.act", include_str!("table_aside.act.sh")),
        ("table.aside.proof", include_str!("table_aside.proof.sh")),
    ],
    resolve,
    probe: never,
    judge: by_exit_code,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let (_, facts) = context.node(SPEC.name, target)?;
    let keyspace = target.keyspace(SPEC.name)?;
    let dirs = context.table_dirs(keyspace);
    let script = |name| context.data_places(Script::new(name), facts).var("KEYSPACE", keyspace).list("TABLES", &dirs);
    Ok(vec![ResolvedStep {
        summary: format!("set aside {} of {keyspace} on {}", count(dirs.len(), "table"), target.host),
        act: Some(script("table.aside.act").var("FRESH", if facts.is_down() { "yes" } else { "" })),
        proof: target.ask(script("table.aside.proof")),
        idempotent: true,
        ..target.step(SPEC.name)
    }])
}
