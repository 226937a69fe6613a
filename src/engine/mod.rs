//! The engine: runs a plan. It decides nothing that the plan did not decide; it is the only part
//! that acts on hosts.
//!
//! ```text
//!  phase: gate? ─> lanes (parallel, or one after the other) ─> barrier ─> next phase
//!  lane:  steps of one host, in order
//!  step:  started (fsync) ─> probe ─holds─> already
//!                              └─> act (job, or attached: a secret, a relay) ─> proof ─> finished
//! ```
//!
//! Invariants: an event is on disk before what it announces is done ([`bus`]); a step that is
//! proven in the fold is not run again; one failure stops the next phase and the rest of an
//! ordered one; steps of `always` phases run also after a failure.

pub mod bus;
mod once;
mod pace;
mod relay;

pub mod stop;

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::event::Body;
use crate::facts::Secrets;
use crate::journal::JournalError;
use crate::name::{HostName, RunId};
use crate::plan::{Gate, Lane, Phase, Plan};
use crate::remote::Transport;
use crate::script::{Library, UnknownScript};
use crate::step::{Carry, ResolvedStep};

pub use once::{job_name, seconds};

use bus::Bus;
use pace::Pace;
use stop::{Level, StopFlag};

/// What the engine leaves to the run: judgement at a phase's gate, and what the coordinator itself keeps.
pub trait Gatekeeper: Send + Sync + 'static {
    /// `Ok`: go on. `Err`: why not; nothing has been changed yet. Publishes its findings itself.
    fn pass(&self, gate: Gate) -> impl Future<Output = Result<(), String>> + Send;

    /// Does the coordinator's own part of a step: its evidence in one line, or why it failed. `_told` is told how many
    /// bytes of how many are done. Who keeps no files has no part.
    fn carry(
        &self,
        _host: &HostName,
        _carry: &Carry,
        _library: &Library,
        _told: &(dyn Fn(u64, u64) + Send + Sync),
    ) -> impl Future<Output = Result<String, String>> + Send {
        async { Err("nothing is kept here".to_owned()) }
    }
}

/// What the engine needs besides the plan.
pub struct Engine<T, G> {
    /// Hosts.
    pub transport: Arc<T>,
    /// Gates.
    pub gates: Arc<G>,
    /// Events.
    pub bus: Arc<Bus>,
    /// The run.
    pub run: RunId,
    /// The epoch of its lease.
    pub epoch: u64,
    /// So long may a host be out of reach before a step counts as unknown.
    pub silence: Duration,
    /// Directory of jobs on every host: `remote_dir/<cluster>`.
    pub job_root: String,
    /// CQL passwords.
    pub secrets: Secrets,
    /// Bytes per second of what is carried from host to host through here (`limits.copy_rate`); 0: no limit.
    pub copy_rate: u64,
    /// Pauses the run when raised.
    pub stop: StopFlag,
}

/// How a plan's execution ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// All proven.
    Done,
    /// A gate refused; nothing was changed.
    Refused(String),
    /// A step failed or nobody knows; the first one.
    Failed {
        /// Its phase.
        phase: String,
        /// Its id.
        step: String,
        /// Why.
        why: String,
    },
    /// Stopped by the operator.
    Interrupted,
}

/// Why the engine itself cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The journal cannot be written: going on would leave no trace.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The plan names a script that is not there.
    #[error(transparent)]
    Script(#[from] UnknownScript),
    /// Another coordinator took the run over; nothing more may be done from here.
    #[error("another coordinator took over on {host}: {by}")]
    Fenced {
        /// Where that was seen.
        host: HostName,
        /// Who, as the host tells it.
        by: String,
    },
}

/// What all steps of one execution share.
struct Work {
    library: Library,
    undone: BTreeSet<String>,
    pace: Pace,
}

/// A step's or lane's end, for the phase.
enum Stop {
    Failed { step: String, why: String },
    Interrupted,
    Broken(EngineError),
}

impl From<EngineError> for Stop {
    fn from(error: EngineError) -> Self {
        Self::Broken(error)
    }
}

impl From<JournalError> for Stop {
    fn from(error: JournalError) -> Self {
        Self::Broken(error.into())
    }
}

