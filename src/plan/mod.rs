//! The plan: playbook × inventory × facts, fully resolved; a pure value with a digest.
//!
//! Flow: `build` (pure) → [`Plan`] → shown by `--dry-run`, stored in the journal, consumed by the
//! engine. Nothing is decided after this.
//!
//! Invariants: the digest covers decisions and binding facts only, so the same cluster and the
//! same request give the same digest; a plan carries the bodies of all scripts it names.

mod build;
mod estimate;

use serde::{Deserialize, Serialize};

pub use build::{binding, build, filled, refilled};
pub use estimate::{Outage, outage};

use crate::digest::sha256;
use crate::name::{ClusterName, HostName};
use crate::script::Library;
use crate::step::ResolvedStep;
pub use crate::step::{Choices, ExtraTables, RepairFirst, Request};

/// Format of a plan in a journal.
pub const FORMAT: u32 = 1;

/// A resolved plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Format of this value.
    pub format: u32,
    /// The cluster's name.
    pub cluster: ClusterName,
    /// The playbook's name: `restore`, `backup`, ….
    pub playbook: String,
    /// The request in one line per entry: `backup` → `TAG` (or `run` → `RUN`), `keyspaces` → `a b`.
    pub params: std::collections::BTreeMap<String, String>,
    /// Binding facts that the decisions rest on, for people and for `apply`.
    pub binding: serde_json::Value,
    /// Phases, in order; each is a barrier.
    pub phases: Vec<Phase>,
    /// Bodies of the scripts that the steps name.
    pub scripts: Library,
}

/// One phase: nothing of the next one starts before all of this one is proven.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Phase {
    /// Its name, such as `drain`. Consecutive phases may share a name: the stages of one phase.
    pub phase: String,
    /// Whether lanes run at the same time or one after the other in the given order.
    pub parallel: bool,
    /// Runs also when something before it failed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub always: bool,
    /// A host's steps each; steps of a lane run in order.
    pub lanes: Vec<Lane>,
    /// What the engine does at the phase's start, beside its lanes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<Gate>,
}

/// A judgement at the start of a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gate {
    /// All guards, before the plan is made.
    Preflight,
    /// The guards again on fresh facts, and binding facts unchanged: the last moment at which
    /// nothing has changed.
    Recheck,
}

/// The steps of one host in one phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    /// The host.
    pub host: HostName,
    /// Its steps, in order.
    pub steps: Vec<ResolvedStep>,
}

impl Plan {
    /// What an operator approves and `apply` demands: sha256 over the plan's JSON, in hex. Maps are
    /// ordered, so the text is the same for the same decisions; nothing passing is in a plan.
    pub fn digest(&self) -> String {
        sha256(serde_json::to_vec(self).expect("a plan is plain data"))
    }

    /// Whether it takes nodes or clients down.
    pub fn takes_down(&self) -> bool {
        self.steps().any(|(_, step)| crate::step::takes_down(&step.step))
    }

    /// All steps, phase by phase.
    pub fn steps(&self) -> impl Iterator<Item = (&Phase, &ResolvedStep)> {
        self.phases.iter().flat_map(|p| p.lanes.iter().flat_map(move |l| l.steps.iter().map(move |s| (p, s))))
    }
}
