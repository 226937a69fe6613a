//! `tables-match`: what is restored is all that is there.
use std::collections::BTreeSet;

use super::{Case, Guard, Objection, When};
use crate::facts::BackupFacts;

/// The guard.
pub const GUARD: Guard = Guard {
    name: "tables-match",
    about: "the backup's tables are exactly the live ones",
    when: When::Restore,
    overridable: false,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let BackupFacts::Whole(manifest, _) = &case.facts.backup else { return vec![] };
    let mut objections = vec![];
    for name in &case.request.keyspaces {
        let (Some(live), Some(backup)) = (case.facts.schema.keyspace(name), manifest.keyspace(name)) else { continue };
        let dirs = live.dirs();
        let live: BTreeSet<&str> = dirs.iter().map(|dir| dir.table.as_str()).collect();
        let backup: BTreeSet<&str> = backup.tables.iter().map(|t| t.name.as_str()).collect();
        let cure = if case.facts.all_down() {
            "start one node first: --create-schema needs one"
        } else {
            "add --create-schema (it makes what the manifest has a statement for), or create it with that statement in \
             the manifest's schema_cql"
        };
        for table in backup.difference(&live) {
            let message = format!("the cluster has no table {name}.{table}, which the backup holds");
            objections.push(Objection::fail(message, cure));
        }
        for table in live.difference(&backup) {
            let message = format!("table {name}.{table} is not in the backup: it was created later");
            objections.push(Objection::fail(message, "drop it, or keep its data elsewhere and drop it"));
        }
    }
    objections
}
