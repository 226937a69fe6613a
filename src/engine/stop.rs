//! The stop flag: set by the first Ctrl-C, looked at before each step.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Shared by the engine and whoever listens for signals.
#[derive(Debug, Clone, Default)]
pub struct StopFlag(Arc<AtomicBool>);

impl StopFlag {
    /// Asks the run to pause after the steps that run now.
    pub fn raise(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether it was asked to.
    pub fn raised(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
