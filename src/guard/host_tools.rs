//! `host-tools`: the scripts find what they need on the hosts.

use super::{Case, Guard, Objection, When};

/// The guard.
pub const GUARD: Guard = Guard {
    name: "host-tools",
    about: "every node has the tools that the scripts use",
    when: When::Live,
    overridable: false,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let lacking = case.facts.nodes.iter().filter(|(_, node)| !node.missing_tools.is_empty());
    lacking
        .map(|(host, node)| {
            let message = format!("not on the PATH of the login: {}", node.missing_tools.join(", "));
            Objection::fail(message, "install them (coreutils, findutils, util-linux, grep, sed, awk)").on(host)
        })
        .collect()
}
