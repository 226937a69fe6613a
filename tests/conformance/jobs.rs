//! Jobs: started once, answered whole, and told apart when they end badly.

use std::path::Path;
use std::time::Duration;

use reseed::remote::job::{Job, JobError, State};
use reseed::remote::{Call, Transport};

use super::{call, exec, host, job, rendered, run, running};

/// Ends when the test says so.
const UNTIL_TOLD: &str = "until [ -e \"$WHERE/go\" ] || [ ! -d \"$WHERE\" ]; do sleep 0.1; done";

pub async fn a_job_answers_with_its_output_and_code<T: Transport>(t: &T) {
    let dir = tempfile::tempdir().unwrap();
    let reply =
        run(t, &job(dir.path(), "echo out; printf 'no newline'; echo err >&2; sleep 0.3; exit 7")).await.unwrap();
    assert_eq!((reply.rc, reply.stdout.as_str()), (7, "out\nno newline"));
    assert_eq!(reply.stderr.lines().last(), Some("err"));
    assert!(reply.remote >= Duration::from_millis(250), "{reply:?}");
}

pub async fn a_job_sees_its_run_and_its_directory_and_no_stdin<T: Transport>(t: &T) {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let job = job(dir.path(), "echo \"$RESEED_RUN $RESEED_JOB $RESEED_PROGRESS $#\"; read -r x || echo none; pwd");
    let at = job.directory();
    assert_eq!(run(t, &job).await.unwrap().stdout, format!("run-1 {at} {at}/progress 0\nnone\n/\n"));
    assert_eq!(std::fs::metadata(&at).unwrap().permissions().mode() & 0o777, 0o700);
}

pub async fn a_job_is_never_started_twice<T: Transport>(t: &T) {
    let dir = tempfile::tempdir().unwrap();
    let first = job(dir.path(), "echo ran >>\"$WHERE/count\"; echo said");
    let host = host();
    assert_eq!(job::look(t, &host, &first).await.unwrap(), State::Absent);
    let reply = run(t, &first).await.unwrap();
    assert_eq!(run(t, &first).await.unwrap(), reply);
    assert_eq!(job::look(t, &host, &first).await.unwrap(), State::Finished(reply, None));
    assert_eq!(std::fs::read_to_string(dir.path().join("count")).unwrap(), "ran\n");
    run(t, &Job { attempt: 2, ..first }).await.unwrap();
    assert_eq!(std::fs::read_to_string(dir.path().join("count")).unwrap(), "ran\nran\n");
}

pub async fn jobs_launched_at_once_start_once<T: Transport>(t: &T) {
    let dir = tempfile::tempdir().unwrap();
    let job = job(dir.path(), "echo ran >>\"$WHERE/count\"; sleep 0.2; echo said");
    let (a, b, c) = tokio::join!(run(t, &job), run(t, &job), run(t, &job));
    assert_eq!((a.as_ref(), b.as_ref()), (b.as_ref(), c.as_ref()));
    assert_eq!(a.unwrap().stdout, "said\n");
    assert_eq!(std::fs::read_to_string(dir.path().join("count")).unwrap(), "ran\n");
}

pub async fn jobs_that_are_the_first_of_their_run_do_not_hinder_each_other<T: Transport>(t: &T) {
    let dir = tempfile::tempdir().unwrap();
    let of = |step: &str| Job { step: step.into(), ..job(dir.path(), "echo said") };
    let jobs = [of("one"), of("two"), of("three")];
    let replies = tokio::join!(run(t, &jobs[0]), run(t, &jobs[1]), run(t, &jobs[2]));
    for reply in [replies.0, replies.1, replies.2] {
        assert_eq!(reply.unwrap().stdout, "said\n");
    }
}

