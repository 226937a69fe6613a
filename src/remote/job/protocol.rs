//! What the job scripts are given and what they answer; no I/O.

use std::sync::LazyLock;
use std::time::Duration;

use super::{Job, JobError, QUESTION, SCRIPTS};
use crate::digest::sha256;
use crate::name::HostName;
use crate::remote::frame::uptime;
use crate::remote::{Call, Reply};
use crate::script::{Library, Rendered, Script};

const SUPERVISE: &str = include_str!("../job_supervise.sh");
/// The exit code of a script that answers otherwise than was asked: of anything but a job that ended with 0
/// (`job_wait.sh`), of another holder (`job_fence.sh`).
pub(crate) const OTHERWISE: i32 = 3;
/// How much later than its ceiling a waiting call may answer.
const GRACE: Duration = Duration::from_secs(30);
/// How long the fence may be locked (as `job_fence.sh` has it).
const LOCKED: Duration = Duration::from_secs(30);
/// From TERM to KILL,
const TERM: Duration = Duration::from_secs(5);
/// and with the time to see what that did.
pub(super) const KILLING: Duration = Duration::from_secs(8);

/// Why a job is lost that was cancelled, as `job_look.sh` has it,
pub(in crate::remote) const CANCELLED: &str = "it was cancelled";
/// and one that was cancelled before it began.
pub(in crate::remote) const NEVER_BEGAN: &str = "it was cancelled before it began";

pub(super) static LIBRARY: LazyLock<Library> = LazyLock::new(|| Library::of(SCRIPTS));

/// How far a job says it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// So much is done,
    pub done: u64,
    /// of so much (0: not known),
    pub total: u64,
    /// of these, such as `bytes`.
    pub unit: String,
    /// As the job wrote it.
    pub(super) line: String,
}

impl Progress {
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.splitn(3, ' ');
        let done = words.next()?.parse().ok()?;
        let total = words.next()?.parse().ok()?;
        Some(Self { done, total, unit: words.next().unwrap_or_default().trim().to_owned(), line: line.to_owned() })
    }
}

/// A job's state, told from its files alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Nothing is there.
    Absent,
    /// Its directory is there but no process yet.
    Claimed,
    /// It runs; its latest progress.
    Running(Option<Progress>),
    /// It ended; its latest progress.
    Finished(Reply, Option<Progress>),
    /// It was started and is gone without an exit code; why that is thought.
    Lost(String),
}

/// Refuses what could leave the root directory.
pub(super) fn check(host: &HostName, job: &Job) -> Result<(), JobError> {
    let safe = |word: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.@+=".contains(c);
        !word.is_empty() && !word.starts_with(['.', '-']) && word.chars().all(plain)
    };
    if job.root.starts_with('/') && safe(&job.run) && safe(&job.step) {
        return Ok(());
    }
    Err(refused(host, job, "its directory's name is not fit for a path".into()))
}

/// Names one job with one script: run, step, attempt and what it runs.
fn token(job: &Job) -> String {
    format!("{} {} {} {}", job.run, job.step, job.attempt, sha256(job.script.text()))
}

pub(super) fn launch(job: &Job, ceiling: Duration, seen: &str) -> Call {
    let script = Script::new("job.launch")
        .var("ACT", &job.script.name)
        .var("ACT_TEXT", job.script.text())
        .var("EPOCH", job.epoch)
        .var("SUPERVISE", SUPERVISE);
    call(script, job, ceiling, LOCKED, seen)
}

pub(super) fn wait(job: &Job, ceiling: Duration, seen: &str) -> Call {
    call(Script::new("job.wait"), job, ceiling, Duration::ZERO, seen)
}

pub(super) fn cancel(job: &Job) -> Call {
    let script = Script::new("job.cancel")
        .var("EPOCH", job.epoch)
        .var("GRACE", TERM.as_secs())
        .var("LAST", KILLING.saturating_sub(TERM).as_secs());
    // a supervisor that sees the mark before it begins needs a moment
    call(script, job, Duration::from_secs(1), LOCKED + KILLING, "")
}

/// The same, and what runs behind it when it tells of a job that ended with 0.
pub(super) fn followed_by(call: Call, then: Option<&Rendered>) -> Call {
    let limit = call.limit + then.map_or(Duration::ZERO, |_| QUESTION);
    Call { then: then.cloned(), limit, ..call }
}

fn hundredths(time: Duration) -> u128 {
    time.as_millis() / 10
}

fn call(script: Script, job: &Job, ceiling: Duration, before: Duration, seen: &str) -> Call {
    let script = script
        .var("ROOT", &job.root)
        .var("JOB", format!("{}.{}", job.step, job.attempt))
        .var("TOKEN", token(job))
        .var("WAIT", hundredths(ceiling))
        .var("SEEN", seen);
    let script = LIBRARY.render(&script).expect("the job scripts are embedded");
    Call::new(script, &job.run, before + ceiling + GRACE)
}

/// The state in an answer.
pub(super) fn read(host: &HostName, job: &Job, mut reply: Reply) -> Result<State, JobError> {
    if ![0, OTHERWISE].contains(&reply.rc) {
        let why = reply.stderr.lines().last().unwrap_or("it gave no reason").to_owned();
        return Err(refused(host, job, why));
    }
    let (head, out) = reply.stdout.split_once('\n').unwrap_or((reply.stdout.as_str(), ""));
    let (word, rest) = head.split_once(' ').unwrap_or((head, ""));
    match word {
        "absent" => Ok(State::Absent),
        "claimed" => Ok(State::Claimed),
        "running" => Ok(State::Running(Progress::parse(rest))),
        "lost" => Ok(State::Lost(rest.to_owned())),
        "fenced" => {
            let (epoch, who) = rest.split_once(' ').unwrap_or((rest, "nobody"));
            Err(JobError::Fenced { host: host.clone(), by: format!("{who} (epoch {epoch})") })
        }
        "refused" => Err(refused(host, job, format!("its directory holds another job: {rest}"))),
        "finished" => {
            let mut words = rest.splitn(4, ' ');
            let rc = words.next().and_then(|rc| rc.parse().ok());
            let (from, to) = (uptime(words.next()), uptime(words.next()));
            let Some(rc) = rc else { return Ok(State::Lost(format!("its exit code reads {rest:?}"))) };
            let progress = Progress::parse(words.next().unwrap_or_default());
            let (stdout, stderr) = (out.to_owned(), std::mem::take(&mut reply.stderr));
            let (remote, then) = (to.saturating_sub(from), reply.then.take());
            Ok(State::Finished(Reply { rc, stdout, stderr, remote, then }, progress))
        }
        _ => Err(refused(host, job, format!("the host answered {head:?}"))),
    }
}

fn refused(host: &HostName, job: &Job, why: String) -> JobError {
    JobError::Refused { host: host.clone(), job: job.directory(), why }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_name_that_could_leave_the_root_is_refused() {
        let script = Rendered { name: "x".into(), vars: BTreeMap::new(), body: "".into() };
        let (limit, channel) = (Duration::ZERO, Duration::ZERO);
        let host = HostName::parse("h1").unwrap();
        for (root, run, step) in [("/r", "..", "s"), ("/r", "r", "a/b"), ("r", "r", "s"), ("/r", "", "s")] {
            let (root, run, step) = (root.into(), run.into(), step.into());
            let job = Job {
                root,
                run,
                step,
                attempt: 1,
                epoch: 0,
                script: script.clone(),
                then: None,
                limit,
                channel,
                silence: limit,
            };
            assert!(matches!(check(&host, &job), Err(JobError::Refused { .. })), "{job:?}");
        }
    }
}
