//! `tag-free`: a backup never replaces another.
use super::{Case, Guard, Objection, When};
use crate::facts::BackupFacts;

/// The guard.
pub const GUARD: Guard =
    Guard { name: "tag-free", about: "no backup of that tag exists", when: When::Makes, overridable: false, judge };

fn judge(case: &Case) -> Vec<Objection> {
    let tag = &case.request.tag;
    let node = &case.inventory.backup.node;
    match &case.facts.backup {
        // `check` without a tag asks for no backup
        BackupFacts::Missing | BackupFacts::None => vec![],
        BackupFacts::Incomplete(what) => {
            vec![Objection::fail(what.clone(), "look at it and remove it, or choose another --tag").on(node)]
        }
        BackupFacts::Damaged(_) | BackupFacts::Whole(..) => {
            vec![Objection::fail(format!("backup {tag} exists already"), "choose another --tag").on(node)]
        }
    }
}
