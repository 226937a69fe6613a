//! The one writer of a journal.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::legal::State;
use super::{Entry, Header, History, JournalError, Record, line};

/// The one writer of a run's journal.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    seq: u64,
    state: State,
    broken: bool,
}

impl Journal {
    /// Begins a journal; the file must not exist.
    pub fn create(path: &Path, header: Header) -> Result<Self, JournalError> {
        let io = |source| JournalError::Io { path: path.to_owned(), source };
        let file = OpenOptions::new().append(true).create_new(true).open(path).map_err(io)?;
        let mut journal = Self { path: path.to_owned(), file, seq: 0, state: State::default(), broken: false };
        journal.append(Entry::Header(header))?;
        // the directory too, or a power cut forgets the file
        let parent = path.parent().unwrap_or(Path::new("."));
        File::open(parent).and_then(|dir| dir.sync_all()).map_err(io)?;
        Ok(journal)
    }

    /// Goes on with a journal, after its last whole record. Its last writer must be gone.
    pub fn reopen(path: &Path) -> Result<(Self, History), JournalError> {
        let io = |source| JournalError::Io { path: path.to_owned(), source };
        let history = History::read(path)?;
        let file = OpenOptions::new().append(true).open(path).map_err(io)?;
        file.set_len(history.whole_bytes).map_err(io)?;
        let mut state = history.state.clone();
        state.left();
        let seq = history.records.len() as u64;
        Ok((Self { path: path.to_owned(), file, seq, state, broken: false }, history))
    }

    /// Writes one record and waits until it is on disk.
    ///
    /// After a failed write nothing more is written: what is there may be half a line, and what is
    /// on disk nobody knows. The next `reopen` cuts it off.
    pub fn append(&mut self, body: Entry) -> Result<(), JournalError> {
        self.write(body)?;
        self.sync()
    }

    /// Writes one record, which counts only after the next [`Journal::sync`]: what is written at the
    /// same moment by many lanes then costs one wait for the disk.
    pub fn write(&mut self, body: Entry) -> Result<(), JournalError> {
        self.whole()?;
        let path = || self.path.clone();
        self.state.take(&body).map_err(|source| JournalError::Illegal { path: path(), seq: self.seq, source })?;
        let record = Record { seq: self.seq, time: Timestamp::now(), body };
        let written = self.file.write_all(&line::write(&record));
        self.ended(written)?;
        self.seq += 1;
        Ok(())
    }

    /// Waits until all that was written is on disk.
    pub fn sync(&mut self) -> Result<(), JournalError> {
        self.whole()?;
        let synced = self.file.sync_data();
        self.ended(synced)
    }

    fn whole(&self) -> Result<(), JournalError> {
        if self.broken { Err(JournalError::Broken { path: self.path.clone() }) } else { Ok(()) }
    }

    fn ended(&mut self, done: std::io::Result<()>) -> Result<(), JournalError> {
        self.broken = done.is_err();
        done.map_err(|source| JournalError::Io { path: self.path.clone(), source })
    }
}

#[cfg(test)]
impl Journal {
    /// Lets the next record go elsewhere.
    pub(super) fn fail_at(&mut self, path: &Path) {
        self.file = OpenOptions::new().append(true).open(path).expect("a device");
    }
}
