//! Jobs while the line, the server, the coordinator or the host's disk fail: each ends as it would have.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use reseed::remote::Transport;
use reseed::remote::job::{self as jobs, Cancelled, Job, JobError, State};
use reseed::remote::ssh::SshTransport;

use crate::conformance::{self, exec, host, job, run, until};
use crate::server::{Login, Server, limits};
use crate::started;

/// Counts its runs and says something when it may end.
const COUNTED: &str = "echo ran >>\"$WHERE/count\"; until [ -e \"$WHERE/go\" ]; do sleep 0.1; done; echo done";

fn once(dir: &Path) -> bool {
    std::fs::read_to_string(dir.join("count")).unwrap() == "ran\n"
}

fn go(dir: &Path) {
    std::fs::write(dir.join("go"), "").unwrap();
}

/// Ids of ssh masters whose configuration is in `directory`.
fn masters(directory: &str) -> Vec<String> {
    let with = |entry: &std::fs::DirEntry| {
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        line.starts_with(b"ssh") && String::from_utf8_lossy(&line).contains(directory)
    };
    let found = std::fs::read_dir("/proc").unwrap().flatten().filter(with);
    found.map(|entry| entry.file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn a_master_killed_during_a_job_is_made_anew_and_the_job_ends_as_if_nothing_was() {
    let Some(server) = Server::start("") else { return };
    let run_dir = tempfile::tempdir().unwrap();
    let transport = SshTransport::new(vec![server.host("h1", "root")], &limits(), Some(run_dir.path())).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let job = job(dir.path(), COUNTED);
    let kill = async {
        for _ in 0..2 {
            started(&job).await;
            tokio::time::sleep(Duration::from_millis(500)).await;
            let record = std::fs::read_to_string(run_dir.path().join("ssh-directory")).unwrap();
            until(|| masters(&record).len() == 1, "one master, and nothing else of it").await;
            let found = masters(&record);
            assert!(Command::new("kill").arg("-KILL").args(&found).status().unwrap().success());
        }
        go(dir.path());
    };
    let (reply, ()) = tokio::join!(run(&transport, &job), kill);
    assert_eq!(reply.unwrap().stdout, "done\n");
    assert!(once(dir.path()));
    transport.close().await;
}

#[tokio::test]
async fn a_server_killed_during_a_job_and_back_later_gives_the_jobs_end() {
    let Some(mut server) = Server::start("") else { return };
    let transport = server.transport();
    let dir = tempfile::tempdir().unwrap();
    let job = job(dir.path(), COUNTED);
    let kill = async {
        started(&job).await;
        server.signal("KILL");
        server.stop();
        go(dir.path());
        // It refuses connections meanwhile, and the job ends.
        tokio::time::sleep(Duration::from_secs(4)).await;
        server.resume();
    };
    let (reply, ()) = tokio::join!(run(&transport, &job), kill);
    assert_eq!(reply.unwrap().stdout, "done\n");
    assert!(once(dir.path()));
    transport.close().await;
}

#[tokio::test]
async fn a_server_frozen_during_a_job_and_thawed_later_gives_the_jobs_end() {
    let Some(server) = Server::start("") else { return };
    let transport = server.transport_connecting_for(Duration::from_secs(1));
    let dir = tempfile::tempdir().unwrap();
    let job = job(dir.path(), COUNTED);
    let freeze = async {
        started(&job).await;
        server.signal_all("STOP");
        go(dir.path());
        // Beyond the silence limit, so that the link is given up and attempts to connect fail.
        tokio::time::sleep(limits().silence * 3).await;
        server.signal_all("CONT");
        Instant::now()
    };
    let (reply, thawed) = tokio::join!(run(&transport, &job), freeze);
    println!("heard {:?} after the thaw", thawed.elapsed());
    assert_eq!(reply.unwrap().stdout, "done\n");
    assert!(once(dir.path()));
    transport.close().await;
}

/// A cable pulled for `time` while a job runs and ends.
async fn cut(time: Duration) {
    let Some(server) = Server::behind_a_cable() else { return };
    let transport = server.transport_connecting_for(Duration::from_secs(2));
    let dir = tempfile::tempdir().unwrap();
    let mut job = job(dir.path(), COUNTED);
    // a busy machine takes its time to connect once the cable is back
    job.silence = limits().silence + time * 2 + Duration::from_mins(1);
    let pull = async {
        started(&job).await;
        server.cable("down");
        go(dir.path());
        tokio::time::sleep(time).await;
        server.cable("up");
        Instant::now()
    };
    let (reply, back) = tokio::join!(run(&transport, &job), pull);
    println!("heard {:?} after the cable was back", back.elapsed());
    assert_eq!(reply.unwrap().stdout, "done\n");
    assert!(once(dir.path()));
    transport.close().await;
}

#[tokio::test]
async fn a_network_cut_beyond_the_silence_limit_fails_no_job() {
    cut(limits().silence * 3).await;
}

#[tokio::test]
#[ignore = "takes more than two minutes: for the campaign"]
async fn a_network_cut_for_two_minutes_fails_no_job() {
    cut(Duration::from_mins(2)).await;
}

#[tokio::test]
async fn a_network_that_stays_away_ends_in_an_unknown_job_that_can_be_found_later() {
    let Some(server) = Server::behind_a_cable() else { return };
    let transport = server.transport_connecting_for(Duration::from_secs(1));
    let dir = tempfile::tempdir().unwrap();
    let mut job = job(dir.path(), COUNTED);
    job.silence = Duration::from_secs(5);
    let pull = async {
        started(&job).await;
        server.cable("down");
    };
    let (answer, ()) = tokio::join!(run(&transport, &job), pull);
    let error = answer.unwrap_err();
    println!("{error}");
    assert!(matches!(error, JobError::Transport(_)), "{error}");
    server.cable("up");
    go(dir.path());
    assert_eq!(run(&transport, &job).await.unwrap().stdout, "done\n");
    assert!(once(dir.path()));
    transport.close().await;
}

#[tokio::test]
async fn a_cancel_over_a_line_that_breaks_is_carried_through() {
    let Some(server) = Server::start("") else { return };
    let transport = server.transport();
    let dir = tempfile::tempdir().unwrap();
    // Ignores the first signal, so that there is time to break the line.
    let job = job(dir.path(), "trap '' TERM; while :; do sleep 1; done");
    let host = host();
    tokio::select! {
        answer = run(&transport, &job) => panic!("{answer:?}"),
        () = started(&job) => {}
    }
    let cut = async {
        conformance::appears(&Path::new(&job.directory()).join("cancelled")).await;
        server.signal("KILL");
    };
    let (answer, ()) = tokio::join!(jobs::cancel(&transport, &host, &job), cut);
    assert_eq!(answer.unwrap(), Cancelled::Killed);
    assert_eq!(conformance::alive(dir.path()), 0);
    transport.close().await;
}

#[tokio::test]
async fn more_jobs_than_the_server_has_sessions_all_end() {
    let Some(server) = Server::start("MaxSessions 2") else { return };
    let transport = server.transport();
    let dir = tempfile::tempdir().unwrap();
    let of = |n: u32| Job { attempt: n, ..job(dir.path(), "sleep 1; echo done") };
    let jobs = [of(1), of(2), of(3), of(4)];
    let one = |n: usize| run(&transport, &jobs[n]);
    let replies = tokio::join!(one(0), one(1), one(2), one(3));
    for reply in [replies.0, replies.1, replies.2, replies.3] {
        assert_eq!(reply.unwrap().stdout, "done\n");
    }
    transport.close().await;
}

#[tokio::test]
async fn a_job_under_a_noisy_login_shell_answers_with_its_own_words_only() {
    let Some(server) = Server::start("") else { return };
    let noisy = "#!/bin/sh\necho finished 0 0 0; echo noise >&2; /bin/sh \"$@\"; rc=$?; echo running; exit $rc\n";
    let login = Login::with_script(noisy);
    let transport = server.transport_as(&login.name, |_| {});
    let job = job(login.home.path(), "echo out; echo err >&2; exit 9");
    let owner = Command::new("chown").arg(&login.name).arg(login.home.path()).status().unwrap();
    assert!(owner.success());
    let reply = run(&transport, &job).await.unwrap();
    assert_eq!((reply.rc, reply.stdout.as_str()), (9, "out\n"));
    transport.close().await;
}

/// A filesystem of 512 KiB.
struct Small(tempfile::TempDir);

impl Small {
    fn mount() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let options = ["-t", "tmpfs", "-o", "size=512k", "tmpfs"];
        assert!(Command::new("mount").args(options).arg(dir.path()).status().unwrap().success());
        Self(dir)
    }

    fn filler(&self) -> PathBuf {
        self.0.path().join("filler")
    }

    fn fill(&self) {
        let _ = std::fs::write(self.filler(), vec![b'x'; 1 << 20]);
        // To the last byte, whatever a first write left.
        let mut rest = Command::new("sh");
        rest.args(["-c", "cat /dev/zero >>\"$0\""]).arg(self.filler()).stderr(Stdio::null());
        assert!(!rest.status().unwrap().success());
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[tokio::test]
async fn a_full_disk_under_the_job_directory_refuses_the_job_and_starts_nothing() {
    let Some(server) = Server::start("") else { return };
    let transport = server.transport();
    let (small, dir) = (Small::mount(), tempfile::tempdir().unwrap());
    let mut job = job(dir.path(), "echo ran >\"$WHERE/ran\"");
    job.root = small.0.path().join("jobs").to_str().unwrap().to_owned();
    std::fs::create_dir(&job.root).unwrap();
    small.fill();
    let error = run(&transport, &job).await.unwrap_err();
    println!("{error}");
    assert!(matches!(error, JobError::Refused { .. }), "{error}");
    assert!(!dir.path().join("ran").exists());
    assert_eq!(jobs::look(&transport, &host(), &job).await.unwrap(), State::Absent);
    std::fs::remove_file(small.filler()).unwrap();
    assert_eq!(run(&transport, &job).await.unwrap().rc, 0);
    transport.close().await;
}

#[tokio::test]
async fn a_disk_that_fills_during_a_job_costs_its_output_but_not_its_end() {
    let Some(server) = Server::start("") else { return };
    let transport = server.transport();
    let (small, dir) = (Small::mount(), tempfile::tempdir().unwrap());
    let mut job = job(dir.path(), &format!("{COUNTED}; exit 7"));
    job.root = small.0.path().join("jobs").to_str().unwrap().to_owned();
    let fill = async {
        started(&job).await;
        small.fill();
        go(dir.path());
    };
    let (reply, ()) = tokio::join!(run(&transport, &job), fill);
    let reply = reply.unwrap();
    println!("{reply:?}");
    assert_eq!(reply.rc, 7);
    assert!(once(dir.path()));
    transport.close().await;
}

/// Not a test of its own: the coordinator that the next one kills.
#[tokio::test]
async fn coordinator() {
    let Ok(text) = std::env::var("SSHD_TIER_COORDINATOR") else { return };
    let [port, keys, dir] = text.split('|').collect::<Vec<_>>().try_into().unwrap();
    let host = Server::host_at(Path::new(keys), port.parse().unwrap());
    let transport = SshTransport::new(vec![host], &limits(), Some(Path::new(dir))).unwrap();
    let _ = run(&transport, &job(Path::new(dir), COUNTED)).await;
}

#[tokio::test]
async fn a_coordinator_that_is_killed_leaves_its_job_and_a_second_one_attaches() {
    let Some(server) = Server::start("") else { return };
    let dir = tempfile::tempdir().unwrap();
    let first = format!("{}|{}|{}", server.port, server.dir.path().display(), dir.path().display());
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "faults::coordinator"])
        .env("SSHD_TIER_COORDINATOR", first)
        .stdout(Stdio::null())
        .process_group(0)
        .spawn()
        .unwrap();
    let job = job(dir.path(), COUNTED);
    started(&job).await;
    child.kill().unwrap();
    child.wait().unwrap();
    let left = std::fs::read_to_string(dir.path().join("ssh-directory")).unwrap();
    assert_eq!(masters(&left).len(), 1, "the killed one's connection lives on");
    let second = SshTransport::new(vec![server.host("h1", "root")], &limits(), Some(dir.path())).unwrap();
    assert_eq!(jobs::look(&second, &host(), &job).await.unwrap(), State::Running(None));
    let attach = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        go(dir.path());
    };
    let (reply, ()) = tokio::join!(run(&second, &job), attach);
    assert_eq!(reply.unwrap().stdout, "done\n");
    assert!(once(dir.path()));
    assert_eq!(masters(&left).len(), 0, "its connection was ended");
    exec(&second, "true").await;
    second.close().await;
}
