//! The words in which a run is told, shared by terminal and report so that both say the same.
//!
//! Pure text from events and their fold. Everything that came from a host passes [`clean`]: a
//! remote error message must not be able to move the cursor or recolour the operator's terminal.

use std::borrow::Cow;

use crate::event::{RunOutcome, RunState, StepOutcome, StepState, StepView};
pub use crate::units::bytes;

/// How many last lines of a remote error output are shown.
pub const TAIL: usize = 12;

/// One sentence without a full stop: what became of the run.
pub fn headline(state: &RunState) -> String {
    let what = subject(state);
    let Some(end) = &state.finished else {
        return match state.phases.last() {
            Some(phase) => format!("{what} has not ended; last phase seen: {}", phase.phase),
            None => format!("{what} has not ended; no phase began"),
        };
    };
    let within = state.phases.last().map(|p| format!(" in phase {}", p.phase)).unwrap_or_default();
    match end.outcome {
        RunOutcome::Done => {
            let steps = count(state.proven(), "step");
            format!("{what} done: {steps} proven on {}", count(hosts(state), "host"))
        }
        RunOutcome::Refused => format!("{what} refused, nothing was changed"),
        RunOutcome::Paused => format!("{what} paused{within}"),
        RunOutcome::RolledBack if end.reason.is_empty() => format!("{what} done: the old data is back"),
        RunOutcome::RolledBack => format!("{what}: {}", line(&end.reason)),
        RunOutcome::VerifyFailed => format!("{what}: verification failed, the data is not as it must be"),
        RunOutcome::Interrupted => format!("{what} interrupted{within}"),
    }
}

/// `restore of Lab Cluster`.
pub fn subject(state: &RunState) -> String {
    let command = if state.command.is_empty() { "run" } else { &state.command };
    match &state.cluster {
        Some(cluster) => format!("{command} of {cluster}"),
        None => command.to_owned(),
    }
}

/// The outcome as one word; a run without an end is `unfinished`.
pub fn outcome(state: &RunState) -> &'static str {
    match state.finished.as_ref().map(|end| end.outcome) {
        None => "unfinished",
        Some(RunOutcome::Done) => "done",
        Some(RunOutcome::Refused) => "refused",
        Some(RunOutcome::Paused) => "paused",
        Some(RunOutcome::RolledBack) => "rolled back",
        Some(RunOutcome::VerifyFailed) => "verify failed",
        Some(RunOutcome::Interrupted) => "interrupted",
    }
}

/// How a step ended, as a word.
pub fn step_outcome(outcome: StepOutcome) -> &'static str {
    match outcome {
        StepOutcome::Done => "done",
        StepOutcome::Already => "already so",
        StepOutcome::Failed => "FAILED",
        StepOutcome::Unknown => "UNKNOWN",
    }
}

/// Where the run is in its plan: number of the latest phase, from 1, and number of phases.
///
/// A phase name may come again (each keyspace has its restore and its wipe), so the phases seen
/// are walked along the plan instead of looking the last name up.
pub fn position(state: &RunState) -> Option<(usize, usize)> {
    let mut at = 0;
    for seen in &state.phases {
        let ahead = state.planned.iter().skip(at).position(|name| *name == seen.phase).map(|n| at + n + 1);
        at = ahead.or_else(|| state.planned.iter().position(|name| *name == seen.phase).map(|n| n + 1))?;
    }
    (at > 0).then_some((at, state.planned.len()))
}

/// Steps that did not end well, in order of start.
pub fn trouble(state: &RunState) -> impl Iterator<Item = &StepView> {
    state.steps().filter(|step| matches!(&step.state, StepState::Ended(outcome, ..) if !outcome.good()))
}

/// Number of distinct hosts with a step.
pub fn hosts(state: &RunState) -> usize {
    state.steps().map(|step| &step.host).collect::<std::collections::BTreeSet<_>>().len()
}

/// `1 step`, `2 steps`.
pub fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// A length of time to be read: `0.4 s`, `58 s`, `6 min 12 s`, `1 h 02 min`.
pub fn span(seconds: f64) -> String {
    if seconds < 9.95 {
        return format!("{:.1} s", seconds.max(0.0));
    }
    let whole = whole(seconds);
    match whole {
        0..90 => format!("{whole} s"),
        90..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole / 60 % 60),
    }
}

