//! The fold: a run's state is what its events say, and nothing else.
//!
//! Live view, status, report, resume and the engine itself use this one. Pure; tolerant of
//! repeated progress, strict about nothing (the journal checks order before events get here).

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Body, Event, Level, RunOutcome, StepOutcome};
use crate::name::{ClusterName, HostName, RunId};

/// Steps that take clients down; the first one that ends well begins the downtime.
pub const CLIENTS_DOWN: &[&str] = &["gateway.stop", "client.stop", "native.disable"];
/// Steps that bring clients back; the first one that ends well ends the downtime.
pub const CLIENTS_UP: &[&str] = &["gateway.start", "client.start"];

/// A run as its events tell it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunState {
    /// The run.
    pub run: Option<RunId>,
    /// The command.
    pub command: String,
    /// The cluster.
    pub cluster: Option<ClusterName>,
    /// The plan's digest.
    pub plan_digest: Option<String>,
    /// Steps in the plan.
    pub total_steps: usize,
    /// Phase names of the plan, in order; consecutive repetitions count once.
    pub planned: Vec<String>,
    /// Phases seen so far, in order, each with its steps in order of start.
    pub phases: Vec<PhaseState>,
    /// Findings, in order.
    pub findings: Vec<(String, Option<HostName>, Level, String, String)>,
    /// The downtime so far.
    pub downtime: Downtime,
    /// Time of the first and of the last event.
    pub span: Option<(Timestamp, Timestamp)>,
    /// Times at which nobody worked on the run: from the last event before a pause (or a crash) to
    /// its resumption.
    pub pauses: Vec<(Timestamp, Timestamp)>,
    /// The end, when there is one.
    pub finished: Option<Finished>,
    /// Latest state of each step by id: (phase index, step index).
    index: BTreeMap<String, (usize, usize)>,
}

/// How a run ended (see [`Body::RunFinished`]).
#[derive(Debug, Clone, PartialEq)]
pub struct Finished {
    /// How.
    pub outcome: RunOutcome,
    /// Exit code.
    pub exit: u8,
    /// Why, when not done.
    pub reason: String,
    /// Total seconds.
    pub total_s: f64,
    /// The tool's own share in seconds.
    pub own_share_s: f64,
    /// The report's path.
    pub report: Option<String>,
    /// What to type next.
    pub next: String,
}

/// A phase and what ran in it.
#[derive(Debug, Clone, PartialEq)]
pub struct PhaseState {
    /// Its name.
    pub phase: String,
    /// When it began.
    pub started: Timestamp,
    /// When its last step ended, or the next phase began.
    pub ended: Option<Timestamp>,
    /// Its steps, in order of start.
    pub steps: Vec<StepView>,
}

/// Where a step stands.
#[derive(Debug, Clone, PartialEq)]
pub enum StepState {
    /// Running; progress (done, total, unit) when it told any.
    Running(Option<(u64, u64, String)>),
    /// Ended: outcome, detail, remote error output.
    Ended(StepOutcome, String, String),
}

/// A step as its events tell it.
#[derive(Debug, Clone, PartialEq)]
pub struct StepView {
    /// Unique in the plan.
    pub id: String,
    /// Its type.
    pub step: String,
    /// Its host.
    pub host: HostName,
    /// What it does, in one line.
    pub summary: String,
    /// Latest attempt.
    pub attempt: u32,
    /// When that attempt began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Seconds that the host's scripts ran.
    pub remote_s: f64,
    /// Where it stands.
    pub state: StepState,
}

/// The time during which clients are not served.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Downtime {
    /// The first client stopped; by an earlier run, when this one ends that outage.
    pub began: Option<Timestamp>,
    /// The first client serving again.
    pub ended: Option<Timestamp>,
}

impl Downtime {
    /// Its length in seconds, when it began and ended.
    pub fn seconds(self) -> Option<f64> {
        Some((self.ended? - self.began?).total(jiff::Unit::Second).unwrap_or(0.0))
    }

    /// Its length in seconds at `now`: still growing until the first client serves again.
    pub fn so_far(self, now: Timestamp) -> Option<f64> {
        Some((self.ended.unwrap_or(now) - self.began?).total(jiff::Unit::Second).unwrap_or(0.0))
    }
}

