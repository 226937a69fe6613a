//! The view for a terminal: facts stay as lines, what runs is redrawn below them.
//!
//! ```text
//! 16:16:15  phase 6/14 drain                                        ┐ printed once,
//! 16:16:22  cass2    node.drain      done in 6.2 s: Mode: DRAINED   ┘ scroll away
//! ⠹ cass2    node.stop       stop Cassandra                  0:03   ┐ one line per running
//! ⠹ cass1    stage.copy      ███████─────── 480 MiB of …     0:20   ┘ step, redrawn
//! phase 6/14 drain · 11/41 steps · 0:41 · downtime 0:12 so far        always the last line
//! ```
//!
//! Redrawn at most [`HERTZ`] times a second, however many events come: over a slow link each
//! redraw costs a round trip. At most [`ROWS`] steps get a line of their own, or 200 hosts would
//! push everything off the screen; the others are counted in the last line.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use jiff::Timestamp;

use super::{Look, View, line, summary};
use crate::event::{Body, Downtime, Event, RunState, StepState, StepView};
use crate::report::{figures, words};

/// Most redraws per second.
const HERTZ: u8 = 10;
/// How often clocks and spinners move.
const BEAT: Duration = Duration::from_millis(200);
/// Most running steps with a line of their own.
const ROWS: usize = 12;

/// Lines that stay and lines that are redrawn.
pub struct Live {
    screen: MultiProgress,
    look: Look,
    now: fn() -> Timestamp,
    /// Whether clocks move by themselves; not in tests.
    beats: bool,
    last: ProgressBar,
    overall: Arc<Mutex<Overall>>,
    /// Steps that run, by id, each with its line when it has one.
    running: BTreeMap<String, Option<ProgressBar>>,
    pulse: Option<ProgressBar>,
    /// Steps that ended well. Kept here, since counting them in the fold at every event would be
    /// quadratic: seconds of work in a run over 200 hosts.
    proven: BTreeSet<String>,
}

/// What the last line is made of.
#[derive(Debug, Clone, Default)]
struct Overall {
    phase: String,
    proven: usize,
    total: usize,
    /// Seconds worked until `at`.
    worked: f64,
    at: Timestamp,
    downtime: Downtime,
    /// Running steps without a line.
    more: usize,
}

impl Overall {
    fn text(&self, now: Timestamp, look: Look) -> String {
        let dot = look.sign(" · ", ", ");
        let clock = words::clock(self.worked + figures::seconds(self.at, now));
        let mut text = self.phase.clone();
        if self.total > 0 {
            _ = write!(text, "{dot}{}/{} steps", self.proven, self.total);
        }
        _ = write!(text, "{dot}{clock}");
        match (self.downtime.so_far(now), self.downtime.ended) {
            (Some(seconds), None) => _ = write!(text, "{dot}downtime {} so far", words::clock(seconds)),
            (Some(seconds), Some(_)) => _ = write!(text, "{dot}downtime {}, over", words::clock(seconds)),
            (None, _) => {}
        }
        if self.more > 0 {
            _ = write!(text, "{dot}{} more running", self.more);
        }
        text
    }
}

impl Live {
    /// On standard error; `None` when that is no terminal after all.
    pub fn on_stderr(look: Look) -> Option<Self> {
        let target = ProgressDrawTarget::stderr_with_hz(HERTZ);
        (!target.is_hidden()).then(|| Self::new(target, look, Timestamp::now, true))
    }

    fn new(target: ProgressDrawTarget, look: Look, now: fn() -> Timestamp, beats: bool) -> Self {
        let screen = MultiProgress::with_draw_target(target);
        let overall = Arc::new(Mutex::new(Overall::default()));
        Self {
            screen,
            look,
            now,
            beats,
            last: ProgressBar::hidden(),
            overall,
            running: BTreeMap::new(),
            pulse: None,
            proven: BTreeSet::new(),
        }
    }

    fn print(&self, text: &str) {
        // See the module `view`: a view never fails.
        _ = self.screen.println(text);
    }

    fn overall(&self, state: &RunState, event: &Event) {
        let first = state.span.map_or(event.time, |(first, _)| first);
        let overall = Overall {
            phase: state.phases.last().map(|p| line::heading(&p.phase, state)).unwrap_or_default(),
            proven: self.proven.len(),
            total: state.total_steps,
            worked: figures::worked(state, first, event.time),
            at: event.time,
            downtime: state.downtime,
            more: self.running.values().filter(|bar| bar.is_none()).count(),
        };
        *self.overall.lock().unwrap_or_else(PoisonError::into_inner) = overall;
        self.last.tick();
    }

    /// The last line begins with the first event.
    fn begin(&mut self) {
        if let Some(pulse) = self.pulse.take() {
            pulse.finish_and_clear();
            self.screen.remove(&pulse);
        }
        if self.last.is_hidden() {
            let (overall, now, look) = (Arc::clone(&self.overall), self.now, self.look);
            let text = move |_: &ProgressState, w: &mut dyn std::fmt::Write| {
                let overall = overall.lock().unwrap_or_else(PoisonError::into_inner).clone();
                _ = w.write_str(&look.head(&overall.text(now(), look)));
            };
            self.last = self.line("{overall}", |style| style.with_key("overall", text));
            self.start(&self.last);
        }
    }

