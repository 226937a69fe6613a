//! A made-up node: two data directories, a table with an index, other people's snapshots, a
//! backup; and the step scripts run on it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use reseed::facts::SCRIPTS;
use reseed::name::HostName;
use reseed::remote::local::LocalTransport;
use reseed::remote::{Call, Flow, Reply, Transport};
use reseed::script::{Library, Rendered, Script};
use reseed::step::{SPECS, StagedFile};
use tempfile::TempDir;
use tokio::sync::mpsc;

pub const KS: &str = "ks_a";
pub const TABLE: &str = "t_1";
pub const DIR: &str = "t_1-f58cb0e0c9a611e7a9d0b5b6a2d0a1b2";

/// The shells that are here.
pub fn shells() -> Vec<PathBuf> {
    if !alone() {
        return vec![];
    }
    let path = std::env::var("PATH").unwrap_or_default();
    let find = |name: &str| path.split(':').map(|dir| Path::new(dir).join(name)).find(|file| file.exists());
    ["dash", "bash", "busybox"].into_iter().filter_map(find).collect()
}

/// Whether no Cassandra is visible here. If one is, this test runs once more where none is: in a
/// process namespace of its own, which only root can make.
fn alone() -> bool {
    let cassandra = |entry: fs::DirEntry| {
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let own = line.split(|b| *b == 0).next().unwrap_or_default().ends_with(b"java");
        own && String::from_utf8_lossy(&line).contains(concat!("org.apache.cassandra.service.Cassandra", "Daemon"))
    };
    if !fs::read_dir("/proc").unwrap().filter_map(Result::ok).any(cassandra) {
        return true;
    }
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    let me = std::env::current_exe().unwrap();
    let again = Command::new("unshare")
        .args(["--pid", "--fork", "--mount-proc", "--kill-child"])
        .arg(me)
        .args(["--exact", &test, "--nocapture"])
        .output();
    match again {
        Ok(out) if out.status.success() => {}
        Ok(out) if String::from_utf8_lossy(&out.stdout).contains("running 1 test") => {
            panic!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        }
        _ => println!("skipped {test}: a Cassandra runs on this machine, and only root can look away from it"),
    }
    false
}

/// In memory where that can be: the scripts make and move many small files. `RESEED_SCRATCH` names another place, to try
/// them on another filesystem.
fn scratch(prefix: &str) -> TempDir {
    let mut builder = tempfile::Builder::new();
    let builder = builder.prefix(prefix);
    match std::env::var_os("RESEED_SCRATCH") {
        Some(place) => builder.tempdir_in(place).unwrap(),
        None => builder.tempdir_in("/dev/shm").or_else(|_| builder.tempdir()).unwrap(),
    }
}

/// The tree, removed when dropped.
pub struct Tree {
    pub root: PathBuf,
    pub shell: PathBuf,
    /// The run whose scripts run.
    pub run: String,
    pub transport: LocalTransport,
    pub library: Library,
    pub dirs: [TempDir; 2],
}

impl Tree {
    pub fn new(shell: PathBuf) -> Self {
        // a name full of what would be special in a pattern
        let home = scratch("re.s+e[e]d*");
        let bin = scratch("bin");
        std::os::unix::fs::symlink(&shell, bin.path().join("sh")).unwrap();
        // the real one waits for every disk of the machine
        std::os::unix::fs::symlink("/bin/true", bin.path().join("sync")).unwrap();
        let root = home.path().to_owned();
        let mut library = Library::default();
        for spec in SPECS {
            library.extend(spec.scripts);
        }
        library.extend(SCRIPTS);
        let transport = LocalTransport::default().with_path(bin.path());
        let tree = Self { root, shell, run: "r1".to_owned(), transport, library, dirs: [home, bin] };
        for n in 0..2 {
            let live = tree.live(n);
            fs::create_dir_all(live.join(".idx_a")).unwrap();
            fs::write(live.join(format!("nb-{}-big-Data.db", n + 1)), "old data").unwrap();
            fs::set_permissions(&live, fs::Permissions::from_mode(0o750)).unwrap();
        }
        fs::write(tree.live(0).join(".idx_a/nb-1-big-Data.db"), "old index").unwrap();
        fs::create_dir_all(tree.live(0).join("snapshots/theirs")).unwrap();
        fs::write(tree.live(0).join("snapshots/theirs/nb-1-big-Data.db"), "theirs").unwrap();
        fs::create_dir_all(tree.live(0).join("backups")).unwrap();
        for dir in ["commitlog", "saved_caches", "hints", "system/paxos-b7", "system/paxos_repair_history-1a"] {
            fs::create_dir_all(tree.root.join("c").join(dir)).unwrap();
        }
        tree
    }

