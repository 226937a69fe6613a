//! The conformance suite on this machine, under each shell that is here, and what is particular to
//! the fake transport. The sshd tier runs the same suite over a real server.

#![expect(clippy::print_stdout, reason = "tests tell what they skip and what they measured")]

mod conformance;
#[path = "conformance/session.rs"]
mod session;

use std::path::{Path, PathBuf};
use std::time::Duration;

use conformance::{call, host, job, run};
use reseed::inventory::Become;
use reseed::remote::fake::{self, FakeTransport};
use reseed::remote::job::{self as jobs, Cancelled, Job, JobError, State};
use reseed::remote::local::LocalTransport;
use reseed::remote::{Reply, Transport, TransportError};

/// A transport whose `sh` is `program`, by a link of that name in front of PATH.
fn under(program: &str) -> Option<(LocalTransport, tempfile::TempDir)> {
    let path = std::env::var("PATH").unwrap_or_default();
    let Some(found) = path.split(':').map(|dir| PathBuf::from(dir).join(program)).find(|file| file.exists()) else {
        println!("skipped under {program}: it is not on PATH");
        return None;
    };
    let dir = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(found, dir.path().join("sh")).unwrap();
    Some((LocalTransport::default().with_path(dir.path()), dir))
}

conformance!(under_dash, super::under("dash"));
conformance!(under_bash, super::under("bash"));
conformance!(under_busybox, super::under("busybox"));

#[tokio::test]
async fn the_end_of_a_job_wakes_whoever_started_it() {
    for shell in ["dash", "bash", "busybox"] {
        let Some((transport, bin)) = under(shell) else { continue };
        // a nap of a shell that polls would outlast the call; the watcher's do not
        put(&bin.path().join("sleep"), "[ \"$1\" = 0.5 ] || set -- 300\nexec /bin/sleep \"$@\"");
        let dir = tempfile::tempdir().unwrap();
        for (step, body) in [("short", "exit 7"), ("long", "/bin/sleep 1.2; exit 7")] {
            let one = Job { step: step.into(), ..job(dir.path(), body) };
            assert_eq!(run(&transport, &one).await.unwrap().rc, 7, "{step} under {shell}");
        }
    }
}

/// What cannot be woken polls: as nobody wakes it, it would be as late as the job otherwise.
#[tokio::test]
async fn a_shell_that_no_tick_can_reach_comes_back_in_time() {
    for shell in ["dash", "bash", "busybox"] {
        let Some((_, bin)) = under(shell) else { continue };
        let real = bin.path().join("real");
        std::fs::create_dir(&real).unwrap();
        std::fs::rename(bin.path().join("sh"), real.join("sh")).unwrap();
        put(&bin.path().join("sh"), &format!("trap '' URG\nexec {}/sh \"$@\"", real.display()));
        let transport = LocalTransport::default().with_path(bin.path());
        let dir = tempfile::tempdir().unwrap();
        let long = Job { limit: Duration::from_millis(500), ..job(dir.path(), "sleep 20") };
        let began = std::time::Instant::now();
        let error = run(&transport, &long).await.unwrap_err();
        assert!(matches!(error, JobError::TimedOut { .. }), "{shell}: {error}");
        assert!(began.elapsed() < Duration::from_secs(15), "{shell}: the job's own time");
        jobs::cancel(&transport, &host(), &long).await.unwrap();
    }
}

/// A program that is a shell script.
fn put(file: &Path, body: &str) {
    conformance::program::write(file, &format!("#!/bin/sh\n{body}\n"));
}

#[tokio::test]
async fn sudo_to_the_same_user_gives_the_same_answer() {
    let whoami = std::process::Command::new("id").arg("-un").output().unwrap();
    let user = String::from_utf8(whoami.stdout).unwrap().trim().to_owned();
    let sudo = std::process::Command::new("sudo").args(["-n", "-u", &user, "--", "true"]).output();
    if !sudo.is_ok_and(|out| out.status.success()) {
        println!("skipped: sudo -n does not work here");
        return;
    }
    let transport = LocalTransport::new(Become::Sudo(user.clone()));
    let mut call = call("id -un; printf %s \"$RESEED_SECRET\"");
    call.secret = reseed::remote::Secret::new("s3cret");
    assert_eq!(transport.exec(&host(), call).await.unwrap().stdout, format!("{user}\ns3cret"));
    conformance::a_job_answers_with_its_output_and_code(&transport).await;
    let denied =
        LocalTransport::new(Become::Sudo("no-such-user".into())).exec(&host(), conformance::call("true")).await;
    assert!(matches!(denied, Err(TransportError::Denied { .. })), "{denied:?}");
}

#[tokio::test]
async fn the_fake_sees_acts_by_their_own_name_and_runs_each_once() {
    let fake = FakeTransport::new(|_, call| {
        Ok(Reply { rc: 3, stdout: format!("{}\nx", call.script.vars["WHERE"]), ..Reply::default() })
    });
    let root = std::path::Path::new("/it's");
    let first = job(root, "true");
    for _ in 0..2 {
        let reply = run(&fake, &first).await.unwrap();
        assert_eq!((reply.rc, reply.stdout.as_str()), (3, "/it's\nx"));
    }
    assert!(matches!(run(&fake, &job(root, "false")).await, Err(JobError::Refused { .. })));
    let calls = fake.calls();
    assert_eq!(calls.len(), 1);
    assert_eq!((calls[0].name.as_str(), calls[0].job.as_deref()), ("test", Some("/it's/jobs/run-1/test.step.1")));
}

