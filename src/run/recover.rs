//! Makes a run's journal anew from what its hosts keep, when the machine that conducted it is lost.
//!
//! ```text
//!  head.jsonl (header, facts, plan: byte for byte, with their sums) ─> the new journal's head
//!  job directories ─ which steps have begun ─> what must have been proven before ─> events
//! ```
//!
//! Nothing of a phase begins before all of the one before it is proven, and a lane goes step by
//! step: so whatever lies before a step that has a job is proven. The last step of each lane that
//! has a job is open: the resumed run attaches to that job or looks at what became of it.
//!
//! What cannot be known, and is said so in a finding: when things happened, the downtime so far,
//! what was found and why it stopped.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::lease::{LeaseError, Office};
use super::prepare::{self, PrepareError};
use super::state::{RunDir, StateDir, StateError};
use crate::engine::bus::Bus;
use crate::engine::job_name;
use crate::event::{Body, Level, StepOutcome};
use crate::inventory::Inventory;
use crate::journal::Journal;
use crate::name::{HostName, RunId};
use crate::plan::{Lane, Phase, Plan};
use crate::remote::Transport;
use crate::step::ResolvedStep;

/// What is lost with a state directory.
pub const UNKNOWN: &str = "times and downtime until now, findings and reasons are not known";

/// Why it cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// No host knows such a run.
    #[error("no host knows such a run")]
    Unknown,
    /// Hosts know several.
    #[error("the hosts know several runs: {}; name one", .0.join(", "))]
    Several(Vec<String>),
    /// No host has a whole head of its journal.
    #[error("no host has a whole plan of run {0}")]
    NoHead(RunId),
    /// A host did not answer.
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// No host could be reached.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// The new directory.
    #[error(transparent)]
    State(#[from] StateError),
}

/// Makes the run's directory; `wanted`: its id or the beginning of it.
pub async fn recover<T: Transport>(
    inventory: &Inventory,
    transport: &Arc<T>,
    state: &StateDir,
    wanted: Option<&str>,
) -> Result<RunDir, RecoverError> {
    prepare::connect(transport, inventory).await?;
    let office = Office::of(inventory);
    let mut runs = BTreeSet::new();
    for (_, standing) in office.look(transport).await {
        runs.extend(standing?.holder.map(|holder| holder.run));
    }
    let whole = runs.iter().find(|run| Some(run.as_str()) == wanted).cloned();
    runs.retain(|run| match &whole {
        Some(whole) => run == whole,
        None => wanted.is_none_or(|wanted| run.as_str().starts_with(wanted)),
    });
    let run = match runs.len() {
        0 => return Err(RecoverError::Unknown),
        1 => runs.pop_first().expect("there is one"),
        _ => return Err(RecoverError::Several(runs.iter().map(ToString::to_string).collect())),
    };
    let (mut heads, mut begun) = (vec![], BTreeMap::new());
    for (host, said) in office.recall(transport, &run).await {
        let (jobs, head) = said?;
        begun.insert(host, jobs);
        heads.push(head);
    }
    heads.retain(|head| !head.is_empty());
    let head = heads.first().ok_or_else(|| RecoverError::NoHead(run.clone()))?;
    let dir = state.adopt(&inventory.cluster, &run, head)?;
    match write(&dir, &begun) {
        Ok(true) => Ok(dir),
        // half a directory would pass for the run's own at the next try
        wrong => {
            let _ = std::fs::remove_dir_all(&dir.path);
            wrong?;
            Err(RecoverError::NoHead(run))
        }
    }
}

/// Jobs of a host: `NAME.ATTEMPT`.
type Jobs = Vec<String>;

/// Appends what the jobs tell; `false`: the head has no plan.
fn write(dir: &RunDir, begun: &BTreeMap<HostName, Jobs>) -> Result<bool, StateError> {
    let (journal, history) = Journal::reopen(&dir.journal())?;
    let Some((plan, digest)) = history.plan() else { return Ok(false) };
    let header = history.header();
    let bus = Bus::new(journal, history.events(), vec![]);
    let mut phases: Vec<String> = plan.phases.iter().map(|p| p.phase.clone()).collect();
    phases.dedup();
    bus.publish_at(
        Timestamp::now(),
        Body::RunStarted {
            run: dir.id.clone(),
            plan_digest: Some(digest.to_owned()),
            command: header.command.clone(),
            cluster: header.cluster.clone(),
            phases,
            steps: plan.steps().count(),
            down_since: None,
        },
    )?;
    bus.publish(Body::Finding {
        guard: "state-lost".to_owned(),
        host: None,
        level: Level::Warn,
        message: format!("the journal was made anew from what the hosts keep: {UNKNOWN}"),
        cure: "look for the old state directory, if the evidence matters".to_owned(),
    })?;
    for (phase, step, known) in known(plan, begun) {
        bus.publish(Body::StepStarted {
            phase: phase.phase.clone(),
            step: step.step.clone(),
            host: step.host.clone(),
            attempt: known.attempt,
            id: step.id.clone(),
            summary: step.summary.clone(),
        })?;
        if known.proven {
            bus.publish(Body::StepFinished {
                phase: phase.phase.clone(),
                step: step.step.clone(),
                host: step.host.clone(),
                attempt: known.attempt,
                id: step.id.clone(),
                // not `done`: that would count as having happened now
                outcome: StepOutcome::Already,
                detail: "what follows it had begun".to_owned(),
                stderr: String::new(),
                elapsed_s: 0.0,
                remote_s: 0.0,
            })?;
        }
    }
    Ok(true)
}

