//! `log-readable`: drain and start can be proven.

use super::{Case, Guard, Objection, When};

/// The guard.
pub const GUARD: Guard = Guard {
    name: "log-readable",
    about: "Cassandra's log can be read on every node",
    when: When::Restore,
    overridable: false,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let blind = case.facts.nodes.iter().filter(|(_, node)| !node.log_readable);
    blind
        .map(|(host, node)| {
            let message = format!("its log {} cannot be read: a failed drain would go unseen", node.log);
            Objection::fail(message, "set cassandra.home so that HOME/logs/system.log is found, or give read access")
                .on(host)
        })
        .collect()
}
