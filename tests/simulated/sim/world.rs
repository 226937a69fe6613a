//! The simulated cluster: what its hosts hold, and what would happen to it in the real world.
//!
//! The physics are few but strict: a node with a guard file does not start; hints and commit logs
//! that are still there at a start spoil what was restored; a repair fills nobody unless it ran on
//! every node while all of them were up.

use std::collections::{BTreeMap, BTreeSet};

use reseed::backup::manifest::Manifest;
use serde_json::json;

use super::lease::Held;
use super::node::{Data, NodeState, Process, TableDef, host_id};

/// Everything.
#[derive(Debug, Clone)]
pub struct World {
    pub nodes: BTreeMap<String, NodeState>,
    /// Gateway → instance → what `startinstance -s` answers (0 running, 1 stopped).
    pub gateways: BTreeMap<String, BTreeMap<String, i32>>,
    pub clients: BTreeMap<String, bool>,
    pub tables: Vec<TableDef>,
    pub rf: u32,
    /// Manifest and checksum line, by the backup's directory.
    pub backups: BTreeMap<String, (String, String)>,
    /// Keyspaces copied and whether they were verified, by the partial directory.
    pub partial: BTreeMap<String, (BTreeSet<String>, bool)>,
    pub repaired: BTreeMap<String, BTreeSet<String>>,
    pub corrupt_backup: bool,
    /// Repairs say that they succeeded and do nothing.
    pub idle_repairs: bool,
    pub index_files_restored: bool,
    /// By host; what is not here never held one.
    pub leases: BTreeMap<String, Held>,
    /// Type of the column `owner`.
    pub owner_type: &'static str,
    /// When the column `owner` was dropped, before it was added again.
    pub dropped_at: Option<&'static str>,
    /// Numbers of the states of incremental repair sessions.
    pub sessions: Vec<u64>,
    /// Files that the backups lack, by their names.
    pub lost_files: Vec<&'static str>,
    /// A file of root's below the gateways.
    pub roots_file: bool,
    /// The password that CQL demands.
    pub password: Option<String>,
}

/// How large a cluster.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub nodes: usize,
    pub gateways: usize,
    pub clients: usize,
    pub keyspaces: usize,
    /// Restores go by fan-out.
    pub fan_out: bool,
}

impl Shape {
    /// The same, with restores by fan-out.
    pub const fn by_fan_out(self) -> Self {
        Self { fan_out: true, ..self }
    }

    /// By seed and by fan-out.
    pub const fn both(self) -> [Self; 2] {
        [self, self.by_fan_out()]
    }
}

pub const SMALL: Shape = Shape { nodes: 2, gateways: 1, clients: 0, keyspaces: 1, fan_out: false };
pub const WHOLE: Shape = Shape { nodes: 3, gateways: 1, clients: 1, keyspaces: 2, fan_out: false };

pub const CLUSTER: &str = "Lab Cluster";
pub const TAG: &str = "good";

impl World {
    pub fn of(shape: Shape) -> Self {
        let mut tables = vec![];
        for k in 1..=shape.keyspaces {
            for (t, index) in [("plain", None), ("by_owner", Some("owner_idx"))] {
                let (keyspace, name) = (format!("ks{k}"), t.to_owned());
                let id = format!("f58cb0e0-c9a6-11e7-a9d0-b5b6a2d0a{k:02}{}", u8::from(index.is_some()));
                tables.push(TableDef {
                    keyspace,
                    name,
                    id,
                    indexes: index.into_iter().map(str::to_owned).collect(),
                    later: false,
                });
            }
        }
        let nodes = (1..=shape.nodes).map(|n| (format!("cass{n}"), NodeState::of(n, &tables))).collect();
        let instances = || BTreeMap::from([("Instance1".to_owned(), 0)]);
        let mut world = Self {
            nodes,
            gateways: (1..=shape.gateways).map(|n| (format!("gw{n}"), instances())).collect(),
            clients: (1..=shape.clients).map(|n| (format!("portal{n}"), true)).collect(),
            tables,
            rf: u32::try_from(shape.nodes).unwrap(),
            backups: BTreeMap::new(),
            partial: BTreeMap::new(),
            repaired: BTreeMap::new(),
            corrupt_backup: false,
            idle_repairs: false,
            index_files_restored: true,
            leases: BTreeMap::new(),
            owner_type: "text",
            dropped_at: None,
            sessions: vec![4, 5],
            lost_files: vec![],
            roots_file: false,
            password: None,
        };
        let backup = world.manifest(TAG, "nb-1-big");
        world.backups.insert(format!("/backup/{TAG}"), backup);
        world
    }

