//! `keyspaces-known`: the keyspaces exist.

use super::{Case, Guard, Objection, When};

/// The guard.
pub const GUARD: Guard = Guard {
    name: "keyspaces-known",
    about: "every keyspace of the request exists in the cluster",
    when: When::Live,
    overridable: false,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let names = &case.request.keyspaces;
    if names.is_empty() {
        return vec![Objection::fail("there is no keyspace to work on", "name one with -k KEYSPACE")];
    }
    let missing = names.iter().filter(|name| case.facts.schema.keyspace(name).is_none());
    missing
        .map(|name| {
            let cure = if case.facts.all_down() {
                "start one node first: --create-schema needs one"
            } else if case.restores() {
                "add --create-schema, or create it with the statements in the manifest's schema_cql"
            } else {
                "check the name"
            };
            Objection::fail(format!("keyspace {name} does not exist"), cure)
        })
        .collect()
}
