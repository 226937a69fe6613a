//! The conformance suite on this machine, under each shell that is here, and what is particular to
//! the fake transport. The sshd tier runs the same suite over a real server.

#![expect(clippy::print_stdout, reason = "tests tell what they skip and what they measured")]

mod conformance;

use std::path::PathBuf;
use std::time::Duration;

use conformance::{call, host, job, run};
use reseed::inventory::Become;
use reseed::remote::fake::FakeTransport;
use reseed::remote::job::JobError;
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

#[tokio::test(start_paused = true)]
async fn a_lost_link_is_retried_to_the_limit_but_an_unreachable_host_is_not() {
    let host = host();
    let lost = |why: &str| TransportError::LinkLost { host: conformance::host(), why: why.into() };
    let count = std::sync::atomic::AtomicUsize::new(0);
    let fake = FakeTransport::new(move |_, _| match count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
        0..4 => Err(lost("gone")),
        _ => Ok(Reply::default()),
    });
    let one = job(std::path::Path::new("/r"), "true");
    assert_eq!(run(&fake, &one).await.unwrap().rc, 0);
    assert_eq!(fake.calls().len(), 5);

    let fake = FakeTransport::new(move |_, _| Err(lost("gone")));
    let error = run(&fake, &one).await.unwrap_err();
    assert!(matches!(error, JobError::Transport(TransportError::LinkLost { .. })), "{error}");

    let fake = FakeTransport::new(|host, _| Err(TransportError::Unreachable { host: host.clone(), why: "no".into() }));
    let started = tokio::time::Instant::now();
    assert!(reseed::remote::job::run(&fake, &host, &one, |_| {}).await.is_err());
    assert!(started.elapsed() < Duration::from_secs(1));
    assert_eq!(fake.calls().len(), 1);
}
