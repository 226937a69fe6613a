//! `rename-works`: data is set aside by rename, never by copy and delete.

use super::{Case, Guard, Objection, When};

/// The guard.
pub const GUARD: Guard = Guard {
    name: "rename-works",
    about: "a rename works between every directory and its place beside it",
    when: When::Restore,
    overridable: false,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let mut objections = vec![];
    for (host, node) in &case.facts.nodes {
        for dir in &node.dirs {
            if let Err(why) = &dir.rename {
                let cure = "the login (or become) user needs write access to the directory and its parent";
                objections.push(Objection::fail(format!("{} ({}): {why}", dir.label, dir.path), cure).on(host));
            }
        }
    }
    objections
}
