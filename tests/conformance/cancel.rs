//! Cancelling: what a job started is gone, what is to outlive it is not, and no stranger is touched.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use reseed::remote::Transport;
use reseed::remote::job::{Cancelled, Job, JobError, State};

use super::{alive, appears, host, job, run, running};

async fn cancel<T: Transport>(t: &T, one: &Job) -> Cancelled {
    job::cancel(t, &host(), one).await.unwrap()
}

/// Ends what a test left running on purpose.
fn kill(pid: &str) {
    assert!(Command::new("kill").args(["-KILL", "--", pid]).status().unwrap().success());
}

pub async fn a_cancelled_job_is_gone_with_all_that_it_started<T: Transport>(t: &T) {
    let dir = tempfile::tempdir().unwrap();
    // A child in the background, one in a pipe, one whose output is elsewhere.
    let body = "tail -f \"$WHERE\"/jobs/epoch-not >/dev/null 2>&1 </dev/null & \
        (sleep 300; echo \"$WHERE\") | sh -c 'tail -f \"$1\"' x \"$WHERE/x\" & : >\"$WHERE/x\"; sleep 300";
    let mut one = job(dir.path(), body);
    running(t, &mut one).await;
    assert!(alive(dir.path()) >= 3);
    assert_eq!(cancel(t, &one).await, Cancelled::Killed);
    assert_eq!(alive(dir.path()), 0);
    assert_eq!(job::look(t, &host(), &one).await.unwrap(), State::Lost("it was cancelled".into()));
    let error = run(t, &one).await.unwrap_err();
    assert!(matches!(error, JobError::Lost { began: true, .. }), "{error}");
    assert_eq!(cancel(t, &one).await, Cancelled::Killed);
}

pub async fn a_job_that_ignores_the_first_signal_is_killed<T: Transport>(t: &T) {
    let dir = tempfile::tempdir().unwrap();
    let body =
        "trap '' TERM; sh -c 'trap \"\" TERM; while :; do sleep 1; done' x \"$WHERE\" >/dev/null 2>&1 </dev/null";
    let mut one = job(dir.path(), body);
    running(t, &mut one).await;
    assert_eq!(cancel(t, &one).await, Cancelled::Killed);
    assert_eq!(alive(dir.path()), 0);
    assert_eq!(job::look(t, &host(), &one).await.unwrap(), State::Lost("it was cancelled".into()));
}

/// What the start steps do: `start_command` of the prelude.
const STARTS: &str = "RUN_AS=; start_command \": >'$WHERE/daemon'; tail -f '$WHERE/daemon' & echo \\$! >'$WHERE/pid'\"";

pub async fn cancelling_leaves_alone_what_has_a_session_of_its_own<T: Transport>(t: &T) {
    let dir = tempfile::tempdir().unwrap();
    let mut one = job(dir.path(), &format!("{STARTS}; sleep 300"));
    running(t, &mut one).await;
    appears(&dir.path().join("pid")).await;
    assert_eq!(cancel(t, &one).await, Cancelled::Killed);
    assert_eq!(alive(dir.path()), 1, "the daemon alone");
    kill(std::fs::read_to_string(dir.path().join("pid")).unwrap().trim());
}

pub async fn what_was_started_to_outlive_its_job_does_not_make_it_seem_to_run<T: Transport>(t: &T) {
    let dir = tempfile::tempdir().unwrap();
    let mut one = job(dir.path(), &format!("{STARTS}; : >\"$WHERE/ready\"; sleep 300"));
    let pid = running(t, &mut one).await;
    appears(&dir.path().join("ready")).await;
    // The supervisor's group dies, as when memory runs out; the daemon stays.
    kill(&format!("-{pid}"));
    let error = run(t, &one).await.unwrap_err();
    assert!(matches!(&error, JobError::Lost { why, .. } if why.contains("process is gone")), "{error}");
    assert_eq!(alive(dir.path()), 1, "the daemon alone");
    kill(std::fs::read_to_string(dir.path().join("pid")).unwrap().trim());
}

