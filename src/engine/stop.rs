//! The stop flag: raised by each Ctrl-C, looked at before each step and while an act runs.
//!
//! Levels only rise: first the run pauses after the steps that run now, then their jobs are
//! cancelled. (The third Ctrl-C leaves at once and never comes here.)

use std::sync::Arc;

use tokio::sync::watch;

/// How much is asked for. Ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Level {
    /// Nothing.
    #[default]
    Go,
    /// To pause after the steps that run now.
    Pause,
    /// To cancel what runs, then pause.
    Cancel,
}

/// Shared by the engine and whoever listens for signals.
#[derive(Debug, Clone, Default)]
pub struct StopFlag(Arc<watch::Sender<Level>>);

impl StopFlag {
    /// Asks for a pause, or for more than was asked for before.
    pub fn raise(&self) -> Level {
        self.0.send_modify(|level| {
            *level = if *level == Level::Go { Level::Pause } else { Level::Cancel };
        });
        self.level()
    }

    /// What was asked for.
    pub fn level(&self) -> Level {
        *self.0.borrow()
    }

    /// Whether anything was asked for.
    pub fn raised(&self) -> bool {
        self.level() > Level::Go
    }

    /// Waits until at least that much is asked for.
    pub async fn reached(&self, wanted: Level) {
        let mut seen = self.0.subscribe();
        // it cannot close: we hold a sender
        let _ = seen.wait_for(|level| *level >= wanted).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_raise_asks_for_more_and_the_last_level_stays() {
        let stop = StopFlag::default();
        assert!(!stop.raised());
        assert_eq!([stop.raise(), stop.raise(), stop.raise()], [Level::Pause, Level::Cancel, Level::Cancel]);
    }
}
