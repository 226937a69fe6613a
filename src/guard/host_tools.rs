//! `host-tools`: the scripts find what they need on the hosts.

use super::{Case, Guard, Objection, When};
use crate::facts::NodeFacts;

/// The guard.
pub const GUARD: Guard = Guard {
    name: "host-tools",
    about: "every node has the tools that the scripts use, and a cqlsh that runs",
    when: When::Live,
    overridable: false,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let told = |(host, node)| lacking(node).into_iter().map(move |(what, cure)| Objection::fail(what, cure).on(host));
    case.facts.nodes.iter().flat_map(told).collect()
}

/// What is missing on a node, each with its cure.
fn lacking(node: &NodeFacts) -> Vec<(String, &'static str)> {
    let mut all = vec![];
    if !node.missing_tools.is_empty() {
        let message = format!("not on the PATH of the login: {}", node.missing_tools.join(", "));
        all.push((message, "install them (coreutils, findutils, util-linux, grep, sed, awk)"));
    }
    if let Some(why) = &node.no_cqlsh {
        let message = format!("cqlsh does not run ({why}): nobody could tell whether indexes answer there");
        all.push((message, "install a Python that it can use, or name another one in cassandra.cqlsh.command"));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::lacking;
    use crate::facts::fixture;

    #[test]
    fn a_missing_tool_and_a_cqlsh_that_does_not_run_are_told_each() {
        let mut node = fixture::node();
        assert_eq!(lacking(&node), []);
        node.missing_tools = vec!["flock".to_owned()];
        node.no_cqlsh = Some("No appropriate python interpreter found.".to_owned());
        let told = lacking(&node);
        assert!(told.len() == 2 && told[0].0.contains("flock") && told[1].0.contains("python interpreter"), "{told:?}");
    }
}
