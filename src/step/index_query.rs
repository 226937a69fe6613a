//! `index.query`: every secondary index answers on every node.
//!
//! One value that the table holds is asked of the index. This is the operator's view of the node,
//! not a proof about the node's own files: a coordinator may ask another replica, also at CL ONE.

use super::{Context, Kind, ResolvedStep, Script, Spec, Target, Unresolved, by_exit_code, count, never};

/// The step type.
pub const SPEC: Spec = Spec {
    name: "index.query",
    help: "Only a proof: takes a value from each indexed table and asks the index for it through this node, at CL \
           ONE; an index that lost its data answers nothing.",
    on: Kind::Node,
    scripts: &[("index.query.proof", include_str!("index_query.proof.sh"))],
    resolve,
    probe: never,
    judge: by_exit_code,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let (node, facts) = context.node(SPEC.name, target)?;
    let keyspace = target.keyspace(SPEC.name)?;
    let lines: Vec<String> = context
        .tables(keyspace)
        .flat_map(|table| table.indexes.iter().map(move |index| (table, index)))
        .filter_map(|(table, index)| {
            let column = plain_column(&index.target)?;
            let table = format!("{}.{}", quoted(keyspace.as_str()), quoted(table.name.as_str()));
            Some(format!("{}\t{table}\t{}", index.name, quoted(column)))
        })
        .collect();
    if lines.is_empty() {
        return Ok(vec![]);
    }
    let script = Script::new("index.query.proof").list("INDEXES", &lines);
    Ok(vec![ResolvedStep {
        summary: format!("ask {} of {keyspace} on {}", count(lines.len(), "index"), target.host),
        proof: target.ask(context.cqlsh(script, node, facts)),
        idempotent: true,
        secret: true,
        patience_s: 60,
        ..target.step(SPEC.name)
    }])
}

/// The column of an index on a plain value. Those on parts of collections (`keys(c)`, `entries(c)`)
/// need other questions, which nobody asks here yet.
fn plain_column(target: &str) -> Option<&str> {
    let column = target.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(target);
    (!column.contains(['(', '"'])).then_some(column)
}

/// A CQL identifier as is, whatever its case.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
