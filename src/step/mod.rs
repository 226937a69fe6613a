//! Typed steps: what a plan is made of.
//!
//! One file per step. A step is pure: `resolve` turns inventory, facts and parameters into a
//! [`ResolvedStep`] (data: scripts to probe, act and prove with), and `judge` turns what the hosts
//! answered into a [`Verdict`]. Only the engine does I/O.
//!
//! ```text
//!  resolve ─> ResolvedStep ─> engine: probe ─holds─> already so
//!                                       └─else─> act (job) ─> proof ─> judge ─> done | failed | unknown
//! ```
//!
//! To add a step: write `step/NAME.rs` with one `pub const SPEC`, its scripts beside it, and list
//! the SPEC once in [`SPECS`]; a test compares that list with the folder.
//!
//! Invariants: no I/O, no clock; nothing passing (free space, run id, epoch) in a script's
//! variables; what is not idempotent says so.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::name::HostName;
use crate::remote::Reply;
use crate::script::Script;

/// A script to run on a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// Where.
    pub host: HostName,
    /// What.
    pub script: Script,
}

/// One step, fully resolved: all that the engine needs to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvedStep {
    /// Unique in its plan: `phase/step/host[/subject]`.
    pub id: String,
    /// The typed step, such as `node.drain`.
    pub step: String,
    /// The host that it acts on.
    pub host: HostName,
    /// What it acts on besides the host: a keyspace, a gateway instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// One line for people: what is done, and what is replaced by what.
    pub summary: String,
    /// Is it already so? Read-only; may ask other hosts. Empty: unknown, act.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub probe: Vec<Ask>,
    /// The act; `None` for steps that only prove.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Script>,
    /// Takes the act back, where that can be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Script>,
    /// Is it so now? Read-only; may ask other hosts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proof: Vec<Ask>,
    /// Whether the act may run twice.
    pub idempotent: bool,
    /// The CQL password is needed by this step's scripts (they then run attached).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub secret: bool,
    /// How long the act may take, in seconds; 0: no limit.
    pub limit_s: u64,
    /// How long the proof may take to hold, in seconds; 0: it must hold at once.
    #[serde(default)]
    pub patience_s: u64,
}

/// What a host answered to one [`Ask`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The host.
    pub host: HostName,
    /// Its answer, or why there was none.
    pub reply: Result<Reply, String>,
}

/// All that was observed for a judgement.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Observations {
    /// The act's own answer (absent while probing and for prove-only steps).
    pub act: Option<Reply>,
    /// The answers to the probe or the proof, in the order asked.
    pub seen: Vec<Seen>,
}

/// A judgement over observations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is so; the text is the evidence in one line.
    Holds(String),
    /// It is not so (yet), and why.
    Not(String),
    /// It cannot be told, and why.
    Unknown(String),
}

/// Time that an act may take when nothing else is known: a day, so that "no limit" still ends.
pub const LONG: Duration = Duration::from_secs(24 * 3600);