    /// A new redrawn line, above the last one.
    fn line(&self, template: &str, more: impl FnOnce(ProgressStyle) -> ProgressStyle) -> ProgressBar {
        let bar = ProgressBar::no_length();
        let bar = if self.last.is_hidden() { self.screen.add(bar) } else { self.screen.insert_before(&self.last, bar) };
        bar.set_style(more(style(template, self.look)));
        bar
    }

    /// Lets a line move by itself, once all that it says is set.
    fn start(&self, bar: &ProgressBar) {
        bar.tick();
        if self.beats {
            bar.enable_steady_tick(BEAT);
        }
    }

    fn step_line(&self, step: &StepView) -> ProgressBar {
        let bar = self.line("{spinner} {prefix} {wide_msg} {clock}", |style| style);
        bar.set_prefix(format!("{:<8} {:<15}", step.host, step.step));
        let again = if step.attempt > 1 { format!(" (attempt {})", step.attempt) } else { String::new() };
        bar.set_message(words::line(&step.summary) + &again);
        // A step that waited for a free line has run for a while.
        let ran = (self.now)().duration_since(step.started).try_into().unwrap_or_default();
        let bar = bar.with_elapsed(ran);
        show_progress(&bar, step, self.look);
        self.start(&bar);
        bar
    }

    /// Gives a line to steps that have none, as far as there is room.
    fn fill(&mut self, state: &RunState) {
        let room = ROWS.saturating_sub(self.running.values().flatten().count());
        let waiting: Vec<String> =
            self.running.iter().filter(|(_, bar)| bar.is_none()).take(room).map(|(id, _)| id.clone()).collect();
        for id in waiting {
            let bar = state.step(&id).map(|step| self.step_line(step));
            self.running.insert(id, bar);
        }
    }

    fn clear(&mut self) {
        for bar in std::mem::take(&mut self.running).into_values().flatten() {
            bar.finish_and_clear();
        }
        if let Some(pulse) = self.pulse.take() {
            pulse.finish_and_clear();
        }
        self.last.finish_and_clear();
        _ = self.screen.clear();
    }
}

impl View for Live {
    fn handle(&mut self, event: &Event, state: &RunState) {
        self.begin();
        if let Body::StepFinished { id, .. } = &event.body
            && let Some(Some(bar)) = self.running.remove(id)
        {
            bar.finish_and_clear();
            self.screen.remove(&bar);
        }
        let clock = event.time.strftime("%H:%M:%S").to_string();
        for text in line::lines(event, state, self.look) {
            self.print(&format!("{}  {text}", self.look.dim(&clock)));
        }
        match &event.body {
            Body::RunStarted { .. } => {
                let proven = state.steps().filter(|step| state.is_proven(&step.id));
                self.proven = proven.map(|step| step.id.clone()).collect();
            }
            Body::StepStarted { id, .. } => {
                self.proven.remove(id);
                self.running.insert(id.clone(), None);
            }
            Body::StepFinished { id, outcome, .. } if outcome.good() => _ = self.proven.insert(id.clone()),
            Body::StepProgress { id, .. } => {
                if let (Some(Some(bar)), Some(step)) = (self.running.get(id), state.step(id)) {
                    show_progress(bar, step, self.look);
                }
            }
            Body::RunFinished { .. } => {
                self.clear();
                let mut text = vec![];
                _ = summary::write(&mut text, state, self.look);
                self.print(String::from_utf8_lossy(&text).trim_end_matches('\n'));
                return;
            }
            _ => {}
        }
        self.fill(state);
        self.overall(state, event);
    }

    fn say(&mut self, text: &str) {
        self.print(&words::line(text));
    }

    fn pulse(&mut self, text: &str) {
        if let Some(pulse) = &self.pulse {
            pulse.set_message(words::line(text));
            return;
        }
        let pulse = self.line("{spinner} {wide_msg} {clock}", |style| style);
        pulse.set_message(words::line(text));
        self.start(&pulse);
        self.pulse = Some(pulse);
    }

    fn finish(&mut self) {
        self.clear();
    }
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live").field("running", &self.running.len()).finish_non_exhaustive()
    }
}

/// Turns a step's line into one with a bar as soon as it says how far it is.
fn show_progress(bar: &ProgressBar, step: &StepView, look: Look) {
    let StepState::Running(Some((done, total, unit))) = &step.state else { return };
    if *total > 0 && bar.length() != Some(*total) {
        bar.set_length(*total);
        bar.set_style(style("{spinner} {prefix} {bar:16} {wide_msg} {clock}", look));
    }
    bar.set_position(*done);
    bar.set_message(words::progress(*done, *total, unit));
}

fn style(template: &str, look: Look) -> ProgressStyle {
    let clock = |state: &ProgressState, w: &mut dyn std::fmt::Write| {
        _ = write!(w, "{:>7}", words::clock(state.elapsed().as_secs_f64()));
    };
    ProgressStyle::with_template(template)
        .expect("the templates of this file are well-formed")
        .tick_chars(look.sign("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ ", "|/-\\ "))
        .progress_chars(look.sign("█▉▊▋▌▍▎▏─", "#-"))
        .with_key("clock", clock)
}

#[cfg(test)]
mod tests;
