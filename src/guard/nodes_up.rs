//! `nodes-up`: no node is down, joining, leaving or moving.

use super::{Case, Guard, Objection, When};

/// The guard.
pub const GUARD: Guard = Guard {
    name: "nodes-up",
    about: "every node is Up and Normal as seen by every node",
    when: When::Live,
    overridable: false,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let mut objections = vec![];
    for node in case.inventory.nodes.iter().filter(|node| node.absent) {
        let message = "it is marked absent, which this version of reseed cannot work around yet";
        objections
            .push(Objection::fail(message, "bring the node back, or remove it from ring and inventory").on(&node.name));
    }
    for (host, node) in &case.facts.nodes {
        for row in node.ring.iter().filter(|row| !row.is_up_and_normal()) {
            let message = format!("it sees {} as {:?}/{:?}", row.address, row.status, row.state);
            objections.push(Objection::fail(message, "bring that node to Up/Normal, then try again").on(host));
        }
        if !node.native_active {
            let message = "its native transport is not running";
            objections.push(Objection::fail(message, "nodetool enablebinary, or start the node").on(host));
        }
    }
    objections
}
