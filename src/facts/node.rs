//! What was found on one node: [`NodeFacts`], and the directories of its Cassandra.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Clock, Disk, Restart, Writes};
use crate::cassandra::{conf::Conf, status::Row, version::Version};

/// What was found on a node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodeFacts {
    /// Cassandra's version.
    pub version: Version,
    /// Its id in the ring.
    pub host_id: String,
    /// Its data center.
    pub datacenter: String,
    /// cassandra.yaml.
    pub conf: Conf,
    /// Data directories, in Cassandra's order, then the others.
    pub dirs: Vec<Dir>,
    /// User for start, stop and nodetool.
    pub run_as: String,
    /// Cassandra's log file.
    pub log: String,
    /// How many processes of Cassandra run on its host.
    #[serde(default)]
    pub processes: usize,
    /// Whether that log can be read.
    pub log_readable: bool,
    /// When its process has other logs open and not that one: these. `None`: it has, or nobody may see that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_foreign: Option<String>,
    /// Whether gossip and native transport run.
    pub native_active: bool,
    /// The ring as this node sees it.
    pub ring: Vec<Row>,
    /// Bytes on disk per keyspace, all data directories, snapshots included.
    pub keyspace_bytes: BTreeMap<String, u64>,
    /// Whether archived commit logs would be replayed at the next start.
    pub commitlog_restore: bool,
    /// Files of hints waiting.
    pub hint_files: u64,
    /// Tools that are missing on the host.
    pub missing_tools: Vec<String>,
    /// Why cqlsh does not run there; `None`: it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_cqlsh: Option<String>,
    /// Filesystem number of the backup root's nearest existing directory, and its free bytes.
    pub backup_fs: (String, u64),
    /// The sha256 of the manifest of the backup in question, where there is one below the same root on this node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup_sum: Option<String>,
    /// The directory in which the backup root cannot be made, when it cannot be written.
    pub backup_unwritable: Option<String>,
    /// The file that `cassandra.yaml` is, links followed.
    #[serde(default)]
    pub conf_file: String,
    /// Why that file cannot be replaced.
    #[serde(default)]
    pub conf_fixed: Option<String>,
    /// The unit of the system's systemd that runs Cassandra.
    #[serde(default)]
    pub unit: Option<String>,
    /// The user that scripts run as there.
    #[serde(default)]
    pub uid: Option<u32>,
    /// Why Cassandra does not answer there; `None`: it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub down: Option<String>,
    /// How the ring may call it, when no node can tell its host id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// What a restart would find.
    #[serde(default)]
    pub restart: Restart,
    /// What lies below its directories beside live data.
    #[serde(default)]
    pub disk: Disk,
    /// How far its clock is from the coordinator's.
    #[serde(default)]
    pub clock: Option<Clock>,
    /// Files that make cron or systemd run something on Cassandra.
    #[serde(default)]
    pub schedulers: Vec<String>,
    /// What it tells of writes that it or others missed.
    #[serde(default)]
    pub writes: Writes,
}

impl NodeFacts {
    /// Whether Cassandra is down there: nothing can be drained, and its ring is not known.
    pub fn is_down(&self) -> bool {
        self.down.is_some()
    }

    /// What tells it in a view of the ring: its host id, or when that is not known its addresses.
    pub fn known_as(&self) -> String {
        if self.host_id.is_empty() { self.addresses.join(" ") } else { self.host_id.clone() }
    }

    /// How other nodes call it: its row in its own ring or, where it tells of none, the addresses that it may have there.
    pub fn ring_addresses(&self) -> Vec<&str> {
        match self.ring.iter().find(|row| row.host_id.as_ref() == Some(&self.host_id)) {
            Some(row) => vec![row.host()],
            None => self.addresses.iter().map(String::as_str).collect(),
        }
    }

    /// Its data directories, in Cassandra's order.
    pub fn data(&self) -> impl Iterator<Item = &Dir> {
        self.dirs.iter().filter(|dir| dir.is_data())
    }

    /// Where the keyspace `system` may be: a directory of its own, or the data directories.
    pub fn system_data(&self) -> impl Iterator<Item = &Dir> {
        self.dirs.iter().filter(|dir| dir.is_data() || dir.label == Dir::LOCAL_SYSTEM)
    }

    /// The directory of that label.
    pub fn dir(&self, label: &str) -> Option<&Dir> {
        self.dirs.iter().find(|dir| dir.label == label)
    }

    /// Where CQL clients reach it.
    pub fn cql_address(&self) -> &str {
        let any = |address: &&String| !matches!(address.as_str(), "0.0.0.0" | "::");
        let conf = &self.conf;
        let choices = [&conf.rpc_address, &conf.broadcast_rpc_address, &conf.listen_address];
        let found = choices.into_iter().flatten().find(any);
        found.map_or("localhost", String::as_str)
    }
}

/// A directory of Cassandra's, and the place beside it for stage and quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dir {
    /// `data-0`, `data-1`, …, `commitlog`, `saved_caches`, `hints`, [`Dir::LOCAL_SYSTEM`].
    pub label: String,
    /// Its path, as configured.
    pub path: String,
    /// Where `<run>/stage` and `<run>/quarantine` go; on the same filesystem.
    pub place: String,
    /// Whether the path is a symbolic link (the guard file would not be seen there).
    pub symlink: bool,
    /// Whether a real rename between it and its place worked; else why not.
    pub rename: Result<(), String>,
    /// Its filesystem's number.
    pub fs: String,
    /// Free bytes there.
    pub free: u64,
}

impl Dir {
    /// The label of `local_system_data_file_directory`, where the keyspace `system` is kept apart.
    pub const LOCAL_SYSTEM: &str = "local-system";

    /// Whether it holds sstables.
    pub fn is_data(&self) -> bool {
        self.label.starts_with("data-")
    }

    /// Whether a restore empties it: commit log, saved caches, hints.
    pub fn is_cleared(&self) -> bool {
        !self.is_data() && self.label != Self::LOCAL_SYSTEM
    }
}
