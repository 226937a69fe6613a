//! Every attempt at every step, from the events: the fold keeps only the latest attempt, the
//! evidence must hold all of them.

use jiff::Timestamp;
use serde::Serialize;

use crate::event::{Body, Event, StepOutcome};
use crate::name::HostName;

/// One attempt at one step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Attempt {
    /// The step's id.
    pub id: String,
    /// Its phase.
    pub phase: String,
    /// Its type.
    pub step: String,
    /// Its host.
    pub host: HostName,
    /// From 1.
    pub attempt: u32,
    /// What is done, in one line.
    pub summary: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended, or when the run was last heard of while it was running.
    pub until: Timestamp,
    /// How it ended; `null`: its end was not seen.
    pub outcome: Option<StepOutcome>,
    /// Evidence or reason.
    pub detail: String,
    /// Last lines of the remote error output.
    pub stderr: String,
    /// Wall time in seconds; `null`: its end was not seen.
    pub elapsed_s: Option<f64>,
    /// Seconds that the host's scripts ran.
    pub remote_s: f64,
}

/// All attempts, in order of their starts.
pub fn attempts(events: &[Event]) -> Vec<Attempt> {
    let mut all: Vec<Attempt> = vec![];
    let mut last = None;
    for event in events {
        match &event.body {
            // What still runs here was cut off by a pause or a crash.
            Body::RunStarted { .. } => close(&mut all, last),
            Body::StepStarted { phase, step, host, attempt, id, summary } => all.push(Attempt {
                id: id.clone(),
                phase: phase.clone(),
                step: step.clone(),
                host: host.clone(),
                attempt: *attempt,
                summary: summary.clone(),
                started: event.time,
                until: Timestamp::MAX,
                outcome: None,
                detail: String::new(),
                stderr: String::new(),
                elapsed_s: None,
                remote_s: 0.0,
            }),
            Body::StepFinished { id, outcome, detail, stderr, elapsed_s, remote_s, .. } => {
                if let Some(open) = all.iter_mut().rev().find(|a| a.id == *id && a.outcome.is_none()) {
                    open.until = event.time;
                    open.outcome = Some(*outcome);
                    open.detail.clone_from(detail);
                    open.stderr.clone_from(stderr);
                    open.elapsed_s = Some(*elapsed_s);
                    open.remote_s = *remote_s;
                }
            }
            _ => {}
        }
        last = Some(event.time);
    }
    close(&mut all, last);
    all
}

fn close(all: &mut [Attempt], last: Option<Timestamp>) {
    for open in all.iter_mut().filter(|a| a.until == Timestamp::MAX) {
        open.until = last.unwrap_or(open.started);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::fixture;

    #[test]
    fn a_failed_attempt_is_kept_beside_the_one_that_succeeded() {
        let drains = attempts(&fixture::resumed().0).into_iter().filter(|a| a.id == "drain/node.drain/cass2");
        let told: Vec<_> = drains.map(|a| (a.attempt, a.outcome)).collect();
        assert_eq!(told, [(1, Some(StepOutcome::Failed)), (2, Some(StepOutcome::Done))]);
    }

    #[test]
    fn what_ran_when_the_run_was_interrupted_lasts_until_its_last_event() {
        let (events, _) = fixture::interrupted();
        let all = attempts(&events);
        let open: Vec<_> = all.iter().filter(|a| a.outcome.is_none()).collect();
        assert_eq!(open.len(), 1);
        assert_eq!(open[0].until, events.last().unwrap().time);
    }
}
