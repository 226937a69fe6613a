//! `nodes-normal`: no node joins, leaves or moves, and those that run see each other.

use super::{Case, Guard, Objection, When};
use crate::cassandra::status::Liveness;
use crate::facts::NodeFacts;

/// The guard.
pub const GUARD: Guard = Guard {
    name: "nodes-normal",
    about: "every node that is up is Up and Normal as seen by every other, and serves CQL",
    when: When::Live,
    overridable: false,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let facts = case.facts;
    let id = |down| facts.nodes.values().filter(move |node| node.is_down() == down).map(|node| node.host_id.as_str());
    let (down, up): (Vec<&str>, Vec<&str>) = (id(true).collect(), id(false).collect());
    let gone = case.inventory.absent().next().is_some();
    let mut objections = vec![];
    for (host, node) in facts.up() {
        for row in node.ring.iter().filter(|row| !row.is_up_and_normal()) {
            let is = |ids: &[&str]| row.host_id.as_deref().is_some_and(|id| ids.contains(&id));
            if row.is_down_and_normal() && (is(&down) || gone && !is(&up)) {
                continue; // a matter of `node-down`, `ring-known`
            }
            let message = format!("it sees {} as {:?}/{:?}", row.address, row.status, row.state);
            let cure = if is(&up) && row.status != Liveness::Up {
                "that node runs: look for a network that is cut between them"
            } else {
                "bring that node to Up/Normal, then try again"
            };
            objections.push(Objection::fail(message, cure).on(host));
        }
        if !node.native_active {
            let message = "its native transport is not running";
            objections.push(Objection::fail(message, "nodetool enablebinary, or start the node").on(host));
        }
    }
    let source = &case.inventory.backup.node;
    if When::Backup.covers(&case.request.playbook) && facts.nodes.get(source).is_some_and(NodeFacts::is_down) {
        let message = "it is down, and the backup is taken from it";
        objections.push(Objection::fail(message, "start it, or set backup.node to a node that is up").on(source));
    }
    objections
}