pub async fn another_script_under_the_same_name_is_refused<T: Transport>(t: &T) {
    let dir = tempfile::tempdir().unwrap();
    run(t, &job(dir.path(), "echo one")).await.unwrap();
    let error = run(t, &job(dir.path(), "echo two >\"$WHERE/two\"")).await.unwrap_err();
    assert!(matches!(&error, JobError::Refused { why, .. } if why.contains("another job")), "{error}");
    assert!(!dir.path().join("two").exists());
}

pub async fn a_job_that_cannot_be_written_is_refused<T: Transport>(t: &T) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("jobs"), "a file is in the way").unwrap();
    let error = run(t, &job(dir.path(), "echo two >\"$WHERE/two\"")).await.unwrap_err();
    assert!(matches!(&error, JobError::Refused { why, .. } if why.contains("cannot make")), "{error}");
    assert!(!dir.path().join("two").exists());
}

pub async fn only_the_end_of_a_long_output_is_returned<T: Transport>(t: &T) {
    let dir = tempfile::tempdir().unwrap();
    let body = "head -c 5000000 /dev/zero | tr '\\0' x; head -c 200000 /dev/zero >&2; echo end >&2; printf end";
    let reply = run(t, &job(dir.path(), body)).await.unwrap();
    assert_eq!((reply.stdout.len(), reply.rc), (1 << 20, 0));
    assert!(reply.stdout.ends_with("xend") && reply.stderr.ends_with("end\n"));
    assert!((64 << 10..65 << 10).contains(&reply.stderr.len()), "{}", reply.stderr.len());
}

pub async fn a_job_reports_progress_while_it_runs<T: Transport>(t: &T) {
    let dir = tempfile::tempdir().unwrap();
    // Each step waits until the one before was told.
    let body = "for n in 1 2 3; do echo \"$n 3 files\" >>\"$RESEED_PROGRESS\"; \
        until [ -e \"$WHERE/$n\" ]; do sleep 0.1; done; done";
    let mut told = Vec::new();
    let job = job(dir.path(), body);
    let tell = |p: job::Progress| {
        assert_eq!((p.total, p.unit.as_str()), (3, "files"));
        std::fs::write(dir.path().join(p.done.to_string()), "").unwrap();
        told.push(p.done);
    };
    job::run(t, &host(), &job, tell).await.unwrap();
    told.dedup();
    assert_eq!(told, [1, 2, 3]);
}

pub async fn a_job_over_its_limit_is_said_to_run_still<T: Transport>(t: &T) {
    let dir = tempfile::tempdir().unwrap();
    let mut job = job(dir.path(), &format!("{UNTIL_TOLD}; echo late"));
    job.limit = Duration::from_millis(300);
    let error = run(t, &job).await.unwrap_err();
    assert!(matches!(error, JobError::TimedOut { .. }), "{error}");
    assert_eq!(job::look(t, &host(), &job).await.unwrap(), State::Running(None));
    job.limit = Duration::from_secs(20);
    std::fs::write(dir.path().join("go"), "").unwrap();
    assert_eq!(run(t, &job).await.unwrap().stdout, "late\n");
}

pub async fn a_killed_job_is_lost_not_failed<T: Transport>(t: &T) {
    let dir = tempfile::tempdir().unwrap();
    let mut job = job(dir.path(), "sleep 30");
    let pid = running(t, &mut job).await;
    let group = std::process::Command::new("kill").args(["-s", "KILL", "--", &format!("-{pid}")]).status().unwrap();
    assert!(group.success());
    let error = run(t, &job).await.unwrap_err();
    assert!(matches!(&error, JobError::Lost { why, .. } if why.contains("process is gone")), "{error}");
}

pub async fn a_job_whose_supervisor_alone_was_killed_counts_as_running<T: Transport>(t: &T) {
    let dir = tempfile::tempdir().unwrap();
    let mut job = job(dir.path(), UNTIL_TOLD);
    let pid = running(t, &mut job).await;
    assert!(std::process::Command::new("kill").args(["-KILL", &pid]).status().unwrap().success());
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(job::look(t, &host(), &job).await.unwrap(), State::Running(None));
    std::fs::write(dir.path().join("go"), "").unwrap();
    assert!(matches!(run(t, &job).await, Err(JobError::Lost { .. })));
}

