//! `index.rebuild`: rebuilds the secondary indexes whose files were not restored.
//!
//! Cassandra builds an index at start only if its own notes say it was never built; those notes
//! survive a restore, so an index without files stays empty for ever (domain.md B.1).

use crate::cassandra::layout::TableDir;

use super::{Context, Kind, ResolvedStep, Script, Spec, Target, Unresolved, by_exit_code, count};

/// The step type.
pub const SPEC: Spec = Spec {
    name: "index.rebuild",
    help: "Looks whether every index of the keyspace has its files (where its table has data); else runs `nodetool \
           rebuild_index` for all of them. May run again.",
    on: Kind::Node,
    scripts: &[
        ("index.rebuild.probe", include_str!("index_rebuild.probe.sh")),
        ("index.rebuild.act", include_str!("index_rebuild.act.sh")),
    ],
    resolve,
    probe: by_exit_code,
    judge: by_exit_code,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let (node, facts) = context.node(SPEC.name, target)?;
    let keyspace = target.keyspace(SPEC.name)?;
    let lines: Vec<String> = context
        .tables(keyspace)
        .flat_map(|table| table.indexes.iter().map(move |index| (table, index)))
        .map(|(table, index)| {
            let dir = TableDir { table: table.name.clone(), id: table.id.clone() };
            format!("{}\t{dir}\t{}", index.name, index.kind)
        })
        .collect();
    if lines.is_empty() {
        return Ok(vec![]);
    }
    let script = |name| Script::new(name).var("KEYSPACE", keyspace).list("INDEXES", &lines);
    let probe = context.data_paths(script("index.rebuild.probe"), facts);
    Ok(vec![ResolvedStep {
        summary: format!("rebuild {} of {keyspace} on {} unless restored", count(lines.len(), "index"), target.host),
        probe: target.ask(probe.clone()),
        act: Some(context.nodetool(script("index.rebuild.act"), node, facts)),
        idempotent: true,
        limit_s: 0,
        ..target.step(SPEC.name)
    }])
}
