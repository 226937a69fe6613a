//! Jobs: scripts that outlive the connection and the coordinator, each started at most once.
//!
//! Flow: [`run`] sends `job.launch`, which claims the job's directory on the host (`mkdir`), starts
//! a detached supervisor (`job_supervise.sh`) and waits in the same channel; as long as the job
//! runs, `job.wait` is sent again. The directory `ROOT/RUN/STEP.ATTEMPT/` (0700) holds `token`,
//! `script`, `pid` (number, start time, boot), `out`, `err`, `progress`, and at the end `rc`.
//! A state is told from these files alone, so any coordinator can look at any time. [`cancel`]
//! leaves `cancelled` there, ends the job's process group and proves that nothing of it lives.
//!
//! Invariants: a directory that exists is never started again, also when the launch is sent twice
//! because its answer was lost; another token in it (other script, other run) is refused; a job that
//! ended without leaving `rc` is [`State::Lost`], never taken for done or failed. While anything of
//! the supervisor's process group lives, the job counts as running. Jobs are claimed and cancelled
//! under a lock of the host, for the holder of its epoch only ([`Job::epoch`], `job_fence.sh`): what
//! an earlier coordinator started was there before the epoch changed, and later it starts nothing.
//!
//! A broken link is no failure of the job: waiting goes on, with a new connection, for as long as
//! the host may be out of reach ([`Job::silence`]).
//! Waiting happens on the host, inside one call of at most [`Job::channel`]: from here it would
//! cost two round trips each time. Whoever started the job there is woken by it; others poll.

mod protocol;
mod wrapped;

use std::time::Duration;

use tokio::time::Instant;

pub(crate) use self::protocol::OTHERWISE;
pub(super) use self::protocol::{CANCELLED, NEVER_BEGAN};
pub use self::protocol::{Progress, State};
pub(super) use self::wrapped::{Wish, answer, unwrap};
use super::retry::Patience;
use super::{Reply, Transport, TransportError};
use crate::name::HostName;
use crate::script::{Embedded, Rendered};

/// The protocol's own scripts.
pub const SCRIPTS: &[Embedded] = &[
    (
        "job.launch",
        concat!(
            include_str!("job_lives.sh"),
            include_str!("job_look.sh"),
            include_str!("job_fence.sh"),
            include_str!("job_session.sh"),
            include_str!("job_launch.sh"),
            include_str!("job_wait.sh")
        ),
    ),
    (
        "job.cancel",
        concat!(
            include_str!("job_lives.sh"),
            include_str!("job_look.sh"),
            include_str!("job_fence.sh"),
            include_str!("job_cancel.sh"),
            include_str!("job_wait.sh")
        ),
    ),
    ("job.wait", concat!(include_str!("job_lives.sh"), include_str!("job_look.sh"), include_str!("job_wait.sh"))),
];

/// A good value for [`Job::channel`].
pub const CHANNEL: Duration = Duration::from_secs(20);
/// A good value for [`Job::silence`].
pub const SILENCE: Duration = Duration::from_mins(5);
/// What one question about a host may take: a JVM on a node that is busy starting.
pub const QUESTION: Duration = Duration::from_mins(2);
/// A claim without a process after this long: its launcher died in between.
const CLAIM: Duration = Duration::from_secs(10);

/// One attempt of one step on one host.
#[derive(Debug, Clone)]
pub struct Job {
    /// Directory of all jobs of a cluster on the host: `REMOTE_DIR/SLUG`.
    pub root: String,
    /// The run's id.
    pub run: String,
    /// The step, fit for a file name.
    pub step: String,
    /// Counts from 1.
    pub attempt: u32,
    /// The epoch of the run's lease: a host whose epoch (the number in `ROOT/epoch`; none is 0) is
    /// another one neither starts nor cancels it.
    pub epoch: u64,
    /// What it runs; sees `$RESEED_RUN`, `$RESEED_JOB` (its directory) and `$RESEED_PROGRESS` (a
    /// file for lines `DONE TOTAL UNIT`).
    pub script: Rendered,
    /// What looks at what it did, right behind it, when it ended with 0; its answer is [`Reply::then`]. That may be
    /// missing, so whoever wants it asks for it itself then.
    pub then: Option<Rendered>,
    /// For the whole job.
    pub limit: Duration,
    /// For one waiting call: so often the link is proven alive. Progress is told sooner.
    pub channel: Duration,
    /// So long the host may be out of reach before the job's end counts as not known. (A call that is never answered
    /// over a line that lives is noticed by its limit only, which [`QUESTION`] is part of where there is a `then`.)
    pub silence: Duration,
}

impl Job {
    /// Its directory on the host.
    pub fn directory(&self) -> String {
        format!("{}/{}/{}.{}", self.root, self.run, self.step, self.attempt)
    }
}

