//! The cluster of parts `restore` and `sizes`, at one size of data, and its way back to the state
//! before each run.
//!
//! Rows are written as sstables, outside of Cassandra: a gigabyte in seconds. What is kept aside
//! shares its inodes with what is live: sstables are never written again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use lab::{Consistency, Host, Lab, Options};

use super::medusa;
use crate::{Bench, Result, meter};

/// The lab's name.
pub const NAME: &str = "bench";
/// The keyspace.
pub const KEYSPACE: &str = "bench";
/// The tag of our backup.
pub const TAG: &str = "main";
/// The cluster's name.
pub const CLUSTER: &str = "Lab Cluster";
/// Tables.
const TABLES: usize = 12;
/// Those with an index.
const INDEXED: usize = 2;
/// Bytes of a row's body.
pub const BODY: u64 = 4096;
/// Rows that come back when hints are forgotten.
pub const HINTED: u64 = 600;
/// Cassandra's directories on a node.
const DATA: &str = "/opt/cassandra/data";

/// The port that nodes talk to each other on.
const STORAGE: u16 = 7000;

/// What is there before a run besides the damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// Two nodes hold hints for the third.
    Hints,
    /// No hints: a cluster that was whole.
    NoHints,
}

/// How long nodes took to start, in seconds.
pub struct Started {
    /// The seed, until the others could find it.
    pub open: f64,
    /// The seed, until it served clients.
    pub seed_serves: f64,
    /// The slowest of the others, from its own launch until it served clients.
    pub slowest: f64,
}

/// The cluster.
pub struct Site {
    /// Its hosts.
    pub lab: Lab,
    /// Rows of each table in the backup.
    pub rows: u64,
    /// Files of the coordinator.
    pub dir: PathBuf,
    /// The inventory.
    pub inventory: PathBuf,
    /// Whether Medusa has its backup, or why not.
    pub medusa: std::result::Result<(), String>,
}

impl Site {
    /// Boots it, loads it, backs it up, damages it.
    pub fn make(bench: &Bench, megabytes: u64, with_medusa: bool) -> Result<Self> {
        let mut site = Self::load(bench, megabytes, &Options { name: NAME.into(), ..Options::default() })?;
        on(&site.lab.nodes()[0], "mount -o remount,size=8g /backup")?;
        site.reseed(&bench.reseed, &["backup", "-k", KEYSPACE, "--tag", TAG])?;
        if with_medusa {
            site.medusa = medusa::prepare(&site).map_err(|error| error.to_string());
        }
        site.damage()?;
        site.hint_the_third()?;
        for node in site.lab.nodes() {
            on(node, "nodetool drain")?;
            site.lab.stop_node(node)?;
        }
        site.lab.gateway("gw1")?.stop()?;
        for node in site.lab.nodes() {
            copy(&node.path(DATA), &site.kept(node))?;
        }
        Ok(site)
    }

    /// Boots and loads it.
    pub fn load(bench: &Bench, megabytes: u64, options: &Options) -> Result<Self> {
        lab::down(&options.name)?;
        let lab = Lab::up(options)?;
        // a few rows are there in any case, so that there is something to look at
        let rows = (megabytes * 1_000_000 / (BODY + 50) / TABLES as u64).max(100);
        let dir = bench.dir.join("restore");
        meter::clear(&dir)?;
        std::fs::create_dir_all(&dir)?;
        let inventory = dir.join("inventory.yaml");
        // hints that are held back on purpose are not waited for
        let text = std::fs::read_to_string(lab.inventory())? + "limits: {settle: 0s}\n";
        std::fs::write(&inventory, text)?;
        let site = Self { lab, rows, dir, inventory, medusa: Err("it was not asked for".to_owned()) };
        site.fill()?;
        Ok(site)
    }

