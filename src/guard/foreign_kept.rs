//! `foreign-kept`: snapshots of others do not go with a quarantine.

use super::{Case, Guard, Objection, When};

/// The guard.
pub const GUARD: Guard = Guard {
    name: "foreign-kept",
    about: "no snapshots or backups of others lie in what is deleted",
    when: When::Discard,
    overridable: false,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let Some(past) = case.past else { return vec![] };
    let found = past.left.iter().flat_map(|(host, left)| left.foreign.iter().map(move |dir| (host, dir)));
    found
        .map(|(host, dir)| {
            let message = format!("{dir} holds files of a snapshot or incremental backup, which are not reseed's");
            Objection::fail(message, "move it into the live table's directory, or elsewhere").on(host)
        })
        .collect()
}
