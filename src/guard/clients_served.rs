//! `clients-served`: nobody loses what clients wrote without having been told.

use super::{Case, Guard, Objection, Served, When};

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
    let message = match past.served {
        Served::No => return vec![],
        Served::Since(time) => format!(
            "clients have been served since {}: all that they wrote from then on will be lost",
            time.strftime("%Y-%m-%d %H:%M:%SZ")
        ),
        Served::Unknown => format!(
            "the journal of run {} lost its events: clients may have been served since; what they wrote will be lost",
            past.run
        ),
    };
    vec![Objection::fail(message, "if the old data is worth more: --override clients-served --reason TEXT")]
}
