//! The scripts of rollback and discard, on what every half state of a restore leaves: run `r1` is
//! the restore, `r2` the rollback (or the discard).

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use reseed::script::Script;

use super::tree::{DIR, KS, Tree};

/// `table.back` of `r1`; `rollbacks` were tried before.
fn back(tree: &Tree, name: &str, rollbacks: &[&str]) -> Script {
    tree.table(name).var("OF", "r1").list("ROLLBACKS", rollbacks)
}

/// `node.back` of `r1` for these directories.
fn node_back(tree: &Tree, name: &str, labels: &[&str]) -> Script {
    let script = tree.clear(name);
    let keep = |line: &&str| labels.contains(&line.split('\t').next().unwrap());
    let dirs: Vec<String> = script.vars["DIRS"].lines().filter(keep).map(str::to_owned).collect();
    script.var("OF", "r1").list("DIRS", dirs)
}

async fn after_every_cut(tree: &mut Tree, act: &str) {
    let shell = tree.shell.clone();
    let mut cuts = 0;
    for whole in [true, false] {
        for cut in 1.. {
            *tree = Tree::new(shell.clone());
            fs::write(tree.live(0).join("backups/nb-1-big-Data.db"), "incremental").unwrap();
            let old = tree.picture();
            if act == "table.swap.act" {
                let files = tree.backup();
                tree.ok(&tree.stage(&files)).await;
            }
            let ended = tree.cut(&tree.table(act), cut).await;
            assert_ne!(tree.picture(), old, "{act} did something");
            "r2".clone_into(&mut tree.run);
            let script = back(tree, "table.back.act", &[]);
            if whole {
                tree.ok(&script).await;
            } else {
                tree.piecewise(&script).await;
            }
            for _ in 0..2 {
                assert_eq!(tree.picture(), old, "{act} cut after {cut}, under {}", tree.shell.display());
                tree.ok(&back(tree, "table.back.proof", &[])).await;
                tree.ok(&script).await;
            }
            cuts += 1;
            if ended {
                break;
            }
        }
    }
    assert!(cuts >= 10, "{act} was cut {cuts} times only");
}

pub async fn after_swap(tree: &mut Tree) {
    after_every_cut(tree, "table.swap.act").await;
}

pub async fn after_aside(tree: &mut Tree) {
    after_every_cut(tree, "table.aside.act").await;
}

fn fill(tree: &Tree, entries: &[(&str, &str)]) {
    for (path, text) in entries {
        fs::write(tree.root.join("c").join(path), text).unwrap();
    }
}

const ENTRIES: [(&str, &str); 7] = [
    ("commitlog/CommitLog-7-1.log", "old"),
    ("commitlog/.hidden", "old"),
    ("hints/a.hints", "old"),
    ("hints/a.crc32", "old"),
    ("saved_caches/KeyCache.db", "old"),
    ("system/paxos-b7/nb-1-big-Data.db", "old"),
    ("system/paxos_repair_history-1a/nb-1-big-Data.db", "not ours to move"),
];

pub async fn after_clear(tree: &mut Tree) {
    let shell = tree.shell.clone();
    for drained in [true, false] {
        for cut in 1.. {
            *tree = Tree::new(shell.clone());
            fill(tree, &ENTRIES);
            let old = tree.picture();
            let ended = tree.cut(&tree.clear("node.clear.act"), cut).await;
            "r2".clone_into(&mut tree.run);
            let labels = if drained { &["hints"][..] } else { &["hints", "commitlog"] };
            let script = node_back(tree, "node.back.act", labels);
            if cut % 2 == 0 {
                tree.ok(&script).await;
            } else {
                tree.piecewise(&script).await;
            }
            tree.ok(&script).await;
            tree.ok(&node_back(tree, "node.back.proof", labels)).await;
            let now = tree.picture();
            for (path, inode) in &old {
                let back = |label| path.starts_with(&format!("c/{label}/"));
                let returns = back("system") || labels.iter().copied().any(back);
                let moved = !now.contains_key(path);
                assert!(now.get(path) == Some(inode) || moved && !returns, "{path} after cut {cut}");
            }
            assert!(now.keys().all(|path| old.contains_key(path)));
            if ended {
                assert!(!now.contains_key("c/saved_caches/KeyCache.db"), "caches stay cleared");
                assert_eq!(now.contains_key("c/commitlog/CommitLog-7-1.log"), !drained);
                break;
            }
        }
    }
}

