//! Geometry of the timeline: what is drawn where, as numbers for the template.
//!
//! ```text
//!  downtime   ┌ band over everything from the first client stopped to the first one serving ┐
//!  phases     │ 1 │ 2 stage        │…                                                        │
//!  cass1      │     ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇     ▇ ▇▇                                               …  │
//!  cass2      │                         ▇   ▇▇                                                │
//!             0:00      0:30      1:00
//! ```
//!
//! The axis is linear in time *worked*: a pause is a narrow break with its length written on it,
//! or a night between failure and resume would squeeze the run itself into a sliver.

use jiff::Timestamp;

use super::attempts::Attempt;
use super::{figures, words};
use crate::event::{RunState, StepOutcome};

/// Left edge of the plot: room for host names.
pub const LEFT: f64 = 118.0;
/// Right edge of the plot.
pub const RIGHT: f64 = 1040.0;
/// Width of the drawing.
pub const WIDTH: f64 = 1060.0;
const DOWN_Y: f64 = 16.0;
const PHASE_Y: f64 = 30.0;
const LANE_Y: f64 = 60.0;
const LANE: f64 = 26.0;
const BREAK: f64 = 34.0;
/// Number of phase colours in the style sheet.
const COLOURS: usize = 14;

/// The drawing.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// Height of the drawing.
    pub height: f64,
    /// Bottom of the lanes.
    pub floor: f64,
    /// Hosts.
    pub lanes: Vec<Mark>,
    /// Phases.
    pub phases: Vec<Bar>,
    /// Steps.
    pub steps: Vec<Bar>,
    /// The downtime.
    pub down: Option<Bar>,
    /// Pauses.
    pub pauses: Vec<Bar>,
    /// Ticks of the axis.
    pub ticks: Vec<Mark>,
}

/// A text at a place.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// Horizontal place.
    pub x: f64,
    /// Vertical place.
    pub y: f64,
    /// The text.
    pub text: String,
}

/// A box.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// Left.
    pub x: f64,
    /// Top.
    pub y: f64,
    /// Width.
    pub w: f64,
    /// Classes of the style sheet.
    pub class: String,
    /// Text on it, as much as fits; may be empty.
    pub text: String,
    /// Where that text is anchored.
    pub text_x: f64,
    /// Where the cross of a failed step is drawn: within its bar, or beside one that is too short.
    pub cross_x: f64,
    /// Hover text.
    pub title: String,
}

/// Maps times to places.
struct Scale<'a> {
    state: &'a RunState,
    first: Timestamp,
    per_second: f64,
}

impl<'a> Scale<'a> {
    fn new(state: &'a RunState, first: Timestamp, last: Timestamp) -> Self {
        let worked = figures::worked(state, first, last).max(0.001);
        let breaks = as_f64(state.pauses.len()) * BREAK;
        Self { state, first, per_second: (RIGHT - LEFT - breaks).max(100.0) / worked }
    }

    fn x(&self, time: Timestamp) -> f64 {
        let breaks = self.state.pauses.iter().filter(|(_, end)| *end <= time).count();
        round(LEFT + figures::worked(self.state, self.first, time) * self.per_second + as_f64(breaks) * BREAK)
    }

    /// The place of a moment given in seconds worked.
    fn x_worked(&self, seconds: f64) -> f64 {
        let before = |begin: Timestamp| figures::worked(self.state, self.first, begin) < seconds;
        let breaks = self.state.pauses.iter().filter(|(begin, _)| before(*begin)).count();
        round(LEFT + seconds * self.per_second + as_f64(breaks) * BREAK)
    }

    fn bar(&self, from: Timestamp, to: Timestamp, y: f64, least: f64) -> Bar {
        let x = self.x(from);
        let w = round((self.x(to) - x).max(least));
        let cross_x = if w > 24.0 { x + w - 10.0 } else { x + w + 8.0 };
        Bar {
            x,
            y,
            w,
            text_x: round(x + w / 2.0),
            cross_x,
            class: String::new(),
            text: String::new(),
            title: String::new(),
        }
    }
}

