//! `log-written`: the log by which drain and start are judged is Cassandra's own.

use super::{Case, Guard, Objection, When};

/// The guard.
pub const GUARD: Guard = Guard {
    name: "log-written",
    about: "Cassandra writes to the log that was found on every node, as far as its open files can be seen",
    when: When::Restore,
    overridable: true,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let foreign = case.facts.nodes.iter().filter_map(|(host, node)| Some((host, node, node.log_foreign.as_ref()?)));
    foreign
        .map(|(host, node, names)| {
            let others = if names.is_empty() { "no log at all".to_owned() } else { names.clone() };
            let message = format!(
                "Cassandra does not write to {}; it has open: {others}; a failed drain, or a table that is not loaded, would go unseen",
                node.log
            );
            let cure = "let its logback.xml write system.log in its log directory, or set cassandra.home so that \
                        HOME/logs/system.log is its log";
            Objection::fail(message, cure).on(host)
        })
        .collect()
}