pub async fn a_job_of_an_earlier_boot_is_lost<T: Transport>(t: &T) {
    let dir = tempfile::tempdir().unwrap();
    let mut job = job(dir.path(), UNTIL_TOLD);
    let pid = running(t, &mut job).await;
    std::fs::write(format!("{}/pid", job.directory()), format!("{pid} 1 another-boot\n")).unwrap();
    let error = run(t, &job).await.unwrap_err();
    assert!(matches!(&error, JobError::Lost { why, .. } if why.contains("restarted")), "{error}");
    std::fs::write(dir.path().join("go"), "").unwrap();
}

pub async fn a_claim_without_a_process_is_seen_as_claimed<T: Transport>(t: &T) {
    let dir = tempfile::tempdir().unwrap();
    let mut job = job(dir.path(), "echo ran >\"$WHERE/ran\"");
    std::fs::create_dir_all(job.directory()).unwrap();
    assert_eq!(job::look(t, &host(), &job).await.unwrap(), State::Claimed);
    job.limit = Duration::from_millis(200);
    assert!(matches!(run(t, &job).await, Err(JobError::TimedOut { .. })));
    assert!(!dir.path().join("ran").exists());
}

pub async fn a_job_that_prints_without_end_takes_little_of_the_disk<T: Transport>(t: &T) {
    use std::os::unix::fs::MetadataExt;
    let dir = tempfile::tempdir().unwrap();
    // Half a gigabyte in all. What is printed while the job's watcher cuts is lost: the last words come when it has.
    let body = "echo begins; echo begins >&2; n=0; \
        while [ $n -lt 10 ]; do head -c 50000000 /dev/zero; head -c 1000000 /dev/zero >&2; sleep 0.3; n=$((n + 1)); done; \
        sleep 1.5; echo ends; echo ends >&2; exit 3";
    let one = job(dir.path(), body);
    let size = || -> u64 {
        let files = std::fs::read_dir(one.directory()).into_iter().flatten().flatten();
        files.filter_map(|file| Some(file.metadata().ok()?.blocks() * 512)).sum()
    };
    let watch = async {
        let mut most = 0;
        loop {
            tokio::select! {
                reply = run(t, &one) => break (reply.unwrap(), most),
                () = async { loop { most = most.max(size()); tokio::time::sleep(Duration::from_millis(20)).await; } } => {}
            }
        }
    };
    let (reply, most) = watch.await;
    println!("at most {} MB", most / 1_000_000);
    assert!(most < 250_000_000, "{most}");
    assert_eq!((reply.rc, reply.stdout.len()), (3, 1 << 20));
    assert!(reply.stdout.ends_with("ends\n") && reply.stderr.ends_with("ends\n"));
    assert!((64 << 10..65 << 10).contains(&reply.stderr.len()), "{}", reply.stderr.len());
    let first = std::fs::read(Path::new(&one.directory()).join("out.first")).unwrap();
    assert!(first.starts_with(b"begins\n") && first.len() == 64 << 10);
    let after = size();
    assert!(after < 110_000_000, "{after}");
}

