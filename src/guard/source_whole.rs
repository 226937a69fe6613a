//! `source-whole`: the node that is backed up holds every acknowledged write, as far as the cluster tells, or
//! is repaired first (`--repair-first`). A write at QUORUM that missed it would be in no backup of it, and after
//! a restore on no node. A repair that was asked for and is not possible is an objection too, never left out in silence.

use super::{Case, Guard, Objection, When};
use crate::plan::{RepairFirst, Request};

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
        let cannot = Request::no_repair_first(case.facts);
        objections.push(match (lacks.is_empty(), repaired) {
            // asked for, and not to be left out in silence
            (true, false) if choice == RepairFirst::Always => {
                let why = cannot.as_deref().unwrap_or_default();
                let cure = "start the nodes that are down; or ask for what is possible: --repair-first auto; or go without: --override source-whole";
                Objection::fail(format!("{keyspace} is to be repaired first, and cannot be: {why}"), cure)
            }
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
                let cannot = cannot.filter(|_| choice != RepairFirst::Never);
                let cannot = cannot.map_or(String::new(), |why| format!("; it cannot be repaired first: {why}"));
                Objection::fail(format!("it may lack acknowledged writes of {keyspace}: {why}{cannot}"), cure)
            }
        }
        .on(source));
    }
    objections
}
