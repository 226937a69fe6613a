//! Progress on standard error, one line per step. The only place that prints.

use std::io::{Write, stderr};

/// Says what is being done. A closed standard error is no reason to stop.
pub(crate) fn say(message: impl AsRef<str>) {
    drop(writeln!(stderr().lock(), "lab: {}", message.as_ref()));
}
