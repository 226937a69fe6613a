//! The fence: jobs start only for the holder of the host's epoch.

use std::path::Path;
use std::time::Duration;

use reseed::remote::job::{Job, JobError};
use reseed::remote::{Call, Reply, Transport};

use super::{appears, call, host, job, rendered, run, running};

/// Makes `root`'s jobs those of a lease.
fn hold(job: &Job, epoch: &str) {
    std::fs::create_dir_all(&job.root).unwrap();
    std::fs::write(format!("{}/epoch", job.root), format!("{epoch}\n")).unwrap();
    std::fs::write(format!("{}/lease", job.root), "run=run-2\nowner=ann@laptop\npid=1\n").unwrap();
}

pub async fn only_the_holder_of_the_epoch_starts_a_job_and_the_others_hear_whose_it_is<T: Transport>(t: &T) {
    let dir = tempfile::tempdir().unwrap();
    let of = |epoch| Job { epoch, ..job(dir.path(), "echo ran >>\"$WHERE/count\"") };
    let fenced = |answer: Result<Reply, JobError>| match answer {
        Err(JobError::Fenced { by, .. }) => by,
        other => panic!("{other:?}"),
    };
    assert_eq!(fenced(run(t, &of(1)).await), "nobody (epoch 0)");
    hold(&of(2), "2");
    for epoch in [0, 1, 3] {
        assert_eq!(fenced(run(t, &of(epoch)).await), "ann@laptop, run run-2 (epoch 2)");
        assert!(matches!(job::cancel(t, &host(), &of(epoch)).await, Err(JobError::Fenced { .. })));
        assert!(!Path::new(&of(epoch).directory()).exists());
    }
    run(t, &of(2)).await.unwrap();
    // What is there already is only looked at, but not even that by the wrong one.
    run(t, &of(2)).await.unwrap();
    fenced(run(t, &of(1)).await);
    assert_eq!(std::fs::read_to_string(dir.path().join("count")).unwrap(), "ran\n");
}

pub async fn an_epoch_that_cannot_be_read_fits_nobody<T: Transport>(t: &T) {
    let dir = tempfile::tempdir().unwrap();
    let job = job(dir.path(), "echo ran >\"$WHERE/ran\"");
    for text in ["", "x", " ", "00"] {
        hold(&job, text);
        let error = run(t, &job).await.unwrap_err();
        assert!(matches!(error, JobError::Fenced { .. }), "{text:?}: {error}");
    }
    assert!(!dir.path().join("ran").exists());
}

pub async fn while_the_epoch_changes_no_job_of_the_old_one_starts<T: Transport>(t: &T) {
    let dir = tempfile::tempdir().unwrap();
    let of = |n: u32, epoch| Job { attempt: n, epoch, ..job(dir.path(), "echo ran") };
    hold(&of(0, 1), "1");
    // The old coordinator starts jobs one after the other; the new one takes over in between, and
    // sees under the lock what there is.
    let root = of(0, 1).root;
    let old = async {
        let mut started = vec![];
        for n in 1..=60 {
            match run(t, &of(n, 1)).await {
                Ok(_) => started.push(n),
                Err(error) => assert!(matches!(error, JobError::Fenced { .. }), "{error}"),
            }
        }
        started
    };
    let new = async {
        appears(Path::new(&of(5, 1).directory())).await;
        let text = "exec 9>>\"$ROOT/.fence\"; flock 9; echo 2 >\"$ROOT/epoch\"; ls \"$ROOT/run-1\"";
        let taken = t.exec(&host(), Call { script: rendered(text, &[("ROOT", &root)]), ..call("") }).await.unwrap();
        run(t, &of(100, 2)).await.unwrap();
        let mut found: Vec<u32> =
            taken.stdout.lines().map(|l| l.rsplit_once('.').unwrap().1.parse().unwrap()).collect();
        found.sort_unstable();
        found
    };
    let (started, found) = tokio::join!(old, new);
    assert_eq!(started, found, "what started, and what the new one saw");
    assert!(!started.is_empty() && started.len() < 60, "the race did not happen: {}", started.len());
    let all = std::fs::read_dir(format!("{root}/run-1")).unwrap().count();
    assert_eq!(all, found.len() + 1);
}

pub async fn what_a_job_starts_does_not_hold_the_fence<T: Transport>(t: &T) {
    let dir = tempfile::tempdir().unwrap();
    let mut one = job(dir.path(), "sleep 5 & start_as '' sleep 5 & sleep 5");
    running(t, &mut one).await;
    let lock = std::fs::File::open(format!("{}/.fence", one.root)).unwrap();
    lock.try_lock().unwrap();
    lock.unlock().unwrap();
    job::cancel(t, &host(), &one).await.unwrap();
}

pub async fn a_fence_that_is_locked_is_waited_for<T: Transport>(t: &T) {
    let dir = tempfile::tempdir().unwrap();
    let one = job(dir.path(), "echo ran >\"$WHERE/ran\"");
    std::fs::create_dir_all(&one.root).unwrap();
    let lock = std::fs::File::create(format!("{}/.fence", one.root)).unwrap();
    lock.lock().unwrap();
    let release = async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        let started = Path::new(&one.directory()).exists();
        lock.unlock().unwrap();
        started
    };
    let (ran, started) = tokio::join!(run(t, &one), release);
    assert!(!started);
    assert_eq!(ran.unwrap().rc, 0);
    assert!(dir.path().join("ran").exists());
}
