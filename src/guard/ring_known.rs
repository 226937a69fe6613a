//! `ring-known`: the inventory and the ring are the same set of nodes; the absent ones are down in it.
use std::collections::BTreeSet;

use super::{Case, Guard, Objection, When};
use crate::cassandra::status::Row;

/// The guard.
pub const GUARD: Guard = Guard {
    name: "ring-known",
    about: "the ring's host ids are exactly the inventory's nodes",
    when: When::Live,
    overridable: false,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    if case.facts.all_down() {
        return case.inventory.absent().next().map_or_else(
            || vec![Objection::unproven()],
            |gone| {
                let message = "it is marked absent, and with every node down nobody can tell that the ring has lost it";
                vec![Objection::fail(message, "start one node first").on(&gone.name)]
            },
        );
    }
    let known: BTreeSet<&str> = case.facts.nodes.values().map(|node| node.host_id.as_str()).collect();
    let mut objections = vec![];
    if known.len() < case.facts.nodes.len() {
        objections.push(Objection::fail(
            "two inventory nodes are the same Cassandra node",
            "correct the hosts in the inventory",
        ));
    }
    let gone = case.inventory.absent().count();
    for (host, node) in case.facts.up() {
        let unknown = |row: &&Row| row.host_id.as_deref().is_some_and(|id| !known.contains(id));
        // whose id it is that is not there any more cannot be told, so they are counted
        let (lost, strangers): (Vec<&Row>, Vec<&Row>) =
            node.ring.iter().filter(unknown).partition(|row| gone > 0 && row.is_down_and_normal());
        for row in strangers {
            let (address, id) = (&row.address, row.host_id.as_deref().unwrap_or_default());
            let message = format!("its ring holds {address} ({id}), which is not in the inventory");
            objections.push(Objection::fail(message, "add that node to the inventory").on(host));
        }
        if lost.len() != gone {
            let lost: Vec<&str> = lost.iter().map(|row| row.host()).collect();
            let lost = if lost.is_empty() { "none".to_owned() } else { lost.join(", ") };
            let message =
                format!("{gone} node(s) are marked absent; of those that its ring holds as lost there are: {lost}");
            let cure =
                "mark exactly the machines that are gone `absent: true`; take out one that the ring has forgotten";
            objections.push(Objection::fail(message, cure).on(host));
        }
        let seen: BTreeSet<&str> = node.ring.iter().filter_map(|row| row.host_id.as_deref()).collect();
        for id in known.difference(&seen) {
            let message = format!("it does not see host id {id}");
            objections.push(Objection::fail(message, "are all nodes of the inventory in one ring?").on(host));
        }
    }
    objections
}