/// A running clock: `0:41`, `12:07`, `1:02:03`.
pub fn clock(seconds: f64) -> String {
    let s = whole(seconds);
    match s / 3600 {
        0 => format!("{}:{:02}", s / 60, s % 60),
        hours => format!("{hours}:{:02}:{:02}", s / 60 % 60, s % 60),
    }
}

/// Progress: `480 MiB of 1.2 GiB, 39 %`; other units keep their name.
pub fn progress(done: u64, total: u64, unit: &str) -> String {
    let one = |n: u64| if unit == "bytes" { bytes(n) } else { n.to_string() };
    let noun = if unit == "bytes" { String::new() } else { format!(" {unit}") };
    match (done.min(total) * 100).checked_div(total) {
        None => format!("{}{noun}", one(done)),
        Some(percent) => format!("{} of {}{noun}, {percent} %", one(done), one(total)),
    }
}

/// `text` without control characters and terminal escape sequences; tabs become a space, line
/// breaks stay. Also takes out the characters that reverse the writing direction.
pub fn clean(text: &str) -> Cow<'_, str> {
    let harmless = |c: char| c == '\n' || !(c.is_control() || is_bidi(c));
    if text.chars().all(harmless) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            // A CSI sequence goes as a whole, else its tail (`[31m`) would litter the text.
            '\u{1b}' if chars.peek() == Some(&'[') => {
                while chars.next_if(|c| !('@'..='~').contains(c) || *c == '[').is_some() {}
            }
            '\u{1b}' => {}
            '\t' => out.push(' '),
            c if harmless(c) => out.push(c),
            _ => {}
        }
        if c == '\u{1b}' {
            chars.next_if(|c| ('@'..='~').contains(c));
        }
    }
    Cow::Owned(out)
}

/// The same in one line.
pub fn line(text: &str) -> String {
    clean(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The last [`TAIL`] lines of a remote error output that are not empty, cleaned.
pub fn tail(stderr: &str) -> Vec<String> {
    let text = clean(stderr);
    let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|l| !l.is_empty()).collect();
    lines[lines.len().saturating_sub(TAIL)..].iter().map(|l| (*l).to_owned()).collect()
}

fn is_bidi(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped at zero; a run is shorter than 2^63 s"
)]
fn whole(seconds: f64) -> u64 {
    seconds.max(0.0).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::fixture;

    #[test]
    fn lengths_of_time_read_well_at_every_size() {
        let all: Vec<String> = [0.04, 3.24, 9.96, 89.4, 372.0, 7260.0].into_iter().map(span).collect();
        assert_eq!(all, ["0.0 s", "3.2 s", "10 s", "89 s", "6 min 12 s", "2 h 01 min"]);
        assert_eq!([41.2, 727.0, 3723.0].map(clock), ["0:41", "12:07", "1:02:03"]);
    }

    #[test]
    fn progress_says_bytes_in_readable_units_and_knows_no_percent_without_a_total() {
        assert_eq!(progress(503_316_480, 1_288_490_188, "bytes"), "480 MiB of 1.2 GiB, 39 %");
        assert_eq!(progress(7, 0, "ranges"), "7 ranges");
        assert_eq!(progress(7, 256, "ranges"), "7 of 256 ranges, 2 %");
    }

    #[test]
    fn remote_text_cannot_move_the_cursor_or_hide_itself() {
        assert_eq!(clean("\u{1b}[2J\u{1b}[31mred\u{1b}[0m\r\tx\u{202e}y\u{7}\u{1b}]0;title"), "red xy0;title");
        assert_eq!(clean("plain\nlines"), "plain\nlines");
        assert_eq!(line(" a\n  b\u{1b}[1mc "), "a bc");
    }

    #[test]
    fn every_outcome_has_its_sentence() {
        let runs = [fixture::done(), fixture::paused(), fixture::refused(), fixture::interrupted(), fixture::resumed()];
        let said = runs.map(|(_, state)| format!("{}: {}", outcome(&state), headline(&state))).join("\n");
        insta::assert_snapshot!(said, @"
        done: restore of Lab Cluster done: 36 steps proven on 4 hosts
        paused: restore of Lab Cluster paused in phase drain
        refused: restore of Lab Cluster refused, nothing was changed
        interrupted: restore of Lab Cluster interrupted in phase repair
        done: restore of Lab Cluster done: 36 steps proven on 4 hosts
        ");
    }
}
