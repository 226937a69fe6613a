//! The lines that plain and live view share: one event, said for people.
//!
//! Every function returns finished lines without line breaks and without the time of day, which
//! only the plain view puts in front.

use std::fmt::Write as _;

use super::Look;
use crate::event::{Body, Event, Level, RunState, StepOutcome};
use crate::report::words;

/// What one event says; empty when the operator did not ask for it.
pub(super) fn lines(event: &Event, state: &RunState, look: Look) -> Vec<String> {
    match &event.body {
        Body::RunStarted { run, plan_digest, steps, .. } if !look.quiet() => {
            let again = if state.pauses.is_empty() { "" } else { ", resumed" };
            let mut said = vec![look.head(&format!("{}, run {run}{again}", words::subject(state))).into_owned()];
            if let Some(digest) = plan_digest {
                let phases = words::count(state.planned.len(), "phase");
                said.push(format!("plan {digest}, {} in {phases}", words::count(*steps, "step")));
            }
            said
        }
        Body::PhaseStarted { phase } if !look.quiet() => vec![look.head(&heading(phase, state)).into_owned()],
        Body::StepStarted { step, host, attempt, id, summary, .. } if look.verbose() => {
            let line = format!("{host:<8} {step:<15} {} {} begins", words::line(summary), look.sign("…", "..."));
            vec![format!("{line} {}", look.dim(&format!("[{id}, attempt {attempt}]")))]
        }
        Body::StepFinished { .. } => step_finished(&event.body, state, look),
        Body::Finding { guard, host, level, message, cure } => {
            let on = host.as_ref().map(|host| format!(" on {host}")).unwrap_or_default();
            let shown = match level {
                Level::Pass => look.verbose(),
                Level::Warn | Level::Overridden => !look.quiet(),
                Level::Fail => true,
            };
            if !shown {
                return vec![];
            }
            let mut said = vec![format!("{} {guard}{on}: {}", level_word(*level, look), words::line(message))];
            // Cures of what fails are in the summary, which follows at once.
            if !cure.is_empty() && matches!(level, Level::Warn | Level::Overridden) {
                said.push(format!("  what to do: {}", words::line(cure)));
            }
            said
        }
        _ => vec![],
    }
}

/// `phase 6/14 drain`.
pub(super) fn heading(phase: &str, state: &RunState) -> String {
    match words::position(state) {
        Some((number, total)) => format!("phase {number}/{total} {phase}"),
        None => format!("phase {phase}"),
    }
}

/// A guard's verdict as a word, coloured.
pub(super) fn level_word(level: Level, look: Look) -> String {
    match level {
        Level::Pass => look.good("ok").into_owned(),
        Level::Warn => look.warn("warning").into_owned(),
        Level::Overridden => look.warn("overridden").into_owned(),
        Level::Fail => look.bad("FAIL").into_owned(),
    }
}

fn step_finished(body: &Body, state: &RunState, look: Look) -> Vec<String> {
    let Body::StepFinished { step, host, attempt, id, outcome, detail, stderr, elapsed_s, remote_s, .. } = body else {
        return vec![];
    };
    if look.quiet() && outcome.good() {
        return vec![];
    }
    let word = words::step_outcome(*outcome);
    let word = match outcome {
        StepOutcome::Done => look.good(word),
        StepOutcome::Already => look.dim(word),
        StepOutcome::Failed | StepOutcome::Unknown => look.bad(word),
    };
    let summary = state.step(id).map(|view| words::line(&view.summary)).unwrap_or_default();
    let mut end = format!("{} in {}", word, words::span(*elapsed_s));
    if !detail.is_empty() {
        end.push_str(": ");
        end.push_str(&words::line(detail));
    }
    let start = format!("{host:<8} {step:<15}");
    let whole = start.chars().count() + summary.chars().count() + end.chars().count() + 14;
    // On a narrow terminal the evidence matters more than what the step's name says already.
    let mut line = match look.width {
        Some(width) if whole > width.into() && !look.verbose() => format!("{start} {end}"),
        _ => format!("{start} {summary} {} {end}", look.sign("…", "...")),
    };
    if look.verbose() {
        let more = format!(" [{id}, attempt {attempt}, remote {}]", words::span(*remote_s));
        line.push_str(&look.dim(&more));
    } else if *attempt > 1 {
        _ = write!(line, " (attempt {attempt})");
    }
    let mut said = vec![line];
    if !outcome.good() {
        said.extend(words::tail(stderr).iter().map(|text| format!("    | {text}")));
    }
    said
}
