//! `tables-match`: what is restored is all that is there.
use std::collections::BTreeSet;

use super::{Case, Guard, Objection, When};
use crate::cassandra::schema::KeyspaceSchema;
use crate::name::Table;
use crate::plan::ExtraTables;

/// The guard.
pub const GUARD: Guard = Guard {
    name: "tables-match",
    about: "the backup's tables are exactly the live ones",
    when: When::Restore,
    overridable: false,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let Some(manifest) = case.manifest() else { return vec![] };
    let mut objections = vec![];
    for name in &case.request.keyspaces {
        let (Some(live), Some(backup)) = (case.facts.schema.keyspace(name), manifest.keyspace(name)) else { continue };
        let dirs = live.dirs();
        let cure = if case.facts.all_down() {
            "start one node first: --create-schema needs one"
        } else {
            "add --create-schema (it makes what the manifest has a statement for), or create it with that statement in \
             the manifest's schema_cql"
        };
        let there: BTreeSet<&Table> = dirs.iter().map(|dir| &dir.table).collect();
        let backup: BTreeSet<&Table> = backup.tables.iter().map(|t| &t.name).collect();
        for table in backup.difference(&there) {
            let message = format!("the cluster has no table {name}.{table}, which the backup holds");
            objections.push(Objection::fail(message, cure));
        }
        let extra = there.difference(&backup);
        objections.extend(extra.map(|table| extra_table(live, table, case.request.choices.extra_tables)));
    }
    objections
}

fn extra_table(keyspace: &KeyspaceSchema, table: &Table, choice: Option<ExtraTables>) -> Objection {
    let named = format!("{}.{table}", keyspace.name);
    let later = format!("table {named} is not in the backup: it was created later");
    // whichever way, it would not show the restored rows of its table
    if keyspace.views.iter().any(|view| view.name == *table) {
        let message = format!("view {named} is not in the backup: it was created later");
        return Objection::fail(message, "drop it, and create it again after the restore");
    }
    match choice {
        None => {
            let cure = "restore with --extra-tables keep (it stays as it is) or --extra-tables empty (it is set aside \
                        and empty afterwards); or drop it";
            Objection::fail(later, cure)
        }
        Some(ExtraTables::Keep) => {
            Objection::warn(format!("{later}; it stays as it is"), "asked for by --extra-tables keep")
        }
        Some(ExtraTables::Empty) => Objection::warn(
            format!("{later}; it is set aside and empty afterwards"),
            "asked for by --extra-tables empty",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cassandra::layout::TableId;
    use crate::cassandra::schema::ViewSchema;
    use crate::event::Level;
    use crate::guard::fixture;

    #[test]
    fn a_later_table_needs_a_word_and_a_later_view_is_refused_whatever_is_said() {
        let mut keyspace = fixture::keyspace(vec![]);
        let table = Table::parse("t").unwrap();
        let level = |keyspace: &KeyspaceSchema, choice| extra_table(keyspace, &table, choice).level;
        let choices = [None, Some(ExtraTables::Keep), Some(ExtraTables::Empty)];
        assert_eq!(choices.map(|choice| level(&keyspace, choice)), [Level::Fail, Level::Warn, Level::Warn]);
        let id = TableId::parse("f58cb0e0-c9a6-11e7-a9d0-b5b6a2d0a1b2").unwrap();
        keyspace.views.push(ViewSchema { name: table.clone(), id, base: Table::parse("u").unwrap() });
        assert_eq!(choices.map(|choice| level(&keyspace, choice)), [Level::Fail; 3]);
    }
}
