//! Events for programs: one per line, flushed, exactly as the journal holds them.

use std::io::Write;

use super::View;
use crate::event::{Event, RunState};

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
