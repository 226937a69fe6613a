//! `node-absent`: what a machine that is gone must go through before it returns. Only warns.

use super::{Case, Guard, Objection, When};

/// The guard.
pub const GUARD: Guard =
    Guard { name: "node-absent", about: "no node is marked absent", when: When::Restore, overridable: false, judge };

fn judge(case: &Case) -> Vec<Objection> {
    let told = |node: &crate::inventory::Node| {
        let message = "it is marked absent: nothing is restored there, and what its disks hold would come back with it";
        let cure = "before it returns wipe all its directories (data, commitlog, hints, saved_caches) and let it replace \
                    itself (-Dcassandra.replace_address_first_boot), or take it out of the ring (nodetool removenode)";
        Objection::warn(message, cure).on(&node.name)
    };
    case.inventory.absent().map(told).collect()
}
