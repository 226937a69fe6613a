//! What all tests share: the lab, the stages, and how `reseed` is run.

use std::collections::BTreeSet;
use std::fs;
use std::panic::{panic_any, resume_unwind};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock};

use lab::{Host, Lab, Options};

use crate::caught;
use crate::disaster::Disaster;
use crate::guarded::Guarded;
use crate::picture::Picture;
use crate::rollback::Rolled;
use crate::scene::{Backed, Damaged, Restored};
use crate::upgrades::Upgrades;

/// Labs that this process booted, and takes down at its end: others may run under other names.
static BOOTED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
/// What the lab calls its cluster.
pub const CLUSTER: &str = "Lab Cluster";

/// All that the tests share.
pub struct World {
    /// The cluster.
    lab: Stage<Lab>,
    /// Files of this run: `target/tmp/cluster`.
    pub dir: PathBuf,
    /// The rows as loaded.
    pub loaded: Stage<Picture>,
    /// The backup `main`.
    pub backed: Stage<Backed>,
    /// The backup `small`, through sudo.
    pub small: Stage<Ran>,
    /// Keyspaces for traps, and their backup.
    pub trapped: Stage<Ran>,
    /// What was done to the data after the backup.
    pub damaged: Stage<Damaged>,
    /// The restore of `main`.
    pub restored: Stage<Restored>,
    /// What is shown about guards.
    pub guarded: Guarded,
    /// The cluster that is rolled back.
    pub rolled: Rolled,
    /// The cluster that loses a node, its schema, a machine.
    pub disaster: Disaster,
    /// Backups of older versions.
    pub upgrades: Upgrades,
}

impl World {
    /// An empty world; the lab is booted when it is first asked for.
    pub fn new() -> Self {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cluster");
        drop(fs::remove_dir_all(&dir));
        fs::create_dir_all(&dir).expect("cargo's directory can be written");
        Self {
            lab: Stage::new("there is no lab"),
            dir,
            loaded: Stage::new("the data is not loaded"),
            backed: Stage::new("there is no backup"),
            small: Stage::new("there is no backup through sudo"),
            trapped: Stage::new("there is no backup of the keyspaces with traps"),
            damaged: Stage::new("the data is not damaged"),
            restored: Stage::new("the restore did not end well"),
            guarded: Guarded::default(),
            rolled: Rolled::default(),
            disaster: Disaster::default(),
            upgrades: Upgrades::default(),
        }
    }

    /// The lab, booted anew for this run.
    pub fn lab(&self) -> &Lab {
        self.lab.get(|| boot(&Options { name: named("e2e"), ..Options::default() }))
    }

    /// A node of the lab.
    pub fn host(&self, name: &str) -> &Host {
        good(self.lab().host(name))
    }

    /// The lab's inventory, with little patience for hints and for hosts that do not answer.
    pub fn inventory(&self) -> PathBuf {
        self.inventory_with("usual", |text| text)
    }

    /// The inventory for `ops` with sudo.
    pub fn inventory_sudo(&self) -> PathBuf {
        let text = fs::read_to_string(self.lab().inventory_sudo()).expect("the lab wrote it");
        self.write_inventory("sudo", &text)
    }

    /// The usual inventory, changed.
    pub fn inventory_with(&self, name: &str, change: impl Fn(String) -> String) -> PathBuf {
        let text = fs::read_to_string(self.lab().inventory()).expect("the lab wrote it");
        self.write_inventory(name, &change(text))
    }

    fn write_inventory(&self, name: &str, text: &str) -> PathBuf {
        let path = self.dir.join(format!("{name}.yaml"));
        fs::write(&path, format!("{text}limits: {{settle: 5s, connect: 5s}}\n")).expect("the directory is ours");
        path
    }

    /// Runs `reseed` to its end.
    pub fn reseed(&self, inventory: &Path, args: &[&str]) -> Ran {
        run(self.lab(), &self.dir.join("state"), inventory, args)
    }

