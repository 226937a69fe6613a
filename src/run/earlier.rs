//! Finds the run that a rollback or a discard is about, and what its journal says of it.
//!
//! Everything here comes from the state directory: no host is asked, so it works while the cluster
//! is down, and what does not fit is refused before there is a new run.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::owner::Owner;
use super::state::{RunDir, StateDir, StateError};
use crate::event::{CLIENTS_UP, RunOutcome, RunState};
use crate::facts::{Earlier, Facts};
use crate::journal::{Closed, Discarded, Entry, Header, History, How, Journal};
use crate::name::{ClusterName, HostName, Keyspace, RunId};
use crate::plan::{Plan, Request};
use crate::report::words;

/// A command about an earlier run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Back to the data of before it.
    Rollback,
    /// Delete what it set aside.
    Discard,
}

impl Verb {
    /// The command and its playbook.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rollback => "rollback",
            Self::Discard => "discard",
        }
    }
}

/// The earlier run: what it knew, and how far it came.
#[derive(Debug, Clone, PartialEq)]
pub struct Of {
    /// What steps need to know.
    pub earlier: Earlier,
    /// The cluster as that run found it.
    pub facts: Facts,
    /// What that run was asked for.
    pub request: Request,
    /// Whether it changed anything but its own stage.
    pub changed: bool,
    /// Since when clients may have been served on what it left.
    pub served: Option<Timestamp>,
    /// Since when clients are stopped, as far as is known still.
    pub down: Option<Timestamp>,
    /// Keyspaces whose tables it proved to have set aside, by node.
    pub taken: BTreeSet<(HostName, Keyspace)>,
    /// Whether the old data is back already.
    pub undone: bool,
    /// When it was given up, if it was: what became of the nodes since is not known.
    pub abandoned: Option<Timestamp>,
}

/// Why there is no run to go on with.
#[derive(Debug, thiserror::Error)]
pub enum OfError {
    /// None of that name, or a journal that cannot be read.
    #[error(transparent)]
    State(#[from] StateError),
    /// The verb does not apply to it.
    #[error("cannot {} run {run}: {why}", verb.name())]
    Unfit {
        /// The command.
        verb: Verb,
        /// The run.
        run: RunId,
        /// Why not.
        why: String,
        /// What to do instead; may be empty.
        next: String,
    },
    /// It ended before it had a plan.
    #[error("run {0} ended before it had a plan and changed nothing")]
    NoPlan(RunId),
}

/// The run that `wanted` names, or the newest to which the verb applies.
pub fn find(state: &StateDir, cluster: &ClusterName, verb: Verb, wanted: Option<&str>) -> Result<Of, OfError> {
    let runs = state.runs(cluster)?;
    // one that cannot be read is no rollback that could be known of
    let all: Vec<History> = runs.iter().filter_map(|dir| dir.history().ok()).collect();
    let known = |id: &RunId| all.iter().find(|history| history.header().run == *id);
    let applies = |dir: &RunDir| known(&dir.id).is_some_and(|history| Tale::of(history, &all).fits(verb).is_ok());
    let dir = state.find(cluster, wanted, applies).map_err(|error| {
        // where every restore ended before it had a plan there is nothing to undo
        let planless = |history: &&History| matches!(Tale::of(history, &all).fits(verb), Err(OfError::NoPlan(_)));
        match (verb, wanted, all.iter().rev().find(planless)) {
            (Verb::Rollback, None, Some(history)) => OfError::NoPlan(history.header().run.clone()),
            _ => error.into(),
        }
    })?;
    let history = dir.history()?;
    let tale = Tale::of(&history, &all);
    let (facts, request, plan) = tale.fits(verb)?;
    Ok(tale.told(facts, request, plan))
}

/// The same for a run that ended before it had a plan and begins again.
pub(super) fn again(state: &StateDir, cluster: &ClusterName, command: &str, run: &RunId) -> Result<Of, OfError> {
    let verb = if command == Verb::Discard.name() { Verb::Discard } else { Verb::Rollback };
    find(state, cluster, verb, Some(run.as_str()))
}

/// Writes into the earlier run's journal what became of it. For other runs: nothing.
pub(super) fn close(dir: &RunDir, me: &Owner) -> Result<(), StateError> {
    let own = dir.history()?;
    let Some(earlier) = own.facts().and_then(|(_, request)| request.earlier.as_ref()) else { return Ok(()) };
    let path = dir.path.with_file_name(earlier.run.as_str());
    let (mut journal, history) = Journal::reopen(&RunDir { id: earlier.run.clone(), path }.journal())?;
    let run = dir.id.clone();
    if own.header().command == Verb::Discard.name() {
        if history.discarded().is_none() {
            journal.append(Entry::Discarded(Discarded { run, freed: BTreeMap::new() }))?;
        }
    } else if history.closed().is_none() {
        let (operator, reason) = (me.who.clone(), String::new());
        journal.append(Entry::Closed(Closed { how: How::RolledBack, run: Some(run), operator, reason }))?;
    }
    Ok(())
}

/// A run and the runs about it.
struct Tale<'a> {
    history: &'a History,
    run: &'a RunId,
    state: RunState,
    /// Runs of that command about it.
    rollbacks: Vec<(RunId, RunState)>,
    discards: Vec<(RunId, RunState)>,
    /// Since when clients may have been served by another later run.
    served_later: Option<Timestamp>,
    /// A later restore that replaced data and was not rolled back: it may have taken what this one left.
    overtaken: Option<RunId>,
}