pub async fn keeps_what_came_later(tree: &mut Tree) {
    let old = tree.picture();
    fill(tree, &ENTRIES);
    let files = tree.backup();
    tree.ok(&tree.stage(&files)).await;
    tree.ok(&tree.clear("node.clear.act")).await;
    tree.ok(&tree.table("table.swap.act")).await;
    // the cluster ran on it: a write, a commit log, a hint, a snapshot of somebody's
    fs::write(tree.live(0).join("nb-10-big-Data.db"), "later").unwrap();
    fill(tree, &[("commitlog/CommitLog-8-1.log", "later"), ("hints/b.hints", "later")]);
    fs::create_dir(tree.live(0).join("snapshots/later")).unwrap();
    fs::write(tree.live(0).join("snapshots/later/nb-10-big-Data.db"), "later").unwrap();
    "r2".clone_into(&mut tree.run);
    for _ in 0..2 {
        tree.ok(&tree.clear("node.clear.act")).await;
    }
    tree.ok(&node_back(tree, "node.back.act", &["hints"])).await;
    tree.ok(&back(tree, "table.back.act", &[])).await;
    let mut now = tree.picture();
    for came in ["later", "later/nb-10-big-Data.db"] {
        now.remove(&format!("snapshots/backups/d0/data/{KS}/{DIR}/snapshots/{came}"))
            .expect("snapshots follow the live table");
    }
    for (hint, _) in ENTRIES.iter().filter(|(path, _)| path.starts_with("hints") || path.starts_with("system")) {
        now.remove(&format!("c/{hint}")).expect("the old hints, and what is like them, are back");
    }
    assert_eq!(now, old, "all else is as it was, and the commit log is empty: it was drained");
    let aside = tree.place(0).join(format!("r2/quarantine/data-0/{KS}/{DIR}"));
    assert_eq!(fs::read(aside.join("nb-10-big-Data.db")).unwrap(), b"later", "nothing is deleted");
    assert_eq!(fs::read(aside.join("nb-9-big-Data.db")).unwrap(), b"new data");
    let later = tree.root.join("c/.reseed/r2/quarantine");
    assert!(later.join("commitlog/CommitLog-8-1.log").exists() && later.join("hints/b.hints").exists());
}

pub async fn second_rollback(tree: &mut Tree) {
    let shell = tree.shell.clone();
    for cut in 1.. {
        *tree = Tree::new(shell.clone());
        let old = tree.picture();
        let files = tree.backup();
        tree.ok(&tree.stage(&files)).await;
        tree.ok(&tree.table("table.swap.act")).await;
        "r2".clone_into(&mut tree.run);
        let ended = tree.cut(&back(tree, "table.back.act", &[]), cut).await;
        "r3".clone_into(&mut tree.run);
        tree.ok(&back(tree, "table.back.act", &["r2"])).await;
        assert_eq!(tree.picture(), old, "cut after {cut}");
        if ended {
            break;
        }
    }
}

pub async fn refuses(tree: &mut Tree) {
    let old = tree.picture();
    "r2".clone_into(&mut tree.run);
    // nothing was set aside: nothing is done
    tree.ok(&back(tree, "table.back.act", &[])).await;
    assert_eq!(tree.picture(), old);
    // all three are there
    let aside = tree.place(0).join(format!("r2/quarantine/data-0/{KS}/{DIR}"));
    fs::create_dir_all(tree.aside(0)).unwrap();
    fs::create_dir_all(&aside).unwrap();
    tree.fails(&back(tree, "table.back.act", &[]), "is in the way").await;
    tree.fails(&back(tree, "table.back.proof", &[]), "still in quarantine").await;
    assert_eq!(tree.picture(), old);
    // none is there
    fs::remove_dir(tree.aside(0)).unwrap();
    fs::remove_dir(aside).unwrap();
    fs::rename(tree.live(0), tree.root.join("taken")).unwrap();
    tree.fails(&back(tree, "table.back.act", &[]), "is gone, and not in the quarantine").await;
    // what returns finds its name taken
    fill(tree, &[("hints/a.hints", "old")]);
    "r1".clone_into(&mut tree.run);
    tree.ok(&tree.clear("node.clear.act")).await;
    fill(tree, &[("hints/a.hints", "other")]);
    "r2".clone_into(&mut tree.run);
    tree.fails(&node_back(tree, "node.back.act", &["hints"]), "is in the way").await;
    tree.fails(&node_back(tree, "node.back.proof", &["hints"]), "still in quarantine").await;
    assert_eq!(fs::read(tree.root.join("c/hints/a.hints")).unwrap(), b"other");
}