    /// The way there leads through directories called as those that belong to others.
    pub fn data(&self, n: usize) -> PathBuf {
        self.root.join(format!("snapshots/backups/d{n}/data"))
    }

    pub fn place(&self, n: usize) -> PathBuf {
        self.root.join(format!("snapshots/backups/d{n}/.reseed"))
    }

    pub fn live(&self, n: usize) -> PathBuf {
        self.data(n).join(KS).join(DIR)
    }

    pub fn aside(&self, n: usize) -> PathBuf {
        self.place(n).join(format!("r1/quarantine/data-{n}/{KS}/{DIR}"))
    }

    pub fn stage_dir(&self) -> PathBuf {
        self.stage_on(0).join(DIR)
    }

    /// The stage of a data directory.
    pub fn stage_on(&self, n: usize) -> PathBuf {
        self.place(n).join(format!("r1/stage/data-{n}/{KS}"))
    }

    pub fn inode(path: &Path) -> u64 {
        fs::metadata(path).unwrap_or_else(|e| panic!("{}: {e}", path.display())).ino()
    }

    pub fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o7777
    }

    /// Files below, relative.
    pub fn list(dir: &Path) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut waiting = vec![dir.to_owned()];
        while let Some(at) = waiting.pop() {
            for entry in fs::read_dir(&at).unwrap().map(|e| e.unwrap().path()) {
                if entry.is_dir() {
                    waiting.push(entry);
                } else {
                    found.insert(entry.strip_prefix(dir).unwrap().to_str().unwrap().to_owned());
                }
            }
        }
        found
    }

    /// A backup on the disk; its lines of FILES.
    pub fn backup(&self) -> Vec<String> {
        let dir = self.root.join(format!("backup/good/{KS}/{TABLE}"));
        fs::create_dir_all(dir.join(".idx_a")).unwrap();
        let files = [
            ("nb-9-big-Data.db", "new data"),
            ("nb-9-big-Index.db", "new ids"),
            (".idx_a/nb-9-big-Data.db", "new index"),
        ];
        files
            .iter()
            .map(|(path, text)| {
                fs::write(dir.join(path), text).unwrap();
                // mode of a backup that a careless tool made: the stage must not inherit it
                fs::set_permissions(dir.join(path), fs::Permissions::from_mode(0o777)).unwrap();
                Self::line(path, text.as_bytes())
            })
            .collect()
    }

    /// The line of FILES for a file of the backup.
    pub fn line(path: &str, content: &[u8]) -> String {
        let sha256 = reseed::digest::sha256(content);
        let (from, to) = (format!("{TABLE}/{path}"), format!("{DIR}/{path}"));
        StagedFile { sha256, size: content.len() as u64, from, to }.line()
    }

    pub fn stage(&self, files: &[String]) -> Script {
        self.table("backup.stage.act")
            .var("SOURCE", self.root.join("backup/good").join(KS).display())
            .var("AT_ONCE", 2)
            .var("RATE", 0)
            .var("RELAYED", "")
            .list("FILES", files)
    }

    pub fn stage_proof(&self, count: usize) -> Script {
        self.table("backup.stage.proof").var("COUNT", count)
    }

    /// Runs a script that streams: what it prints as data, and its answer.
    pub async fn stream(&self, script: &Script, input: &[u8]) -> (Vec<u8>, Reply) {
        let call = Call::new(self.library.render(script).unwrap(), &self.run, Duration::from_mins(1));
        let ((to, from), (out, mut data)) = (mpsc::channel(1), mpsc::channel(1));
        let flow = Flow { input: Some(from), output: Some(out), silence: Duration::from_mins(1) };
        let feed = async move {
            for part in input.chunks(1000) {
                // it may have ended
                drop(to.send(part.to_vec().into()).await);
            }
        };
        let hear = async move {
            let mut all = vec![];
            while let Some(chunk) = data.recv().await {
                all.extend_from_slice(&chunk);
            }
            all
        };
        let host = HostName::parse("here").unwrap();
        let ((), heard, reply) = tokio::join!(feed, hear, self.transport.stream(&host, call, flow));
        (heard, reply.unwrap())
    }

    pub fn table(&self, name: &str) -> Script {
        let dirs = (0..2).map(|n| format!("data-{n}\t{}\t{}", self.data(n).display(), self.place(n).display()));
        Script::new(name).list("DATA_DIRS", dirs).var("KEYSPACE", KS).list("TABLES", [DIR])
    }

    pub fn clear(&self, name: &str) -> Script {
        let c = self.root.join("c");
        let line = |dir| format!("{dir}\t{}\t{}", c.join(dir).display(), c.join(".reseed").display());
        Script::new(name)
            .list("DIRS", ["commitlog", "saved_caches", "hints"].map(line))
            .list("SYSTEM_DIRS", [format!("data-0\t{}\t{}", c.display(), c.join(".reseed").display())])
            .list("RESENDING", ["batches", "paxos"])
    }

    pub fn guard(&self, name: &str) -> Script {
        let dirs = (0..2).map(|n| self.data(n).display().to_string());
        let conf = self.conf();
        let some = |text: String| if conf.exists() { text } else { String::new() };
        Script::new(name)
            .list("DATA_DIRS", dirs)
            .var("GUARD_FILE", "RESEED-RUN-IN-PROGRESS.db")
            .var("GUARD_CONF", some(conf.display().to_string()))
            .var("GUARD_UNIT", some("cassandra.service".to_owned()))
            .var("GUARD_DROP", "zz-reseed-guard.conf")
            .var("UNIT_DIR", self.root.join("units").display())
    }

    /// What `snapshot.take` leaves.
    pub fn snapshot(&self) {
        for n in 0..2 {
            let snapshot = self.live(n).join("snapshots/reseed-new");
            fs::create_dir_all(&snapshot).unwrap();
            let file = format!("nb-{}-big-Data.db", n + 1);
            fs::hard_link(self.live(n).join(&file), snapshot.join(&file)).unwrap();
        }
        let snapshot = self.live(0).join("snapshots/reseed-new");
        fs::create_dir_all(snapshot.join(".idx_a")).unwrap();
        fs::hard_link(self.live(0).join(".idx_a/nb-1-big-Data.db"), snapshot.join(".idx_a/nb-1-big-Data.db")).unwrap();
        fs::write(snapshot.join("manifest.json"), "{}").unwrap();
        let work = self.root.join("backup/.partial-new/.work");
        fs::create_dir_all(&work).unwrap();
        fs::write(work.join("taken_at"), "2026-01-01T00:00:00Z\n").unwrap();
        let stats =
            format!("Keyspace : {KS}\n\tRead Count: 0\n\t\tTable: {TABLE}\n\t\tNumber of partitions (estimate): 17\n");
        fs::write(work.join("tablestats"), stats).unwrap();
    }

    pub fn backup_script(&self, name: &str) -> Script {
        let backup = self.root.join("backup");
        Script::new(name)
            .var("SNAPSHOT", "reseed-new")
            .var("PARTIAL", backup.join(".partial-new").display())
            .var("FINAL", backup.join("new").display())
            .var("RATE", 0)
            .var("AT_ONCE", 2)
            .list("KEYSPACES", [KS])
    }

    pub fn copy(&self) -> Script {
        self.backup_script("snapshot.copy.act")
            .var("KEYSPACE", KS)
            .list("TABLES", [format!("{TABLE}\t{DIR}")])
            .list("DATA_DIRS", (0..2).map(|n| self.data(n).display().to_string()))
    }

    pub fn publish(&self) -> Script {
        let head = r#""format":1,"tag":"new","cluster":"Lab","node":"n1","host_id":"4f065e01-c613-422a-81f0-27f6b127bab0","version":"4.1.10","partitioner":"Murmur3Partitioner","reseed":"0.1.0""#;
        let keyspace = format!(
            "{KS}\t{{\"name\":\"{KS}\",\"replication\":{{\"class\":\"SimpleStrategy\",\"replication_factor\":\"3\"}},\"schema_cql\":\"CREATE \\\"x\\\"\\n\""
        );
        let table = format!("{KS}\t{TABLE}\t{{\"name\":\"{TABLE}\",\"id\":\"f58cb0e0-c9a6-11e7-a9d0-b5b6a2d0a1b2\"");
        self.backup_script("backup.publish.act")
            .var("HEAD", head)
            .list("KEYSPACE_HEADS", [keyspace])
            .list("TABLE_HEADS", [table])
    }

    pub async fn run(&self, script: &Script) -> Reply {
        self.exec(self.library.render(script).unwrap()).await
    }

    async fn exec(&self, script: Rendered) -> Reply {
        let call = Call::new(script, &self.run, Duration::from_mins(1));
        self.transport.exec(&HostName::parse("here").unwrap(), call).await.unwrap()
    }

    /// Runs it until it has renamed or made so many directories, as a crash would end it there;
    /// whether it came to its own end before that.
    pub async fn cut(&self, script: &Script, after: usize) -> bool {
        let script = self.library.render(script).unwrap();
        let mut text = script.text();
        let count = self.dirs[1].path().join("count");
        fs::write(&count, "0").unwrap();
        let counted = |name: &str| {
            format!(
                "{name}() {{\n  real_{name} \"$@\"\n  read -r n <'{0}'; n=$((n + 1)); echo $n >'{0}'\n  \
                 [ $n -lt {after} ] || die cut\n}}\n",
                count.display()
            )
        };
        for name in ["rename", "like"] {
            let whole = format!("\n{name}() {{\n");
            assert!(text.contains(&whole), "{name} is in the prelude");
            let named = format!("\n{}real_{name}() {{\n", counted(name));
            text = text.replacen(&whole, &named, 1);
        }
        let reply = self.exec(Rendered { body: text.into(), vars: BTreeMap::new(), ..script }).await;
        assert!(reply.rc == 0 || reply.stderr.ends_with("cut\n"), "{}: {}", self.shell.display(), reply.stderr);
        reply.rc == 0
    }

    /// Runs it again and again, each time to its next rename.
    pub async fn piecewise(&self, script: &Script) {
        for _ in 0..40 {
            if self.cut(script, 1).await {
                return;
            }
        }
        panic!("{} makes no headway", script.name);
    }

    /// Runs it; it must succeed.
    pub async fn ok(&self, script: &Script) -> String {
        let reply = self.run(script).await;
        assert_eq!(reply.rc, 0, "{} under {}: {}", script.name, self.shell.display(), reply.stderr);
        reply.stdout
    }

    /// Where its own programs are.
    pub fn bin(&self) -> &Path {
        self.dirs[1].path()
    }

    /// Runs it where a pipe that breaks is an error and no signal; it must fail with these words.
    pub async fn fails_ignoring_pipes(&self, script: &Script, words: &str) {
        let mut whole = self.library.render(script).unwrap();
        whole.body = format!("trap '' PIPE\n{}", whole.body).into();
        let reply = self.exec(whole).await;
        assert!(reply.rc != 0 && reply.stderr.contains(words), "{}: {}", self.shell.display(), reply.stderr);
    }

    /// The directory of a job that begins.
    pub fn job(&self) -> PathBuf {
        let job = self.root.join("job");
        let _ = fs::remove_dir_all(&job);
        fs::create_dir(&job).unwrap();
        fs::write(job.join("out"), "").unwrap();
        job
    }

    /// Runs it; it must fail with these words.
    pub async fn fails(&self, script: &Script, words: &str) {
        let reply = self.run(script).await;
        let said = format!("{} under {}: rc {}, {}", script.name, self.shell.display(), reply.rc, reply.stderr);
        assert!(reply.rc == 1 && reply.stderr.contains(words), "{said}");
    }

    /// Runs it; it must say that it cannot tell.
    pub async fn unsure(&self, script: &Script, words: &str) {
        let reply = self.run(script).await;
        let said = format!("{} under {}: rc {}, {}", script.name, self.shell.display(), reply.rc, reply.stderr);
        assert!(reply.rc == 2 && reply.stderr.contains(words), "{said}");
    }
}