impl<'a> Tale<'a> {
    fn of(history: &'a History, all: &[History]) -> Self {
        let run = &history.header().run;
        let about = |verb: Verb| {
            let about = all.iter().filter(|later| {
                let earlier = later.facts().and_then(|(_, request)| request.earlier.as_ref());
                later.header().command == verb.name() && earlier.is_some_and(|earlier| earlier.run == *run)
            });
            about.map(|later| (later.header().run.clone(), RunState::of(later.events()))).collect::<Vec<_>>()
        };
        let state = RunState::of(history.events());
        let (rollbacks, discards) = (about(Verb::Rollback), about(Verb::Discard));
        let later: Vec<(&Header, RunState)> = all
            .iter()
            .filter(|later| later.header().run > *run && rollbacks.iter().all(|(id, _)| *id != later.header().run))
            .map(|later| (later.header(), RunState::of(later.events())))
            .collect();
        let served_later = later.iter().filter_map(|(_, state)| served(state)).min();
        let undone = |id: &RunId| {
            let by = |(header, state): &&(&Header, RunState)| header.asked.of.as_ref() == Some(id) && ended_well(state);
            later.iter().filter(|(header, _)| header.command == Verb::Rollback.name()).any(|one| by(&one))
        };
        let replaced = |(header, state): &&(&Header, RunState)| {
            header.command == "restore" && changed(state) && !undone(&header.run)
        };
        let overtaken = later.iter().rev().find(replaced).map(|(header, _)| header.run.clone());
        Self { history, run, state, rollbacks, discards, served_later, overtaken }
    }

    /// The rollback that brought the old data back.
    fn undone(&self) -> Option<&RunId> {
        self.rollbacks.iter().find(|(_, state)| ended_well(state)).map(|(run, _)| run)
    }

    /// What it was made from and its plan, when the verb applies to it.
    fn fits(&self, verb: Verb) -> Result<(&'a Facts, &'a Request, &'a Plan), OfError> {
        let run = self.run;
        let unfit = |why: &str, next: String| OfError::Unfit { verb, run: run.clone(), why: why.to_owned(), next };
        match self.history.header().command.as_str() {
            "restore" => {}
            "rollback" => {
                let earlier = self.history.facts().and_then(|(_, request)| request.earlier.as_ref());
                let next = match (verb, earlier) {
                    (Verb::Discard, Some(earlier)) => format!("reseed discard {}", earlier.run),
                    (Verb::Rollback, _) if !self.over() => format!("reseed resume {run}"),
                    _ => "restore a backup: reseed restore TAG".to_owned(),
                };
                return Err(unfit("it is a rollback itself", next));
            }
            _ => return Err(unfit("it replaced no data", "see `reseed runs`".to_owned())),
        }
        let Some((plan, _)) = self.history.plan() else { return Err(OfError::NoPlan(run.clone())) };
        let Some((facts, request)) = self.history.facts() else {
            return Err(unfit("its journal is of an older reseed and holds no facts", "use that version".to_owned()));
        };
        if let Some((by, _)) = self.discards.iter().find(|(_, state)| state.steps().any(|s| s.step == "run.discard")) {
            let over = self.discards.iter().any(|(_, state)| ended_well(state));
            let next =
                if over { "restore a backup: reseed restore TAG".to_owned() } else { format!("reseed resume {by}") };
            return Err(unfit(&format!("what it set aside was deleted by run {by}"), next));
        }
        if let (Verb::Rollback, Some(by), None) = (verb, &self.overtaken, self.undone()) {
            return Err(unfit(&format!("run {by} replaced data after it"), format!("reseed rollback {by}")));
        }
        match (verb, self.undone()) {
            (Verb::Rollback, Some(by)) => {
                let next = "the old data is live already; reseed runs".to_owned();
                Err(unfit(&format!("it was rolled back already, by run {by}"), next))
            }
            (Verb::Discard, None) if !self.over() => {
                let next = format!("reseed resume {run}, or reseed rollback {run}");
                Err(unfit(&format!("it is {} and may need what it set aside", words::outcome(&self.state)), next))
            }
            _ => Ok((facts, request, plan)),
        }
    }