/// Lays the run out; `None` when nothing can be drawn, since no step ever began.
pub fn timeline(state: &RunState, attempts: &[Attempt]) -> Option<Timeline> {
    let (first, last) = state.span.filter(|_| !attempts.is_empty())?;
    let scale = Scale::new(state, first, last);
    let mut hosts: Vec<&str> = attempts.iter().map(|a| a.host.as_str()).collect();
    hosts.sort_unstable();
    hosts.dedup();
    let lane = |i: usize| LANE_Y + as_f64(i) * LANE;
    let floor = lane(hosts.len());
    let names: Vec<&str> = phase_names(state);
    let lane_of = |a: &Attempt| hosts.iter().position(|host| *host == a.host.as_str()).unwrap_or(0);
    Some(Timeline {
        height: floor + 34.0,
        floor,
        phases: phases(state, &scale, &names),
        steps: attempts.iter().map(|a| step(a, &scale, &names, lane(lane_of(a)) + 4.0)).collect(),
        down: down(state, &scale, last),
        pauses: state.pauses.iter().map(|(from, to)| pause(&scale, *from, *to)).collect(),
        ticks: ticks(&scale, figures::worked(state, first, last), floor + 16.0),
        lanes: hosts.iter().enumerate().map(|(i, host)| lane_name(host, lane(i))).collect(),
    })
}

/// The colour class of a phase: by its place in the plan, so that it is the same everywhere.
pub fn colour(names: &[&str], phase: &str) -> String {
    let at = names.iter().position(|name| *name == phase).unwrap_or(names.len());
    format!("p{}", at % COLOURS)
}

