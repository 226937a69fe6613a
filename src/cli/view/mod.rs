//! Views: what an operator sees of a run while it runs.
//!
//! ```text
//!  event + fold ─┬─ json   one event per line on standard output
//!                ├─ plain  one line per fact on standard error
//!                └─ live   finished facts as in plain, running steps redrawn below them
//! ```
//!
//! Plain and live share their lines (`line`) and end with the same `summary`. A view sees events
//! and their fold, never the engine, and each is generic over its writer, so it is tested against
//! bytes in memory.
//!
//! Invariant: a view never fails. A closed pipe or a vanished terminal must not stop a run half
//! way through an outage; what could not be shown is in the journal.

pub mod findings;
pub mod json;
mod line;
mod live;

mod look;
mod plain;

pub mod hosts;
pub mod plan;
pub mod summary;

use std::io;

use jiff::Timestamp;

pub use json::Json;

pub use live::Live;
pub use look::Look;
pub use plain::Plain;

use super::printer::Printer;
use crate::event::{Event, RunState};

/// Shows a run.
pub trait View: Send {
    /// An event happened; `state` is the fold that already holds it.
    fn handle(&mut self, event: &Event, state: &RunState);

    /// Says what is being waited for while there are no events yet, such as `reading facts from 4
    /// hosts`. The next event takes it away.
    fn pulse(&mut self, text: &str);

    /// Says something that the operator must read now, such as what a Ctrl-C will do.
    fn say(&mut self, text: &str);

    /// Time passed: called every second or so, so that a log shows what a silent run waits for.
    fn tick(&mut self, _state: &RunState, _now: Timestamp) {}

    /// Nothing more will come: leaves the terminal as it must be.
    fn finish(&mut self);
}

/// The view that the operator asked for, on the streams of this process.
pub fn make(printer: &Printer) -> Box<dyn View> {
    if printer.json {
        return Box::new(Json::new(io::stdout()));
    }
    if printer.live
        && let Some(live) = Live::on_stderr(printer.err)
    {
        return Box::new(live);
    }
    Box::new(Plain::new(io::stderr(), printer.err))
}