    pub fn node(&mut self, name: &str) -> &mut NodeState {
        self.nodes.get_mut(name).unwrap_or_else(|| panic!("{name} is no node of the simulated cluster"))
    }

    pub fn keyspaces(&self) -> BTreeSet<String> {
        self.tables.iter().map(|t| t.keyspace.clone()).collect()
    }

    /// A manifest of the tables as they are, with two files and an index file each.
    pub fn manifest(&self, tag: &str, sstable: &str) -> (String, String) {
        let file = |path: String, size: u64| json!({"path": path, "size": size, "sha256": "ab".repeat(32)});
        let table = |t: &TableDef| {
            let mut files = vec![
                file(format!("{sstable}-Data.db"), 1000),
                file(format!("{sstable}-Index.db"), 10),
                file("manifest.json".to_owned(), 5),
            ];
            files.extend(t.indexes.iter().map(|i| file(format!(".{i}/{sstable}-Data.db"), 7)));
            let indexes: Vec<_> = t.indexes.iter().map(|i| json!({"name": i, "kind": "COMPOSITES"})).collect();
            let columns = json!([{"name": "id", "type": "text", "kind": "partition_key"},
                {"name": "owner", "type": "text", "kind": "regular"}]);
            json!({"name": t.name, "id": t.id, "columns": columns, "indexes": indexes, "views": [], "rows_estimate": 42, "files": files})
        };
        let keyspace = |name: &String| {
            let tables: Vec<_> = self.tables.iter().filter(|t| t.keyspace == *name).map(table).collect();
            json!({"name": name, "replication": {"class": "SimpleStrategy", "replication_factor": self.rf.to_string()},
                "schema_cql": self.schema_cql(name), "types": [], "tables": tables})
        };
        let keyspaces: Vec<_> = self.keyspaces().iter().map(keyspace).collect();
        let text = json!({"format": 1, "tag": tag, "cluster": CLUSTER, "node": "cass1", "host_id": host_id(1),
            "version": "4.1.10", "partitioner": "Murmur3Partitioner", "taken_at": "2026-01-01T00:00:00Z",
            "reseed": "0.1.0", "keyspaces": keyspaces})
        .to_string();
        let line = format!("{}  manifest.json", Manifest::digest(&text));
        (text, line)
    }

    /// `DESCRIBE KEYSPACE`.
    pub fn schema_cql(&self, keyspace: &str) -> String {
        let rf = self.rf;
        let mut cql = format!(
            "CREATE KEYSPACE {keyspace} WITH replication = {{'class': 'SimpleStrategy', 'replication_factor': '{rf}'}};\n"
        );
        for table in self.tables.iter().filter(|t| t.keyspace == keyspace) {
            let name = &table.name;
            cql += &format!(
                "CREATE TABLE {keyspace}.{name} (\n    id text PRIMARY KEY,\n    owner text\n) WITH comment = 'a; b';\n"
            );
            for index in &table.indexes {
                cql += &format!("CREATE INDEX {index} ON {keyspace}.{name} (owner);\n");
            }
        }
        cql
    }