/// Why a job's end is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JobError {
    /// The host could not be asked. If it was asked before, the job may run.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// It was started (or may have been) and is gone without an exit code.
    #[error("job {job} on {host} is lost: {why}")]
    Lost {
        /// The host.
        host: HostName,
        /// Its directory.
        job: String,
        /// What was seen.
        why: String,
        /// Whether any of its script may have run. If not, another attempt is as good as the first.
        began: bool,
    },
    /// It was not started.
    #[error("job {job} was not started on {host}: {why}")]
    Refused {
        /// The host.
        host: HostName,
        /// Its directory.
        job: String,
        /// What was seen.
        why: String,
    },
    /// The run's lease was taken over: this coordinator may not act any more.
    #[error("{host} is held by another coordinator now: {by}")]
    Fenced {
        /// The host.
        host: HostName,
        /// Who, as the host tells it.
        by: String,
    },
    /// It still runs.
    #[error("job {job} on {host} still runs after {} s", .limit.as_secs())]
    TimedOut {
        /// The host.
        host: HostName,
        /// Its directory.
        job: String,
        /// The limit that passed.
        limit: Duration,
    },
}

/// Starts the job, or attaches to it when it was started before, and waits for its end.
pub async fn run<T: Transport>(
    transport: &T,
    host: &HostName,
    job: &Job,
    mut progress: impl FnMut(Progress) + Send,
) -> Result<Reply, JobError> {
    protocol::check(host, job)?;
    let started = Instant::now();
    // A launch that is sent again only looks, should the first one have arrived.
    let mut confirmed = false;
    let mut patience = Patience::new(job.silence);
    let mut claimed: Option<Instant> = None;
    let mut then = job.then.as_ref();
    let mut seen = String::new();
    loop {
        let left = job.limit.saturating_sub(started.elapsed());
        let ceiling = job.channel.min(left);
        let call = if confirmed { protocol::wait(job, ceiling, &seen) } else { protocol::launch(job, ceiling, &seen) };
        let call = protocol::followed_by(call, then);
        let state = match transport.exec(host, call).await {
            Ok(reply) => protocol::read(host, job, reply)?,
            // it may be what runs behind the job that does not answer, and nothing is told of the job
            Err(TransportError::Timeout { .. }) if then.take().is_some() => continue,
            Err(error) => {
                patience.bear(error).await?;
                continue;
            }
        };
        confirmed = true;
        patience.answered();
        match state {
            State::Finished(reply, last) => {
                last.into_iter().for_each(&mut progress);
                return Ok(reply);
            }
            State::Lost(why) => return Err(lost(host, job, why)),
            State::Absent => return Err(lost(host, job, "its directory is gone".into())),
            State::Claimed if claimed.get_or_insert_with(Instant::now).elapsed() > CLAIM => {
                return Err(lost(host, job, "it was claimed but never started".into()));
            }
            State::Claimed => {}
            State::Running(line) => {
                if let Some(now) = line.filter(|now| now.line != seen) {
                    seen.clone_from(&now.line);
                    progress(now);
                }
            }
        }
        if started.elapsed() >= job.limit {
            return Err(JobError::TimedOut { host: host.clone(), job: job.directory(), limit: job.limit });
        }
    }
}

/// How a cancelled job stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cancelled {
    /// It had ended before, finished or lost; nothing was touched.
    Ended(State),
    /// It was ended, and nothing of it lives. What it did is to be looked at.
    Killed,
    /// It had not begun and now never will, even if its launch is still under way.
    NeverBegan,
}

/// Ends the job: TERM, after five seconds KILL, to all that it started and did not put into a
/// session of its own; then sees that nothing of that lives. May be repeated. What cannot be ended
/// is [`JobError::TimedOut`].
pub async fn cancel<T: Transport>(transport: &T, host: &HostName, job: &Job) -> Result<Cancelled, JobError> {
    protocol::check(host, job)?;
    // Also a host too busy to answer in time is asked again: what was begun goes on there.
    let mut patience = Patience::new(job.silence);
    let reply = loop {
        match transport.exec(host, protocol::cancel(job)).await {
            Ok(reply) => break reply,
            Err(error) => patience.bear(error).await?,
        }
    };
    match protocol::read(host, job, reply)? {
        State::Lost(why) if why == protocol::NEVER_BEGAN => Ok(Cancelled::NeverBegan),
        State::Lost(why) if why == protocol::CANCELLED => Ok(Cancelled::Killed),
        State::Running(_) | State::Claimed => {
            Err(JobError::TimedOut { host: host.clone(), job: job.directory(), limit: protocol::KILLING })
        }
        State::Absent => Err(lost(host, job, "its directory is gone".into())),
        ended => Ok(Cancelled::Ended(ended)),
    }
}

/// Looks at the job without starting it or waiting for it.
pub async fn look<T: Transport>(transport: &T, host: &HostName, job: &Job) -> Result<State, JobError> {
    protocol::check(host, job)?;
    let reply = transport.exec(host, protocol::wait(job, Duration::ZERO, "")).await?;
    protocol::read(host, job, reply)
}

fn lost(host: &HostName, job: &Job, why: String) -> JobError {
    let began = why != protocol::NEVER_BEGAN;
    JobError::Lost { host: host.clone(), job: job.directory(), why, began }
}
