//! `source-whole`: the node that is backed up holds every acknowledged write, as far as the cluster tells, or
//! is repaired first (`--repair-first`). A write at QUORUM that missed it would be in no backup of it, and after
//! a restore on no node.

use super::{Case, Guard, Objection, When};
use crate::plan::RepairFirst;

/// The guard.
pub const GUARD: Guard = Guard {
    name: "source-whole",
    about: "the node that is backed up holds all acknowledged writes, or is repaired first",
    when: When::Backup,
    overridable: true,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let source = &case.inventory.backup.node;
    let choice = case.request.choices.repair_first;
    let mut objections = vec![];
    for keyspace in &case.request.keyspaces {
        let lacks = case.facts.lacks(source, keyspace);
        let repaired = case.request.repairs_first(case.facts, source, keyspace);
        let why = lacks.join("; ");
        objections.push(match (lacks.is_empty(), repaired) {
            (true, true) => Objection::holds(format!("{keyspace} is repaired first, as asked for")),
            (true, false) => Objection::holds(match case.facts.since.get(keyspace.as_str()).and_then(|s| s.full_repair) {
                Some(at) => format!("nothing of {keyspace} missed it since the last full repair, {at:.0}"),
                None => format!("nothing of {keyspace} missed it since that was made"),
            }),
            (false, true) => {
                let cure = "nothing needs to be done; --repair-first never, with --override source-whole, goes without";
                Objection::warn(format!("{keyspace} is repaired first, it may lack acknowledged writes: {why}"), cure)
            }
            (false, false) => {
                let cure = if choice == RepairFirst::Never {
                    "let it be repaired first: --repair-first auto; or go without: --override source-whole"
                } else {
                    "start the nodes that are down, so that it can be repaired first; or go without: --override source-whole"
                };
                Objection::fail(format!("it may lack acknowledged writes of {keyspace}: {why}"), cure)
            }
        }
        .on(source));
    }
    objections
}