/// Phase names as planned, then those that were seen without being planned.
pub fn phase_names(state: &RunState) -> Vec<&str> {
    let all = state.planned.iter().chain(state.phases.iter().map(|p| &p.phase));
    let mut names: Vec<&str> = vec![];
    for name in all {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names
}

fn lane_name(host: &str, y: f64) -> Mark {
    let mut text: String = host.chars().take(15).collect();
    if text.len() < host.len() {
        text.push('…');
    }
    Mark { x: LEFT - 10.0, y, text }
}

fn phases(state: &RunState, scale: &Scale<'_>, names: &[&str]) -> Vec<Bar> {
    let mut bars = vec![];
    for (i, phase) in state.phases.iter().enumerate() {
        let end = figures::phase_end(state, i);
        let mut bar = scale.bar(phase.started, end, PHASE_Y, 1.5);
        let number = names.iter().position(|name| *name == phase.phase).map_or(0, |n| n + 1);
        let seconds = figures::worked(state, phase.started, end);
        bar.class = colour(names, &phase.phase);
        bar.title = format!("phase {number} {}: {}", phase.phase, words::span(seconds));
        let label = format!("{number} {}", phase.phase);
        bar.text = match bar.w {
            w if w > as_f64(label.len()) * 6.4 + 6.0 => label,
            w if w > as_f64(number.to_string().len()) * 6.6 + 3.0 => number.to_string(),
            _ => String::new(),
        };
        bars.push(bar);
    }
    bars
}

fn step(attempt: &Attempt, scale: &Scale<'_>, names: &[&str], y: f64) -> Bar {
    let mut bar = scale.bar(attempt.started, attempt.until, y, 2.5);
    let (class, how) = match attempt.outcome {
        Some(outcome @ (StepOutcome::Done | StepOutcome::Already)) => ("", words::step_outcome(outcome)),
        Some(outcome) => (" bad", words::step_outcome(outcome)),
        None => (" open", "its end was not seen"),
    };
    bar.class = colour(names, &attempt.phase) + class;
    let long = attempt.elapsed_s.map(|s| format!(" in {}", words::span(s))).unwrap_or_default();
    let again = if attempt.attempt > 1 { format!(", attempt {}", attempt.attempt) } else { String::new() };
    let detail = if attempt.detail.is_empty() { String::new() } else { format!(": {}", words::line(&attempt.detail)) };
    bar.title = format!("{} on {}{again} ({}): {how}{long}{detail}", attempt.step, attempt.host, attempt.phase);
    if as_f64(attempt.step.len()) * 6.4 + 6.0 < bar.w {
        bar.text.clone_from(&attempt.step);
    }
    bar
}

fn down(state: &RunState, scale: &Scale<'_>, last: Timestamp) -> Option<Bar> {
    let began = state.downtime.began?;
    let mut bar = scale.bar(began, state.downtime.ended.unwrap_or(last), DOWN_Y, 2.0);
    let seconds = state.downtime.so_far(last).unwrap_or(0.0);
    bar.text = match state.downtime.ended {
        Some(_) => format!("clients down: {}", words::span(seconds)),
        None => format!("clients down: {} and not over", words::span(seconds)),
    };
    // The text is wider than a short outage: it stays inside the drawing.
    let half = as_f64(bar.text.len()) * 3.4;
    bar.text_x = bar.text_x.clamp(LEFT + half, (RIGHT - half).max(LEFT + half));
    bar.title = figures::downtime_text(state);
    Some(bar)
}

fn pause(scale: &Scale<'_>, from: Timestamp, to: Timestamp) -> Bar {
    let (x, text) = (scale.x(from), words::span(figures::seconds(from, to)));
    let title = format!("paused for {text}");
    Bar { x, y: PHASE_Y, w: BREAK, class: String::new(), text, text_x: x + BREAK / 2.0, cross_x: x, title }
}

fn ticks(scale: &Scale<'_>, worked: f64, y: f64) -> Vec<Mark> {
    const STEPS: &[u32] = &[1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400];
    let every = STEPS.iter().copied().find(|s| worked / f64::from(*s) <= 11.0).unwrap_or(86_400 * 7);
    let marks = (0..=11).map(|i| f64::from(i * every)).take_while(|seconds| *seconds <= worked);
    marks.map(|seconds| Mark { x: scale.x_worked(seconds), y, text: words::clock(seconds) }).collect()
}

/// One digit after the point: enough for a drawing, and half the size of the file.
fn round(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

#[expect(clippy::cast_precision_loss, reason = "small counts")]
fn as_f64(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::fixture;
    use crate::report::attempts::attempts;

    #[test]
    fn everything_drawn_lies_within_the_plot_in_every_kind_of_run() {
        for (events, state) in [fixture::done(), fixture::paused(), fixture::interrupted(), fixture::resumed()] {
            let drawn = timeline(&state, &attempts(&events)).unwrap();
            for bar in drawn.steps.iter().chain(&drawn.phases).chain(&drawn.down).chain(&drawn.pauses) {
                assert!(bar.x >= LEFT && bar.x + bar.w <= RIGHT + 3.0, "{bar:?}");
            }
            assert!(drawn.ticks.iter().all(|t| t.x <= RIGHT + 0.1), "{:?}", drawn.ticks);
        }
    }

    #[test]
    fn steps_of_one_host_never_overlap_by_more_than_their_least_width() {
        let (events, state) = fixture::resumed();
        let drawn = timeline(&state, &attempts(&events)).unwrap();
        let mut lane: Vec<&Bar> = drawn.steps.iter().filter(|bar| bar.y < LANE_Y + LANE).collect();
        lane.sort_by(|a, b| a.x.total_cmp(&b.x));
        assert!(lane.windows(2).all(|two| two[0].x + two[0].w <= two[1].x + 2.6), "{lane:#?}");
    }

    #[test]
    fn a_night_of_pause_is_a_narrow_break_that_says_its_length() {
        let (events, state) = fixture::resumed();
        let drawn = timeline(&state, &attempts(&events)).unwrap();
        assert_eq!(drawn.pauses[0].text, "7 h 00 min");
        assert!(drawn.pauses[0].w < 40.0);
    }

    #[test]
    fn a_refused_run_has_nothing_to_draw() {
        let (events, state) = fixture::refused();
        assert_eq!(timeline(&state, &attempts(&events)), None);
    }
}