    /// Somebody dropped it; its directories go, as far as they hold nothing of others.
    pub fn drops(&mut self, keyspace: &str, table: Option<&str>) {
        let gone = |t: &TableDef| t.keyspace == keyspace && table.is_none_or(|name| t.name == name);
        let dirs: Vec<String> =
            self.tables.iter().filter(|t| gone(t)).map(|t| format!("{keyspace}/{}", t.dir())).collect();
        self.tables.retain(|t| !gone(t));
        for node in self.nodes.values_mut() {
            node.live.retain(|dir, _| !dirs.contains(dir));
        }
    }

    /// What a `CREATE` of the manifest does, on every node that is up.
    pub fn create(&mut self, statement: &str) -> Result<(), String> {
        let words: Vec<&str> = statement.split_whitespace().collect();
        if !statement.contains(" IF NOT EXISTS ") {
            return Err(format!("AlreadyExists, or not: {statement}"));
        }
        match words[1] {
            "KEYSPACE" => {}
            "TABLE" => {
                let (keyspace, name) = words[5].split_once('.').unwrap();
                let at = words.iter().position(|word| *word == "ID").ok_or("no id was given")?;
                let id = words[at + 2].to_owned();
                if self.tables.iter().any(|t| t.keyspace == keyspace && t.name == name) {
                    return Ok(());
                }
                let table = TableDef {
                    keyspace: keyspace.to_owned(),
                    name: name.to_owned(),
                    id,
                    indexes: vec![],
                    later: false,
                };
                let dir = format!("{keyspace}/{}", table.dir());
                self.tables.push(table);
                for node in self.nodes.values_mut().filter(|n| n.process == Process::Normal) {
                    node.live.entry(dir.clone()).or_insert(Data::Empty);
                }
            }
            "INDEX" => {
                let (name, (keyspace, table)) = (words[5], words[7].split_once('.').unwrap());
                let owner =
                    self.tables.iter_mut().find(|t| t.keyspace == keyspace && t.name == table).ok_or("no table")?;
                if !owner.indexes.iter().any(|index| index == name) {
                    owner.indexes.push(name.to_owned());
                }
            }
            other => return Err(format!("SyntaxException: {other}")),
        }
        Ok(())
    }

    /// Its Cassandra dies, with whatever it had in memory.
    pub fn dies(&mut self, name: &str) {
        let node = self.node(name);
        (node.process, node.native_open, node.unflushed) = (Process::Stopped, false, true);
    }

    /// Its machine is gone.
    pub fn burns(&mut self, name: &str) {
        self.dies(name);
        self.node(name).gone = true;
    }

    /// The nodes whose machines are there.
    pub fn there(&self) -> impl Iterator<Item = (&String, &NodeState)> {
        self.nodes.iter().filter(|(_, node)| !node.gone)
    }

    /// Every node up and open, no guard, no litter of ours, clients served, data as said.
    pub fn assert_serves(&self, data: Data) {
        for (name, node) in self.there() {
            assert_eq!((node.process, node.native_open, node.guarded), (Process::Normal, true, false), "{name}");
            for (dir, holds) in &node.live {
                assert_eq!(*holds, data, "{dir} on {name}");
            }
        }
        for (name, instances) in &self.gateways {
            assert!(instances.values().all(|rc| *rc == 0), "{name} serves");
        }
        assert!(self.clients.values().all(|up| *up), "clients run");
    }

    /// The backup is live on every node, everything old is in quarantine, all serve.
    pub fn assert_restored(&self) {
        self.assert_serves(Data::Backup);
        for (name, node) in self.there() {
            assert_eq!(node.quarantine.len(), self.tables.len(), "quarantine of {name}");
            assert!(node.quarantine.values().all(|data| *data == Data::Old), "quarantine of {name}");
            assert!(node.stage.is_empty(), "stage of {name}");
            assert!(node.throttled, "{name} streams as it was told to before");
        }
    }

