//! `tag-free`: a backup never replaces another.
use super::{Case, Guard, Objection, When};
use crate::facts::BackupFacts;

/// The guard.
pub const GUARD: Guard =
    Guard { name: "tag-free", about: "no backup of that tag exists", when: When::Tags, overridable: false, judge };

fn judge(case: &Case) -> Vec<Objection> {
    let tag = &case.request.tag;
    let node = &case.inventory.backup.node;
    let fetches = When::Fetch.covers(&case.request.playbook);
    let cure = if fetches {
        "if nothing of it is needed: reseed backups prune --partial (when a run is paused over it: resume or abandon that)"
    } else {
        "look at it and remove it, or choose another --tag"
    };
    let other = if fetches { "it is there: what should be fetched?" } else { "choose another --tag" };
    match &case.facts.backup {
        // `check` without a tag asks for no backup
        BackupFacts::Missing | BackupFacts::None => vec![],
        BackupFacts::Incomplete(what) => {
            vec![Objection::fail(what.clone(), cure).on(node)]
        }
        BackupFacts::Damaged(_) | BackupFacts::Whole(..) => {
            vec![Objection::fail(format!("backup {tag} exists already"), other).on(node)]
        }
    }
}
