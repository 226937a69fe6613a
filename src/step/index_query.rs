//! `index.query`: every secondary index answers on every node.
//!
//! One value that the table holds is asked of the index. This is the operator's view of the node,
//! not a proof about the node's own files: a coordinator may ask another replica, also at CL ONE. Indexes that answer no
//! question for a value (of vectors, of words in a text, of other makers) are left out, or told as such.

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
            let (part, column) = taken_apart(&index.target)?;
            let of_vectors = table.columns.iter().any(|one| one.name == column && one.ty.starts_with("vector<"));
            if of_vectors || index.class.as_deref().is_some_and(|class| !answers_for_values(class)) {
                return None;
            }
            let table = format!("{}.{}", quoted(keyspace.as_str()), quoted(table.name.as_str()));
            let custom = if index.class.is_some() { "\tcustom" } else { "" };
            Some(format!("{}\t{table}\t{}\t{part}{custom}", index.name, quoted(&column)))
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

/// Whether an index of that class can be asked for a value.
fn answers_for_values(class: &str) -> bool {
    let name = class.rsplit('.').next().unwrap_or(class).to_ascii_lowercase();
    ["sai", "storageattachedindex", "sasiindex"].contains(&name.as_str())
}

/// Which part of which column is indexed: `keys(c)`, `values(c)`, `entries(c)`; `full(c)` and `c` are the
/// whole value. `None`: an expression that nobody here knows how to ask (of a custom index).
fn taken_apart(target: &str) -> Option<(&'static str, String)> {
    let inner = |part: &str| target.strip_prefix(part)?.strip_prefix('(')?.strip_suffix(')');
    let part = ["keys", "values", "entries"].into_iter().find_map(|part| Some((part, inner(part)?)));
    let (part, column) = part.unwrap_or_else(|| ("whole", inner("full").unwrap_or(target)));
    let name = match column.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None if column.is_empty() || column.contains(['(', '"', ',']) => return None,
        None => column.to_owned(),
    };
    Some((part, name))
}

/// A CQL identifier as is, whatever its case.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_collections_are_told_from_columns_with_odd_names() {
        let apart = |target| taken_apart(target).map(|(part, column)| format!("{part} {column}"));
        for (target, expected) in [
            ("title", "whole title"),
            ("\"Owner Name\"", "whole Owner Name"),
            ("keys(props)", "keys props"),
            ("values(\"My Set\")", "values My Set"),
            ("entries(\"a\"\"b\")", "entries a\"b"),
            ("full(fs)", "whole fs"),
            ("\"keys(c)\"", "whole keys(c)"),
        ] {
            assert_eq!(apart(target).as_deref(), Some(expected));
        }
        assert_eq!(apart("lower(title)"), None);
        assert_eq!(apart("(a, b)"), None);
        assert_eq!(apart(""), None);
        for class in ["sai", "StorageAttachedIndex", "org.apache.cassandra.index.sasi.SASIIndex"] {
            assert!(answers_for_values(class), "{class}");
        }
        assert!(!answers_for_values("com.stratio.cassandra.lucene.Index"));
    }
}
