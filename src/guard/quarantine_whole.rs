//! `quarantine-whole`: what the earlier run set aside is still there.

use super::{Case, Guard, Objection, Past, When};
use crate::cassandra::schema::KeyspaceSchema;
use crate::name::HostName;

/// The guard.
pub const GUARD: Guard = Guard {
    name: "quarantine-whole",
    about: "everything that the earlier run set aside is still there",
    when: When::Rollback,
    overridable: false,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let Some(past) = case.past else { return vec![] };
    let mut objections = vec![];
    for host in past.left.keys() {
        let missing: Vec<String> = expected(case, past, host).into_iter().filter(|e| !there(past, host, e)).collect();
        let Some(first) = missing.first() else { continue };
        let message =
            format!("{} of what run {} set aside is gone from quarantine, such as {first}", missing.len(), past.run);
        let cure = "restore a backup instead; if somebody moved it away, put it back where it was";
        objections.push(Objection::fail(message, cure).on(host));
    }
    objections
}

/// What the journal proves to have been set aside on the host.
fn expected(case: &Case, past: &Past, host: &HostName) -> Vec<String> {
    let Some(node) = case.facts.nodes.get(host) else { return vec![] };
    let mut expected = vec![];
    if past.cleared.contains(host) {
        expected.extend(node.dirs.iter().filter(|dir| dir.is_cleared()).map(|dir| dir.label.clone()));
    }
    for (_, keyspace) in past.taken.iter().filter(|(on, _)| on == host) {
        let tables = case.facts.schema.keyspace(keyspace).map(KeyspaceSchema::dirs).unwrap_or_default();
        let tables: Vec<_> = tables.iter().filter(|dir| !case.request.keeps(keyspace, &dir.table)).collect();
        for dir in node.data() {
            expected.extend(tables.iter().map(|table| format!("{}/{keyspace}/{table}", dir.label)));
        }
    }
    expected
}

/// In its own quarantine; or in that of a rollback that ended half way, which put the old one back.
fn there(past: &Past, host: &HostName, what: &str) -> bool {
    past.left.get(host).is_some_and(|left| left.aside.values().any(|aside| aside.contains(what)))
}
