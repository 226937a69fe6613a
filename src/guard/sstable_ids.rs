//! `sstable-ids`: files named by UUIDs are only for servers that take them.
//!
//! A server that knows them and has them switched off exits at its start with code 100
//! (domain.md B.11); one of before 4.1 takes them for strange files.

use super::{Case, Guard, Objection, When};
use crate::cassandra::sstable::Component;
use crate::facts::NodeFacts;

/// The guard.
pub const GUARD: Guard = Guard {
    name: "sstable-ids",
    about: "every node takes the names of the backup's sstables",
    when: When::Restore,
    overridable: false,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let Some(manifest) = case.manifest() else { return vec![] };
    let mut components = manifest.files().filter_map(|(.., file)| file.component());
    let Some(named) = components.find(Component::has_uuid) else { return vec![] };
    let id = &named.id;
    let of = |(host, node)| objection(id, node).map(|objection: Objection| objection.on(host));
    case.facts.nodes.iter().filter_map(of).collect()
}

fn objection(id: &str, node: &NodeFacts) -> Option<Objection> {
    if !node.version.has_uuid_sstables() {
        let message =
            format!("the backup's sstables are named by UUIDs ({id}), which Cassandra {} cannot read", node.version);
        return Some(Objection::fail(message, "restore this backup into 4.1 or later"));
    }
    (!node.conf.uuid_sstable_identifiers_enabled).then(|| {
        let message =
            format!("the backup's sstables are named by UUIDs ({id}), which this node's cassandra.yaml refuses");
        Objection::fail(message, "set uuid_sstable_identifiers_enabled: true in it, on every node, and restart them")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::fixture;

    #[test]
    fn only_a_node_that_has_them_switched_on_takes_them() {
        let says = |version: &str, on: bool| {
            let mut node = fixture::node();
            node.version = version.parse().unwrap();
            node.conf.uuid_sstable_identifiers_enabled = on;
            objection("3gks_1b2c_0abcdefghijklmnopq", &node).map(|o| o.message).unwrap_or_default()
        };
        assert!(says("4.0.19", true).contains("4.0.19 cannot read"));
        assert!(says("4.1.10", false).contains("refuses") && says("5.0.8", false).contains("refuses"));
        assert_eq!(says("5.0.8", true), "");
    }
}