#[tokio::test]
#[ignore = "takes half a minute: for the campaign"]
async fn a_fence_that_stays_locked_refuses_the_job() {
    let dir = tempfile::tempdir().unwrap();
    let one = job(dir.path(), "echo ran >\"$WHERE/ran\"");
    std::fs::create_dir_all(&one.root).unwrap();
    let lock = std::fs::File::create(format!("{}/.fence", one.root)).unwrap();
    lock.lock().unwrap();
    let error = run(&LocalTransport::default(), &one).await.unwrap_err();
    assert!(matches!(&error, JobError::Refused { why, .. } if why.contains("locked")), "{error}");
    assert!(!dir.path().join("ran").exists() && !Path::new(&one.directory()).exists());
}

#[tokio::test]
async fn the_fake_has_a_fence_where_a_lease_was_taken() {
    let fake = FakeTransport::new(|_, _| Ok(Reply::default()));
    let ours = Job { epoch: 3, ..job(Path::new("/r"), "true") };
    fake.hold(&host(), 4, "ann@laptop");
    let error = run(&fake, &ours).await.unwrap_err();
    assert!(matches!(&error, JobError::Fenced { by, .. } if by == "ann@laptop (epoch 4)"), "{error}");
    assert!(matches!(jobs::cancel(&fake, &host(), &ours).await, Err(JobError::Fenced { .. })));
    assert_eq!(jobs::look(&fake, &host(), &ours).await.unwrap(), State::Absent);
    assert!(fake.calls().is_empty());
    fake.hold(&host(), 3, "us");
    assert_eq!(run(&fake, &ours).await.unwrap().rc, 0);
}

#[tokio::test(start_paused = true)]
async fn the_fake_can_lose_a_job_and_have_one_that_hangs_until_it_is_cancelled() {
    let fake = FakeTransport::new(|_, call| {
        let rc = if call.script.text().contains("lose") { fake::LOST } else { fake::HANGS };
        Ok(Reply { rc, ..Reply::default() })
    });
    let lost = Job { step: "lost".into(), ..job(Path::new("/r"), "lose") };
    assert!(matches!(run(&fake, &lost).await, Err(JobError::Lost { began: true, .. })));
    let hangs = job(Path::new("/r"), "hang");
    assert!(matches!(run(&fake, &hangs).await, Err(JobError::TimedOut { .. })));
    let cancel = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        jobs::cancel(&fake, &host(), &hangs).await
    };
    let (ran, cancelled) = tokio::join!(run(&fake, &hangs), cancel);
    assert!(matches!(&ran, Err(JobError::Lost { why, .. }) if why == "it was cancelled"), "{ran:?}");
    assert_eq!(cancelled.unwrap(), Cancelled::Killed);
    let never = Job { step: "never".into(), ..hangs };
    assert_eq!(jobs::cancel(&fake, &host(), &never).await.unwrap(), Cancelled::NeverBegan);
    assert!(matches!(run(&fake, &never).await, Err(JobError::Lost { began: false, .. })));
    assert_eq!(fake.calls().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_looks_at_a_job_and_does_not_answer_does_not_cost_the_jobs_end() {
    let fake = FakeTransport::new(|host, call| {
        if call.script.text().contains("hang") {
            return Err(TransportError::Timeout { host: host.clone(), limit: call.limit });
        }
        Ok(Reply { stdout: "done".into(), ..Reply::default() })
    });
    let looked_at = Job { then: Some(conformance::rendered("hang", &[])), ..job(Path::new("/r"), "true") };
    let reply = run(&fake, &looked_at).await.unwrap();
    assert_eq!((reply.stdout.as_str(), reply.then), ("done", None));
    assert_eq!(fake.calls().len(), 2, "the job and one look");
}

#[tokio::test(start_paused = true)]
async fn a_line_that_breaks_for_two_minutes_fails_no_job_and_a_host_that_stays_away_is_unknown() {
    let lost = |why: &str| TransportError::LinkLost { host: conformance::host(), why: why.into() };
    let cut = tokio::time::Instant::now();
    let fake = FakeTransport::new(move |host, _| match cut.elapsed().as_secs() {
        0..3 => Err(lost("cut")),
        3..120 => Err(TransportError::Unreachable { host: host.clone(), why: "no route".into() }),
        _ => Ok(Reply::default()),
    });
    let mut one = job(Path::new("/r"), "true");
    // shorter than the line is cut: a job that may have ended meanwhile is looked at before it is given up
    one.limit = Duration::from_secs(10);
    one.silence = Duration::from_mins(5);
    assert_eq!(run(&fake, &one).await.unwrap().rc, 0);

    let began = tokio::time::Instant::now();
    let fake = FakeTransport::new(move |_, _| Err(lost("gone")));
    let error = run(&fake, &one).await.unwrap_err();
    assert!(matches!(error, JobError::Transport(TransportError::LinkLost { .. })), "{error}");
    let given_up = began.elapsed();
    assert!((Duration::from_secs(289)..=one.silence).contains(&given_up), "{given_up:?}");
}
