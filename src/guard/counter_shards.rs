//! `counter-shards`: no counter in the backup is from before 2.1.
//!
//! Until then a counter's value on a node was told apart into its own share and those of others; a copy of
//! one node's files would count that share on every node as its own.

use super::{Case, Guard, Objection, When};
use crate::backup::manifest::TableEntry;
use crate::cassandra::schema::TableSchema;

/// The guard.
pub const GUARD: Guard = Guard {
    name: "counter-shards",
    about: "no counter of the backup is from before Cassandra 2.1",
    when: When::FanOut,
    overridable: false,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let Some(manifest) = case.manifest() else { return vec![] };
    let objection = |(keyspace, backup, live)| {
        let file = old_counters(backup, live)?;
        let message = format!("{keyspace}.{} has counters, and {file} is from before Cassandra 2.1", backup.name);
        let cure = "restore it with --strategy seed, onto the node that it was taken from";
        Some(Objection::fail(message, cure))
    };
    case.tables(manifest).filter_map(objection).collect()
}

/// A file with counters of before 2.1.
fn old_counters<'a>(backup: &'a TableEntry, live: &TableSchema) -> Option<&'a str> {
    let counts = live.columns.iter().chain(&backup.columns).any(|column| column.ty.contains("ounter"));
    let mut files = backup.files.iter().filter(|_| counts);
    let old = files.find(|file| file.component().is_some_and(|component| component.splits_counters()))?;
    Some(&old.path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::fixture;

    #[test]
    fn only_old_files_of_tables_with_counters_stand_in_the_way() {
        let found = |ty: &str, file: &str| {
            let columns = [("id", "text", "partition_key"), ("n", ty, "regular")];
            let mut manifest = fixture::manifest("2.2.19", &columns);
            let path = serde_json::json!([{"path": file, "size": 1, "sha256": "ab".repeat(32)}]);
            manifest.keyspaces[0].tables[0].files = serde_json::from_value(path).unwrap();
            let table = &manifest.keyspaces[0].tables[0];
            old_counters(table, &fixture::table(&columns)).map(str::to_owned)
        };
        assert_eq!(found("counter", "ks-t-jb-1-Data.db").as_deref(), Some("ks-t-jb-1-Data.db"));
        assert!(found("org.apache.cassandra.db.marshal.CounterColumnType", "ks-t-jb-1-Data.db").is_some());
        assert_eq!(found("counter", "ks-t-ka-1-Data.db"), None);
        assert_eq!(found("counter", "lb-1-big-Data.db"), None);
        assert_eq!(found("text", "ks-t-jb-1-Data.db"), None);
    }
}