/// A process group with a job's files.
struct Job(PathBuf, Child);

impl Job {
    fn start(tree: &Tree, run: &str, name: &str, words: &str) -> Self {
        let dir = tree.root.join("jobs").join(run).join(name);
        fs::create_dir_all(&dir).unwrap();
        let mut command = Command::new("setsid");
        let child = command.args(["sh", "-c", words]).stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        let stat = || fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
        let field = |n: usize| stat().rsplit_once(')').unwrap().1.split_whitespace().nth(n - 3).unwrap().to_owned();
        while field(5) != child.id().to_string() {
            std::thread::yield_now(); // not yet the leader of its own group
        }
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
        fs::write(dir.join("pid"), format!("{} {} {boot}", child.id(), field(22))).unwrap();
        Self(dir, child)
    }

    fn lives(&mut self) -> bool {
        self.1.try_wait().unwrap().is_none()
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        let _ = self.1.kill();
        let _ = self.1.wait();
    }
}

pub async fn jobs(tree: &mut Tree) {
    "r2".clone_into(&mut tree.run);
    let script = Script::new("jobs.ended.act").var("ROOT", tree.root.join("jobs").display()).list("RUNS", ["r1", "r0"]);
    let script = script.var("WAIT_S", 1);
    assert!(tree.ok(&script).await.contains("nothing of it runs"), "no job at all");
    let mut runs = [
        Job::start(tree, "r1", "swap.1", "sleep 100 & wait"),
        Job::start(tree, "r0", "repair.1", "trap '' TERM; while :; do sleep 1; done"),
    ];
    let mut other = Job::start(tree, "r9", "swap.1", "sleep 100");
    let mut over = Job::start(tree, "r1", "start.1", "sleep 100");
    fs::write(over.0.join("rc"), "0 1 2\n").unwrap();
    let claimed = tree.root.join("jobs/r1/claimed.1");
    fs::create_dir(&claimed).unwrap();
    // its number was given anew to somebody else
    let anew = tree.root.join("jobs/r1/anew.1");
    fs::create_dir(&anew).unwrap();
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    fs::write(anew.join("pid"), format!("{} 1 {boot}", std::process::id())).unwrap();
    assert!(tree.ok(&script).await.contains("nothing of it runs any more"));
    for job in &mut runs {
        assert!(!job.lives(), "{}", job.0.display());
        assert!(job.0.join("cancelled").exists());
    }
    assert!(claimed.join("cancelled").exists(), "it will not begin");
    assert!(other.lives() && !other.0.join("cancelled").exists(), "another run's");
    assert!(over.lives(), "what a job left running on purpose");
}

pub async fn left(tree: &mut Tree) {
    let places = |label: &str, place: PathBuf| format!("{label}\t{}", place.display());
    let script = Script::new("facts.left").list("RUNS", ["r1", "r2"]).list(
        "PLACES",
        [
            places("data-0", tree.place(0)),
            places("data-1", tree.place(1)),
            places("hints", tree.root.join("c/.reseed")),
        ],
    );
    assert_eq!(tree.ok(&script).await, "");
    fill(tree, &ENTRIES);
    tree.ok(&tree.clear("node.clear.act")).await;
    let foreign = tree.live(0).join("snapshots");
    fs::rename(&foreign, tree.root.join("s")).unwrap();
    tree.ok(&tree.table("table.aside.act")).await;
    fs::rename(tree.root.join("s"), tree.aside(0).join("snapshots")).unwrap();
    fs::create_dir(tree.aside(0).join("backups")).unwrap();
    let said = tree.ok(&script).await;
    let mut lines: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    said.lines()
        .filter_map(|line| line.split_once('='))
        .for_each(|(key, value)| lines.entry(key).or_default().push(value));
    assert_eq!(
        lines["aside"],
        ["r1\tdata-0", &format!("r1\tdata-0/{KS}/{DIR}"), "r1\tdata-1", &format!("r1\tdata-1/{KS}/{DIR}"), "r1\thints"]
    );
    assert_eq!(lines["foreign"], [tree.aside(0).join("snapshots").to_str().unwrap()], "an empty one is nobody's");
    assert_eq!(lines["bytes"].len(), 3, "{said}");
    assert!(lines["bytes"].iter().all(|line| line.rsplit_once('\t').unwrap().1.parse::<u64>().unwrap() > 0));
}

