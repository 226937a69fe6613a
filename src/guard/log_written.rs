//! `log-written`: the log by which drain and start are judged is Cassandra's own.
//!
//! Not of a node that is down: one that dies at each start may have its standard output open and not yet its log.

use super::{Case, Guard, Objection, When};
use crate::facts::NodeFacts;

/// The guard.
pub const GUARD: Guard = Guard {
    name: "log-written",
    about: "Cassandra writes to the log that was found on every node, as far as its open files can be seen",
    when: When::Restore,
    overridable: true,
    judge: |case: &Case| case.facts.nodes.iter().filter_map(|(host, node)| Some(objection(node)?.on(host))).collect(),
};

fn objection(node: &NodeFacts) -> Option<Objection> {
    let names = node.log_foreign.as_ref().filter(|_| !node.is_down())?;
    let others = if names.is_empty() { "no log at all" } else { names };
    let message = format!(
        "Cassandra does not write to {}; it has open: {others}; a failed drain, or a table that is not loaded, would go unseen",
        node.log
    );
    let cure = "let its logback.xml write system.log in its log directory, or set cassandra.home so that \
                HOME/logs/system.log is its log";
    Some(Objection::fail(message, cure))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::fixture;

    #[test]
    fn a_node_that_dies_at_each_start_may_not_have_opened_its_log_yet() {
        let mut node = fixture::node();
        assert_eq!(objection(&node), None);
        node.log_foreign = Some("/opt/cassandra/logs/stdout.log".to_owned());
        assert!(
            objection(&node).is_some_and(|found| found.message.contains("it has open: /opt/cassandra/logs/stdout.log"))
        );
        node.down = Some("it starts again and again".to_owned());
        assert_eq!(objection(&node), None);
    }
}
