//! Events for programs: one per line, flushed, exactly as the journal holds them. The last line says how it ended, also
//! when there never was a run ([`last_word`]).

use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::View;
use crate::cli::exit::{ExitCode, Failure};
use crate::event::{Body, Event, RunOutcome, RunState};

/// The index of the next event on this process's standard output,
static NEXT: AtomicU64 = AtomicU64::new(0);
/// and whether the last one was there.
static ENDED: AtomicBool = AtomicBool::new(false);

/// What ends the output of a command that failed before there was a run, or could not tell its end (a full disk):
/// `run_finished` without a run, about this command alone. `None`: the end was told.
pub fn last_word(failure: &Failure) -> Option<Value> {
    let next = NEXT.load(Ordering::Relaxed);
    (!ENDED.load(Ordering::Relaxed)).then(|| failed(failure, next))
}

/// The same for a command that finds nothing to do, as `outcome` is reached already.
pub fn nothing_to_do(outcome: RunOutcome, reason: &str) -> Value {
    ended(outcome, ExitCode::Done, reason, "", 0)
}

fn failed(failure: &Failure, index: u64) -> Value {
    let outcome = match failure.code {
        ExitCode::Damaged => RunOutcome::VerifyFailed,
        ExitCode::Interrupted => RunOutcome::Interrupted,
        ExitCode::Paused => RunOutcome::Paused,
        // a run that had begun can be gone on with
        _ if index > 0 => RunOutcome::Paused,
        _ => RunOutcome::Refused,
    };
    ended(outcome, failure.code, &failure.message, failure.hint.as_deref().unwrap_or_default(), index)
}

fn ended(outcome: RunOutcome, code: ExitCode, reason: &str, next: &str, index: u64) -> Value {
    json!({
        "v": crate::event::VERSION, "time": Timestamp::now(), "index": index, "kind": "run_finished", "run": null,
        "outcome": outcome, "exit": code.number(), "reason": reason, "downtime_s": null, "total_s": null,
        "own_share_s": null, "report": null, "next": next,
    })
}

/// One JSON event per line.
#[derive(Debug)]
pub struct Json<W> {
    /// Where to; `None` once the reader is gone.
    out: Option<W>,
}

impl<W: Write> Json<W> {
    /// Writes to `out`.
    pub fn new(out: W) -> Self {
        Self { out: Some(out) }
    }
}

impl<W: Write + Send> View for Json<W> {
    fn handle(&mut self, event: &Event, _: &RunState) {
        NEXT.store(event.index + 1, Ordering::Relaxed);
        ENDED.fetch_or(matches!(event.body, Body::RunFinished { .. }), Ordering::Relaxed);
        let Some(out) = &mut self.out else { return };
        // One write per line: a reader never sees half an event, even of a killed process.
        let Ok(mut line) = serde_json::to_vec(event) else { return };
        line.push(b'\n');
        if out.write_all(&line).and_then(|()| out.flush()).is_err() {
            self.out = None;
        }
    }

    fn pulse(&mut self, _: &str) {}

    fn say(&mut self, text: &str) {
        // stdout is for events alone
        _ = writeln!(std::io::stderr(), "{text}");
    }

    fn finish(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::fixture;

    #[test]
    fn each_line_is_one_event_that_reads_back_equal() {
        let (events, state) = fixture::paused();
        let mut view = Json::new(vec![]);
        for event in &events {
            view.handle(event, &state);
        }
        let text = String::from_utf8(view.out.unwrap()).unwrap();
        let back: Vec<Event> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(back, events);
        insta::assert_snapshot!(text.lines().last().unwrap(), @r#"{"v":1,"time":"2026-11-22T16:17:27.54Z","index":37,"kind":"run_finished","run":"20261122T161500Z-1f3a","outcome":"paused","exit":5,"reason":"node.drain failed on cass2: Mode is NORMAL after 60 s, not DRAINED","downtime_s":null,"total_s":147.54,"own_share_s":2.4,"report":"/home/ops/.local/state/reseed/lab-cluster/20261122T161500Z-1f3a/report.html","next":"reseed resume 20261122T161500Z-1f3a"}"#);
    }

    #[test]
    fn a_command_that_ends_without_a_run_says_so_in_the_form_of_a_run() {
        let busy = Failure::new(ExitCode::Busy, "another run holds the cluster").hint("reseed status");
        let told = failed(&busy, 0);
        assert_eq!((&told["kind"], &told["outcome"]), (&json!("run_finished"), &json!("refused")));
        assert_eq!((&told["exit"], &told["next"], &told["run"]), (&json!(6), &json!("reseed status"), &Value::Null));
        let full = failed(&Failure::new(ExitCode::Internal, "no space left"), 12);
        assert_eq!((&full["index"], &full["outcome"]), (&json!(12), &json!("paused")));
        let over = nothing_to_do(RunOutcome::RolledBack, "it was rolled back");
        assert_eq!((&over["exit"], &over["outcome"]), (&json!(0), &json!("rolled_back")));
    }

    #[test]
    fn a_reader_that_goes_away_does_not_stop_the_run() {
        struct Gone(u32);
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                self.0 += 1;
                assert_eq!(self.0, 1, "no second try");
                Err(std::io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let (events, state) = fixture::done();
        let mut view = Json::new(Gone(0));
        for event in &events {
            view.handle(event, &state);
        }
    }
}