    /// Schema and rows.
    fn fill(&self) -> Result<()> {
        let nodes = self.lab.nodes();
        let first = &nodes[0];
        let tables = || (1..=TABLES).map(|number| format!("t{number:02}"));
        let mut schema = vec![format!(
            "CREATE KEYSPACE {KEYSPACE} WITH replication = {{'class': 'NetworkTopologyStrategy', 'dc1': {}}}",
            nodes.len()
        )];
        schema.extend(tables().map(|table| {
            format!("CREATE TABLE {KEYSPACE}.{table} (id int PRIMARY KEY, owner text, seq int, body blob)")
        }));
        schema.extend(
            tables().take(INDEXED).map(|table| format!("CREATE INDEX {table}_owner ON {KEYSPACE}.{table} (owner)")),
        );
        self.lab.cql_all(first, &schema, Consistency::One)?;
        let made = self.lab.dir().join("rows");
        self.generate(&made)?;
        each(nodes, |node| Ok(self.lab.stop_node(node)?))?;
        for node in nodes {
            for entry in std::fs::read_dir(node.path(DATA).join("data").join(KEYSPACE))?.flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                let table = name.split('-').next().unwrap_or_default();
                copy_files(&made.join(table), &entry.path())?;
            }
            on(node, &format!("chown -R cassandra: {DATA}/data/{KEYSPACE}"))?;
        }
        meter::clear(&made)?;
        self.start_all()?;
        each(nodes, |node| {
            for table in tables().take(INDEXED) {
                on(node, &format!("nodetool rebuild_index {KEYSPACE} {table} {table}_owner"))?;
            }
            on(node, "nodetool flush")
        })
    }

    /// Writes the sstables of all tables.
    fn generate(&self, into: &Path) -> Result<()> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let home = self.lab.nodes()[0].path("/opt/cassandra");
        let opens = root.join("tests/lab/src/conf/lab-opens.options");
        let mut java = Command::new("java");
        java.arg("-Xmx1g").arg(format!("@{}", opens.display())).args(["-Djava.security.manager=allow", "-cp"]);
        java.arg(format!("{}/*", home.join("lib").canonicalize()?.display()));
        java.arg(root.join("benches/restore/Rows.java")).arg(into).args([self.rows.to_string(), BODY.to_string()]);
        meter::run(&mut java).map(drop)
    }

    /// What somebody does after the backup: deletes, updates, new rows.
    fn damage(&self) -> Result<()> {
        let mut all = vec![];
        for table in (1..=TABLES).map(|number| format!("{KEYSPACE}.t{number:02}")) {
            for id in 0..20 {
                all.push(format!("DELETE FROM {table} WHERE id = {id}"));
                all.push(format!("UPDATE {table} SET owner = 'late', seq = 0 WHERE id = {}", id + 20));
                all.push(format!("INSERT INTO {table} (id, owner, seq) VALUES ({}, 'owner-1', 0)", 8_000_000 + id));
            }
        }
        Ok(self.lab.cql_batch(&self.lab.nodes()[0], &all, Consistency::All)?)
    }

    /// Writes that the third node misses, and that the others keep for it.
    fn hint_the_third(&self) -> Result<()> {
        let (holders, third) = (&self.lab.nodes()[..2], &self.lab.nodes()[2]);
        each(holders, |node| on(node, "nodetool pausehandoff"))?;
        self.lab.stop_node(third)?;
        let per_table = HINTED / TABLES as u64;
        let row = |number: u64| {
            let (table, id) = (number / per_table + 1, 9_000_000 + number % per_table);
            format!("INSERT INTO {KEYSPACE}.t{table:02} (id, owner, seq) VALUES ({id}, 'owner-2', 1)")
        };
        let all: Vec<String> = (0..HINTED).map(row).collect();
        self.lab.cql_batch(&holders[0], &all, Consistency::Quorum)?;
        let since = Instant::now();
        // they are in memory first
        while on(&holders[0], &format!("ls {DATA}/hints | grep -q 'hints$'")).is_err() {
            if since.elapsed() > Duration::from_mins(2) {
                return Err("there are no hints".into());
            }
            thread::sleep(Duration::from_secs(1));
        }
        Ok(self.lab.start_node(third)?)
    }

    /// Everything as after the damage, all nodes up.
    pub fn put_back(&self, damage: Damage) -> Result<()> {
        let nodes = self.lab.nodes();
        self.lab.gateway("gw1")?.stop()?;
        each(nodes, |node| {
            self.lab.kill_node(node)?;
            node.reconnect()?;
            for dir in [DATA, "/var/lib/reseed", "/opt/cassandra/logs"] {
                meter::clear(&node.path(dir))?;
            }
            copy(&self.kept(node), &node.path(DATA))?;
            on(node, "mkdir -p /opt/cassandra/logs && chown cassandra: /opt/cassandra/logs")?;
            if damage == Damage::NoHints {
                on(node, &format!("rm -f {DATA}/hints/*"))?;
            }
            Ok(())
        })?;
        meter::clear(&self.dir.join("state"))?;
        if damage == Damage::NoHints {
            return self.start_all();
        }
        // the holders first, so that nothing is delivered before they are told not to
        self.start(&nodes[..2])?;
        each(&nodes[..2], |node| on(node, "nodetool pausehandoff"))?;
        self.lab.start_node(&nodes[2])?;
        Ok(self.lab.wait_un()?)
    }

    fn start_all(&self) -> Result<()> {
        self.start(self.lab.nodes())?;
        Ok(self.lab.wait_un()?)
    }

    /// Starts nodes, the seed among them and alone until the others can find it.
    pub fn start(&self, nodes: &[Host]) -> Result<Started> {
        let (seed, began) = (&self.lab.nodes()[0], Instant::now());
        on(seed, "service cassandra start")?;
        while !listens(seed, STORAGE) {
            if began.elapsed() > Duration::from_mins(6) {
                return Err("the seed does not start".into());
            }
            thread::sleep(Duration::from_millis(50));
        }
        let open = began.elapsed().as_secs_f64();
        let served = Mutex::new(BTreeMap::new());
        each(nodes, |node| {
            self.lab.start_node(node)?;
            served.lock().expect("nobody panics").insert(node.name.clone(), began.elapsed().as_secs_f64());
            Ok(())
        })?;
        let mut served = served.into_inner().expect("nobody panics");
        let seed_serves = served.remove(&seed.name).unwrap_or_default();
        let slowest = served.into_values().max_by(f64::total_cmp).map_or(0.0, |at| at - open);
        Ok(Started { open, seed_serves, slowest })
    }

    fn kept(&self, node: &Host) -> PathBuf {
        self.lab.dir().join("kept").join(&node.name)
    }

    /// The gateway writes.
    pub fn serve(&self) -> Result<()> {
        let before = self.acked()?;
        self.lab.gateway("gw1")?.start()?;
        self.until_acked(before + 20)
    }

    /// Writes that the gateway got acknowledged so far.
    pub fn acked(&self) -> Result<usize> {
        Ok(self.lab.gateway("gw1")?.acked()?.len())
    }

    fn until_acked(&self, count: usize) -> Result<()> {
        let since = Instant::now();
        while self.acked()? < count {
            if since.elapsed() > Duration::from_mins(2) {
                return Err("the gateway does not write".into());
            }
            thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// The longest gap between two acknowledged writes since there were so many, in seconds.
    pub fn downtime(&self, before: usize) -> Result<f64> {
        let now = self.acked()?;
        self.until_acked(now + 20)?;
        let all = self.lab.gateway("gw1")?.acked()?;
        let times = &all[before.saturating_sub(1)..];
        let longest = times.windows(2).map(|two| two[1].1.saturating_sub(two[0].1)).max();
        Ok(longest.unwrap_or_default() as f64 / 1000.0)
    }

    /// Runs `reseed` where the operator sits; it must succeed.
    pub fn reseed(&self, reseed: &Path, args: &[&str]) -> Result<String> {
        let mut command = self.lab.coordinator(&reseed.display().to_string());
        command.args(args).arg("--state-dir").arg(self.dir.join("state")).env("RESEED_INVENTORY", &self.inventory);
        Ok(String::from_utf8(meter::output(&mut command)?.stdout)?)
    }
}

/// Whether a host listens on a port.
fn listens(host: &Host, port: u16) -> bool {
    let wanted = format!(":{port:04X} ");
    let table = host.sh("cat /proc/net/tcp /proc/net/tcp6").map(|output| output.stdout).unwrap_or_default();
    // local address, remote address, state: 0A listens
    table.lines().any(|line| line.contains(&wanted) && line.split_whitespace().nth(3) == Some("0A"))
}

/// A script on a host, that must succeed.
pub fn on(host: &Host, script: &str) -> Result<()> {
    let output = host.sh(script)?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("`{script}` on {}: {}{}", host.name, output.stdout, output.stderr).into())
}

/// Does it on all hosts at the same time.
pub fn each(hosts: &[Host], act: impl Fn(&Host) -> Result<()> + Sync) -> Result<()> {
    let failed = thread::scope(|scope| {
        let all: Vec<_> =
            hosts.iter().map(|host| scope.spawn(|| act(host).err().map(|error| error.to_string()))).collect();
        all.into_iter().filter_map(|one| one.join().expect("it does not panic")).collect::<Vec<_>>()
    });
    if failed.is_empty() { Ok(()) } else { Err(failed.join("\n").into()) }
}

/// Copies Cassandra's directories: sstables as links, what is written in place in full.
fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let how = if name == "data" { "-al" } else { "-a" };
        meter::run(Command::new("cp").arg(how).arg(entry.path()).arg(to))?;
    }
    meter::run(Command::new("chown").arg(format!("--reference={}", from.display())).arg(to)).map(drop)
}

/// Links the files of a directory into another; copies them where that cannot be.
fn copy_files(from: &Path, to: &Path) -> Result<()> {
    let cp = |how: &str| meter::run(Command::new("cp").arg(how).arg("-T").arg(from).arg(to)).map(drop);
    cp("-al").or_else(|_| cp("-a"))
}
