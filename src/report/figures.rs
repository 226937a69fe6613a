//! Figures of a run, computed once from the fold and shown by terminal, HTML and JSON alike.
//!
//! Time during which a run lay paused counts neither to a phase nor to the total; it does count
//! to the downtime, since clients do not care why they are not served.

use jiff::{Timestamp, Unit};
use serde::Serialize;

use super::words;
use crate::event::{RunState, StepState};

/// A phase's share of the run; phases of the same name are added up.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PhaseFigures {
    /// Its name.
    pub phase: String,
    /// When it first began.
    pub started: Timestamp,
    /// Seconds, pauses left out.
    pub elapsed_s: f64,
    /// Steps that began in it.
    pub steps: usize,
}

/// All phases seen, in order of their first start.
pub fn phases(state: &RunState) -> Vec<PhaseFigures> {
    let mut all: Vec<PhaseFigures> = vec![];
    for (i, phase) in state.phases.iter().enumerate() {
        let elapsed = worked(state, phase.started, phase_end(state, i));
        if let Some(known) = all.iter_mut().find(|known| known.phase == phase.phase) {
            known.elapsed_s += elapsed;
            known.steps += phase.steps.len();
        } else {
            let (started, steps) = (phase.started, phase.steps.len());
            all.push(PhaseFigures { phase: phase.phase.clone(), started, elapsed_s: elapsed, steps });
        }
    }
    all
}

/// When the phase at place `at` ended; of the last one, when it was last heard of.
pub fn phase_end(state: &RunState, at: usize) -> Timestamp {
    let phase = &state.phases[at];
    let last = state.span.map_or(phase.started, |(_, last)| last);
    match state.phases.get(at + 1) {
        Some(next) => next.started,
        None if phase.steps.iter().any(|step| matches!(step.state, StepState::Running(_))) => last,
        None => phase.ended.unwrap_or(last),
    }
}

/// Seconds from `from` to `to`, pauses left out.
pub fn worked(state: &RunState, from: Timestamp, to: Timestamp) -> f64 {
    let idle = |&(begin, end): &(Timestamp, Timestamp)| seconds(begin.max(from), end.min(to));
    (seconds(from, to) - state.pauses.iter().map(idle).sum::<f64>()).max(0.0)
}

/// Seconds during which the run lay paused.
pub fn paused_seconds(state: &RunState) -> f64 {
    state.pauses.iter().map(|(begin, end)| seconds(*begin, *end)).sum()
}

/// Wall time of the run and, once it ended, the tool's own share of it.
pub fn totals(state: &RunState) -> (f64, Option<f64>) {
    match (&state.finished, state.span) {
        (Some(end), _) => (end.total_s, Some(end.own_share_s)),
        (None, Some((first, last))) => (worked(state, first, last), None),
        (None, None) => (0.0, None),
    }
}

/// The downtime in words; one that is not over is said to be so.
pub fn downtime_text(state: &RunState) -> String {
    let (value, note) = downtime_parts(state);
    if note.is_empty() { value } else { format!("{value}, {note}") }
}

/// The downtime's length and its times, or what else there is to say of it.
pub fn downtime_parts(state: &RunState) -> (String, String) {
    let Some(began) = state.downtime.began else {
        return ("none".to_owned(), String::new());
    };
    let last = state.span.map_or(began, |(_, last)| last);
    let (from, length) = (began.strftime("%H:%M:%S"), words::span(state.downtime.so_far(last).unwrap_or(0.0)));
    match state.downtime.ended {
        Some(ended) => (length, format!("from {from} to {} UTC", ended.strftime("%H:%M:%S"))),
        None => ("NOT OVER".to_owned(), format!("clients down since {from} UTC, {length} when the run stopped")),
    }
}

/// `1.1 %` of the whole.
pub fn percent(part: f64, whole: f64) -> String {
    if whole > 0.0 { format!("{:.1} %", part / whole * 100.0) } else { "0 %".to_owned() }
}

/// Seconds from `from` to `to`; 0 when `to` is earlier.
pub fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    (to - from).total(Unit::Second).unwrap_or(0.0).max(0.0)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::event::{Body, CLIENTS_DOWN, StepOutcome, fixture};

    #[test]
    fn a_night_between_pause_and_resume_counts_to_the_downtime_and_to_no_phase() {
        let (_, state) = fixture::resumed();
        let drain = phases(&state).into_iter().find(|p| p.phase == "drain").unwrap();
        assert!(drain.elapsed_s < 120.0, "{drain:?}");
        assert!((paused_seconds(&state) - 7.0 * 3600.0).abs() < 1.0);
        assert!(state.downtime.seconds().unwrap() > 7.0 * 3600.0);
    }

    #[test]
    fn an_outage_that_a_rollback_ends_began_with_the_run_that_it_is_about() {
        let (mut events, _) = fixture::done();
        let began = events[0].time - SignedDuration::from_mins(50);
        let Body::RunStarted { down_since, .. } = &mut events[0].body else { panic!("no first event") };
        *down_since = Some(began);
        // the clients were stopped already
        for event in &mut events {
            if let Body::StepFinished { step, outcome, .. } = &mut event.body
                && CLIENTS_DOWN.contains(&step.as_str())
            {
                *outcome = StepOutcome::Already;
            }
        }
        let state = RunState::of(&events);
        assert!(state.downtime.seconds().unwrap() > 50.0 * 60.0, "{:?}", state.downtime);
        assert!(downtime_text(&state).contains("from 15:25:00"), "{}", downtime_text(&state));
    }

    #[test]
    fn phases_add_up_to_the_run() {
        let (_, state) = fixture::done();
        let sum: f64 = phases(&state).iter().map(|p| p.elapsed_s).sum();
        assert!((sum - totals(&state).0).abs() < 1.0, "{sum} {:?}", totals(&state));
    }
}
