//! `snapshot.take`: `nodetool snapshot` of the keyspaces under a tag of our own.

use super::{Context, Kind, ResolvedStep, Script, Spec, Target, Unresolved, by_exit_code, never};

/// The step type.
pub const SPEC: Spec = Spec {
    name: "snapshot.take",
    help: "Runs `nodetool snapshot -t reseed-TAG`: hard links to all sstables, after a flush. Not repeatable: the \
           same tag is refused by Cassandra.",
    on: Kind::Node,
    scripts: &[("snapshot.take.act", include_str!("snapshot_take.act.sh"))],
    resolve,
    probe: never,
    judge: by_exit_code,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let (node, facts) = context.node(SPEC.name, target)?;
    let script = context.backup_vars(Script::new("snapshot.take.act"));
    Ok(vec![ResolvedStep {
        summary: format!("snapshot {} on {}", context.keyspace_list(), target.host),
        act: Some(context.nodetool(script, node, facts)),
        limit_s: 3600,
        ..target.step(SPEC.name)
    }])
}
