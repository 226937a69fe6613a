//! `clients-served`: nobody loses what clients wrote without having been told.

use super::{Case, Guard, Objection, When};

/// The guard.
pub const GUARD: Guard = Guard {
    name: "clients-served",
    about: "no client was served since the earlier run set the old data aside",
    when: When::Rollback,
    overridable: true,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let Some(past) = case.past else { return vec![] };
    let Some(since) = past.served else { return vec![] };
    let since = since.strftime("%Y-%m-%d %H:%M:%SZ");
    let message = format!("clients have been served since {since}: all that they wrote from then on will be lost");
    vec![Objection::fail(message, "if the old data is worth more: --override clients-served --reason TEXT")]
}