fn discard_script(tree: &Tree, name: &str, runs: &[&str]) -> Script {
    let places = [tree.place(0), tree.place(1), tree.root.join("c/.reseed")];
    Script::new(name).list("PLACES", places.map(|place| place.display().to_string())).list("RUNS", runs)
}

pub async fn discard(tree: &mut Tree) {
    fill(tree, &ENTRIES);
    // somebody's snapshot holds one of the files that go: deleting its other name frees nothing
    let kept = tree.live(0).join("snapshots/theirs/linked");
    fs::hard_link(tree.live(0).join("nb-1-big-Data.db"), &kept).unwrap();
    fs::write(tree.live(1).join("big"), vec![b'x'; 1 << 20]).unwrap();
    tree.ok(&tree.clear("node.clear.act")).await;
    tree.ok(&tree.table("table.aside.act")).await;
    fs::create_dir_all(tree.place(0).join("r9/quarantine")).unwrap();
    let now = tree.picture();
    tree.fails(&discard_script(tree, "run.discard.proof", &["r1"]), "still there").await;
    "r2".clone_into(&mut tree.run);
    let script = discard_script(tree, "run.discard.act", &["r1"]);
    let said = tree.ok(&script).await;
    let freed: u64 = said.trim().strip_prefix("freed=").unwrap().parse().unwrap();
    assert!((1 << 20..(1 << 20) + 100_000).contains(&freed), "{said}");
    assert_eq!(tree.ok(&script).await, "freed=0\n", "run again");
    tree.ok(&discard_script(tree, "run.discard.proof", &["r1"])).await;
    assert_eq!(tree.picture(), now, "nothing live is touched");
    assert_eq!(fs::read(kept).unwrap(), b"old data");
    assert!(!tree.place(0).join("r1").exists() && tree.place(0).join("r9/quarantine").exists(), "only that run");
    tree.fails(&discard_script(tree, "run.discard.act", &[""]), "no run").await;
    let elsewhere = discard_script(tree, "run.discard.act", &["data"])
        .list("PLACES", [tree.root.join("snapshots/backups/d0").display()]);
    tree.fails(&elsewhere, "not a place of ours").await;
    assert_eq!(tree.picture(), now);
}

pub async fn discard_foreign(tree: &mut Tree) {
    tree.ok(&tree.table("table.aside.act")).await;
    fs::create_dir_all(tree.aside(1).join("snapshots/theirs")).unwrap();
    let script = discard_script(tree, "run.discard.act", &["r1"]);
    fs::write(tree.aside(1).join("snapshots/theirs/file"), "theirs").unwrap();
    tree.fails(&script, "is not ours to delete").await;
    assert!(tree.aside(0).join("nb-1-big-Data.db").exists(), "nothing was deleted in the other place either");
    fs::remove_file(tree.aside(1).join("snapshots/theirs/file")).unwrap();
    tree.ok(&script).await;
}

pub async fn discard_again(tree: &mut Tree) {
    tree.ok(&tree.table("table.aside.act")).await;
    let script = discard_script(tree, "run.discard.act", &["r1"]);
    assert!(!tree.cut(&script, 1).await);
    assert!(!tree.place(0).join("r1").exists(), "it is away before it is deleted");
    tree.ok(&script).await;
    tree.ok(&discard_script(tree, "run.discard.proof", &["r1"])).await;
    for n in 0..2 {
        assert_eq!(fs::read_dir(tree.place(n)).unwrap().count(), 0);
    }
}
