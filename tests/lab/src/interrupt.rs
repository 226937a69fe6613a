//! Ctrl-C: a flag that the long steps of `up` look at, so that what was made so
//! far is torn down. Only the binary installs the handler.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::{Error, Result};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Makes SIGINT, SIGTERM and SIGHUP set the flag instead of ending the process.
///
/// # Errors
/// When this process has a handler already.
pub fn install() -> std::result::Result<(), ctrlc::Error> {
    ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::SeqCst))
}

/// True once such a signal came.
pub fn seen() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// Fails once such a signal came.
pub(crate) fn check() -> Result<()> {
    if seen() { Err(Error::Interrupted) } else { Ok(()) }
}
