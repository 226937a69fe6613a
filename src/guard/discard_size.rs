//! `discard-size`: says what a discard deletes, and how much it is.

use super::{Case, Guard, Objection, When};
use crate::units::bytes;

/// The guard.
pub const GUARD: Guard = Guard {
    name: "discard-size",
    about: "nothing is left that could be deleted",
    when: When::Discard,
    overridable: false,
    judge,
};

/// Only warnings: it is what the operator asked for.
fn judge(case: &Case) -> Vec<Objection> {
    let Some(past) = case.past else { return vec![] };
    let after = if past.undone {
        "the old data is live, what the restore brought is gone then"
    } else {
        "no way back after this"
    };
    let some = past.left.iter().filter(|(_, left)| !left.bytes.is_empty());
    some.map(|(host, left)| {
        let dirs: Vec<&str> = left.bytes.keys().map(String::as_str).collect();
        let message = format!("{} go for good: {}", bytes(left.bytes.values().sum()), dirs.join(", "));
        Objection::warn(message, after).on(host)
    })
    .collect()
}