impl RunState {
    /// Folds a whole history.
    pub fn of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut state = Self::default();
        for event in events {
            state.apply(event);
        }
        state
    }

    /// Takes in the next event.
    pub fn apply(&mut self, event: &Event) {
        let time = event.time;
        if let (Body::RunStarted { .. }, Some((_, last))) = (&event.body, self.span) {
            self.pauses.push((last, time));
        }
        self.span = Some((self.span.map_or(time, |(first, _)| first), time));
        match &event.body {
            Body::RunStarted { run, plan_digest, command, cluster, phases, steps, down_since } => {
                self.downtime.began = self.downtime.began.or(*down_since);
                self.run = Some(run.clone());
                self.plan_digest.clone_from(plan_digest);
                self.command.clone_from(command);
                self.cluster = Some(cluster.clone());
                self.total_steps = *steps;
                self.planned.clone_from(phases);
                self.planned.dedup();
                self.finished = None;
            }
            Body::PhaseStarted { phase } => self.phase(phase, time),
            Body::StepStarted { phase, step, host, attempt, id, summary } => {
                self.phase(phase, time);
                let view = StepView {
                    id: id.clone(),
                    step: step.clone(),
                    host: host.clone(),
                    summary: summary.clone(),
                    attempt: *attempt,
                    started: time,
                    ended: None,
                    remote_s: 0.0,
                    state: StepState::Running(None),
                };
                self.start(view);
            }
            Body::StepProgress { id, done, total, unit, .. } => {
                if let Some(StepView { state: StepState::Running(progress), .. }) = self.step_mut(id) {
                    *progress = Some((*done, *total, unit.clone()));
                }
            }
            Body::StepFinished { id, step, outcome, detail, stderr, remote_s, .. } => {
                if let Some(view) = self.step_mut(id) {
                    view.ended = Some(time);
                    view.remote_s = *remote_s;
                    view.state = StepState::Ended(*outcome, detail.clone(), stderr.clone());
                }
                if let Some(phase) = self.phases.last_mut() {
                    phase.ended = Some(time);
                }
                self.count_downtime(step, *outcome, time);
            }
            Body::Finding { guard, host, level, message, cure } => {
                self.findings.push((guard.clone(), host.clone(), *level, message.clone(), cure.clone()));
            }
            Body::RunFinished { outcome, exit, reason, total_s, own_share_s, report, next, .. } => {
                self.finished = Some(Finished {
                    outcome: *outcome,
                    exit: *exit,
                    reason: reason.clone(),
                    total_s: *total_s,
                    own_share_s: *own_share_s,
                    report: report.clone(),
                    next: next.clone(),
                });
            }
        }
    }

    /// A step's latest state.
    pub fn step(&self, id: &str) -> Option<&StepView> {
        let (phase, step) = *self.index.get(id)?;
        Some(&self.phases[phase].steps[step])
    }

    /// All steps, in order of start.
    pub fn steps(&self) -> impl Iterator<Item = &StepView> {
        self.phases.iter().flat_map(|phase| &phase.steps)
    }

    /// Steps that run, in order of start.
    pub fn running(&self) -> impl Iterator<Item = &StepView> {
        self.steps().filter(|step| matches!(step.state, StepState::Running(_)))
    }

    /// Steps that ended well: what a resumed run does not do again.
    pub fn is_proven(&self, id: &str) -> bool {
        matches!(self.step(id).map(|s| &s.state), Some(StepState::Ended(outcome, ..)) if outcome.good())
    }

    /// Whether nothing is left to go on with.
    pub fn is_over(&self) -> bool {
        self.finished.as_ref().is_some_and(|end| end.outcome.is_over())
    }

    /// Number of steps that ended well.
    pub fn proven(&self) -> usize {
        self.index.keys().filter(|id| self.is_proven(id)).count()
    }

    fn step_mut(&mut self, id: &str) -> Option<&mut StepView> {
        let (phase, step) = *self.index.get(id)?;
        Some(&mut self.phases[phase].steps[step])
    }

    fn phase(&mut self, phase: &str, time: Timestamp) {
        if self.phases.last().is_none_or(|last| last.phase != phase) {
            if let Some(last) = self.phases.last_mut() {
                last.ended.get_or_insert(time);
            }
            self.phases.push(PhaseState { phase: phase.to_owned(), started: time, ended: None, steps: vec![] });
        }
    }

    fn start(&mut self, view: StepView) {
        if let Some((phase, step)) = self.index.get(&view.id) {
            self.phases[*phase].steps[*step] = view;
        } else {
            let phase = self.phases.len() - 1;
            self.index.insert(view.id.clone(), (phase, self.phases[phase].steps.len()));
            self.phases[phase].steps.push(view);
        }
    }

    fn count_downtime(&mut self, step: &str, outcome: StepOutcome, time: Timestamp) {
        if outcome == StepOutcome::Done && CLIENTS_DOWN.contains(&step) {
            self.downtime.began.get_or_insert(time);
        }
        if outcome.good() && CLIENTS_UP.contains(&step) && self.downtime.began.is_some() {
            self.downtime.ended.get_or_insert(time);
        }
    }
}
