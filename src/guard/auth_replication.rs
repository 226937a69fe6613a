//! `auth-replication`: logins work while nodes are down.
//!
//! Roles live in `system_auth`. With fewer replicas than nodes the only one of a role may be the node
//! that is down, and nobody logs in: neither clients nor reseed's own queries.

use std::collections::BTreeMap;

use super::{Case, Guard, Objection, When};
use crate::cassandra::schema::Replication;
use crate::name::{HostName, Keyspace};

/// The guard.
pub const GUARD: Guard = Guard {
    name: "auth-replication",
    about: "every node holds the roles that clients log in with",
    when: When::Restore,
    overridable: true,
    judge,
};

/// Cassandra reads this role at QUORUM, whatever is configured; every other at less.
const DEFAULT_SUPERUSER: &str = "cassandra";

fn judge(case: &Case) -> Vec<Objection> {
    let logins = case.facts.nodes.values().any(|node| node.conf.authenticator != "AllowAllAuthenticator");
    if !logins {
        return vec![];
    }
    if case.facts.all_down() {
        return vec![Objection::unproven()];
    }
    let name = Keyspace::parse("system_auth").expect("a name");
    let replication = case.facts.schema.keyspace(&name).map(|keyspace| &keyspace.replication);
    let mut found: Vec<Objection> = objection(replication, &case.facts.centers()).into_iter().collect();
    let uses = |node: &&HostName| {
        let known = case.inventory.node(node);
        known.is_some_and(|node| node.cassandra.cqlsh.username.as_deref() == Some(DEFAULT_SUPERUSER))
    };
    if case.facts.nodes.len() > 1 && case.facts.nodes.keys().any(|node| uses(&node)) {
        let message =
            "the inventory logs in as cassandra, a role that is read at QUORUM: it works only with most nodes up";
        found.push(Objection::warn(message, "make a superuser of another name and set cassandra.cqlsh.username to it"));
    }
    found
}

fn objection(replication: Option<&Replication>, centers: &BTreeMap<&str, u32>) -> Option<Objection> {
    let cure = || {
        let factors: Vec<String> = centers.iter().map(|(center, nodes)| format!("'{center}': {nodes}")).collect();
        format!(
            "cqlsh -e \"ALTER KEYSPACE system_auth WITH replication = {{'class': 'NetworkTopologyStrategy', {}}}\", then \
             nodetool repair --full system_auth on every node",
            factors.join(", ")
        )
    };
    let Some(replication) = replication else {
        return Some(Objection::fail("the replication of system_auth cannot be told", cure()));
    };
    let short = centers.iter().find(|(center, nodes)| replication.factor_in(center).unwrap_or(0) < **nodes)?;
    let factor = replication.factor_in(short.0).unwrap_or(0);
    let message = format!(
        "system_auth has {factor} replica(s) on {} node(s) in {}: with one down, logins may fail",
        short.1, short.0
    );
    Some(Objection::fail(message, cure()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fewer_replicas_than_nodes_in_any_center_are_refused_with_the_statement() {
        let says = |factors: serde_json::Value| {
            let replication = Replication::parse(&factors).unwrap();
            objection(Some(&replication), &BTreeMap::from([("dc1", 3), ("dc2", 2)])).map(|o| (o.message, o.cure))
        };
        let nts = |dc2: &str| json!({"class": "NetworkTopologyStrategy", "dc1": "3", "dc2": dc2});
        assert_eq!(says(nts("2")), None);
        let (message, cure) = says(nts("1")).unwrap();
        assert!(message.contains("1 replica(s) on 2 node(s) in dc2"), "{message}");
        assert!(cure.contains("'dc1': 3, 'dc2': 2"), "{cure}");
        assert!(says(json!({"class": "SimpleStrategy", "replication_factor": "1"})).is_some());
        assert!(objection(None, &BTreeMap::from([("dc1", 1)])).unwrap().message.contains("cannot be told"));
    }
}