    /// Starts `reseed`; what it prints goes to `events.jsonl` and `stderr.txt`.
    pub fn start(&self, inventory: &Path, args: &[&str]) -> Child {
        let file = |name: &str| fs::File::create(self.dir.join(name)).expect("the directory is ours");
        let mut command = reseed(self.lab(), &self.dir.join("state"), inventory, args);
        let child = command.stdout(file("events.jsonl")).stderr(file("stderr.txt")).spawn();
        child.expect("nsenter is there")
    }
}

/// The name of one of this tier's labs: whatever runs under it is taken down. With `RESEED_LABS=x` they all begin
/// with x, so that two checkouts can run this tier on one machine.
pub fn named(name: &str) -> String {
    std::env::var("RESEED_LABS").unwrap_or_default() + name
}

/// The labs that this process booted.
pub fn booted() -> Vec<String> {
    BOOTED.lock().expect("no test panics here").iter().cloned().collect()
}

/// Boots a lab that is not there yet.
pub fn boot(options: &Options) -> Lab {
    BOOTED.lock().expect("no test panics here").insert(options.name.clone());
    good(lab::down(&options.name));
    good(Lab::up(options))
}

/// A command that runs `reseed` in a lab.
pub fn reseed(lab: &Lab, state: &Path, inventory: &Path, args: &[&str]) -> Command {
    let mut command = lab.coordinator(env!("CARGO_BIN_EXE_reseed"));
    command.arg("-i").arg(inventory).arg("--state-dir").arg(state).args(args).stdin(Stdio::null());
    command
}

/// Runs `reseed` in a lab to its end.
pub fn run(lab: &Lab, state: &Path, inventory: &Path, args: &[&str]) -> Ran {
    let output = reseed(lab, state, inventory, args).output().expect("nsenter is there");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("reseed prints UTF-8");
    Ran {
        line: format!("reseed {}", args.join(" ")),
        code: output.status.code(),
        out: text(&output.stdout),
        err: text(&output.stderr),
    }
}

/// What a command printed, and how it ended.
pub struct Ran {
    /// The command line.
    pub line: String,
    /// Its exit code.
    pub code: Option<i32>,
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
}

impl Ran {
    /// Asserts the exit code.
    #[track_caller]
    pub fn ends(self, code: i32) -> Self {
        let (line, out, err) = (&self.line, &self.out, &self.err);
        assert_eq!(self.code, Some(code), "{line}\n--- stdout\n{out}\n--- stderr\n{err}");
        self
    }

    /// Asserts that something is said, on either stream.
    #[track_caller]
    pub fn says(&self, what: &str) -> &Self {
        // wrapped to the terminal's width
        let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let said = flat(&self.out).contains(what) || flat(&self.err).contains(what);
        assert!(said, "{} does not say {what:?}\n--- stdout\n{}\n--- stderr\n{}", self.line, self.out, self.err);
        self
    }
}

/// Something that several tests rest on: made once, by the first that asks. When that fails, the
/// first one fails with it and the others are skipped.
pub struct Stage<T> {
    what: &'static str,
    made: OnceLock<Option<T>>,
}

impl<T> Stage<T> {
    /// One that is not made yet; `what` is said by tests that are skipped for lack of it.
    pub fn new(what: &'static str) -> Self {
        Self { what, made: OnceLock::new() }
    }

    /// The stage, made now if it is not yet there.
    pub fn get(&self, make: impl FnOnce() -> T) -> &T {
        let mut why = None;
        let stage = self.made.get_or_init(|| caught(make).map_err(|panic| why = Some(panic)).ok());
        match (stage, why) {
            (Some(stage), _) => stage,
            (None, Some(why)) => resume_unwind(why),
            (None, None) => panic_any(Missing(self.what)),
        }
    }
}

/// What a panic carries when a test cannot run for lack of what it rests on.
pub struct Missing(pub &'static str);

/// As a panic's payload.
pub fn missing(what: &'static str) -> Box<dyn std::any::Any + Send> {
    Box::new(Missing(what))
}

/// The lab's errors tell all themselves.
#[track_caller]
pub fn good<T>(result: lab::Result<T>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}
