//! A host with one shell, its configuration, and a coordinator beside it; whole runs on it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use reseed::config::{self, Porter, Store};
use reseed::engine::stop::StopFlag;
use reseed::inventory::Inventory;
use reseed::journal::Errand;
use reseed::name::{HostName, Tag};
use reseed::remote::local::LocalTransport;
use reseed::run::conduct::Confirm;
use reseed::run::{Ask, Ended, Order, Stand, StateDir, conduct, resume};
use tempfile::TempDir;
use tokio::sync::Notify;

pub const CLUSTER: &str = "Lab Cluster";
pub const SECRET: &str = "keystore_password: hunter2\n";

/// A host with one shell, and a coordinator.
pub struct Place {
    pub shell: &'static str,
    pub host: TempDir,
    pub bin: TempDir,
    pub home: TempDir,
}

pub fn places() -> Vec<Place> {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut places = vec![];
    for shell in ["dash", "bash", "busybox"] {
        let Some(found) = path.split(':').map(|dir| Path::new(dir).join(shell)).find(|file| file.exists()) else {
            println!("skipped under {shell}: it is not on PATH");
            continue;
        };
        let bin = tempfile::tempdir().unwrap();
        symlink(found, bin.path().join("sh")).unwrap();
        // a name full of what would be special in a pattern or to xargs
        // (the last is the end of all output for dash's echo)
        let host = tempfile::Builder::new().prefix("h o+s[t]*'\"\\c").tempdir().unwrap();
        places.push(Place { shell, host, bin, home: tempfile::tempdir().unwrap() });
    }
    places
}

impl Place {
    pub fn conf(&self, below: &str) -> PathBuf {
        self.host.path().join("conf").join(below)
    }

