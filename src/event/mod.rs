//! Events: the one contract between the engine and everything that shows or stores a run.
//!
//! The engine appends an event to the journal, folds it, and publishes it; renderers, status and
//! report see nothing else. Each event can be read alone. [`Body::RunFinished`] is terminal.
//! Progress is an event but never a record.
//!
//! Depends on `name` only.

#[cfg(test)]
pub(crate) mod fixture;
mod fold;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use fold::{CLIENTS_DOWN, CLIENTS_UP, Downtime, Finished, PhaseState, RunState, StepState, StepView};

use crate::name::{ClusterName, HostName, RunId};

/// Version of the event format (`v`).
pub const VERSION: u32 = 1;

/// One event, as printed by `--output json` and stored in the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Format version.
    pub v: u32,
    /// When it happened, on the coordinator's clock.
    pub time: Timestamp,
    /// Position in the run, from 0, without gaps.
    pub index: u64,
    /// What happened.
    #[serde(flatten)]
    pub body: Body,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Body {
    /// First event of a run.
    RunStarted {
        /// The run.
        run: RunId,
        /// The plan's digest; `null` when the run ended before there was a plan.
        plan_digest: Option<String>,
        /// The command: `restore`, `backup`, ….
        command: String,
        /// The cluster.
        cluster: ClusterName,
        /// Phase names of the plan, in order.
        phases: Vec<String>,
        /// Number of steps in the plan.
        steps: usize,
        /// Since when an earlier run, which this one is about, has clients stopped.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        down_since: Option<Timestamp>,
    },
    /// A phase begins.
    PhaseStarted {
        /// Its name.
        phase: String,
    },
    /// A step begins, before anything is asked of its host.
    StepStarted {
        /// Its phase.
        phase: String,
        /// Its type, such as `node.drain`.
        step: String,
        /// Its host.
        host: HostName,
        /// From 1.
        attempt: u32,
        /// Unique in the plan.
        id: String,
        /// What is done, in one line.
        summary: String,
    },
    /// Progress within a step. Never journaled.
    StepProgress {
        /// The step.
        id: String,
        /// Its host.
        host: HostName,
        /// Units done.
        done: u64,
        /// Units in total; 0 when not known.
        total: u64,
        /// The unit, such as `bytes`.
        unit: String,
    },
    /// A step ended.
    StepFinished {
        /// Its phase.
        phase: String,
        /// Its type.
        step: String,
        /// Its host.
        host: HostName,
        /// The attempt that ended.
        attempt: u32,
        /// Unique in the plan.
        id: String,
        /// How.
        outcome: StepOutcome,
        /// Evidence when good, reason when not; one line.
        detail: String,
        /// Last lines of the remote error output, when it failed.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        stderr: String,
        /// Wall time in seconds.
        elapsed_s: f64,
        /// Seconds during which the host's own scripts ran.
        remote_s: f64,
    },
    /// What a guard found.
    Finding {
        /// The guard.
        guard: String,
        /// The host that it is about; `null`: the cluster.
        host: Option<HostName>,
        /// How bad.
        level: Level,
        /// What was found, in one line.
        message: String,
        /// What to do about it; empty when nothing is needed.
        cure: String,
    },
    /// Last event of a run (or of its part until a pause).
    RunFinished {
        /// The run.
        run: RunId,
        /// How.
        outcome: RunOutcome,
        /// The exit code of the process.
        exit: u8,
        /// Why, in one line, when not done.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reason: String,
        /// From the first client stopped to the first one serving again; `null`: none, or not over.
        downtime_s: Option<f64>,
        /// Wall time of the run.
        total_s: f64,
        /// Wall time during which no host's script ran: the tool's own share.
        own_share_s: f64,
        /// Path of the report; `null` when none was written.
        report: Option<String>,
        /// What to type next, or an empty text.
        next: String,
    },
}

impl Body {
    /// Whether the event belongs into the journal.
    pub fn is_record(&self) -> bool {
        !matches!(self, Self::StepProgress { .. })
    }
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepOutcome {
    /// Acted and proven.
    Done,
    /// It was already so.
    Already,
    /// The act failed or the proof does not hold.
    Failed,
    /// Nobody can tell what became of it.
    Unknown,
}

impl StepOutcome {
    /// Whether the run may go on.
    pub fn good(self) -> bool {
        matches!(self, Self::Done | Self::Already)
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunOutcome {
    /// All proven.
    Done,
    /// A guard or a missing confirmation; nothing changed.
    Refused,
    /// A step failed; resumable.
    Paused,
    /// The old data is back.
    RolledBack,
    /// The data is not as it must be.
    VerifyFailed,
    /// By the operator.
    Interrupted,
}

impl RunOutcome {
    /// Whether nothing is left to go on with: done, rolled back, or refused before any change.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Refused | Self::RolledBack)
    }
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The guard holds.
    Pass,
    /// Worth knowing.
    Warn,
    /// It failed, and the operator overrode it by name with a reason.
    Overridden,
    /// It failed: nothing may be changed.
    Fail,
}
