//! `commitlog-archiving`: no archived commit log is replayed at the start.

use super::{Case, Guard, Objection, When};

/// The guard.
pub const GUARD: Guard = Guard {
    name: "commitlog-archiving",
    about: "commitlog_archiving.properties restores nothing",
    when: When::Restore,
    overridable: true,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let replaying = case.facts.nodes.iter().filter(|(_, node)| node.commitlog_restore);
    replaying
        .map(|(host, _)| {
            let message = "commitlog_archiving.properties would replay archived segments at the next start";
            Objection::fail(message, "empty restore_command and restore_directories in it").on(host)
        })
        .collect()
}
