//! Facts: what was found on the hosts, before anything is decided.
//!
//! Flow: `gather` runs one or two read-only scripts per host → parsers of `cassandra` →
//! [`Facts`], a plain value for guards and plan.
//!
//! *Binding* facts (cluster name, host ids, versions, directories, table ids, columns, indexes,
//! replication, manifest digest) go into the plan's digest through [`Facts::binding`]; *passing*
//! ones (free space, hint counts, load) never do. The journal keeps the facts that a plan was made
//! from: a rollback is planned from these, when the cluster may be down.
//!
//! A node whose Cassandra is down does not end it: its files are read as of the others, and what it
//! would have said itself comes from the ring of a node that is up (`down`). When none is, the schema is
//! read from the disks (`ondisk`).
//!
//! Invariant: gathering changes nothing that outlives it (a probe of rename is removed at once).

mod clock;
mod disk;
mod down;
#[cfg(test)]
pub(crate) mod fixture;
mod gather;
mod guarding;
mod left;
mod missing;
mod node;
mod ondisk;
mod parse;
mod repairs;
mod restart;
mod scope;
mod writes;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::json;

pub use clock::Clock;
pub use disk::Disk;
pub use gather::{FactsError, SCRIPTS, Secrets, Wanted, gather};
pub use guarding::Guarding;
pub use left::{Earlier, Left, left};
pub use missing::Creation;
pub use node::{Dir, NodeFacts};
pub(crate) use parse::Fields;
pub use restart::{Process, Restart};
pub use scope::{Scope, scope};
pub use writes::{Since, Writes};

use crate::backup::catalogue::Backup;
use crate::backup::manifest::Manifest;
use crate::backup::verify::Damage;
use crate::backup::written::Written;
use crate::cassandra::{schema::Schema, status::Row};
use crate::inventory::{Inventory, Node};
use crate::name::{HostName, Keyspace, Tag};

/// All that is known about the cluster.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Facts {
    /// Each present node.
    pub nodes: BTreeMap<HostName, NodeFacts>,
    /// Each gateway instance: (host, instance index) → what was found.
    pub gateways: BTreeMap<HostName, GatewayFacts>,
    /// Keyspaces, tables, indexes, as the seed knows them.
    pub schema: Schema,
    /// `DESCRIBE KEYSPACE` of the keyspaces in question (only gathered for a backup).
    pub schema_cql: BTreeMap<String, String>,
    /// The schema versions seen, each with the hosts that hold it.
    pub schema_versions: Vec<String>,
    /// The backup in question.
    pub backup: BackupFacts,
    /// What is wrong with its files, as names and sizes show.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub backup_flaws: Vec<Damage>,
    /// What the schema above holds and the run itself creates (`--create-schema`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub creation: Vec<Creation>,
    /// Incremental repair sessions that are not over, as the seed knows them; `None`: this version has none (before
    /// 4.0). With a replication factor of all nodes, every node takes part in every session.
    #[serde(default)]
    pub repair_sessions: Option<Vec<String>>,
    /// Since when all replicas of each keyspace are known to agree (only gathered for a backup).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub since: BTreeMap<String, Since>,
    /// What is to be imported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<Written>,
    /// What lies below the backup root (only gathered to prune it).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub catalogue: Vec<Backup>,
    /// Backups that runs count on, and how (only gathered to prune).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub used: BTreeMap<Tag, String>,
    /// What configures each host (only gathered for runs about configuration).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub config: BTreeMap<HostName, ConfigFacts>,
}

/// What configures a host.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ConfigFacts {
    /// Files that are there.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// What was looked for and is not there.
    pub missing: Vec<String>,
    /// Files that cannot be read.
    pub unreadable: Vec<String>,
    /// What is left out of a backup, and why.
    pub skipped: Vec<String>,
    /// Why all that is too much.
    pub over: Option<String>,
    /// `cluster_name` of a node's cassandra.yaml, as far as that can be read.
    pub cluster_name: Option<String>,
    /// What else speaks against using the backup in question there.
    pub doubts: Vec<String>,
}

impl Facts {
    /// The nodes whose Cassandra answers.
    pub fn up(&self) -> impl Iterator<Item = (&HostName, &NodeFacts)> {
        self.nodes.iter().filter(|(_, node)| !node.is_down())
    }

    /// Whether no node answers: ring and host ids are then not known, the schema is that of the disks.
    pub fn all_down(&self) -> bool {
        self.up().next().is_none()
    }