/// What is known of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Known {
    attempt: u32,
    proven: bool,
}

/// Steps that have begun, in the order of the plan.
fn known<'a>(plan: &'a Plan, begun: &BTreeMap<HostName, Jobs>) -> Vec<(&'a Phase, &'a ResolvedStep, Known)> {
    let attempt = |step: &ResolvedStep| {
        let name = job_name(&step.id);
        let jobs = begun.get(&step.host).into_iter().flatten();
        jobs.filter_map(|job| job.rsplit_once('.').filter(|(job, _)| *job == name)?.1.parse::<u32>().ok()).max()
    };
    let touched = |lane: &Lane| lane.steps.iter().rposition(|step| attempt(step).is_some());
    // what cleans up after a failure says nothing of what came before it
    let last = plan.phases.iter().rposition(|phase| !phase.always && phase.lanes.iter().any(|l| touched(l).is_some()));
    let mut all = vec![];
    for (at, phase) in plan.phases.iter().enumerate().filter(|(at, _)| last.is_some_and(|last| *at <= last)) {
        let behind = |n: usize| !phase.parallel && phase.lanes[n + 1..].iter().any(|lane| touched(lane).is_some());
        for (n, lane) in phase.lanes.iter().enumerate() {
            let whole = Some(at) < last || behind(n);
            let open = touched(lane);
            for (m, step) in lane.steps.iter().enumerate() {
                let proven = whole || open.is_some_and(|open| m < open);
                if proven || open == Some(m) {
                    all.push((phase, step, Known { attempt: attempt(step).unwrap_or(1), proven }));
                }
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(id: &str, host: &str) -> ResolvedStep {
        serde_json::from_value(serde_json::json!({
            "id": id, "step": "x", "host": host, "summary": "", "idempotent": true, "limit_s": 1,
        }))
        .unwrap()
    }

    fn phase(name: &str, parallel: bool, lanes: &[(&str, &[&str])]) -> Phase {
        let lanes = lanes.iter().map(|(host, ids)| Lane {
            host: HostName::parse(*host).unwrap(),
            steps: ids.iter().map(|id| step(id, host)).collect(),
        });
        Phase { phase: name.into(), parallel, always: false, lanes: lanes.collect(), gate: None }
    }

    fn told(plan: &Plan, jobs: &[(&str, &str)]) -> String {
        let mut begun: BTreeMap<HostName, Jobs> = BTreeMap::new();
        for (host, job) in jobs {
            begun.entry(HostName::parse(*host).unwrap()).or_default().push((*job).to_owned());
        }
        let one = |(_, step, known): &(_, &ResolvedStep, Known)| {
            format!("{}{}", step.id, if known.proven { String::new() } else { format!("?{}", known.attempt) })
        };
        known(plan, &begun).iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_lies_before_a_job_is_proven_and_the_last_job_of_each_lane_is_open() {
        let plan: Plan = Plan {
            format: 1,
            cluster: "c".parse().unwrap(),
            playbook: "restore".into(),
            params: BTreeMap::new(),
            binding: serde_json::Value::Null,
            phases: vec![
                phase("one", true, &[("h1", &["a"]), ("h2", &["b"])]),
                phase("two", false, &[("h1", &["c", "d"]), ("h2", &["e", "f"])]),
                phase("three", true, &[("h1", &["g", "h"]), ("h2", &["i", "j"])]),
            ],
            scripts: crate::script::Library::default(),
        };
        assert_eq!(told(&plan, &[]), "");
        assert_eq!(told(&plan, &[("h1", "a.1")]), "a?1");
        assert_eq!(told(&plan, &[("h1", "a.1"), ("h2", "b.1"), ("h1", "c.2"), ("h1", "c.1")]), "a b c?2");
        assert_eq!(told(&plan, &[("h2", "e.1")]), "a b c d e?1", "lanes of an ordered phase take turns");
        assert_eq!(told(&plan, &[("h1", "h.1"), ("h2", "i.3")]), "a b c d e f g h?1 i?3");
    }
}