pub async fn a_job_whose_children_hold_its_output_ends_when_it_ends<T: Transport>(t: &T) {
    let dir = tempfile::tempdir().unwrap();
    let one = job(dir.path(), "sleep 20 & setsid sleep 20 & echo said; exit 4");
    let began = std::time::Instant::now();
    let reply = run(t, &one).await.unwrap();
    assert_eq!((reply.rc, reply.stdout.as_str()), (4, "said\n"));
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

/// The clock of a host cannot be set here; but nothing asks for it, so a `date` that jumps by years
/// between two calls (and a job's files dated to the past) change nothing.
pub async fn no_state_is_told_by_the_clock<T: Transport>(t: &T) {
    let dir = tempfile::tempdir().unwrap();
    let mut one = job(dir.path(), &format!("{UNTIL_TOLD}; echo done"));
    running(t, &mut one).await;
    for year in ["199001010000", "203801010000"] {
        exec(t, &format!("touch -t {year} {0} {0}/*", one.directory())).await;
        assert_eq!(job::look(t, &host(), &one).await.unwrap(), State::Running(None));
    }
    std::fs::write(dir.path().join("go"), "").unwrap();
    assert_eq!(run(t, &one).await.unwrap().stdout, "done\n");
    for (name, body) in job::SCRIPTS {
        assert!(!body.contains("date") && !body.contains("-newer") && !body.contains("-nt"), "{name} asks for a clock");
    }
}

/// What runs behind another script has nothing of it, ends the call only when it ends, and the two answers do not mix.
pub async fn what_is_asked_behind_a_script_answers_for_itself<T: Transport>(t: &T) {
    let first = "left=over; cd /tmp; trap 'echo trapped' EXIT; printf one; echo err one >&2";
    // longer than a channel may be held open when all was said
    let second = "printf '%s' \"two ${left-nothing} $RESEED_RUN\"; sleep 1.5; cat; echo err two >&2; exit 4";
    let reply = t.exec(&host(), Call { then: Some(rendered(second, &[])), ..call(first) }).await.unwrap();
    let then = reply.then.expect("it ran");
    assert_eq!((reply.rc, reply.stdout.as_str()), (0, "onetrapped\n"));
    assert_eq!((then.rc, then.stdout.as_str()), (4, "two nothing run-1"));
    assert_eq!((reply.stderr.lines().last(), then.stderr.as_str()), (Some("err one"), "err two\n"));
    assert!(!reply.stderr.contains("err two"), "{}", reply.stderr);
    assert!(reply.remote < Duration::from_secs(1) && then.remote >= Duration::from_secs(1), "{then:?}");
    let failed = t.exec(&host(), Call { then: Some(rendered(second, &[])), ..call("exit 5") }).await.unwrap();
    assert_eq!((failed.rc, failed.then), (5, None));
    // whose stderr it is cannot be told when only its end is kept
    for (first, second, told) in
        [("head -c 700000 /dev/zero >&2", "echo two", true), ("echo one", "head -c 700000 /dev/zero >&2", false)]
    {
        let loud = Call { then: Some(rendered(second, &[])), ..call(first) };
        let reply = t.exec(&host(), loud).await.unwrap();
        assert_eq!((reply.rc, reply.then.is_some()), (0, told), "{second}");
    }
}

/// Each look counts itself; the job ends after several of the calls that wait for it.
pub async fn what_looks_at_a_job_runs_when_it_has_ended_well_and_each_time_it_is_asked<T: Transport>(t: &T) {
    let dir = tempfile::tempdir().unwrap();
    let body = "echo x >>\"$WHERE/looks\"; echo \"$(cat \"$WHERE/did\") $(wc -l <\"$WHERE/looks\") ${dir-} ${state-}\"";
    let look = rendered(body, &[("WHERE", dir.path().to_str().unwrap())]);
    let mut well = job(dir.path(), "sleep 1.5; echo it >>\"$WHERE/did\"; echo said");
    well.then = Some(look.clone());
    well.channel = Duration::from_millis(300);
    for looks in 1..=2 {
        let reply = run(t, &well).await.unwrap();
        assert_eq!(reply.stdout, "said\n");
        let seen = reply.then.expect("it ran").stdout;
        assert_eq!(seen.split_whitespace().collect::<Vec<_>>(), ["it", &looks.to_string()], "the job ran once");
    }
    let badly = Job { step: "badly".into(), then: Some(look), ..job(dir.path(), "exit 7") };
    let reply = run(t, &badly).await.unwrap();
    assert_eq!((reply.rc, reply.then), (7, None));
}
