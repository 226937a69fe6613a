//! `version-supported`: only a Cassandra that these steps were proven on.

use super::{Case, Guard, Objection, When};

/// The guard.
pub const GUARD: Guard = Guard {
    name: "version-supported",
    about: "every node runs one Cassandra version, 2.2 or 3.0 to 5.0",
    when: When::Live,
    overridable: false,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let nodes = &case.facts.nodes;
    let mut objections = vec![];
    for (host, node) in nodes {
        if !node.version.is_supported() {
            let message = format!("reseed was not proven on Cassandra {}", node.version);
            objections.push(Objection::fail(message, "use a version of reseed that knows it").on(host));
        }
    }
    let mut versions: Vec<String> = nodes.values().map(|n| n.version.to_string()).collect();
    versions.sort();
    versions.dedup();
    if versions.len() > 1 {
        let message = format!("the nodes run different versions: {}", versions.join(", "));
        objections.push(Objection::fail(message, "finish the upgrade first"));
    }
    objections
}
