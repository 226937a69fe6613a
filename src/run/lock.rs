//! The run lock: one run per cluster on this coordinator (safety rule 7; the lease on the nodes,
//! which also knows other coordinators, comes with resume).
//!
//! A lock of the operating system on a file: it goes with its holder, however that ends. What is
//! written in the file only tells people who holds it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use jiff::Timestamp;

use super::state::{StateError, private_dir};
use crate::name::RunId;

/// Held while a run is active.
#[derive(Debug)]
pub struct RunLock {
    _file: File,
}

impl RunLock {
    /// Takes the lock of the cluster whose state is in `dir`, or says who holds it.
    pub fn take(dir: &Path, run: &RunId, operator: &str) -> Result<Self, StateError> {
        private_dir(dir)?;
        let path = dir.join("lock");
        let io = |source| StateError::Io { path: path.clone(), source };
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                file.read_to_string(&mut holder).map_err(io)?;
                return Err(StateError::Busy { holder: holder.trim().to_owned() });
            }
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
        let pid = std::process::id();
        file.set_len(0).map_err(io)?;
        file.rewind().map_err(io)?;
        writeln!(
            file,
            "run {run} by {operator}, process {pid}, since {}",
            Timestamp::now().strftime("%Y-%m-%d %H:%M:%SZ")
        )
        .map_err(io)?;
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_run_is_refused_with_who_and_since_when_until_the_first_ends() {
        let dir = tempfile::tempdir().unwrap();
        let run = RunId::parse("r1").unwrap();
        let first = RunLock::take(dir.path(), &run, "ann@box").unwrap();
        let refused = RunLock::take(dir.path(), &run, "bob@box").unwrap_err().to_string();
        assert!(refused.contains("run r1 by ann@box, process") && refused.contains("since"), "{refused}");
        drop(first);
        assert!(RunLock::take(dir.path(), &run, "bob@box").is_ok());
    }
}