    /// Who speaks for the cluster: the restored seed, else the first node that is up; one with a
    /// working cqlsh when there is any.
    pub fn voice<'a>(&self, inventory: &'a Inventory) -> Option<&'a Node> {
        let known = |node: &Node| self.nodes.get(&node.name).filter(|known| !known.is_down());
        let mut up = std::iter::once(inventory.seed()).chain(inventory.present()).filter(|node| known(node).is_some());
        let first = up.next()?;
        let asks = |node: &&Node| known(node).is_some_and(|known| known.no_cqlsh.is_none());
        Some(std::iter::once(first).chain(up).find(asks).unwrap_or(first))
    }

    /// What the ring holds besides the nodes of the inventory that are there: machines that are gone
    /// (`absent: true`), or strangers. As seen by any node that is up.
    pub fn others(&self) -> BTreeMap<&str, &Row> {
        let known: BTreeSet<&str> = self.nodes.values().map(|node| node.host_id.as_str()).collect();
        let rows = self.nodes.values().flat_map(|node| &node.ring);
        rows.filter_map(|row| Some((row.host_id.as_deref()?, row))).filter(|(id, _)| !known.contains(id)).collect()
    }

    /// Nodes of the ring per data center, those that are gone included.
    pub fn centers(&self) -> BTreeMap<&str, u32> {
        let known = self.nodes.values().map(|node| node.datacenter.as_str());
        let gone = self.others().into_values().map(|row| row.datacenter.as_str());
        known.chain(gone).fold(BTreeMap::new(), |mut centers, name| {
            *centers.entry(name).or_default() += 1;
            centers
        })
    }

    /// How the ring calls a node of the inventory.
    pub fn address(&self, node: &HostName) -> Option<&str> {
        let id = &self.nodes.get(node)?.host_id;
        let row = self.nodes.values().flat_map(|node| &node.ring).find(|row| row.host_id.as_ref() == Some(id));
        row.map(Row::host)
    }

    /// The same without some nodes, which the ring goes on to hold.
    #[must_use]
    pub fn without(mut self, gone: impl Fn(&HostName) -> bool) -> Self {
        // what only they saw was seen by the others too
        self.nodes.retain(|name, _| !gone(name));
        self
    }

    /// Whether that node can read the backup, which is kept on `source`, where it is.
    pub fn in_place(&self, node: &HostName, source: &HostName) -> bool {
        let BackupFacts::Whole(_, sum) = &self.backup else { return node == source };
        node == source || self.nodes.get(node).is_some_and(|node| node.backup_sum.as_ref() == Some(sum))
    }

    /// Where a run puts its stage and quarantine, per node, each place once.
    pub fn places(&self) -> BTreeMap<HostName, Vec<String>> {
        let places = |node: &NodeFacts| {
            let all: BTreeSet<_> = node.dirs.iter().map(|dir| dir.place.clone()).collect();
            all.into_iter().collect()
        };
        self.nodes.iter().map(|(name, node)| (name.clone(), places(node))).collect()
    }
}

/// What was found on a gateway host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayFacts {
    /// `startinstance`, where it is; `None`: not found or not executable.
    pub startinstance: Option<String>,
    /// Its owner.
    pub owner: String,
    /// The user that it is run as.
    #[serde(default)]
    pub run_as: String,
    /// Some of the files below it that belong to root, when its owner is another.
    #[serde(default)]
    pub foreign: Vec<String>,
    /// For each instance of the inventory: running (`Some(true)`), stopped, or no clear answer.
    pub running: Vec<Option<bool>>,
}

/// What was found of the backup in question.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum BackupFacts {
    /// No backup was asked for.
    #[default]
    None,
    /// Nothing is there (right for `backup`, wrong for `restore`).
    Missing,
    /// An unfinished or foreign directory is there.
    Incomplete(String),
    /// It is damaged; why.
    Damaged(String),
    /// It is there and its manifest is whole.
    Whole(Box<Manifest>, String),
}

impl Facts {
    /// The facts that a plan for these keyspaces rests on; part of its digest.
    pub fn binding(&self, keyspaces: &[Keyspace]) -> serde_json::Value {
        let nodes: BTreeMap<_, _> = self
            .nodes
            .iter()
            .map(|(name, n)| {
                let dirs: Vec<_> = n.dirs.iter().map(|d| json!([d.label, d.path, d.place])).collect();
                let mut facts = json!({"host_id": n.host_id, "version": n.version.to_string(), "datacenter": n.datacenter,
                    "dirs": dirs, "run_as": n.run_as, "log": n.log});
                if n.is_down() {
                    // the plan demands no drain of it
                    facts["down"] = json!(true);
                }
                (name.to_string(), facts)
            })
            .collect();
        let manifest = match &self.backup {
            BackupFacts::Whole(_, sha256) => Some(sha256.clone()),
            _ => None,
        };
        let schema: BTreeMap<_, _> = keyspaces
            .iter()
            .filter_map(|name| self.schema.keyspace(name))
            .map(|ks| {
                // by name, so that a difference can be told by its path
                let tables: BTreeMap<_, _> = ks.tables.iter().map(|t| (t.name.to_string(), json!(t))).collect();
                let views: BTreeMap<_, _> = ks.views.iter().map(|v| (v.name.to_string(), json!(v))).collect();
                (ks.name.to_string(), json!({"replication": ks.replication, "tables": tables, "views": views}))
            })
            .collect();
        json!({"nodes": nodes, "schema": schema, "manifest_sha256": manifest})
    }
}