    /// A start as Cassandra does it, to its end.
    pub fn start(&mut self, name: &str) -> Result<(), String> {
        match self.node(name).process {
            Process::Normal => return Ok(()),
            Process::Drained => return Err("Cassandra did not listen on port 9042 in time".to_owned()),
            Process::Stopped => self.launch(name)?,
            Process::Starting => {}
        }
        let node = self.node(name);
        (node.process, node.native_open) = (Process::Normal, true);
        Ok(())
    }

    /// A start until other nodes can reach it; commit log and hints have done their work by then.
    pub fn launch(&mut self, name: &str) -> Result<(), String> {
        let seed_up = self.nodes.values().any(|n| n.seed && matches!(n.process, Process::Normal | Process::Starting));
        let node = self.node(name);
        match node.process {
            Process::Normal | Process::Starting => return Ok(()),
            Process::Drained => return Err("Cassandra did not listen on port 7000 in time".to_owned()),
            Process::Stopped => {}
        }
        if node.guarded {
            return Err("Cassandra exited during its start: RESEED-RUN-IN-PROGRESS.db".to_owned());
        }
        if !node.seed && !seed_up {
            return Err("Cassandra exited during its start: Unable to gossip with any seeds".to_owned());
        }
        (node.process, node.throttled) = (Process::Starting, true);
        node.starts += 1;
        let (replays, hinted) = (node.unflushed, node.hints > 0);
        node.litter = true;
        let restored = node.live.values().any(|data| *data != Data::Old);
        let late = node.late;
        node.late.unflushed |= restored;
        if late.unflushed {
            node.live.values_mut().filter(|d| **d == Data::Old).for_each(|d| *d = Data::Spoilt);
        }
        if replays {
            node.live.values_mut().filter(|d| matches!(d, Data::Backup | Data::Empty)).for_each(|d| *d = Data::Spoilt);
        }
        if late.hints > 0 {
            for other in self.nodes.values_mut() {
                other.live.values_mut().filter(|d| **d == Data::Old).for_each(|d| *d = Data::Spoilt);
            }
        }
        if hinted {
            // delivered to whoever holds restored data now or later
            for other in self.nodes.values_mut() {
                other.live.values_mut().filter(|d| **d != Data::Old).for_each(|d| *d = Data::Spoilt);
            }
        }
        Ok(())
    }

    /// `nodetool repair -pr --full` on one node; with hosts: all ranges, among these.
    pub fn repair(&mut self, name: &str, keyspace: &str, hosts: &[&str]) -> Result<(), String> {
        let asked = |n: &&NodeState| hosts.is_empty() || hosts.contains(&n.address.as_str());
        if let Some(down) = self.nodes.values().filter(asked).find(|n| n.process != Process::Normal) {
            return Err(format!("Endpoint not alive: /{}:7000", down.address));
        }
        if !hosts.is_empty() && (hosts.len() < 2 || !hosts.contains(&self.nodes[name].address.as_str())) {
            return Err(format!("Specified hosts {hosts:?} do not share range (1,2] needed for repair"));
        }
        if self.idle_repairs {
            return Ok(());
        }
        let done = self.repaired.entry(keyspace.to_owned()).or_default();
        done.insert(name.to_owned());
        if hosts.is_empty() && done.len() < self.nodes.len() {
            return Ok(());
        }
        let prefix = format!("{keyspace}/");
        let dirs: BTreeSet<String> = self.nodes.values().flat_map(|n| n.live.keys().cloned()).collect();
        for dir in dirs.into_iter().filter(|d| d.starts_with(&prefix)) {
            let held: Vec<Data> = self.there().map(|(_, n)| n.live[&dir]).filter(|d| *d != Data::Empty).collect();
            let all = held.iter().copied().reduce(|a, b| if a == b { a } else { Data::Spoilt });
            for node in self.nodes.values_mut().filter(|n| !n.gone) {
                node.live.insert(dir.clone(), all.unwrap_or(Data::Empty));
            }
        }
        Ok(())
    }
}
