//! `cluster-name`: the hosts are those of the cluster that is named.

use super::{Case, Guard, Objection, When};

/// The guard.
pub const GUARD: Guard = Guard {
    name: "cluster-name",
    about: "every node's cluster_name is the inventory's",
    when: When::Present,
    overridable: false,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let wanted = case.inventory.cluster.as_str();
    let wrong = case.facts.nodes.iter().filter(|(_, node)| node.conf.cluster_name != wanted);
    wrong
        .map(|(host, node)| {
            let found = &node.conf.cluster_name;
            Objection::fail(
                format!("cluster_name is {found:?}, the inventory says {wanted:?}"),
                "check that the inventory names the right hosts; then correct `cluster:` in it",
            )
            .on(host)
        })
        .collect()
}
