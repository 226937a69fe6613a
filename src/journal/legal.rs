//! Which record may come after which: one pure table, for the writer (who then writes nothing) and
//! for the reader (who refuses the file).
//!
//! ```text
//!  header ─> facts ─> plan: once, before any step (facts again in a part that begins again without a plan)
//!         ─> run_started ─> phase_started, finding, step_started ─> step_finished … ─> run_finished
//!               ▲                                                                        │
//!               └───────── a part that was paused, or whose coordinator died ◄───────────┘
//!         ─> closed, discarded: once each; no part begins after them
//! ```
//!
//! A step's attempt n is followed by attempt n+1, and begins again under its own number only in a
//! later part, when its end is not known: its job's directory bears that number.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::Entry;
use crate::event::{Body, StepOutcome};

/// Where a journal stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct State {
    once: BTreeSet<Once>,
    part: Part,
    steps: BTreeMap<String, Step>,
    /// Events have growing numbers; progress, which is not written, takes some.
    next_event: u64,
}

/// Records of which there is one at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Once {
    Header,
    /// Since the last part began.
    Facts,
    Plan,
    Closed,
    Discarded,
}

impl Once {
    fn of(entry: &Entry) -> Option<Self> {
        match entry {
            Entry::Header(_) => Some(Self::Header),
            Entry::Facts { .. } => Some(Self::Facts),
            Entry::Plan { .. } => Some(Self::Plan),
            Entry::Closed(_) => Some(Self::Closed),
            Entry::Discarded(_) => Some(Self::Discarded),
            Entry::Event { .. } => None,
        }
    }
}

/// Whether the run goes on: from `run_started` to `run_finished`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Part {
    #[default]
    None,
    Runs,
    Ended,
}

/// Where a step stands, with its latest attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Runs(u32),
    /// Its end is not known, and a later part has begun.
    Open(u32),
    Ended(u32, StepOutcome),
}

/// A record that may not come where it came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{entry} may not come here: {state}")]
pub struct Illegal {
    /// The record.
    pub entry: String,
    /// How things stood.
    pub state: String,
}

impl State {
    /// Takes the next record in, or says why it may not come; then nothing is changed.
    pub(super) fn take(&mut self, entry: &Entry) -> Result<(), Illegal> {
        if let Err(state) = self.allows(entry) {
            return Err(Illegal { entry: Named(entry).to_string(), state });
        }
        self.apply(entry);
        Ok(())
    }

    /// The coordinator that wrote so far is gone. A reader sees that only by what comes next.
    pub(super) fn left(&mut self) {
        if self.part == Part::Runs {
            self.part = Part::Ended;
        }
    }

    fn allows(&self, entry: &Entry) -> Result<(), String> {
        let no = |why: &str| Err(why.to_owned());
        match entry {
            _ if Once::of(entry).is_some_and(|kind| self.once.contains(&kind)) => no("there is one already"),
            Entry::Header(_) => Ok(()),
            _ if !self.once.contains(&Once::Header) => no("there is no header"),
            Entry::Facts { .. } if self.once.contains(&Once::Plan) => no("there is a plan already"),
            Entry::Plan { .. } if !self.once.contains(&Once::Facts) => no("there are no facts"),
            Entry::Facts { .. } | Entry::Plan { .. } if self.over() => no("the run was closed or discarded"),
            Entry::Closed(_) | Entry::Discarded(_) if self.part == Part::Runs => no("the run is under way"),
            Entry::Facts { .. } | Entry::Plan { .. } | Entry::Closed(_) | Entry::Discarded(_) => Ok(()),
            Entry::Event { event } if event.index < self.next_event => {
                Err(format!("it bears number {}, {} was next", event.index, self.next_event))
            }
            Entry::Event { event } => self.allows_event(&event.body),
        }
    }

