//! A cluster that stands in for a real one: real sshd, real shells, real files and renames, each
//! host with its own processes, but scripts in Cassandra's place (`*.sh`, `daemon.pl`). A whole
//! restore takes seconds here, so a run can be killed at many places.
//!
//! ```text
//!  DIR/here            on each host: its own tree, mounted from DIR/host1 …
//!  DIR/shared          what the hosts would tell each other: who is up, the ring, the schema
//!  DIR/bin             nodetool, cqlsh, start, stop
//!  DIR/first           the hosts' trees as a run finds them
//! ```

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::conformance::program;
use crate::ports::port;

/// As in the inventory.
pub const CLUSTER: &str = "Stand In";
pub const NODES: usize = 3;
const TABLES: [&str; 2] = ["plain-f58cb0e0c9a611e7a9d0b5b6a2d0a010", "other-f58cb0e0c9a611e7a9d0b5b6a2d0a020"];

pub struct Cluster {
    pub dir: tempfile::TempDir,
    hosts: Vec<Host>,
}

/// One host: an sshd that is the first process of its own world.
struct Host {
    child: Child,
    /// Its sshd, as the machine numbers it.
    init: u32,
}

fn quiet(command: &mut Command) -> String {
    let out = command.output().unwrap();
    assert!(out.status.success(), "{command:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8_lossy(&out.stdout).into_owned()
}

fn write(path: &Path, text: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

impl Cluster {
    /// Makes it; `None`: printed why it cannot be.
    pub fn start() -> Option<Self> {
        if !Path::new("/usr/sbin/sshd").exists() || !rustix::process::geteuid().is_root() {
            println!("skipped: this tier needs root and /usr/sbin/sshd");
            return None;
        }
        fs::create_dir_all("/run/sshd").unwrap();
        let dir = tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o755)).tempdir().unwrap();
        let mut cluster = Self { dir, hosts: vec![] };
        cluster.keys();
        cluster.bin();
        cluster.shared();
        let mut ports = vec![];
        for n in 1..=NODES + 1 {
            cluster.tree(n);
            let port = port();
            cluster.hosts.push(cluster.boot(n, port));
            ports.push(port);
        }
        cluster.inventory(&ports);
        cluster.keep();
        Some(cluster)
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    /// `reseed` with arguments, on this cluster.
    pub fn reseed(&self, args: &[&str]) -> Command {
        self.reseed_in(&self.path("state"), args)
    }

    /// The same, with another state directory: another coordinator.
    pub fn reseed_in(&self, state: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reseed"));
        command.env_clear().env("HOME", self.path("home")).env("PATH", std::env::var_os("PATH").unwrap());
        command.arg("-i").arg(self.path("cluster.yaml")).arg("--state-dir").arg(state).args(args);
        command.stdin(Stdio::null()).current_dir(self.dir.path());
        command
    }

    /// Runs a script on a host, beside sshd.
    pub fn sh(&self, host: usize, script: &str) -> String {
        let init = self.hosts[host - 1].init.to_string();
        quiet(Command::new("nsenter").args(["-t", &init, "-m", "-p", "--", "/bin/sh", "-ec", script]))
    }

    /// Freezes a host's sshd and all that it serves, but not what runs detached, until dropped.
    pub fn freeze(&self, host: usize) -> Frozen {
        let init = self.hosts[host - 1].init;
        let mut serving = vec![init];
        let children = |pid: u32| fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        let sshd =
            |pid: &u32| fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.starts_with("sshd"));
        let mut at = 0;
        while at < serving.len() {
            let more = children(serving[at]);
            serving.extend(more.split_whitespace().filter_map(|pid| pid.parse().ok()).filter(sshd));
            at += 1;
        }
        let frozen = Frozen(serving);
        frozen.signal(Signal::STOP);
        frozen
    }

    /// What the hosts hold now is what every later run finds.
    pub fn keep(&self) {
        let _ = fs::remove_dir_all(self.path("first"));
        fs::create_dir(self.path("first")).unwrap();
        for n in 1..=self.hosts.len() {
            let (from, to) = (self.path(&format!("host{n}")), self.path("first"));
            quiet(Command::new("cp").arg("-a").arg(from).arg(to));
        }
    }

    /// All hosts as they were kept, Cassandra and the client running.
    pub fn again(&self) {
        let _ = fs::remove_dir_all(self.path("state"));
        for n in 1..=self.hosts.len() {
            let here = self.path("here");
            let (here, first) = (here.display(), self.path(&format!("first/host{n}")));
            let (first, bin) = (first.display(), self.path("bin"));
            let stop = if n <= NODES { format!("{}/stop", bin.display()) } else { ":".to_owned() };
            self.sh(n, &format!("{stop}; find {here} -mindepth 1 -delete; cp -a {first}/. {here}/"));
        }
        for n in 1..=NODES {
            self.sh(
                n,
                &format!(
                    "rm -f {0}/commitlog/* {0}/native-open {0}/pid; {1}/start; : >{0}/done",
                    self.path("here").display(),
                    self.path("bin").display()
                ),
            );
        }
        for n in 1..=NODES {
            let host = self.path(&format!("host{n}"));
            let began = Instant::now();
            while !host.join("native-open").exists() {
                let log = || fs::read_to_string(host.join("cassandra/logs/system.log"));
                assert!(began.elapsed() < Duration::from_mins(1), "host{n} does not start: {:?}", log());
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    }

    /// Gives every table of a node that content.
    pub fn fill(&self, node: usize, text: &str) {
        for table in TABLES {
            write(&self.path(&format!("host{node}/data/ks1/{table}/nb-1-big-Data.db")), format!("{text}\n"));
        }
    }

    /// The whole cluster as it must be after a restore: the backup live on every node, what was
    /// there in quarantine, no guard, all up, the client served.
    pub fn assert_restored(&self, name: &str, run: &str) {
        let rate = fs::read_to_string(self.path("host1/stream-rate")).unwrap_or_default();
        assert_eq!(rate, "24\n", "{name}: it was lifted, and is set again");
        for n in 1..=NODES {
            let host = self.path(&format!("host{n}"));
            for table in TABLES {
                let content = |dir: PathBuf| -> Vec<(String, String)> {
                    let files = fs::read_dir(&dir).unwrap_or_else(|e| panic!("{name}: {}: {e}", dir.display()));
                    let mut found: Vec<_> = files.flatten().filter(|f| f.path().is_file()).collect();
                    found.sort_by_key(fs::DirEntry::path);
                    let each = |f: fs::DirEntry| {
                        (f.file_name().into_string().unwrap(), fs::read_to_string(f.path()).unwrap().trim().to_owned())
                    };
                    found.into_iter().map(each).collect()
                };
                let file = "nb-1-big-Data.db".to_owned();
                assert_eq!(
                    content(host.join("data/ks1").join(table)),
                    [(file.clone(), "backup".to_owned())],
                    "{name}: live on host{n}"
                );
                let aside = host.join(".reseed").join(run).join("quarantine/data-0/ks1").join(table);
                assert_eq!(content(aside), [(file, format!("old {n}"))], "{name}: quarantine of host{n}");
            }
            assert!(!host.join("data/RESEED-RUN-IN-PROGRESS.db").exists(), "{name}: guard on host{n}");
            assert!(host.join("native-open").exists(), "{name}: host{n} serves");
            assert_eq!(fs::read_to_string(host.join("mode")).unwrap().trim(), "NORMAL", "{name}");
        }
        assert!(self.path(&format!("host{}/running", NODES + 1)).exists(), "{name}: the client runs");
    }

    fn keys(&self) {
        for key in ["host.key", "client"] {
            quiet(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(self.path(key)));
        }
    }

    fn bin(&self) {
        for (name, text) in [
            ("nodetool", include_str!("nodetool.sh")),
            ("cqlsh", include_str!("cqlsh.sh")),
            ("start", include_str!("start.sh")),
            ("stop", include_str!("stop.sh")),
            ("daemon.pl", include_str!("daemon.pl")),
        ] {
            program::write(&self.path("bin").join(name), text);
        }
        symlink("/usr/bin/perl", self.path("bin/java")).unwrap();
        // on each host its own
        symlink(self.path("here/host"), self.path("host")).unwrap();
    }

    fn shared(&self) {
        let ring = |n| format!("cass{n} 10.77.0.{} {}\n", 10 + n, host_id(n));
        write(&self.path("shared/ring"), (1..=NODES).map(ring).collect::<String>());
        fs::create_dir(self.path("shared/up")).unwrap();
        let simple = |name: &str, factor: usize| {
            format!(
                "{{\"keyspace_name\": \"{name}\", \"durable_writes\": true, \"replication\": {{\"class\": \
                 \"org.apache.cassandra.locator.SimpleStrategy\", \"replication_factor\": \"{factor}\"}}}}\n"
            )
        };
        let schema = |table: &str, rows: String| write(&self.path("shared/schema").join(table), rows);
        schema("keyspaces", simple("system_auth", 1) + &simple("ks1", NODES));
        let tables = TABLES.map(|table| {
            let (name, id) = table.split_once('-').unwrap();
            let id = [&id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..]].join("-");
            format!("{{\"keyspace_name\": \"ks1\", \"table_name\": \"{name}\", \"id\": \"{id}\"}}\n")
        });
        schema("tables", tables.concat());
        let columns = TABLES.map(|table| {
            let name = table.split_once('-').unwrap().0;
            format!(
                "{{\"keyspace_name\": \"ks1\", \"table_name\": \"{name}\", \"column_name\": \"id\", \"type\": \"text\", \
                 \"kind\": \"partition_key\", \"position\": 0}}\n"
            )
        });
        schema("columns", columns.concat());
        for none in ["indexes", "views", "types", "dropped_columns", "repairs"] {
            schema(none, String::new());
        }
    }

    /// The tree of one host; the last one is the client's.
    fn tree(&self, n: usize) {
        let (host, here) = (self.path(&format!("host{n}")), self.path("here"));
        let here = here.display();
        fs::create_dir_all(self.path("here")).unwrap();
        if n > NODES {
            return write(&host.join("running"), "");
        }
        let (native, storage) = (port(), port());
        let yaml = format!(
            "cluster_name: '{CLUSTER}'\npartitioner: org.apache.cassandra.dht.Murmur3Partitioner\n\
             listen_address: 10.77.0.{0}\nrpc_address: 10.77.0.{0}\nnative_transport_port: {native}\nstorage_port: {storage}\n\
             ssl_storage_port: {storage}\ndata_file_directories:\n    - {here}/data\ncommitlog_directory: {here}/commitlog\n\
             saved_caches_directory: {here}/saved_caches\nhints_directory: {here}/hints\n\
             seed_provider: [{{parameters: [{{seeds: 10.77.0.11}}]}}]\n",
            10 + n
        );
        write(&host.join("cassandra/conf/cassandra.yaml"), yaml);
        write(&host.join("cassandra/lib/apache-cassandra-4.1.10.jar"), "");
        write(&host.join("cassandra/logs/system.log"), "INFO  [main] started\n");
        write(&host.join("saved_caches/KeyCache.db"), "");
        for dir in ["commitlog", "hints", "backup"] {
            fs::create_dir(host.join(dir)).unwrap();
        }
        let facts = format!(
            "# shellcheck shell=sh disable=SC2034\nhere={here} shared={} name=cass{n} address=10.77.0.{} host_id={} native={native} storage={storage}\n",
            self.path("shared").display(),
            10 + n,
            host_id(n)
        );
        write(&host.join("host"), facts);
        self.fill(n, "backup");
    }

    fn boot(&self, n: usize, port: u16) -> Host {
        let at = self.dir.path().display();
        let config = format!(
            "MaxStartups 100\nPort {port}\nListenAddress 127.0.0.1\nHostKey {at}/host.key\nPidFile none\nUsePAM no\nStrictModes no\n\
             AuthorizedKeysFile {at}/client.pub\nPermitRootLogin prohibit-password\nPasswordAuthentication no\n\
             KbdInteractiveAuthentication no\nAcceptEnv *\nSetEnv SHLVL=5\n"
        );
        write(&self.path(&format!("sshd{n}.conf")), config);
        let log = fs::File::create(self.path(&format!("sshd{n}.log"))).unwrap();
        let script = format!("mount --bind {at}/host{n} {at}/here && exec /usr/sbin/sshd -D -e -f {at}/sshd{n}.conf");
        let mut boot = Command::new("unshare");
        boot.args(["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "/bin/sh", "-c", &script]);
        let child = boot.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let mut host = Host { init: 0, child };
        let log = || fs::read_to_string(self.path(&format!("sshd{n}.log"))).unwrap();
        for _ in 0..500 {
            if log().contains("Server listening") {
                let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", host.child.id())).unwrap();
                host.init = children.trim().parse().unwrap();
                return host;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = host.child.kill();
        let _ = host.child.wait();
        panic!("sshd does not listen: {}", log());
    }

    fn inventory(&self, ports: &[u16]) {
        let at = self.dir.path().display();
        let public = fs::read_to_string(self.path("host.key.pub")).unwrap();
        let known: Vec<String> = ports.iter().map(|port| format!("[127.0.0.1]:{port} {public}")).collect();
        write(&self.path("known_hosts"), known.concat());
        write(&self.path("client.conf"), format!("UserKnownHostsFile {at}/known_hosts\nGlobalKnownHostsFile none\n"));
        for private in ["client.conf", "client"] {
            fs::set_permissions(self.path(private), fs::Permissions::from_mode(0o600)).unwrap();
        }
        fs::create_dir_all(self.path("home")).unwrap();
        let node = |n: usize| {
            let seed = if n == 1 { ", seed: true" } else { "" };
            format!("  - {{name: cass{n}, host: 127.0.0.1{seed}, ssh: {{port: {}}}}}\n", ports[n - 1])
        };
        let text = format!(
            "cluster: {CLUSTER}\nremote_dir: {at}/here/reseed\nssh: {{user: root, config: {at}/client.conf, identity_file: {at}/client}}\n\
             cassandra:\n  home: {at}/here/cassandra\n  start: {at}/bin/start\n  stop: {at}/bin/stop\n\
             \x20 nodetool: {{command: {at}/bin/nodetool}}\n  cqlsh: {{command: {at}/bin/cqlsh}}\nnodes:\n{}clients:\n\
             \x20 - {{name: portal1, host: 127.0.0.1, ssh: {{port: {}}}, stop: rm {at}/here/running, start: touch {at}/here/running, status: test -e {at}/here/running}}\n\
             backup: {{root: {at}/here/backup, allow_same_disk: true}}\nlimits: {{settle: 0}}\n\
             acceptance: [{{keyspace: ks1, query: SELECT what FROM plain, expect: backup}}]\n",
            (1..=NODES).map(node).collect::<String>(),
            ports[NODES],
        );
        write(&self.path("cluster.yaml"), text);
    }
}

/// Processes that stand still.
pub struct Frozen(Vec<u32>);

impl Frozen {
    fn signal(&self, signal: Signal) {
        for pid in self.0.iter().filter_map(|pid| Pid::from_raw(i32::try_from(*pid).ok()?)) {
            // those that have ended meanwhile need none
            let _ = kill_process(pid, signal);
        }
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        self.signal(Signal::CONT);
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for host in &mut self.hosts {
            // with it goes everything that ran there
            let _ = host.child.kill();
            let _ = host.child.wait();
        }
    }
}

fn host_id(n: usize) -> String {
    format!("4f065e01-c613-422a-81f0-27f6b127ba{n:02}")
}
