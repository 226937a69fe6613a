//! `table.back`: the tables that an earlier run set aside are live again; what took their place goes
//! to this run's own quarantine.
//!
//! The same on every node, whether that run swapped, emptied or never reached the table: what is in
//! its quarantine is what it took. Rejected: an undo per step of the earlier plan, which would have
//! to know where in a step that run ended (docs/adr/0008).

use super::{Context, Kind, ResolvedStep, Script, Spec, Target, Unresolved, by_exit_code, count, never};

/// The step type.
pub const SPEC: Spec = Spec {
    name: "table.back",
    help: "For each table of the keyspace that the earlier run set aside, in every data directory: live directory to \
           this run's quarantine, the old one to live (each rename checked), snapshots/ and backups/ of others \
           with it. A table that was never set aside stays as it is. Refuses while Cassandra runs. May run again: it \
           goes on where it was.",
    on: Kind::Node,
    scripts: &[
        ("table.back.act", include_str!("table_back.act.sh")),
        ("table.back.proof", include_str!("table_back.proof.sh")),
    ],
    resolve,
    probe: never,
    judge: by_exit_code,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let (_, facts) = context.node(SPEC.name, target)?;
    let earlier = context.earlier(SPEC.name, target)?;
    let keyspace = target.keyspace(SPEC.name)?;
    let dirs = context.table_dirs(keyspace);
    let script = |name| {
        let script = context.data_places(Script::new(name), facts).var("KEYSPACE", keyspace).list("TABLES", &dirs);
        script.var("OF", &earlier.run).var("FRESH", if facts.is_down() { "yes" } else { "" })
    };
    Ok(vec![ResolvedStep {
        summary: format!(
            "put back {} of {keyspace} (what is there now goes to quarantine)",
            count(dirs.len(), "table")
        ),
        act: Some(script("table.back.act").list("ROLLBACKS", &earlier.rollbacks)),
        proof: target.ask(script("table.back.proof")),
        idempotent: true,
        ..target.step(SPEC.name)
    }])
}
