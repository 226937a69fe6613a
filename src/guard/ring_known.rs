//! `ring-known`: the inventory and the ring are the same set of nodes.
use std::collections::BTreeSet;

use super::{Case, Guard, Objection, When};

/// The guard.
pub const GUARD: Guard = Guard {
    name: "ring-known",
    about: "the ring's host ids are exactly the inventory's nodes",
    when: When::Live,
    overridable: false,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let known: BTreeSet<&str> = case.facts.nodes.values().map(|node| node.host_id.as_str()).collect();
    let mut objections = vec![];
    if known.len() < case.facts.nodes.len() {
        objections.push(Objection::fail(
            "two inventory nodes are the same Cassandra node",
            "correct the hosts in the inventory",
        ));
    }
    for (host, node) in &case.facts.nodes {
        let seen: BTreeSet<&str> = node.ring.iter().filter_map(|row| row.host_id.as_deref()).collect();
        for id in seen.difference(&known) {
            let row = node.ring.iter().find(|row| row.host_id.as_deref() == Some(id));
            let address = row.map_or("?", |row| row.address.as_str());
            let message = format!("its ring holds {address} ({id}), which is not in the inventory");
            objections.push(Objection::fail(message, "add that node to the inventory").on(host));
        }
        for id in known.difference(&seen) {
            let message = format!("it does not see host id {id}");
            objections.push(Objection::fail(message, "are all nodes of the inventory in one ring?").on(host));
        }
    }
    objections
}
