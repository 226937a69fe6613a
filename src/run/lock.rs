//! The run lock: one run per cluster on this coordinator (safety rule 7). The lease on the hosts
//! knows other coordinators too; this one needs no host to answer.
//!
//! A lock of the operating system on a file: it goes with its holder, however that ends. What is
//! written in the file only tells people who holds it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use super::owner::Owner;
use super::state::{StateError, private_dir};
use crate::name::RunId;

/// How often and how long it is tried again, before another is said to hold it.
const LOOKS: u32 = 10;
const LOOK: Duration = Duration::from_millis(30);

/// Held while a run is active.
#[derive(Debug)]
pub struct RunLock {
    file: File,
    path: PathBuf,
    holder: String,
}

impl RunLock {
    /// Takes the lock of the cluster whose state is in `dir`, or says who holds it.
    pub fn take(dir: &Path, me: &Owner) -> Result<Self, StateError> {
        private_dir(dir)?;
        let path = dir.join("lock");
        let io = |source| StateError::Io { path: path.clone(), source };
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(io)?;
        let mut tries = 0;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                // somebody may only be looking (`holder`), or a child be between fork and exec
                Err(TryLockError::WouldBlock) if tries < LOOKS => {
                    tries += 1;
                    std::thread::sleep(LOOK);
                }
                Err(TryLockError::WouldBlock) => {
                    let mut holder = String::new();
                    file.read_to_string(&mut holder).map_err(io)?;
                    return Err(StateError::Busy { holder: holder.trim().to_owned() });
                }
                Err(TryLockError::Error(source)) => return Err(io(source)),
            }
        }
        let since = Timestamp::now().strftime("%Y-%m-%d %H:%M:%SZ");
        let holder = format!("{me}, since {since}");
        Ok(Self { file, path, holder })
    }

    /// Who holds the lock of the cluster whose state is in `dir` now, if anybody.
    pub fn holder(dir: &Path) -> Option<String> {
        let file = File::open(dir.join("lock")).ok()?;
        match file.try_lock() {
            // ours for this moment, and free again with the file
            Ok(()) => None,
            Err(_) => std::fs::read_to_string(dir.join("lock")).ok().map(|text| text.trim().to_owned()),
        }
    }

    /// Whether somebody works on that run now.
    pub fn is_held_for(dir: &Path, run: &RunId) -> bool {
        Self::holder(dir).is_some_and(|holder| holder.starts_with(&format!("run {run} ")))
    }

    /// Writes down for others which run holds it.
    pub fn tell(&mut self, run: &RunId) -> Result<(), StateError> {
        let Self { file, path, holder } = self;
        let wiped = file.set_len(0).and_then(|()| file.rewind());
        let written = wiped.and_then(|()| writeln!(file, "run {run} of {holder}"));
        written.map_err(|source| StateError::Io { path: path.clone(), source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_run_is_refused_with_who_and_since_when_until_the_first_ends() {
        let dir = tempfile::tempdir().unwrap();
        let run = RunId::parse("r1").unwrap();
        let who = |name: &str| Owner { who: name.to_owned(), ..Owner::me() };
        let mut first = RunLock::take(dir.path(), &who("ann@box")).unwrap();
        first.tell(&run).unwrap();
        let refused = RunLock::take(dir.path(), &who("bob@box")).unwrap_err().to_string();
        assert!(refused.contains("run r1 of ann@box, process") && refused.contains("since"), "{refused}");
        assert!(RunLock::holder(dir.path()).is_some_and(|holder| holder.starts_with("run r1 of ann@box")));
        assert!(
            RunLock::is_held_for(dir.path(), &run) && !RunLock::is_held_for(dir.path(), &RunId::parse("r").unwrap())
        );
        drop(first);
        assert!(RunLock::take(dir.path(), &who("bob@box")).is_ok());
    }
}