pub async fn a_job_that_ended_keeps_its_end_when_it_is_cancelled<T: Transport>(t: &T) {
    let dir = tempfile::tempdir().unwrap();
    let one = job(dir.path(), "echo said; exit 6");
    let reply = run(t, &one).await.unwrap();
    assert_eq!(cancel(t, &one).await, Cancelled::Ended(State::Finished(reply.clone(), None)));
    assert_eq!(run(t, &one).await.unwrap(), reply);
}

pub async fn a_job_cancelled_before_its_launch_arrives_never_begins<T: Transport>(t: &T) {
    let dir = tempfile::tempdir().unwrap();
    let one = job(dir.path(), "echo ran >\"$WHERE/ran\"");
    assert_eq!(cancel(t, &one).await, Cancelled::NeverBegan);
    let error = run(t, &one).await.unwrap_err();
    assert!(matches!(error, JobError::Lost { began: false, .. }), "{error}");
    assert_eq!(cancel(t, &one).await, Cancelled::NeverBegan);
    assert!(!dir.path().join("ran").exists());
    run(t, &Job { attempt: 2, ..one }).await.unwrap();
}

pub async fn a_supervisor_that_finds_itself_cancelled_does_not_begin<T: Transport>(t: &T) {
    let dir = tempfile::tempdir().unwrap();
    // Launched, but slow: the claim is there, the process not yet.
    let one = job(dir.path(), "echo ran >\"$WHERE/ran\"");
    run(t, &one).await.unwrap();
    let at = one.directory();
    for file in ["rc", "pid"] {
        std::fs::remove_file(format!("{at}/{file}")).unwrap();
    }
    std::fs::remove_file(dir.path().join("ran")).unwrap();
    assert_eq!(cancel(t, &one).await, Cancelled::NeverBegan);
    let late = Command::new("sh").arg(format!("{at}/supervise")).args([&at, "run-1"]).status().unwrap();
    assert!(!late.success());
    assert!(!dir.path().join("ran").exists());
    assert!(matches!(run(t, &one).await, Err(JobError::Lost { began: false, .. })));
}

pub async fn a_number_that_was_given_anew_is_never_signalled<T: Transport>(t: &T) {
    let dir = tempfile::tempdir().unwrap();
    let one = job(dir.path(), "true");
    run(t, &one).await.unwrap();
    let at = one.directory();
    std::fs::remove_file(format!("{at}/rc")).unwrap();
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    // A stranger's session now bears the number that the job's had: its leader lives, or is gone.
    let stranger = |text| {
        let mut stranger = Command::new("setsid");
        let mut child = stranger.args(["sh", "-c", text]).stdout(std::process::Stdio::piped()).spawn().unwrap();
        let mut word = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut word).unwrap();
        (child, word.trim().to_owned())
    };
    for leaderless in [false, true] {
        let (mut child, living) = stranger(if leaderless { "sleep 300 & echo $!" } else { "echo $$; exec sleep 300" });
        if leaderless {
            child.wait().unwrap();
        }
        std::fs::write(format!("{at}/pid"), format!("{} 7 {boot}", child.id())).unwrap();
        let answer = job::cancel(t, &host(), &one).await;
        if leaderless {
            // It may be ours for all that can be seen: not said to be gone, and not touched.
            assert!(matches!(answer, Err(JobError::TimedOut { .. })), "{answer:?}");
        } else {
            assert!(matches!(answer, Ok(Cancelled::Ended(State::Lost(_)))), "{answer:?}");
        }
        let stat = std::fs::read_to_string(format!("/proc/{living}/stat")).unwrap();
        assert!(!stat.contains(") Z "), "the stranger was killed");
        kill(&living);
        if !leaderless {
            child.wait().unwrap();
        }
    }
}

pub async fn the_rest_of_a_job_whose_supervisor_died_is_cancelled_too<T: Transport>(t: &T) {
    let dir = tempfile::tempdir().unwrap();
    let mut one = job(dir.path(), ": >\"$WHERE/x\"; tail -f \"$WHERE/x\"");
    let pid = running(t, &mut one).await;
    kill(&pid);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(job::look(t, &host(), &one).await.unwrap(), State::Running(None));
    assert_eq!(cancel(t, &one).await, Cancelled::Killed);
    assert_eq!(alive(dir.path()), 0);
    assert!(!Path::new(&one.directory()).join("rc").exists());
}
