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
mod tests {
    use indicatif::InMemoryTerm;

    use super::*;
    use crate::event::fixture;

    /// Half a minute after the drain of the made-up restore began.
    fn now() -> Timestamp {
        "2026-11-22T16:16:22Z".parse().unwrap()
    }

    fn screen_after(events: &[Event], until: impl Fn(&Body) -> bool, columns: u16) -> String {
        let term = InMemoryTerm::new(60, columns);
        let target = ProgressDrawTarget::term_like(Box::new(term.clone()));
        let mut view = Live::new(target, Look { width: Some(columns), ..Look::default() }, now, false);
        view.pulse("reading facts from 4 hosts");
        let mut state = RunState::default();
        for event in events {
            state.apply(event);
            view.handle(event, &state);
            if until(&event.body) {
                break;
            }
        }
        for bar in view.running.values().flatten().chain([&view.last]) {
            bar.reset_elapsed();
            bar.tick();
        }
        term.contents()
    }

    #[test]
    fn finished_steps_stay_above_and_running_ones_are_redrawn_below() {
        let drain = |body: &Body| matches!(body, Body::StepStarted { id, .. } if id == "drain/node.drain/cass2");
        insta::assert_snapshot!(screen_after(&fixture::done().0, drain, 110), @"
        16:15:00  restore of Lab Cluster, run 20261122T161500Z-1f3a
        16:15:00  plan sha256:8f2c41d09ab7e35561c0f4a2be7798d10c3ff0e6a4d1b25c9e8877665544a3b2, 36 steps in 14 phases
        16:15:00  phase 1/14 preflight
        16:15:02  warning clock on cass3: the clock is 1.8 s behind the coordinator's
        16:15:02    what to do: start chronyd on cass3
        16:15:02  overridden same-disk on cass1: the backup is on the disk of the data (overridden: lab machine)
        16:15:02  phase 2/14 stage
        16:16:00  cass1    stage.copy      done in 58 s: 214 files, 1.2 GiB, all sha256 equal
        16:16:00  phase 3/14 recheck
        16:16:01  phase 4/14 stop-clients
        16:16:10  gw1      gateway.stop    stop Instance1 of Group1 … done in 8.3 s: no process, port 8080 closed
        16:16:11  cass1    native.disable  close native transport … done in 0.9 s: port 9042 closed
        16:16:11  cass2    native.disable  close native transport … done in 1.0 s: port 9042 closed
        16:16:11  cass3    native.disable  close native transport … done in 1.1 s: port 9042 closed
        16:16:11  phase 5/14 settle
        16:16:15  cass1    hints.settle    wait until hints are delivered … done in 4.2 s: 0 hints, batchlog empty
        16:16:15  cass2    hints.settle    wait until hints are delivered … done in 4.2 s: 0 hints, batchlog empty
        16:16:15  cass3    hints.settle    wait until hints are delivered … done in 4.2 s: 0 hints, batchlog empty
        16:16:15  phase 6/14 drain
        16:16:15  cass2    guard.set       make sure that the node cannot start … done in 0.3 s: masked under systemd
        ⠹ cass2    node.drain      flush memtables and stop taking part in the ring                               0:00
        phase 6/14 drain · 9/36 steps · 1:22 · downtime 0:12 so far
        ");
    }

    #[test]
    fn known_bytes_become_a_bar_and_a_narrow_terminal_gets_short_lines() {
        let copy = |body: &Body| matches!(body, Body::StepProgress { .. });
        insta::assert_snapshot!(screen_after(&fixture::done().0, copy, 80), @"
        16:15:00  restore of Lab Cluster, run 20261122T161500Z-1f3a
        16:15:00  plan sha256:8f2c41d09ab7e35561c0f4a2be7798d10c3ff0e6a4d1b25c9e88776655
        44a3b2, 36 steps in 14 phases
        16:15:00  phase 1/14 preflight
        16:15:02  warning clock on cass3: the clock is 1.8 s behind the coordinator's
        16:15:02    what to do: start chronyd on cass3
        16:15:02  overridden same-disk on cass1: the backup is on the disk of the data (
        overridden: lab machine)
        16:15:02  phase 2/14 stage
        ⠸ cass1    stage.copy      ██████▎───────── 480 MiB of 1.2 GiB, 39 %        0:00
        phase 2/14 stage · 0/36 steps · 1:22
        ");
    }

    #[test]
    fn at_the_end_nothing_but_facts_and_the_summary_is_left() {
        let text = screen_after(&fixture::paused().0, |_| false, 100);
        insta::assert_snapshot!(&text[text.find("phase 6/14").unwrap()..], @"
        phase 6/14 drain
        16:16:15  cass3    guard.set       done in 0.3 s: masked under systemd
        16:16:22  cass3    node.drain      done in 6.2 s: Mode: DRAINED, clean log
        16:16:26  cass3    node.stop       stop Cassandra … done in 4.8 s: no process, ports closed
        16:16:27  cass2    guard.set       done in 0.3 s: masked under systemd
        16:17:27  cass2    node.drain      FAILED in 60 s: Mode is NORMAL after 60 s, not DRAINED
        16:17:27      | nodetool: Failed to connect to '127.0.0.1:7199'
        16:17:27      | ConnectException: 'Connection refused'.

        PAUSED  restore of Lab Cluster paused in phase drain

          what   node.drain FAILED: flush memtables and stop taking part in the ring
          where  cass2, step drain/node.drain/cass2, attempt 1
          why    Mode is NORMAL after 60 s, not DRAINED
                 | nodetool: Failed to connect to '127.0.0.1:7199'
                 | ConnectException: 'Connection refused'.

          The cluster now
            cass1  Cassandra up, closed to clients; old tables live
            cass2  Cassandra up, closed to clients; old tables live; node.drain failed
            cass3  Cassandra stopped; old tables live
            gw1    clients stopped
            No other host was touched.

          downtime   NOT OVER, clients down since 16:16:10 UTC, 77 s when the run stopped
          total      2 min 28 s

          preflight          2.4 s  █▍
          stage             58.4 s  ████████████████████████████████▌
          recheck            1.1 s  ▋
          stop-clients       9.4 s  █████▎
          settle             4.2 s  ██▍
          drain             71.8 s  ████████████████████████████████████████

        report: /home/ops/.local/state/reseed/lab-cluster/20261122T161500Z-1f3a/report.html
        next:   reseed resume 20261122T161500Z-1f3a
        back:   reseed rollback 20261122T161500Z-1f3a
        ");
    }

    #[test]
    fn two_hundred_hosts_do_not_push_everything_off_the_screen() {
        let mut story = fixture::Story::new();
        story.started(true);
        story.phase("settle");
        for host in 0..200 {
            story.begin(&("hints.settle", &format!("n{host:03}"), "", 1.0, "wait until hints are delivered", ""), 1);
        }
        let text = screen_after(&story.events, |_| false, 80);
        assert_eq!(text.lines().filter(|line| line.contains("hints.settle")).count(), ROWS);
        assert!(text.ends_with("188 more running"), "{text}");
    }
}
