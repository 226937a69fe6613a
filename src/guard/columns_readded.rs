//! `columns-readded`: no column of the backup was dropped and added again since.
//!
//! Cassandra hides whatever was written to a column before it was dropped, for as long as the table
//! lives: the restored values would be NULL, without an error (domain.md section 0).

use jiff::Timestamp;

use super::columns_match::ANEW;
use super::{Case, Guard, Objection, When};
use crate::backup::manifest::TableEntry;
use crate::cassandra::schema::{TableSchema, quoted};
use crate::name::Keyspace;

/// The guard.
pub const GUARD: Guard = Guard {
    name: "columns-readded",
    about: "no column of the backup was dropped and added again since",
    when: When::Restore,
    overridable: true,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let Some(manifest) = case.manifest() else { return vec![] };
    let pairs = case.tables(manifest);
    pairs.flat_map(|(keyspace, backup, live)| objections(manifest.taken_at, keyspace, backup, live)).collect()
}

fn objections(taken: Timestamp, keyspace: &Keyspace, backup: &TableEntry, live: &TableSchema) -> Vec<Objection> {
    let table = format!("{}.{}", quoted(keyspace.as_str()), quoted(live.name.as_str()));
    let held = |name: &str| backup.columns.is_empty() || backup.columns.iter().any(|column| column.name == name);
    let live_again = |name: &str| live.columns.iter().any(|column| column.name == name);
    let records = live.dropped.iter().filter(|dropped| held(&dropped.name) && live_again(&dropped.name));
    let mut found = vec![];
    for record in records {
        let name = quoted(&record.name);
        let message = match record.at() {
            // of another table, by its id: its rows may be older than any drop here
            Some(at) if at > taken || live.id != backup.id => {
                format!(
                    "column {name} of {table} was dropped at {} and added again: its restored values would be NULL",
                    at.strftime("%Y-%m-%d %H:%M:%SZ")
                )
            }
            Some(_) => continue,
            None => format!("column {name} of {table} was dropped and added again, at a time that cannot be read"),
        };
        found.push(Objection::fail(message, ANEW));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cassandra::layout::TableId;
    use crate::guard::fixture;

    fn found(time: &str, columns: &[(&str, &str, &str)], same_id: bool) -> Vec<String> {
        let manifest = fixture::manifest("5.0.8", columns);
        let mut live = fixture::table(&[("id", "int", "partition_key"), ("v", "text", "regular")]);
        live.dropped = vec![fixture::dropped("v", time)];
        if !same_id {
            live.id = TableId::parse("00000000-c9a6-11e7-a9d0-b5b6a2d0a1b2").unwrap();
        }
        let keyspace = &manifest.keyspaces[0];
        objections(manifest.taken_at, &keyspace.name, &keyspace.tables[0], &live)
            .into_iter()
            .map(|o| o.message)
            .collect()
    }

    const COLUMNS: [(&str, &str, &str); 2] = [("id", "int", "partition_key"), ("v", "text", "regular")];

    #[test]
    fn a_drop_after_the_backup_is_refused_and_one_before_it_is_not() {
        // the backup is of 2024-07-01 10:00
        assert!(found("2024-07-01 10:00:01.000Z", &COLUMNS, true)[0].contains("would be NULL"));
        assert!(found("1719828001000000", &COLUMNS, true)[0].contains("2024-07-01 10:00:01Z"), "as 2.2 has it");
        assert!(found("2024-07-01 09:59:59.000Z", &COLUMNS, true).is_empty());
        assert_eq!(found("2024-07-01 09:59:59.000Z", &COLUMNS, false).len(), 1, "another table's rows");
        assert!(found("2024-07-02 00:00:00.000Z", &COLUMNS[..1], true).is_empty(), "not in the backup");
    }

    #[test]
    fn what_cannot_be_told_is_refused() {
        assert!(found("one day", &COLUMNS, true)[0].contains("cannot be read"));
        assert_eq!(found("2024-07-02 00:00:00.000Z", &[], true).len(), 1, "a manifest without columns");
    }
}
