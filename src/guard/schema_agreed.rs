//! `schema-agreed`: no schema change is under way.

use super::{Case, Guard, Objection, When};

/// The guard.
pub const GUARD: Guard = Guard {
    name: "schema-agreed",
    about: "all nodes hold one schema version",
    when: When::Live,
    overridable: true,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    if case.facts.all_down() {
        return vec![Objection::unproven()];
    }
    let versions = &case.facts.schema_versions;
    if versions.len() == 1 {
        return vec![];
    }
    let message = format!("the nodes hold {} schema versions: {}", versions.len(), versions.join(", "));
    vec![Objection::fail(message, "wait a minute; if it stays, see `nodetool describecluster`")]
}