    fn abandoned(&self) -> Option<Timestamp> {
        let given_up = |entry: &Entry| matches!(entry, Entry::Closed(Closed { how: How::Abandoned, .. }));
        self.history.records.iter().find(|record| given_up(&record.body)).map(|record| record.time)
    }

    /// Whether it will not be gone on with.
    fn over(&self) -> bool {
        let end = self.state.finished.as_ref().map(|end| end.outcome);
        end.is_some_and(RunOutcome::is_over) || self.history.closed().is_some()
    }

    fn told(&self, facts: &Facts, request: &Request, plan: &Plan) -> Of {
        let state = &self.state;
        let proven = |steps: &'static [&'static str]| {
            plan.steps().map(|(_, s)| s).filter(move |s| steps.contains(&s.step.as_str()) && state.is_proven(&s.id))
        };
        // what is not proven to be created has not been filled either
        let uncreated = proven(&["schema.create"]).next().is_none();
        let hosts = |step: &'static [&'static str]| proven(step).map(|s| s.host.clone()).collect::<BTreeSet<_>>();
        let keyspace = |s: &crate::step::ResolvedStep| Keyspace::parse(s.subject.clone()?).ok();
        // a rollback that came so far has begun to put back: what is there is not to be set aside
        let began: BTreeSet<&HostName> = self
            .rollbacks
            .iter()
            .flat_map(|(_, later)| later.steps().filter(|s| s.step == "node.clear" && later.is_proven(&s.id)))
            .map(|step| &step.host)
            .collect();
        Of {
            earlier: Earlier {
                run: self.run.clone(),
                rollbacks: self.rollbacks.iter().map(|(run, _)| run.clone()).collect(),
                drained: hosts(&["node.drain"]),
                cleared: hosts(&["node.clear"]).into_iter().filter(|host| !began.contains(host)).collect(),
            },
            facts: if uncreated { facts.clone().without_missing() } else { facts.clone() },
            request: request.clone(),
            changed: changed(state),
            served: self.served(plan),
            down: state.downtime.began.filter(|_| {
                // a rollback may have started clients, too
                self.served(plan).is_none() && self.abandoned().is_none() && self.rollbacks.is_empty()
            }),
            taken: proven(&["table.swap", "table.aside"])
                .filter_map(|s| Some((s.host.clone(), keyspace(s)?)))
                .collect(),
            undone: self.undone().is_some(),
            abandoned: self.abandoned(),
        }
    }

    /// From the first client whose start began: whether that went well is not for us to bet on. Where
    /// the plan starts none, from its end.
    fn served(&self, plan: &Plan) -> Option<Timestamp> {
        let first = served(&self.state).into_iter().chain(self.served_later).min();
        let done = self.state.finished.as_ref().is_some_and(|end| end.outcome == RunOutcome::Done);
        let none = !plan.steps().any(|(_, s)| CLIENTS_UP.contains(&s.step.as_str()));
        first.or(self.state.span.map(|(_, last)| last).filter(|_| done && none))
    }
}

/// Whether it changed anything but its own stage.
fn changed(state: &RunState) -> bool {
    state.steps().any(|step| step.step != "backup.stage")
}

fn ended_well(state: &RunState) -> bool {
    state.finished.as_ref().is_some_and(|end| end.exit == 0)
}

/// When the first client's start began.
fn served(state: &RunState) -> Option<Timestamp> {
    state.steps().filter(|step| CLIENTS_UP.contains(&step.step.as_str())).map(|step| step.started).min()
}
