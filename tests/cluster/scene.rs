//! The stages: data, backup, damage, restore. Each rests on the one before.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use lab::{Consistency, Host};
use reseed::journal::History;
use serde_json::Value;

use crate::dataset::{self, KEYSPACES, must};
use crate::hosts::{self, DATA, Inodes};
use crate::picture::{self, Alone, Picture};
use crate::site::hint_the_third;
use crate::world::{CLUSTER, Ran, World};

/// A transaction log that is nobody's.
pub const TXN_LOG: &str = "nb_txn_compaction_5e1d0000-0000-11ee-8000-000000000000.log";

/// A backup.
pub struct Backed {
    /// Its events.
    pub events: Vec<Value>,
}

/// What is there right before the restore.
pub struct Damaged {
    /// What the first node says, all nodes considered.
    pub picture: Picture,
    /// Directories of tables, per node.
    pub tables: BTreeMap<String, Inodes>,
    /// Files of foreign snapshots, per node.
    pub snapshots: BTreeMap<String, Inodes>,
    /// Hint files, per node.
    pub hints: BTreeMap<String, Inodes>,
}

/// A restore that ended well, and what it left.
pub struct Restored {
    /// The run's id.
    pub run: String,
    /// Its directory.
    pub dir: PathBuf,
    /// What was printed, one event a line.
    pub events: Vec<Value>,
    /// Its journal.
    pub history: History,
    /// Another restore, tried while this one ran.
    pub second: Ran,
    /// `status`, asked while it ran.
    pub status: Ran,
    /// What each node says alone.
    pub alone: BTreeMap<String, Alone>,
}

/// The data is there, on every node, with a snapshot that somebody else took.
pub fn loaded(world: &World) -> &Picture {
    world.loaded.get(|| {
        let lab = world.lab();
        dataset::load(lab);
        for node in lab.nodes() {
            must(node.sh("nodetool snapshot -t keepme shop"));
        }
        picture::of(lab, world.host("cass1"), Consistency::All)
    })
}

/// The backup `main` of the keyspaces to be restored.
pub fn backed(world: &World) -> &Backed {
    loaded(world);
    world.backed.get(|| {
        let args = ["backup", "-k", KEYSPACES[0], "-k", KEYSPACES[1], "--tag", "main", "--output", "json"];
        let ran = world.reseed(&world.inventory(), &args).ends(0);
        Backed { events: events_of(&ran.out) }
    })
}

/// The backup `small`, made as `ops` through sudo.
pub fn small(world: &World) -> &Ran {
    loaded(world);
    world.small.get(|| {
        let args = ["backup", "-k", dataset::SMALL, "--tag", "small"];
        world.reseed(&world.inventory_sudo(), &args).ends(0)
    })
}

/// The data is damaged, and two nodes hold hints for the third, which they do not deliver.
pub fn damaged(world: &World) -> &Damaged {
    let (wanted, _) = (loaded(world), backed(world));
    world.damaged.get(|| {
        let lab = world.lab();
        dataset::damage(lab);
        hint_the_third(lab);
        // of a compaction that was cut short: beside restored files of the same names it would delete these
        for node in lab.nodes() {
            let log = "REMOVE:[nb-1-big-,0,8][0]";
            must(node.sh(&format!("cd {DATA}/shop/bags-* && echo '{log}' >{TXN_LOG} && chown cassandra: {TXN_LOG}")));
        }
        let each = |look: fn(&Host) -> Inodes| lab.nodes().iter().map(|n| (n.name.clone(), look(n))).collect();
        let picture = picture::of(lab, world.host("cass1"), Consistency::One);
        let whole: Vec<_> =
            wanted.iter().filter(|(label, rows)| picture[*label] == **rows).map(|(label, _)| label).collect();
        // an index over rows that nobody changed answers as before
        assert!(whole.iter().all(|label| label.contains("index")), "not damaged: {whole:?}");
        Damaged { picture, tables: each(hosts::tables), snapshots: each(hosts::snapshots), hints: each(hints) }
    })
}

fn hints(host: &Host) -> Inodes {
    hosts::inodes(host, hosts::HINTS, "-name '*.hints' -size +0")
}

/// The restore of both keyspaces; while it runs, a second one is tried.
pub fn restored(world: &World) -> &Restored {
    damaged(world);
    world.restored.get(|| {
        let args = ["restore", "main", "-k", KEYSPACES[0], "-k", KEYSPACES[1], "--confirm", CLUSTER];
        let inventory = world.inventory();
        let mut first = world.start(&inventory, &[&args[..], &["--output", "json"]].concat());
        let printed = world.dir.join("events.jsonl");
        let told = |what: &str| fs::read_to_string(&printed).is_ok_and(|text| text.contains(what));
        let mut ended = None;
        wait("the drain, or the end of the restore", Duration::from_mins(10), || {
            ended = first.try_wait().expect("it is our child");
            ended.is_some() || told(r#""phase":"drain""#)
        });
        let second = world.reseed(&inventory, &args);
        let status = world.reseed(&inventory, &["status", "--output", "json"]);
        let ended = first.wait().expect("it is our child");
        let read = |name: &str| fs::read_to_string(world.dir.join(name)).expect("it was written");
        assert!(ended.success(), "{ended}\n{}\n{}", read("stderr.txt"), tail(&read("events.jsonl")));
        let events = events_of(&read("events.jsonl"));
        let run = events[0]["run"].as_str().expect("a run has an id").to_owned();
        let dir = world.dir.join("state/lab-cluster").join(&run);
        let history = History::read(&dir.join("journal.jsonl")).unwrap_or_else(|error| panic!("{error}"));
        let alone = picture::of_each_alone(world.lab());
        Restored { run, dir, events, history, second, status, alone }
    })
}

/// Events, one a line.
pub fn events_of(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

fn tail(text: &str) -> String {
    text.lines().rev().take(3).collect::<Vec<_>>().join("\n")
}

/// Waits until something is so.
#[track_caller]
pub fn wait(what: &str, limit: Duration, mut so: impl FnMut() -> bool) {
    let since = Instant::now();
    while !so() {
        assert!(since.elapsed() < limit, "{what}: not within {} s", limit.as_secs());
        assert!(!lab::interrupt::seen(), "interrupted");
        sleep(Duration::from_millis(200));
    }
}

/// The run directories below a state directory.
pub fn runs(state: &Path) -> Vec<String> {
    let entries = fs::read_dir(state.join("lab-cluster")).expect("runs were made");
    let names = entries.flatten().filter(|entry| entry.path().is_dir());
    names.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}
