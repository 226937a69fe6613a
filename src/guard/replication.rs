//! `replication`: every node holds all the data.
use super::{Case, Guard, Objection, When};
use crate::cassandra::schema::Strategy;

/// The guard.
pub const GUARD: Guard = Guard {
    name: "replication",
    about: "the replication factor equals the number of nodes, per data center",
    when: When::Live,
    overridable: false,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    if case.facts.all_down() {
        return vec![Objection::unproven()];
    }
    let centers = case.facts.centers();
    let mut objections = vec![];
    for name in &case.request.keyspaces {
        let Some(keyspace) = case.facts.schema.keyspace(name) else { continue };
        let simple = matches!(keyspace.replication.strategy, Strategy::Simple(_));
        for (center, nodes) in &centers {
            let factor = keyspace.replication.factor_in(center);
            if factor != Some(*nodes) || keyspace.replication.is_transient() || (simple && centers.len() > 1) {
                let found = factor.map_or("no replication factor".to_owned(), |n| format!("replication factor {n}"));
                let class = keyspace.replication.class();
                let message = format!(
                    "{name} has {found} ({class}) on {nodes} node(s) in {center}; not every node holds all its data"
                );
                let own = case.facts.creation.iter().any(|made| made.whole && made.keyspace == *name);
                let cure = if own {
                    "that is how the backup would have it created: create the keyspace by hand, with a replication factor of \
                     all nodes in every data center"
                } else {
                    "raise the replication factor to the number of nodes and run a full repair"
                };
                objections.push(Objection::fail(message, cure));
            }
        }
    }
    objections
}