    /// A conf directory with all that may be in one.
    pub fn configured(&self) {
        fs::create_dir_all(self.conf("tri ggers")).unwrap();
        let yaml = format!("cluster_name: {CLUSTER}\nnum_tokens: 16\n{SECRET}");
        for (path, text) in [("cassandra.yaml", yaml.as_bytes()), ("it's $HOME.properties", b"a=1\n"), ("empty", b"")] {
            fs::write(self.conf(path), text).unwrap();
        }
        fs::write(self.conf("tri ggers/.keystore"), Self::binary()).unwrap();
        for (path, mode) in [("cassandra.yaml", 0o640), ("tri ggers", 0o710), ("tri ggers/.keystore", 0o400)] {
            fs::set_permissions(self.conf(path), fs::Permissions::from_mode(mode)).unwrap();
        }
        fs::write(self.host.path().join("elsewhere.xml"), "<a/>").unwrap();
        symlink("../elsewhere.xml", self.conf("logback.xml")).unwrap();
        symlink("nowhere", self.conf("dangling")).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, self.conf("fifo"), rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0)
            .unwrap();
    }

    /// More than one part on its way to the host, and every byte.
    pub fn binary() -> Vec<u8> {
        (0..200_001_u32).map(|n| u8::try_from(n * 7 % 256).unwrap()).collect()
    }

    pub fn inventory(&self) -> Inventory {
        let quoted = |path: &Path| serde_json::to_string(path.to_str().unwrap()).unwrap();
        let text = format!(
            "cluster: {CLUSTER}\nremote_dir: {}\ncassandra: {{conf: {}}}\nnodes:\n  - {{name: n1, host: h1, seed: true}}\n",
            quoted(&self.host.path().join("jobs")),
            quoted(&self.conf("")).replace("/\"", "\""),
        );
        Inventory::parse(&text, Path::new("i.yaml")).unwrap()
    }

    pub fn transport(&self) -> LocalTransport {
        LocalTransport::default().with_path(self.bin.path())
    }

    pub fn store(&self) -> Store {
        Store::at(self.home.path().join("config"))
    }

    pub fn order(&self, command: &str, errand: Errand, confirm: Option<&str>) -> Order {
        let ask = Ask { errand: Some(errand), ..Ask::to(command) };
        let confirm = (command == "config-restore").then(|| Confirm(confirm.map(str::to_owned)));
        Order { inventory: self.inventory(), ask, command: command.to_owned(), args: vec![], confirm }
    }

    pub fn state(&self) -> StateDir {
        StateDir::locate(Some(self.home.path().to_owned()))
    }

    /// A run whose coordinator dies after so many events, and which is then gone on with; how often it died.
    pub async fn killed(&self, order: Order, events: usize) -> (usize, Ended) {
        let (state, died) = (self.state(), Arc::new(Notify::new()));
        let told = Arc::clone(&died);
        let mut left = events;
        let count = Box::new(move |event: &reseed::event::Event, _: &_| {
            if event.body.is_record() {
                left = left.saturating_sub(1);
                if left == 0 {
                    told.notify_one();
                }
            }
        });
        let stand = Stand { state: &state, subscribers: vec![count], stop: StopFlag::default(), pulse: &|_| {} };
        let ended = tokio::select! {
            biased;
            () = died.notified() => None,
            ended = conduct(order, self.transport(), stand) => Some(ended.unwrap()),
        };
        if let Some(ended) = ended {
            return (0, ended);
        }
        // its process is this one, which lives: on the host it is made another, which does not
        let lease = self.host.path().join("jobs/lab-cluster/lease");
        if let Ok(text) = fs::read_to_string(&lease) {
            let gone =
                |line: &str| if line.starts_with("process=") { "process=4194305 1".into() } else { line.to_owned() };
            fs::write(&lease, text.lines().map(gone).collect::<Vec<_>>().join("\n") + "\n").unwrap();
        }
        let inventory = self.inventory();
        let dir = state.find(&inventory.cluster, None, |_| true).unwrap();
        let stand = Stand { state: &state, subscribers: vec![], stop: StopFlag::default(), pulse: &|_| {} };
        (1, resume(dir, inventory, self.transport(), stand).await.unwrap())
    }

    pub async fn run(&self, command: &str, errand: Errand, confirm: Option<&str>) -> Ended {
        let order = self.order(command, errand, confirm);
        let state = self.state();
        let stand = Stand { state: &state, subscribers: vec![], stop: StopFlag::default(), pulse: &|_| {} };
        conduct(order, self.transport(), stand).await.unwrap()
    }

    pub async fn backup(&self, tag: &Tag) -> Ended {
        let (tag, dir) = (tag.clone(), self.store().dir());
        self.run("config-backup", Errand::ConfigBackup { tag, dir, limit: config::LIMIT }, None).await
    }

    pub async fn restore(&self, tag: &Tag, files: &[&str], confirm: Option<&str>) -> Ended {
        let (tag, dir, files) = (tag.clone(), self.store().dir(), files.iter().map(|f| (*f).to_owned()).collect());
        self.run("config-restore", Errand::ConfigRestore { tag, dir, hosts: vec![], files }, confirm).await
    }

    /// What differs from a backup now: `change path below the host`.
    pub async fn differs(&self, tag: &Tag) -> Vec<String> {
        let (inventory, host) = (self.inventory(), HostName::parse("n1").unwrap());
        let porter = Porter::new(&Arc::new(self.transport()), Duration::from_secs(5), "");
        let list = config::list(&inventory, &host, true).unwrap();
        let now = porter.list(&host, "h1", &list).await.unwrap();
        let was = self.store().read(tag).unwrap();
        let told = config::diff::of(&host, &was.hosts[&host], &now.kept).into_iter();
        let below = self.host.path().to_str().unwrap().to_owned() + "/";
        told.map(|d| format!("{} {}", d.change.word(), d.path.strip_prefix(&below).unwrap_or(&d.path))).collect()
    }

    pub fn kept(&self) -> Vec<PathBuf> {
        let runs = fs::read_dir(self.host.path().join("jobs/lab-cluster")).unwrap().flatten();
        runs.map(|run| run.path().join("config/replaced")).filter(|dir| dir.exists()).collect()
    }
}