impl<T: Transport, G: Gatekeeper> Engine<T, G> {
    /// Runs the plan from where the fold says it stands.
    pub async fn run(self: Arc<Self>, plan: &Plan) -> Result<Ending, EngineError> {
        let mut library = plan.scripts.clone();
        library.extend(crate::remote::job::SCRIPTS);
        let work = Arc::new(Work { library, undone: self.undone(plan), pace: Pace::default() });
        let mut ending = Ending::Done;
        for (position, phase) in plan.phases.iter().enumerate() {
            if (ending != Ending::Done && !phase.always) || self.is_done(phase, &work) {
                continue;
            }
            if let Some(gate) = phase.gate {
                if !self.started_after(plan, position) {
                    self.announce(phase)?;
                    if let Err(why) = self.gates.pass(gate).await {
                        ending = Ending::Refused(why);
                    }
                }
                continue;
            }
            self.announce(phase)?;
            match self.phase(phase, &work).await {
                Ok(()) => {}
                Err(Stop::Broken(error)) => return Err(error),
                Err(_) if ending != Ending::Done => {}
                Err(Stop::Interrupted) => ending = Ending::Interrupted,
                Err(Stop::Failed { step, why }) => ending = Ending::Failed { phase: phase.phase.clone(), step, why },
            }
        }
        Ok(ending)
    }

    fn is_done(&self, phase: &Phase, work: &Work) -> bool {
        let mut steps = phase.lanes.iter().flat_map(|lane| &lane.steps).peekable();
        steps.peek().is_some() && steps.all(|step| self.stands(step, work))
    }

    fn stands(&self, step: &ResolvedStep, work: &Work) -> bool {
        !work.undone.contains(&step.id) && self.bus.state(|state| state.is_proven(&step.id))
    }

    /// Steps whose proof no longer stands: an `always` phase cleaned up behind them after a
    /// failure (the snapshot that was copied from is gone), so a resumed run does them again,
    /// and the cleaning too.
    fn undone(&self, plan: &Plan) -> BTreeSet<String> {
        let steps = |phases: &[Phase]| -> Vec<ResolvedStep> {
            phases.iter().flat_map(|p| &p.lanes).flat_map(|lane| &lane.steps).cloned().collect()
        };
        let always = plan.phases.iter().enumerate().filter(|(_, phase)| phase.always);
        self.bus.state(|state| {
            let ended = |step: &ResolvedStep| state.step(&step.id).and_then(|view| view.ended);
            let mut undone = BTreeSet::new();
            for (at, phase) in always {
                let (earlier, own) = (steps(&plan.phases[..at]), steps(std::slice::from_ref(phase)));
                let Some(cleaned) = own.iter().filter_map(ended).max() else { continue };
                let whole = earlier.iter().all(|s| state.is_proven(&s.id) && ended(s) <= Some(cleaned));
                if !whole {
                    undone.extend(own.into_iter().map(|s| s.id));
                    undone.extend(earlier.into_iter().filter(|s| ended(s).is_some_and(|e| e < cleaned)).map(|s| s.id));
                }
            }
            undone
        })
    }

    /// Whether a step behind that position has started: then its gates are behind us.
    fn started_after(&self, plan: &Plan, position: usize) -> bool {
        let mut later = plan.phases[position..].iter().flat_map(|p| &p.lanes).flat_map(|lane| &lane.steps);
        self.bus.state(|state| later.any(|step| state.step(&step.id).is_some()))
    }

    fn announce(&self, phase: &Phase) -> Result<(), JournalError> {
        let current = self.bus.state(|state| state.phases.last().map(|p| p.phase.clone()));
        if current.as_deref() == Some(&phase.phase) {
            return Ok(());
        }
        self.bus.publish(Body::PhaseStarted { phase: phase.phase.clone() })
    }

    async fn phase(self: &Arc<Self>, phase: &Phase, work: &Arc<Work>) -> Result<(), Stop> {
        if !phase.parallel {
            for lane in &phase.lanes {
                self.lane(&phase.phase, lane, work, phase.always).await?;
            }
            return Ok(());
        }
        // Lanes that run are not torn down by another's failure: half an act is worse than one
        // more whole one. The barrier stops what comes next.
        let mut lanes = JoinSet::new();
        for lane in &phase.lanes {
            let (engine, work, lane) = (Arc::clone(self), Arc::clone(work), lane.clone());
            let (name, always) = (phase.phase.clone(), phase.always);
            lanes.spawn(async move { engine.lane(&name, &lane, &work, always).await });
        }
        let mut first = Ok(());
        while let Some(ended) = lanes.join_next().await {
            let ended = ended.expect("a lane does not panic");
            if first.is_ok() || matches!(ended, Err(Stop::Broken(_))) {
                first = ended;
            }
        }
        first
    }

    async fn lane(&self, phase: &str, lane: &Lane, work: &Work, always: bool) -> Result<(), Stop> {
        for step in &lane.steps {
            if self.stands(step, work) {
                continue;
            }
            if self.stop.level() == Level::Cancel || self.stop.raised() && !always {
                return Err(Stop::Interrupted);
            }
            once::run(self, phase, step, work).await?;
        }
        Ok(())
    }
}
