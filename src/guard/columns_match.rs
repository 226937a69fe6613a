//! `columns-match`: every column of the backup is there to be read into.
//!
//! Cassandra skips an sstable with a column that it does not know: the node starts, is UN, and has
//! loaded nothing (domain.md B.9). Types are compared across versions ([`types`]).

use super::{Case, Guard, Objection, When};
use crate::backup::manifest::{Manifest, TableEntry};
use crate::cassandra::schema::{Column, TableSchema, quoted};
use crate::cassandra::types;
use crate::name::Keyspace;

/// The guard.
pub const GUARD: Guard = Guard {
    name: "columns-match",
    about: "every column of the backup exists, with the same type and kind",
    when: When::Restore,
    overridable: true,
    judge,
};

/// What makes the table anew. Adding a column of that name again would not do: what was written
/// before it was dropped stays invisible.
pub(super) const ANEW: &str = "keep what is in the table elsewhere, drop it, and create it again from the backup's \
                               schema_cql: it gets a new id, which a restore follows";

fn judge(case: &Case) -> Vec<Objection> {
    let Some(manifest) = case.manifest() else { return vec![] };
    let pairs = case.tables(manifest);
    pairs.flat_map(|(keyspace, backup, live)| objections(manifest, keyspace, backup, live)).collect()
}

fn objections(manifest: &Manifest, keyspace: &Keyspace, backup: &TableEntry, live: &TableSchema) -> Vec<Objection> {
    let table = format!("{}.{}", quoted(keyspace.as_str()), quoted(live.name.as_str()));
    if backup.columns.is_empty() {
        let message = format!("the backup's manifest does not tell the columns of {table}: it was made before it did");
        let cure = "compare the table with the backup's schema_cql yourself, then override this guard";
        return vec![Objection::fail(message, cure)];
    }
    let mut found = vec![];
    let there = |name: &str| live.columns.iter().find(|column| column.name == name);
    for column in &backup.columns {
        let name = quoted(&column.name);
        let of = format!("column {name} of {table}");
        let Some(now) = there(&column.name) else {
            let dropped = live.dropped.iter().any(|dropped| dropped.name == column.name);
            let cure = if dropped { ANEW.to_owned() } else { add(&table, &name, column) };
            let gone = if dropped { "was dropped since the backup" } else { "does not exist in the cluster" };
            found.push(Objection::fail(format!("{of} {gone}: what the backup holds of it would be skipped"), cure));
            continue;
        };
        if !types::same(&now.ty, &column.ty) {
            let message = format!("{of} is {}, in the backup {}", shown(&now.ty), shown(&column.ty));
            found.push(Objection::fail(message, ANEW));
        }
        if now.kind != column.kind && !compact(manifest, backup, live, column, now) {
            let message = format!("{of} is a {} column, in the backup a {} one", words(&now.kind), words(&column.kind));
            found.push(Objection::fail(message, ANEW));
        }
    }
    let known = |column: &&Column| backup.columns.iter().any(|old| old.name == column.name);
    let added: Vec<String> = live.columns.iter().filter(|c| !known(c)).map(|c| quoted(&c.name)).collect();
    if !added.is_empty() && !is_compact(manifest, backup, live) {
        let message =
            format!("{table} has got {} since the backup: no restored row has a value there", added.join(", "));
        found.push(Objection::warn(message, ""));
    }
    found
}

fn add(table: &str, name: &str, column: &Column) -> String {
    let fixed = if column.kind == "static" { " static" } else { "" };
    match column.kind.as_str() {
        "static" | "regular" => format!("cqlsh -e 'ALTER TABLE {table} ADD {name} {}{fixed}'", shown(&column.ty)),
        _ => ANEW.to_owned(),
    }
}

fn shown(ty: &str) -> String {
    types::Type::parse(ty).map_or_else(|| ty.to_owned(), |ty| ty.to_string())
}

fn words(kind: &str) -> String {
    kind.replace('_', " ")
}

