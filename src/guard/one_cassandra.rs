//! `one-cassandra`: the Cassandra that runs on a host is the node.
//!
//! A second one, of another cluster or in a container, cannot be told from it in the table of processes: the node would
//! never be proven stopped, and neither would a rollback go on.

use super::{Case, Guard, Objection, When};

/// The guard.
pub const GUARD: Guard = Guard {
    name: "one-cassandra",
    about: "one Cassandra at most runs on every host of a node",
    when: When::Restore,
    overridable: false,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let crowded = case.facts.nodes.iter().filter(|(_, node)| node.processes > 1);
    crowded
        .map(|(host, node)| {
            let message = format!(
                "{} processes of Cassandra run there: whether the node is stopped could not be proven",
                node.processes
            );
            Objection::fail(message, "stop the other one (ps -ef | grep CassandraDaemon) for the time of the run")
                .on(host)
        })
        .collect()
}
