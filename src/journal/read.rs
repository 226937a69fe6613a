//! Readers of a journal: also while it is written.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::legal::State;
use super::{Closed, Discarded, Entry, FORMAT, Header, JournalError, Record, line};
use crate::event::{Event, RunState};
use crate::facts::Facts;
use crate::plan::{Plan, Request};

/// Reads a journal as it grows.
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    file: File,
    /// Bytes up to the end of the last whole record.
    whole_bytes: u64,
    seq: u64,
    state: State,
}

impl Reader {
    /// A reader before the first record.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let file = File::open(path).map_err(|source| JournalError::Io { path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), file, whole_bytes: 0, seq: 0, state: State::default() })
    }

    /// The whole records since the last call; a line that is only begun is left for the next one.
    pub fn more(&mut self) -> Result<Vec<Record>, JournalError> {
        let mut text = vec![];
        let read = self.file.seek(SeekFrom::Start(self.whole_bytes)).and_then(|_| self.file.read_to_end(&mut text));
        read.map_err(|source| JournalError::Io { path: self.path.clone(), source })?;
        text.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n")).map(|l| self.take(l)).collect()
    }

    fn take(&mut self, line: &[u8]) -> Result<Record, JournalError> {
        let (path, seq) = (self.path.clone(), self.seq);
        if seq == 0
            && let Some(found) = line::format(line).filter(|found| *found != FORMAT)
        {
            return Err(JournalError::Format { path, found });
        }
        let record = match line::read(line) {
            Ok(record) if record.seq == seq => record,
            Ok(record) => {
                return Err(JournalError::Damaged { path, seq, why: format!("it calls itself {}", record.seq) });
            }
            Err(why) => return Err(JournalError::Damaged { path, seq, why }),
        };
        if matches!(record.body, Entry::Closed(_) | Entry::Discarded(_)) {
            // by another writer: the run's own would not have been allowed to
            self.state.left();
        }
        self.state.take(&record.body).map_err(|source| JournalError::Illegal { path, seq, source })?;
        self.whole_bytes += line.len() as u64;
        self.seq += 1;
        Ok(record)
    }
}

/// A journal as read.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// Its records.
    pub records: Vec<Record>,
    pub(super) whole_bytes: u64,
    pub(super) state: State,
}

impl History {
    /// Reads a journal; a torn tail is left out.
    pub fn read(path: &Path) -> Result<Self, JournalError> {
        let mut reader = Reader::open(path)?;
        let records = reader.more()?;
        if records.is_empty() {
            return Err(JournalError::Damaged { path: path.to_owned(), seq: 0, why: "it has no header".to_owned() });
        }
        Ok(Self { records, whole_bytes: reader.whole_bytes, state: reader.state })
    }

    /// Who asked for what, read without the rest; `None`: that cannot be told.
    pub fn peek(path: &Path) -> Option<Header> {
        let mut first = vec![];
        BufReader::new(File::open(path).ok()?).read_until(b'\n', &mut first).ok()?;
        match line::read(&first).ok()?.body {
            Entry::Header(header) => Some(header),
            _ => None,
        }
    }

    /// Who asked for what.
    pub fn header(&self) -> &Header {
        match &self.records[0].body {
            Entry::Header(header) => header,
            _ => unreachable!("reading demands a header"),
        }
    }

    /// The text of a journal up to and with its plan.
    pub fn head(path: &Path) -> Result<String, JournalError> {
        let history = Self::read(path)?;
        let plan = history.records.iter().position(|record| matches!(record.body, Entry::Plan { .. }));
        let text = std::fs::read_to_string(path);
        let text = text.map_err(|source| JournalError::Io { path: path.to_owned(), source })?;
        Ok(text.split_inclusive('\n').take(plan.map_or(0, |at| at + 1)).collect())
    }

    /// What the plan was made from. A run that began again before it had a plan has more of them; the
    /// last count.
    pub fn facts(&self) -> Option<(&Facts, &Request)> {
        self.records.iter().rev().find_map(|record| match &record.body {
            Entry::Facts { facts, request } => Some((&**facts, request)),
            _ => None,
        })
    }

    /// The plan and its digest, when the run got that far.
    pub fn plan(&self) -> Option<(&Plan, &str)> {
        self.records.iter().find_map(|record| match &record.body {
            Entry::Plan { plan, digest } => Some((&**plan, digest.as_str())),
            _ => None,
        })
    }

    /// The events.
    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.records.iter().filter_map(|record| match &record.body {
            Entry::Event { event } => Some(event),
            _ => None,
        })
    }

    /// Why it will not be gone on with, when that is so.
    pub fn closed(&self) -> Option<&Closed> {
        self.records.iter().find_map(|record| match &record.body {
            Entry::Closed(closed) => Some(closed),
            _ => None,
        })
    }

    /// Whether nothing of it is left to go on with or to give up: it ended so, or was closed since.
    pub fn is_over(&self) -> bool {
        self.closed().is_some() || RunState::of(self.events()).is_over()
    }

    /// That what it had set aside is gone, when that is so.
    pub fn discarded(&self) -> Option<&Discarded> {
        self.records.iter().find_map(|record| match &record.body {
            Entry::Discarded(discarded) => Some(discarded),
            _ => None,
        })
    }
}