    fn allows_event(&self, body: &Body) -> Result<(), String> {
        let no = |why: &str| Err(why.to_owned());
        match body {
            Body::StepProgress { .. } => no("it is not kept"),
            Body::RunStarted { .. } if self.over() => no("the run was closed or discarded"),
            Body::RunStarted { .. } => Ok(()),
            _ if self.part == Part::None => no("the run has not begun"),
            _ if self.part == Part::Ended => no("the run has ended or its coordinator is gone"),
            Body::PhaseStarted { .. } | Body::Finding { .. } | Body::RunFinished { .. } => Ok(()),
            Body::StepStarted { .. } if !self.once.contains(&Once::Plan) => no("there is no plan"),
            Body::StepStarted { id, attempt, .. } => {
                let step = self.steps.get(id);
                let may = match step {
                    None => *attempt == 1,
                    Some(Step::Runs(_)) => false,
                    Some(Step::Open(last)) => *attempt == *last || *attempt == last + 1,
                    Some(Step::Ended(last, _)) => *attempt == last + 1,
                };
                if may { Ok(()) } else { Err(named(step)) }
            }
            Body::StepFinished { id, attempt, .. } => match self.steps.get(id) {
                Some(Step::Runs(runs)) if runs == attempt => Ok(()),
                step => Err(named(step)),
            },
        }
    }

    fn over(&self) -> bool {
        self.once.contains(&Once::Closed) || self.once.contains(&Once::Discarded)
    }

    fn apply(&mut self, entry: &Entry) {
        self.once.extend(Once::of(entry));
        let Entry::Event { event } = entry else { return };
        self.next_event = event.index + 1;
        match &event.body {
            Body::RunStarted { .. } => {
                self.part = Part::Runs;
                self.once.remove(&Once::Facts);
                self.steps.values_mut().for_each(Step::reopen);
            }
            Body::RunFinished { .. } => self.part = Part::Ended,
            Body::StepStarted { id, attempt, .. } => {
                self.steps.insert(id.clone(), Step::Runs(*attempt));
            }
            Body::StepFinished { id, attempt, outcome, .. } => {
                self.steps.insert(id.clone(), Step::Ended(*attempt, *outcome));
            }
            Body::PhaseStarted { .. } | Body::Finding { .. } | Body::StepProgress { .. } => {}
        }
    }
}

impl Step {
    fn reopen(&mut self) {
        if let Self::Runs(attempt) | Self::Ended(attempt, StepOutcome::Unknown) = *self {
            *self = Self::Open(attempt);
        }
    }
}

fn named(step: Option<&Step>) -> String {
    match step {
        None => "no attempt was begun".to_owned(),
        Some(Step::Runs(attempt)) => format!("attempt {attempt} runs"),
        Some(Step::Open(attempt)) => format!("the end of attempt {attempt} is not known"),
        Some(Step::Ended(attempt, outcome)) => format!("attempt {attempt} ended {outcome:?}").to_lowercase(),
    }
}

/// A record in words.
struct Named<'a>(&'a Entry);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Entry::Header(_) => write!(f, "a header"),
            Entry::Facts { .. } => write!(f, "facts"),
            Entry::Plan { .. } => write!(f, "a plan"),
            Entry::Closed(_) => write!(f, "closed"),
            Entry::Discarded(_) => write!(f, "discarded"),
            Entry::Event { event } => match &event.body {
                Body::RunStarted { .. } => write!(f, "run_started"),
                Body::PhaseStarted { phase } => write!(f, "phase_started {phase}"),
                Body::StepStarted { id, attempt, .. } => write!(f, "step_started {id}, attempt {attempt}"),
                Body::StepProgress { id, .. } => write!(f, "step_progress {id}"),
                Body::StepFinished { id, attempt, .. } => write!(f, "step_finished {id}, attempt {attempt}"),
                Body::Finding { guard, .. } => write!(f, "finding {guard}"),
                Body::RunFinished { .. } => write!(f, "run_finished"),
            },
        }
    }
}

#[cfg(test)]
mod tests;
