//! What a backup without `-k` takes, and why not the rest. Pure.

use serde::Serialize;

use super::Facts;
use crate::cassandra::schema::{KeyspaceSchema, Replication, is_internal};
use crate::inventory::Inventory;
use crate::name::Keyspace;

/// One keyspace of the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Scope {
    /// Its name.
    pub name: Keyspace,
    /// Who holds its data.
    pub replication: Replication,
    /// Tables and views.
    pub tables: usize,
    /// Bytes on the backup node, snapshots included; `None`: not known.
    pub bytes: Option<u64>,
    /// Whether a backup that names no keyspace takes it.
    pub taken: bool,
    /// What is to be known about that; may be empty.
    pub why: String,
}

/// All keyspaces, those of users first.
pub fn scope(inventory: &Inventory, facts: &Facts) -> Vec<Scope> {
    let sizes = facts.nodes.get(&inventory.backup.node).map(|node| &node.keyspace_bytes);
    let mut all: Vec<Scope> = facts
        .schema
        .keyspaces
        .iter()
        .map(|keyspace| {
            let (taken, why) = judge(inventory, facts, keyspace);
            Scope {
                name: keyspace.name.clone(),
                replication: keyspace.replication.clone(),
                tables: keyspace.dirs().len(),
                bytes: sizes.and_then(|sizes| sizes.get(keyspace.name.as_str()).copied()),
                taken,
                why,
            }
        })
        .collect();
    all.sort_by_key(|scope| (is_internal(scope.name.as_str()), scope.name.clone()));
    all
}

fn judge(inventory: &Inventory, facts: &Facts, keyspace: &KeyspaceSchema) -> (bool, String) {
    let name = keyspace.name.as_str();
    if is_internal(name) {
        return (false, "Cassandra's own".to_owned());
    }
    let taken = inventory.keyspaces.is_empty() || inventory.keyspaces.contains(&keyspace.name);
    let mut why = vec![];
    if name.starts_with('t') && name.ends_with("_throttling") {
        why.push("the gateways' throttling keyspace: counters of quotas, stale when restored");
    }
    if !taken {
        why.push("not among the inventory's `keyspaces`");
    } else if !inventory.keyspaces.is_empty() {
        why.push("named by the inventory");
    }
    let whole = |(center, nodes): (&&str, &u32)| keyspace.replication.factor_in(center) == Some(*nodes);
    if !facts.all_down() && (!facts.centers().iter().all(whole) || keyspace.replication.is_transient()) {
        why.push("a backup refuses it: not every node holds all its data");
    }
    (taken, why.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::fixture;

    fn told(listed: &[&str]) -> Vec<String> {
        let keyspaces = format!("keyspaces: [{}]\n", listed.join(", "));
        let keyspaces = if listed.is_empty() { "" } else { &keyspaces };
        let text = format!("cluster: Lab Cluster\nnodes:\n  - {{name: cass1, host: h, seed: true}}\n{keyspaces}");
        let inventory = Inventory::parse(&text, std::path::Path::new("i.yaml")).unwrap();
        let mut facts = Facts::default();
        let node = fixture::node();
        for (name, factor) in [("shop", 1), ("system_auth", 1), ("t9fa0_throttling", 1), ("thin", 2)] {
            let replication =
                serde_json::json!({"class": "NetworkTopologyStrategy", node.datacenter.clone(): factor.to_string()});
            facts.schema.keyspaces.push(KeyspaceSchema {
                name: Keyspace::parse(name).unwrap(),
                durable_writes: true,
                replication: Replication::parse(&replication).unwrap(),
                tables: vec![],
                views: vec![],
                types: vec![],
            });
        }
        facts.nodes.insert(crate::name::HostName::parse("cass1").unwrap(), node);
        let rows = scope(&inventory, &facts);
        rows.iter().map(|row| format!("{} {} {}", row.name, row.taken, row.why)).collect()
    }

    #[test]
    fn all_but_cassandras_own_are_taken_and_what_is_special_is_said() {
        let expected = [
            "shop true ",
            "t9fa0_throttling true the gateways' throttling keyspace: counters of quotas, stale when restored",
            "thin true a backup refuses it: not every node holds all its data",
            "system_auth false Cassandra's own",
        ];
        assert_eq!(told(&[]), expected);
    }

    #[test]
    fn where_the_inventory_names_keyspaces_no_other_is_taken() {
        let told = told(&["shop"]);
        assert_eq!(told[0], "shop true named by the inventory");
        assert_eq!(
            told[1],
            "t9fa0_throttling false the gateways' throttling keyspace: counters of quotas, stale when restored; not among the inventory's `keyspaces`"
        );
    }
}
