//! What happens to the shipped binary from outside: signals, a terminal that goes, a second
//! coordinator, a lost state directory. Over real sshd, on the cluster that stands in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use reseed::event::{Body, StepOutcome};
use reseed::journal::{History, How};
use rustix::process::{Pid, Signal, kill_process};

use crate::standin::{CLUSTER, Cluster, NODES};

const CONFIRM: [&str; 2] = ["--confirm", CLUSTER];
/// One stand-in at a time: each needs the machine's attention.
pub static ALONE: Mutex<()> = Mutex::new(());

/// A cluster with a backup and other data, whose first node has hints that nobody delivers: so the
/// step `hints.settle` runs for `settle` seconds.
struct Scene {
    cluster: Cluster,
    _alone: std::sync::MutexGuard<'static, ()>,
}

fn told(out: &Output) -> String {
    format!("{:?}\n{}{}", out.status, String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

impl Scene {
    fn set(settle: u32) -> Option<Self> {
        let alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let cluster = Cluster::start()?;
        let yaml = fs::read_to_string(cluster.path("cluster.yaml")).unwrap();
        assert!(yaml.contains("settle: 0}"), "{yaml}");
        fs::write(cluster.path("cluster.yaml"), yaml.replace("settle: 0}", &format!("settle: {settle}s}}"))).unwrap();
        cluster.again();
        let scene = Self { cluster, _alone: alone };
        scene.ends(0, &["backup", "--tag", "good"]);
        fs::remove_dir_all(scene.cluster.path("state")).unwrap();
        (1..=NODES).for_each(|n| scene.cluster.fill(n, &format!("old {n}")));
        fs::write(scene.cluster.path("host1/hints/1.hints"), "x").unwrap();
        Some(scene)
    }

    fn out(&self, args: &[&str]) -> Output {
        self.cluster.reseed(args).output().unwrap()
    }

    #[track_caller]
    fn ends(&self, code: i32, args: &[&str]) -> String {
        let out = self.out(args);
        assert_eq!(out.status.code(), Some(code), "{args:?}: {}", told(&out));
        told(&out)
    }

    /// A restore that runs; what it says is in the file `err`.
    fn restore(&self) -> Child {
        let log = |name| fs::File::create(self.cluster.path(name)).unwrap();
        let mut command = self.cluster.reseed(&[&["restore", "good"][..], &CONFIRM].concat());
        command.stdout(log("out")).stderr(log("err")).spawn().unwrap()
    }

    fn said(&self) -> String {
        fs::read_to_string(self.cluster.path("err")).unwrap()
    }

    fn run(&self) -> Option<PathBuf> {
        let runs = fs::read_dir(self.cluster.path("state/stand-in")).ok()?;
        runs.flatten().map(|run| run.path()).filter(|path| path.join("journal.jsonl").exists()).max()
    }

    fn id(&self) -> String {
        self.run().unwrap().file_name().unwrap().to_str().unwrap().to_owned()
    }

    fn history(&self) -> Option<History> {
        History::read(&self.run()?.join("journal.jsonl")).ok()
    }

    /// Waits until the journal holds such an event.
    #[track_caller]
    fn until(&self, what: &str, is: impl Fn(&Body) -> bool) {
        self.wait(what, || self.history().is_some_and(|history| history.events().any(|event| is(&event.body))));
    }

    #[track_caller]
    fn wait(&self, what: &str, so: impl Fn() -> bool) {
        let began = Instant::now();
        while !so() {
            assert!(began.elapsed() < Duration::from_mins(2), "{what}: {}", self.said());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Until the settling on the first host runs as a job.
    #[track_caller]
    fn until_it_settles(&self) {
        self.until(
            "hints.settle",
            |body| matches!(body, Body::StepStarted { id, .. } if id == "settle/hints.settle/cass1"),
        );
        self.wait("its job", || self.job("pid").exists());
    }

    fn job(&self, file: &str) -> PathBuf {
        let jobs = self.cluster.path("host1/reseed/stand-in").join(self.id());
        jobs.join("settle_hints.settle_cass1.1").join(file)
    }

    /// Goes on to the end, and nothing is missing.
    #[track_caller]
    fn goes_on(&self) {
        let run = self.id();
        self.ends(0, &[&["resume", &run][..], &CONFIRM].concat());
        self.cluster.assert_restored("resumed", &run);
    }
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

#[test]
fn the_first_ctrl_c_lets_what_runs_end_and_pauses_the_run() {
    let Some(scene) = Scene::set(6) else { return };
    let mut child = scene.restore();
    scene.until_it_settles();
    signal(&child, Signal::INT);
    assert_eq!(child.wait().unwrap().code(), Some(130), "{}", scene.said());
    let said = scene.said();
    assert!(said.contains("pausing when this has ended: hints.settle on cass1"), "{said}");
    assert!(said.contains(&format!("reseed resume {}", scene.id())), "{said}");
    assert!(fs::read_to_string(scene.job("rc")).unwrap().starts_with("0 "), "it was left to end");
    // the paused run keeps the cluster, also against a coordinator that knows nothing of it
    let other = scene.cluster.path("elsewhere");
    let out = scene.cluster.reseed_in(&other, &[&["restore", "good"][..], &CONFIRM].concat()).output().unwrap();
    assert_eq!(out.status.code(), Some(6), "{}", told(&out));
    assert!(told(&out).contains(&format!("reseed resume {}", scene.id())), "{}", told(&out));
    let here = scene.ends(6, &[&["restore", "good"][..], &CONFIRM].concat());
    assert!(here.contains("reseed rollback"), "{here}");
    scene.goes_on();
}

#[test]
fn the_second_ctrl_c_cancels_what_runs() {
    let Some(scene) = Scene::set(60) else { return };
    let mut child = scene.restore();
    scene.until_it_settles();
    signal(&child, Signal::INT);
    scene.wait("the first word", || scene.said().contains("pausing when"));
    signal(&child, Signal::TERM);
    assert_eq!(child.wait().unwrap().code(), Some(130), "{}", scene.said());
    assert!(scene.said().contains("cancelling: hints.settle on cass1"), "{}", scene.said());
    assert!(!scene.job("rc").exists() && scene.job("cancelled").exists(), "it did not come to its end");
    let ended = |body: &Body| {
        matches!(body, Body::StepFinished { id, outcome: StepOutcome::Failed, detail, .. }
        if id == "settle/hints.settle/cass1" && detail.contains("nothing of it runs any more"))
    };
    assert!(scene.history().unwrap().events().any(|event| ended(&event.body)));
    fs::remove_file(scene.cluster.path("host1/hints/1.hints")).unwrap();
    scene.goes_on();
}

#[test]
fn the_third_ctrl_c_leaves_at_once_and_the_job_goes_on() {
    let Some(scene) = Scene::set(8) else { return };
    let mut child = scene.restore();
    scene.until_it_settles();
    // whoever cannot be reached cannot be cancelled either: so the second one takes long
    let frozen = scene.cluster.freeze(1);
    for word in ["pausing when", "cancelling:"] {
        signal(&child, Signal::INT);
        scene.wait(word, || scene.said().contains(word));
    }
    signal(&child, Signal::INT);
    assert_eq!(child.wait().unwrap().code(), Some(130), "{}", scene.said());
    assert!(scene.said().contains("leaving; on the hosts goes on: hints.settle on cass1"), "{}", scene.said());
    drop(frozen);
    scene.goes_on();
}

#[test]
fn a_detached_run_does_not_end_with_its_terminal() {
    let Some(scene) = Scene::set(3) else { return };
    // a session of its own, as a terminal would have, that gets a hang-up when it is closed
    let args = [&["restore", "good", "--detach"][..], &CONFIRM].concat();
    let out = scene.out(&args);
    assert_eq!(out.status.code(), Some(0), "{}", told(&out));
    let said = told(&out);
    let pid: u32 =
        said.split("goes on in process ").nth(1).unwrap().split_whitespace().next().unwrap().parse().unwrap();
    assert!(said.contains(&format!("reseed status {} --follow", scene.id())), "{said}");
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let session = stat[stat.rfind(')').unwrap() + 1..].split_whitespace().nth(3).unwrap().to_owned();
    assert_eq!(session, pid.to_string(), "it leads a session of its own");
    let followed = scene.out(&["status", "--follow"]);
    assert!(followed.status.success(), "{}", told(&followed));
    assert!(told(&followed).contains("DONE"), "{}", told(&followed));
    scene.cluster.assert_restored("detached", &scene.id());
    // what cannot begin is told at once, by the process that was asked
    let refused = scene.out(&["restore", "good", "--detach", "--confirm", "Another"]);
    assert_eq!(refused.status.code(), Some(4), "{}", told(&refused));
}

#[test]
fn a_terminal_that_goes_pauses_the_run() {
    let Some(scene) = Scene::set(4) else { return };
    let mut child = scene.restore();
    scene.until_it_settles();
    signal(&child, Signal::HUP);
    assert_eq!(child.wait().unwrap().code(), Some(130), "{}", scene.said());
    scene.goes_on();
}

#[test]
fn a_coordinator_that_was_frozen_and_taken_over_does_nothing_when_it_wakes() {
    let Some(scene) = Scene::set(2) else { return };
    let mut old = scene.restore();
    scene.until_it_settles();
    signal(&old, Signal::STOP);
    let (run, other) = (scene.id(), scene.cluster.path("elsewhere"));
    copy(&scene.cluster.path("state"), &other);
    let resume = [&["resume", &run][..], &CONFIRM].concat();
    let at_once = scene.cluster.reseed_in(&other, &resume).output().unwrap();
    assert_eq!(at_once.status.code(), Some(6), "{}", told(&at_once));
    assert!(told(&at_once).contains("last sign of life"), "{}", told(&at_once));
    let began = Instant::now();
    let ended = loop {
        let out = scene.cluster.reseed_in(&other, &resume).output().unwrap();
        if out.status.code() != Some(6) || began.elapsed() > Duration::from_mins(3) {
            break out;
        }
        std::thread::sleep(Duration::from_secs(3));
    };
    assert!(ended.status.success(), "{}", told(&ended));
    scene.cluster.assert_restored("by the other", &run);
    let jobs =
        || scene.cluster.sh(1, &format!("ls {}", scene.cluster.path("here/reseed/stand-in").join(&run).display()));
    let before = jobs();
    signal(&old, Signal::CONT);
    assert_eq!(old.wait().unwrap().code(), Some(6), "{}", scene.said());
    assert!(scene.said().contains("another coordinator took over"), "{}", scene.said());
    assert_eq!(jobs(), before, "it started nothing");
    scene.cluster.assert_restored("after it woke", &run);
}

#[test]
fn a_run_whose_state_directory_is_lost_goes_on_from_what_the_hosts_keep() {
    let Some(scene) = Scene::set(2) else { return };
    let mut child = scene.restore();
    scene.until("a swap", |body| matches!(body, Body::StepFinished { step, .. } if step == "table.swap"));
    child.kill().unwrap();
    child.wait().unwrap();
    let run = scene.id();
    fs::remove_dir_all(scene.cluster.path("state")).unwrap();
    let status = scene.ends(0, &["status"]);
    assert!(status.contains(&run) && status.contains("quarantine"), "{status}");
    let resumed = scene.ends(0, &[&["resume"][..], &CONFIRM].concat());
    assert!(resumed.contains("is made anew from what the hosts keep"), "{resumed}");
    scene.cluster.assert_restored("rebuilt", &run);
}

#[test]
fn a_cluster_is_unlocked_only_when_its_coordinator_is_gone_and_a_run_that_is_given_up_frees_it() {
    let Some(scene) = Scene::set(60) else { return };
    let mut child = scene.restore();
    scene.until_it_settles();
    let held = scene.ends(6, &[&["unlock"][..], &CONFIRM].concat());
    assert!(held.contains("settle_hints.settle_cass1.1"), "its job is shown: {held}");
    child.kill().unwrap();
    child.wait().unwrap();
    fs::remove_file(scene.cluster.path("host1/hints/1.hints")).unwrap();
    scene.wait("the job's end", || scene.job("rc").exists());
    scene.ends(4, &["unlock"]);
    let freed = scene.ends(0, &[&["unlock"][..], &CONFIRM].concat());
    assert!(freed.contains("the run is paused"), "{freed}");
    let run = scene.id();
    scene.ends(4, &["abandon", &run]);
    let args = ["abandon", &run, "--override", "unfinished", "--reason", "a test"];
    let left = scene.ends(0, &[&args[..], &CONFIRM].concat());
    assert!(left.contains("cass1"), "{left}");
    assert_eq!(scene.history().unwrap().closed().unwrap().how, How::Abandoned);
    scene.ends(2, &[&["resume", &run][..], &CONFIRM].concat());
    assert!(scene.ends(0, &["status", "--output", "json"]).contains(r#""holder":null"#));
}

fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
}
