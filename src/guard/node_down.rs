//! `node-down`: Cassandra runs on every node. Overridden, a node that is down counts as stopped and
//! not drained.

use super::{Case, Guard, Objection, When};

/// The guard.
pub const GUARD: Guard =
    Guard { name: "node-down", about: "Cassandra is up on every node", when: When::Live, overridable: true, judge };

fn judge(case: &Case) -> Vec<Objection> {
    let cure = if case.restores() {
        "start it, then try again; or go on without its drain by --override node-down (its commit log and hints then go \
         to quarantine, and every other keyspace is repaired); a machine that is gone: `absent: true` in the inventory"
    } else {
        "start it, then try again; or --override node-down; a machine that is gone: `absent: true` in the inventory"
    };
    let down = case.facts.nodes.iter().filter_map(|(host, node)| Some((host, node.down.as_ref()?)));
    down.map(|(host, why)| Objection::fail(format!("it is down: {why}"), cure).on(host)).collect()
}