/// The columns of 2.2's `COMPACT STORAGE` tables without clustering, which 3.0 made static.
fn compact(manifest: &Manifest, backup: &TableEntry, live: &TableSchema, old: &Column, now: &Column) -> bool {
    is_compact(manifest, backup, live) && (old.kind.as_str(), now.kind.as_str()) == ("regular", "static")
}

/// 3.0 gave these a clustering column and a value that nobody made.
fn is_compact(manifest: &Manifest, backup: &TableEntry, live: &TableSchema) -> bool {
    let given = |column: &Column| column.name == "column1" && column.kind == "clustering";
    !manifest.version.has_system_schema() && live.columns.iter().any(given) && !backup.columns.iter().any(given)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Level;
    use crate::guard::fixture;

    fn found(
        version: &str,
        backup: &[(&str, &str, &str)],
        live: &[(&str, &str, &str)],
    ) -> Vec<(Level, String, String)> {
        let manifest = fixture::manifest(version, backup);
        let live = fixture::table(live);
        let entry = &manifest.keyspaces[0].tables[0];
        let found = objections(&manifest, &manifest.keyspaces[0].name, entry, &live);
        found.into_iter().map(|o| (o.level, o.message, o.cure)).collect()
    }

    const PLAIN: [(&str, &str, &str); 2] = [("id", "int", "partition_key"), ("v", "text", "regular")];

    #[test]
    fn the_same_columns_hold_also_across_versions() {
        assert!(found("5.0.8", &PLAIN, &PLAIN).is_empty());
        let old = [
            ("id", "org.apache.cassandra.db.marshal.Int32Type", "partition_key"),
            ("v", "org.apache.cassandra.db.marshal.UTF8Type", "regular"),
        ];
        assert!(found("2.2.19", &old, &PLAIN).is_empty());
    }

    #[test]
    fn a_missing_retyped_or_moved_column_is_refused_with_its_cure() {
        let missing = found("5.0.8", &PLAIN, &PLAIN[..1]);
        assert_eq!(missing[0].0, Level::Fail);
        assert!(missing[0].1.contains("column v of ks.t does not exist"), "{missing:?}");
        assert_eq!(missing[0].2, "cqlsh -e 'ALTER TABLE ks.t ADD v text'");
        let retyped = found("5.0.8", &PLAIN, &[PLAIN[0], ("v", "blob", "regular")]);
        assert!(retyped[0].1.ends_with("is blob, in the backup text"), "{retyped:?}");
        let moved = found("5.0.8", &PLAIN, &[PLAIN[0], ("v", "text", "clustering")]);
        assert!(moved[0].1.ends_with("is a clustering column, in the backup a regular one"), "{moved:?}");
        let mut dropped = fixture::table(&PLAIN[..1]);
        dropped.dropped = vec![fixture::dropped("v", "2024-07-01 10:00:00.000Z")];
        let manifest = fixture::manifest("5.0.8", &PLAIN);
        let entry = &manifest.keyspaces[0].tables[0];
        let found = objections(&manifest, &manifest.keyspaces[0].name, entry, &dropped);
        assert!(found[0].message.contains("was dropped since") && found[0].cure == ANEW, "{found:?}");
    }

    #[test]
    fn an_added_column_is_told_and_a_manifest_without_columns_tells_nothing() {
        let added = found("5.0.8", &PLAIN, &[PLAIN[0], PLAIN[1], ("New", "int", "regular")]);
        assert!(added.len() == 1 && added[0].0 == Level::Warn && added[0].1.contains("\"New\""), "{added:?}");
        let silent = found("5.0.8", &[], &PLAIN);
        assert!(silent[0].0 == Level::Fail && silent[0].1.contains("does not tell"), "{silent:?}");
    }

    #[test]
    fn a_compact_table_of_2_2_is_the_static_one_of_3_0() {
        let old = [("k", "text", "partition_key"), ("v", "int", "regular")];
        let new = [
            ("k", "text", "partition_key"),
            ("column1", "text", "clustering"),
            ("v", "int", "static"),
            ("value", "blob", "regular"),
        ];
        assert!(found("2.2.19", &old, &new).is_empty());
        assert_eq!(found("3.11.19", &old, &new).len(), 2);
    }
}
