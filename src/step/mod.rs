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
//! Invariants: no I/O, no clock; nothing passing (free space, own run id, epoch) in a script's
//! variables; what is not idempotent says so.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::event::CLIENTS_DOWN;
use crate::name::HostName;
use crate::remote::Reply;
use crate::script::Script;

impl ResolvedStep {
    /// All scripts that it names.
    pub fn scripts(&self) -> impl Iterator<Item = &Script> {
        let carried = self.relay.iter().flat_map(|relay| std::iter::once(&relay.from).chain(&relay.to));
        let asked = self.probe.iter().chain(&self.proof).chain(carried).map(|ask| &ask.script);
        let taken = self.carry.iter().flat_map(Carry::scripts);
        asked.chain(&self.act).chain(&self.undo).chain(taken)
    }

    /// Whether it does anything between probe and proof.
    pub fn acts(&self) -> bool {
        self.act.is_some() || self.relay.is_some() || self.carry.is_some()
    }
}

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
    /// In an act's place: files to be carried between hosts. What was carried stays, so it may always run again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relay: Option<Relay>,
    /// In an act's place: what the coordinator itself does; files come from the host, or go there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carry: Option<Carry>,
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
pub const LONG: Duration = Duration::from_hours(24);

mod acceptance_query;
mod backup_archive;
mod backup_fetch;
mod backup_publish;
mod backup_relay;
mod backup_remove;
mod backup_stage;
mod backup_verify;
mod carry;
mod client_start;
mod client_stop;
mod client_stopped;
mod clients_gone;
mod config_clear;
mod config_publish;
mod config_replace;
mod config_send;
mod config_take;
mod context;
mod fetch_publish;
mod gateway_start;
mod gateway_stop;
mod gateway_stopped;
mod guard_clear;
mod guard_set;
mod hints_settle;
mod import_copy;
mod index_query;
mod index_rebuild;
mod jobs_ended;
mod keyspace_confirm;
mod keyspace_repair;
mod native_disable;
mod node_back;
mod node_clear;
mod node_drain;
mod node_launch;
mod node_quiet;
mod node_start;
mod node_stop;
mod others_confirm;
mod others_repair;
mod request;
mod ring_ready;
mod roles_save;
mod run_discard;
mod schema_agree;
mod schema_create;
mod schema_same;
mod snapshot_clear;
mod snapshot_copy;
mod snapshot_take;
mod source_repair;
mod staged;
mod streams_throttle;
mod streams_unthrottle;
mod table_aside;
mod table_back;
mod table_swap;
mod tables_loaded;

pub use carry::Carry;
pub use request::{Choices, ConfigRequest, ExtraTables, RepairFirst, Request};
pub use staged::{Relay, StagedFile};

pub use context::{Context, Target, Unresolved, count, places};

use crate::script::Embedded;

/// A step type: everything that the rest of the program knows about it.
pub struct Spec {
    /// Its name in playbooks, plans and events.
    pub name: &'static str,
    /// What it does and why it is safe, for `explain`.
    pub help: &'static str,
    /// Where it may be used.
    pub on: Kind,
    /// Its scripts.
    pub scripts: &'static [Embedded],
    /// Turns a target into steps: usually one; none when there is nothing to do.
    pub resolve: fn(&Context, &Target) -> Result<Vec<ResolvedStep>, Unresolved>,
    /// Judges the probe's answers: is it already so?
    pub probe: fn(&ResolvedStep, &Observations) -> Verdict,
    /// Judges the act's and the proof's answers: is it so now?
    pub judge: fn(&ResolvedStep, &Observations) -> Verdict,
}

/// The kind of host that a step acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A Cassandra node.
    Node,
    /// A gateway host.
    Gateway,
    /// Another client's host.
    Client,
    /// Any of them.
    Any,
}

/// All step types.
pub const SPECS: &[&Spec] = &[
    &acceptance_query::SPEC,
    &backup_archive::SPEC,
    &backup_fetch::SPEC,
    &backup_publish::SPEC,
    &backup_relay::SPEC,
    &backup_remove::SPEC,
    &backup_stage::SPEC,
    &backup_verify::SPEC,
    &client_start::SPEC,
    &client_stop::SPEC,
    &client_stopped::SPEC,
    &clients_gone::SPEC,
    &config_clear::SPEC,
    &config_publish::SPEC,
    &config_replace::SPEC,
    &config_send::SPEC,
    &config_take::SPEC,
    &fetch_publish::SPEC,
    &gateway_start::SPEC,
    &gateway_stop::SPEC,
    &gateway_stopped::SPEC,
    &guard_clear::SPEC,
    &guard_set::SPEC,
    &hints_settle::SPEC,
    &import_copy::SPEC,
    &index_query::SPEC,
    &index_rebuild::SPEC,
    &jobs_ended::SPEC,
    &keyspace_confirm::SPEC,
    &keyspace_repair::SPEC,
    &native_disable::SPEC,
    &node_back::SPEC,
    &node_clear::SPEC,
    &node_drain::SPEC,
    &node_launch::SPEC,
    &node_quiet::SPEC,
    &node_start::SPEC,
    &node_stop::SPEC,
    &others_confirm::SPEC,
    &others_repair::SPEC,
    &ring_ready::SPEC,
    &roles_save::SPEC,
    &run_discard::SPEC,
    &schema_agree::SPEC,
    &schema_create::SPEC,
    &schema_same::SPEC,
    &snapshot_clear::SPEC,
    &snapshot_copy::SPEC,
    &snapshot_take::SPEC,
    &source_repair::SPEC,
    &streams_throttle::SPEC,
    &streams_unthrottle::SPEC,
    &table_aside::SPEC,
    &table_back::SPEC,
    &table_swap::SPEC,
    &tables_loaded::SPEC,
];

/// Whether a step takes nodes or clients down: a run with such steps keeps the cluster until it is
/// done, rolled back or abandoned.
pub fn takes_down(step: &str) -> bool {
    CLIENTS_DOWN.contains(&step) || matches!(step, "guard.set" | "node.stop")
}

/// The step type of that name.
pub fn spec(name: &str) -> Option<&'static Spec> {
    SPECS.iter().copied().find(|spec| spec.name == name)
}

/// The usual judgement: each answer's exit code says it (0 holds, 1 not, else unknown), its last
/// line of output is the evidence, its last line of error output the reason.
pub fn by_exit_code(_: &ResolvedStep, observed: &Observations) -> Verdict {
    let mut evidence = String::new();
    for seen in &observed.seen {
        match &seen.reply {
            Err(why) => return Verdict::Unknown(format!("{}: {why}", seen.host)),
            Ok(reply) if reply.rc == 0 => reply.last_line().clone_into(&mut evidence),
            Ok(reply) if reply.rc == 1 => return Verdict::Not(reply.reason()),
            Ok(reply) => return Verdict::Unknown(reply.reason()),
        }
    }
    if evidence.is_empty() {
        let act = observed.act.as_ref().map_or("", Reply::last_line);
        act.clone_into(&mut evidence);
    }
    Verdict::Holds(evidence)
}

/// For steps that have nothing to probe.
pub fn never(_: &ResolvedStep, _: &Observations) -> Verdict {
    Verdict::Not(String::new())
}

#[cfg(test)]
mod tests;
