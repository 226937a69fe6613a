//! The shipped binary is killed with SIGKILL at records of its journal, over real sshd, real shells
//! and real renames; `reseed resume` then ends the run, and nothing was started twice.
//!
//! A run is killed as soon as its journal holds N records. All N take more than half an hour, so a
//! plain run takes as many as fit into its time, spread over the whole run; `RESEED_CAMPAIGN=1` takes
//! all.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::{Duration, Instant};

use reseed::journal::{History, Reader};

use crate::standin::{CLUSTER, Cluster, NODES};

/// What a plain run may take.
const TIME: Duration = Duration::from_mins(3);

fn told(out: &Output) -> String {
    format!("{:?}\n{}{}", out.status, String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

fn ends_well(cluster: &Cluster, args: &[&str], name: &str) {
    let out = cluster.reseed(args).output().unwrap();
    assert!(out.status.success(), "{name}: {args:?}: {}", told(&out));
}

/// The only run's journal, when there is one.
fn journal(cluster: &Cluster) -> Option<PathBuf> {
    let runs = fs::read_dir(cluster.path("state/stand-in")).ok()?;
    runs.flatten().map(|run| run.path().join("journal.jsonl")).find(|path| path.exists())
}

/// Starts a command and kills it when its journal holds `n` records; how many there were then,
/// `None` when it had ended before.
fn killed_at(cluster: &Cluster, args: &[&str], n: usize) -> Option<usize> {
    let log = |name| fs::File::create(cluster.path(name)).unwrap();
    let mut child = cluster.reseed(args).stdout(log("out")).stderr(log("err")).spawn().unwrap();
    let mut reader: Option<Reader> = None;
    let mut seen = 0;
    loop {
        if reader.is_none() {
            reader = journal(cluster).and_then(|path| Reader::open(&path).ok());
        }
        seen += reader.as_mut().map_or(0, |reader| reader.more().unwrap().len());
        if seen >= n {
            child.kill().unwrap();
            child.wait().unwrap();
            return Some(History::read(&journal(cluster)?).unwrap().records.len());
        }
        if child.try_wait().unwrap().is_some() {
            return None;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Each step was started in one job on its host, whatever happened to its coordinator.
fn assert_started_once(cluster: &Cluster, name: &str) -> usize {
    let mut started: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for n in 1..=NODES + 1 {
        let runs = fs::read_dir(cluster.path(&format!("host{n}/reseed/stand-in"))).unwrap();
        for job in runs.flatten().filter(|run| run.path().is_dir()).flat_map(|run| fs::read_dir(run.path()).unwrap()) {
            let job = job.unwrap();
            if !job.path().join("pid").exists() {
                continue; // claimed, and never begun: or no job
            }
            let rc = fs::read_to_string(job.path().join("rc")).unwrap_or_else(|e| panic!("{name}: {job:?}: {e}"));
            assert!(rc.starts_with("0 "), "{name}: {job:?}: {rc}");
            let directory = job.file_name().into_string().unwrap();
            let step = directory.rsplit_once('.').unwrap().0.to_owned();
            started.entry(format!("host{n} {step}")).or_default().push(directory);
        }
    }
    for (step, jobs) in &started {
        assert_eq!(jobs.len(), 1, "{name}: {step} was started more than once: {jobs:?}");
    }
    started.len()
}

/// What the hosts' stand-ins say that was done to them.
fn done(cluster: &Cluster) -> Vec<String> {
    let read = |n| fs::read_to_string(cluster.path(&format!("host{n}/done"))).unwrap();
    (1..=NODES).map(read).collect()
}

/// Every record of so many but the last: first few all over the run, then those between them.
fn spread(records: usize) -> Vec<usize> {
    let mut order = vec![];
    for stride in (0..=6).rev().map(|power| 1 << power) {
        let more: Vec<usize> = (1..records).step_by(stride).filter(|n| !order.contains(n)).collect();
        order.extend(more);
    }
    order
}

/// Runs a command once undisturbed, then again and again, each time killed at another record.
fn campaign(cluster: &Cluster, args: &[&str], confirm: &[&str], time: Duration, check: impl Fn(&str, &Path)) {
    let began = Instant::now();
    cluster.again();
    ends_well(cluster, args, "undisturbed");
    let whole = History::read(&journal(cluster).unwrap()).unwrap().records.len();
    check("undisturbed", &journal(cluster).unwrap());
    let (jobs, undisturbed) = (assert_started_once(cluster, "undisturbed"), done(cluster));
    let one = began.elapsed();
    let all = std::env::var_os("RESEED_CAMPAIGN").is_some();
    let (mut killed, mut late) = (vec![], 0);
    for n in spread(whole) {
        if !all && killed.len() >= 3 && began.elapsed() > time {
            break;
        }
        cluster.again();
        let name = format!("{} killed at record {n} of {whole}", args[0]);
        match killed_at(cluster, args, n) {
            Some(records) => killed.push(records),
            None => late += 1, // it was quicker than the eye
        }
        let run = journal(cluster).unwrap().parent().unwrap().to_owned();
        let run = run.file_name().unwrap().to_str().unwrap();
        ends_well(cluster, &[&["resume", run], confirm].concat(), &name);
        check(&name, &journal(cluster).unwrap());
        assert_eq!(assert_started_once(cluster, &name), jobs, "{name}");
        assert_eq!(done(cluster), undisturbed, "{name}: what was done to the nodes, in order");
        if all {
            println!("{name}: {:?}", killed.last());
        }
    }
    killed.sort_unstable();
    println!(
        "{} killed {} times and resumed, of {whole} records ({late} ended before); dead with so many records: {killed:?}; \
         {jobs} jobs each; {:.1} s undisturbed",
        args[0],
        killed.len(),
        one.as_secs_f64()
    );
    assert!(killed.len() >= 3, "{killed:?}");
}

#[test]
fn a_run_whose_coordinator_is_killed_at_any_record_is_resumed_to_the_same_end_and_starts_nothing_twice() {
    let Some(cluster) = Cluster::start() else { return };
    let confirm = ["--confirm", CLUSTER];
    campaign(&cluster, &["backup", "--tag", "good"], &[], TIME / 4, |name, _| {
        assert!(cluster.path("host1/backup/good/manifest.json.sha256").exists(), "{name}");
        assert!(!cluster.path("host1/backup/.partial-good").exists(), "{name}");
    });
    // the last of these backups is what is restored over other data
    let _ = fs::remove_dir_all(cluster.path("host1/reseed"));
    (1..=NODES).for_each(|n| cluster.fill(n, &format!("old {n}")));
    cluster.keep();
    let restore = [&["restore", "good"][..], &confirm].concat();
    campaign(&cluster, &restore, &confirm, TIME * 3 / 4, |name, journal| {
        let run = journal.parent().unwrap().file_name().unwrap().to_str().unwrap();
        cluster.assert_restored(name, run);
    });
}
