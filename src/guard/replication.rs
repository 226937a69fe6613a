//! `replication`: every node holds all the data.
use std::collections::BTreeMap;

use super::{Case, Guard, Objection, When};

/// The guard.
pub const GUARD: Guard = Guard {
    name: "replication",
    about: "the replication factor equals the number of nodes, per data center",
    when: When::Always,
    overridable: false,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let mut centers: BTreeMap<&str, usize> = BTreeMap::new();
    for node in case.facts.nodes.values() {
        *centers.entry(node.datacenter.as_str()).or_default() += 1;
    }
    let mut objections = vec![];
    for name in &case.request.keyspaces {
        let Some(keyspace) = case.facts.schema.keyspace(name.as_str()) else { continue };
        for (center, nodes) in &centers {
            let replicas = keyspace.replication.replicas_in(center, case.facts.nodes.len());
            if replicas != Some(*nodes) {
                let found = replicas.map_or("no full replication".to_owned(), |n| format!("replication factor {n}"));
                let message = format!("{name} has {found} on {nodes} nodes in {center}; not every node holds all its data");
                let cure = "raise the replication factor to the number of nodes and run a full repair";
                objections.push(Objection::fail(message, cure));
            }
        }
    }
    objections
}
