//! One node of the simulated cluster, and what its tables and directories may hold.

use std::collections::{BTreeMap, BTreeSet};

use super::world::CLUSTER;

/// What a table's directory holds on one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Data {
    /// What was live before the run.
    Old,
    /// Exactly the backup.
    Backup,
    /// Nothing.
    Empty,
    /// The backup and something that does not belong to it.
    Spoilt,
}

/// What lies in commit log and hints.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Loose {
    /// Writes that no table holds.
    pub unflushed: bool,
    pub hints: u64,
}

impl Loose {
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }
}

/// What Cassandra does on a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Process {
    Stopped,
    /// Other nodes can reach it, clients cannot yet.
    Starting,
    Normal,
    Drained,
}

/// A table as the schema knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableDef {
    pub keyspace: String,
    pub name: String,
    pub id: String,
    pub indexes: Vec<String>,
    /// Created after the backup.
    pub later: bool,
}

impl TableDef {
    pub fn dir(&self) -> String {
        format!("{}-{}", self.name, self.id.replace('-', ""))
    }
}

/// One node; the later fields are what guards look at.
#[derive(Debug, Clone)]
pub struct NodeState {
    pub seed: bool,
    pub address: String,
    pub host_id: String,
    pub process: Process,
    pub native_open: bool,
    pub guarded: bool,
    /// The machine is gone for good: stopped, and nobody may talk to it.
    pub gone: bool,
    /// By `keyspace/directory`.
    pub live: BTreeMap<String, Data>,
    pub stage: BTreeMap<String, Data>,
    /// Files that were carried here, by keyspace.
    pub arrived: BTreeMap<String, BTreeSet<String>>,
    /// Keyspaces of which all was carried here.
    pub arrived_whole: BTreeSet<String>,
    /// Files on the stage, by keyspace.
    pub staged: BTreeMap<String, usize>,
    /// By `run/keyspace/directory`.
    pub quarantine: BTreeMap<String, Data>,
    /// Whether entries lie in commitlog and caches.
    pub litter: bool,
    /// Whether the commit log holds writes that no sstable holds.
    pub unflushed: bool,
    pub hints: u64,
    /// Host ids that hints wait for here.
    pub hints_for: Vec<String>,
    /// Hints that no waiting delivers.
    pub stuck: bool,
    /// Commit log and hints that were set aside, by run.
    pub aside: BTreeMap<String, Loose>,
    /// What was written to commit log and hints while restored tables were live.
    pub late: Loose,
    /// Rollbacks that could not drain it.
    pub undrained: BTreeSet<String>,
    /// Whether streams go out at the configured rate.
    pub throttled: bool,
    /// Runs that noted that rate.
    pub rate_noted: BTreeSet<String>,
    /// Directories in quarantine that hold snapshots of others.
    pub foreign: Vec<String>,
    pub snapshots: BTreeSet<String>,
    pub starts: usize,
    /// An sstable that it does not load, as FILES names it.
    pub unloaded: Option<String>,
    /// An sstable that nobody restored.
    pub besides: Option<String>,
    /// A line that its log holds.
    pub complaint: Option<String>,
    /// Addresses that are connected whenever it listens.
    pub connected: Vec<String>,

    pub cluster_name: String,
    pub version: String,
    pub missing_tool: Option<String>,
    pub log_readable: bool,
    /// Another cluster's Cassandra runs there, too.
    pub crowded: bool,
    pub commitlog_restore: bool,
    pub symlink: bool,
    pub unit: Option<String>,
    pub rename_trouble: String,
    pub free: u64,
    pub unwritable: bool,
    pub stranger: bool,
    /// Lines that its facts have besides.
    pub more: String,
    /// Seconds that its clock is ahead.
    pub ahead_s: i64,
    pub authenticator: &'static str,
    pub seeds: &'static str,
    pub schema_version: String,
}

impl NodeState {
    pub fn of(n: usize, tables: &[TableDef]) -> Self {
        Self {
            seed: n == 1,
            address: format!("10.77.{}.{}", n / 200, 10 + n % 200),
            host_id: host_id(n),
            process: Process::Normal,
            native_open: true,
            guarded: false,
            gone: false,
            live: tables.iter().map(|t| (format!("{}/{}", t.keyspace, t.dir()), Data::Old)).collect(),
            arrived: BTreeMap::new(),
            arrived_whole: BTreeSet::new(),
            stage: BTreeMap::new(),
            staged: BTreeMap::new(),
            quarantine: BTreeMap::new(),
            litter: true,
            unflushed: true,
            hints: 0,
            hints_for: vec![],
            stuck: false,
            aside: BTreeMap::new(),
            late: Loose::default(),
            undrained: BTreeSet::new(),
            throttled: true,
            rate_noted: BTreeSet::new(),
            foreign: vec![],
            snapshots: BTreeSet::new(),
            starts: 0,
            unloaded: None,
            besides: None,
            complaint: None,
            connected: vec![],
            cluster_name: CLUSTER.to_owned(),
            version: "4.1.10".to_owned(),
            missing_tool: None,
            log_readable: true,
            crowded: false,
            commitlog_restore: false,
            symlink: false,
            unit: None,
            rename_trouble: String::new(),
            free: 1 << 40,
            unwritable: false,
            stranger: false,
            more: String::new(),
            ahead_s: 0,
            authenticator: "AllowAllAuthenticator",
            seeds: "10.77.0.11",
            schema_version: "59adb24e-f3cd-3e02-97f0-5b395827453f".to_owned(),
        }
    }
}

pub fn host_id(n: usize) -> String {
    let last = format!("27f6b127ba{n:02}");
    format!("4f065e01-c613-422a-81f0-{}", &last[last.len() - 12..])
}
