//! The view for logs and for terminals that cannot redraw: one line per fact, with the time.
//!
//! ```text
//! 16:21:07  phase 6/14 drain
//! 16:21:14  cass2    node.drain      flush memtables … done in 6.2 s: Mode: DRAINED, clean log
//! ```
//!
//! Times are UTC, as in Cassandra's logs of most installations and in the journal. Start lines
//! are left out (they would double the log); instead, whatever runs for [`SILENCE`] without a
//! line is named again, so that a log never leaves open what is being waited for.

use std::collections::BTreeMap;
use std::io::Write;

use jiff::{SignedDuration, Timestamp};

use super::{Look, View, line, summary};
use crate::event::{Body, Event, RunState, StepState};
use crate::report::words;

/// After this time without a line, a running step is mentioned.
const SILENCE: SignedDuration = SignedDuration::from_secs(30);

/// One line per fact.
#[derive(Debug)]
pub struct Plain<W> {
    out: W,
    look: Look,
    /// When each running step was last mentioned.
    said: BTreeMap<String, Timestamp>,
    pulse: String,
}

impl<W: Write> Plain<W> {
    /// Writes to `out`.
    pub fn new(out: W, look: Look) -> Self {
        Self { out, look, said: BTreeMap::new(), pulse: String::new() }
    }

    fn line(&mut self, time: Timestamp, text: &str) {
        let clock = time.strftime("%H:%M:%S").to_string();
        // See the module `view`: a view never fails.
        _ = writeln!(self.out, "{}  {text}", self.look.dim(&clock));
    }
}

impl<W: Write + Send> View for Plain<W> {
    fn handle(&mut self, event: &Event, state: &RunState) {
        self.pulse.clear();
        let lines = line::lines(event, state, self.look);
        for text in &lines {
            self.line(event.time, text);
        }
        match &event.body {
            Body::StepStarted { id, .. } => _ = self.said.insert(id.clone(), event.time),
            Body::StepFinished { id, .. } => _ = self.said.remove(id),
            Body::RunFinished { .. } => _ = summary::write(&mut self.out, state, self.look),
            _ => {}
        }
        self.tick(state, event.time);
        _ = self.out.flush();
    }

    fn pulse(&mut self, text: &str) {
        // Said once: a log has no line to redraw.
        if !self.look.quiet() && self.pulse != text {
            text.clone_into(&mut self.pulse);
            let text = format!("{} {}", words::line(text), self.look.sign("…", "..."));
            self.line(Timestamp::now(), &text);
            _ = self.out.flush();
        }
    }

    fn say(&mut self, text: &str) {
        self.line(Timestamp::now(), &words::line(text));
        _ = self.out.flush();
    }

    fn tick(&mut self, state: &RunState, now: Timestamp) {
        if self.look.quiet() || state.finished.is_some() {
            return;
        }
        let mut due: Vec<String> = vec![];
        for (id, said) in &mut self.said {
            if now.duration_since(*said) >= SILENCE {
                *said = now;
                due.push(id.clone());
            }
        }
        for id in due {
            let Some(step) = state.step(&id) else { continue };
            let StepState::Running(progress) = &step.state else { continue };
            let far =
                progress.as_ref().map(|(done, total, unit)| format!(", {}", words::progress(*done, *total, unit)));
            let since = words::clock(now.duration_since(step.started).as_secs_f64());
            let (summary, dots) = (words::line(&step.summary), self.look.sign("…", "..."));
            let text = format!("{:<8} {:<15} {summary} {dots} still running, {since}", step.host, step.step);
            self.line(now, &(text + &far.unwrap_or_default()));
        }
    }

    fn finish(&mut self) {
        _ = self.out.flush();
    }
}

#[cfg(test)]
mod tests;
