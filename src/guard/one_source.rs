//! `one-source`: the backup lies on the node that it fills.

use super::{Case, Guard, Objection, When};

/// The guard.
pub const GUARD: Guard = Guard {
    name: "one-source",
    about: "backup.node is the restored seed",
    when: When::Restore,
    overridable: false,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let (source, seed) = (&case.inventory.backup.node, &case.inventory.seed().name);
    if source == seed || case.request.fans_out() {
        return vec![];
    }
    let message = format!(
        "the backup is on {source}, the restored seed is {seed}; this version of reseed does not carry it over"
    );
    vec![Objection::fail(message, format!("set backup.node to {seed} and put the backup there"))]
}
