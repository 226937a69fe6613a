//! `status --follow`: shows a run that another process conducts, by reading its journal as it grows.
//!
//! ```text
//!  journal ─ every 0.3 s ─> new events ─> fold ─> the view that the run itself would have
//! ```
//!
//! The lock tells whether anybody still works on the run; it goes with its holder, however that
//! ended. So a run that neither ended nor is worked on is seen, and nobody waits for ever.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use super::Ended;
use super::exit::{ExitCode, Failure};
use super::printer::Printer;
use super::reach;
use super::view::View;
use crate::event::RunState;
use crate::journal::{Entry, JournalError, Reader};
use crate::run::{RunDir, RunLock, StateError};

/// How often the journal is looked at.
const LOOK: Duration = Duration::from_millis(300);
/// So many looks make about a second, which is when a view wants to know the time.
const TICK: u32 = 3;

/// Shows the run until it ends; `cluster`: where the lock is.
pub(super) fn follow(dir: &RunDir, cluster: &Path, printer: Printer) -> Ended {
    let mut view = printer.view();
    let ended = reach::look_on(watch(dir, cluster, &mut *view));
    view.finish();
    // of the run that is looked at, nothing is interrupted: no words that say so
    ended.unwrap_or(Ok(ExitCode::Interrupted))
}

async fn watch(dir: &RunDir, cluster: &Path, view: &mut dyn View) -> Ended {
    let mut reader = Reader::open(&dir.journal()).map_err(StateError::from)?;
    let mut state = RunState::default();
    for look in 0_u32.. {
        // asked before the journal is read: what the holder wrote last is then seen
        let works = RunLock::is_held_for(cluster, &dir.id);
        let closed = show(&mut reader, &mut state, view).map_err(StateError::from)?;
        if state.finished.is_some() || closed {
            return Ok(ExitCode::Done);
        }
        if !works {
            break;
        }
        if state.run.is_none() && look == 0 {
            view.pulse("no events yet: it reads facts from the hosts");
        }
        if look % TICK == 0 {
            view.tick(&state, Timestamp::now());
        }
        tokio::time::sleep(LOOK).await;
    }
    let failure = Failure::new(ExitCode::Paused, format!("run {} stopped without an end", dir.id));
    Err(failure.because("nobody works on it from here").hint(format!("reseed resume {}", dir.id)))
}

/// Shows what has come, and tells whether the run is closed: then it has no other end.
fn show(reader: &mut Reader, state: &mut RunState, view: &mut dyn View) -> Result<bool, JournalError> {
    let mut closed = false;
    for record in reader.more()? {
        if let Entry::Event { event } = &record.body {
            state.apply(event);
            view.handle(event, state);
        }
        closed |= matches!(record.body, Entry::Closed(_));
    }
    Ok(closed)
}
