//! `views-and-cdc`: says what else depends on the restored rows.

use super::{Case, Guard, Objection, When};
use crate::cassandra::schema::{KeyspaceSchema, quoted};

/// The guard.
pub const GUARD: Guard = Guard {
    name: "views-and-cdc",
    about: "no materialized view and no change data capture depends on the restored rows",
    when: When::Restore,
    overridable: false,
    judge,
};

/// Only warnings: both are legal, and what they need is done after the restore.
fn judge(case: &Case) -> Vec<Objection> {
    let live = case.request.keyspaces.iter().filter_map(|name| case.facts.schema.keyspace(name));
    let mut found: Vec<Objection> = live.filter_map(views).collect();
    let cdc = case.facts.nodes.iter().filter(|(_, node)| node.conf.cdc_enabled);
    found.extend(cdc.map(|(host, _)| {
        let message = "cdc is on: for tables with cdc, the repair writes the restored rows into cdc_raw once more";
        Objection::warn(message, "tell whoever reads cdc_raw, or stop it until the restore is over").on(host)
    }));
    found
}

fn views(keyspace: &KeyspaceSchema) -> Option<Objection> {
    let names: Vec<String> = keyspace.views.iter().map(|view| quoted(view.name.as_str())).collect();
    let message = || {
        format!(
            "{} has materialized views ({}): a snapshot is made table by table, so what was written meanwhile may be in \
             a table and not in its view; and a repair of their tables is slow",
            quoted(keyspace.name.as_str()),
            names.join(", ")
        )
    };
    let cure = "after the restore, compare them with their tables; a wrong one is dropped and created again";
    (!names.is_empty()).then(|| Objection::warn(message(), cure))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cassandra::layout::TableId;
    use crate::cassandra::schema::ViewSchema;
    use crate::guard::fixture;
    use crate::name::Table;

    #[test]
    fn views_are_named() {
        let mut keyspace = fixture::keyspace(vec![]);
        assert_eq!(views(&keyspace), None);
        keyspace.views.push(ViewSchema {
            name: Table::parse("ByOwner").unwrap(),
            id: TableId::parse("f58cb0e0-c9a6-11e7-a9d0-b5b6a2d0a1b2").unwrap(),
            base: Table::parse("t").unwrap(),
        });
        assert!(views(&keyspace).unwrap().message.contains("views (\"ByOwner\")"));
    }
}
