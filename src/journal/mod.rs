//! The journal: an append-only file of JSON lines, one per record, fsynced. It is a record of
//! intent and outcome for going on with a run, not a debug log.
//!
//! ```text
//!  {"seq":0,"time":…,"record":"header",…}     the request, before any host is contacted
//!  {"seq":1,"time":…,"record":"facts",…}      what the plan was made from, for a rollback
//!  {"seq":2,"time":…,"record":"plan",…}       the plan and its digest
//!  {"seq":3,"time":…,"record":"event",…}      one per event but progress
//! ```
//!
//! Invariants: one writer; a record is on disk before what it announces is done; a torn last line
//! is ignored on reading (the act that it announced never began), damage before it is refused.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::Event;
use crate::facts::Facts;
use crate::guard::Override;
use crate::name::{ClusterName, Keyspace, RunId, Tag};
use crate::plan::{Plan, Request};

/// Format of the file.
pub const FORMAT: u32 = 1;

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Position, from 0, without gaps.
    pub seq: u64,
    /// When it was written.
    pub time: Timestamp,
    /// What it says.
    #[serde(flatten)]
    pub body: Entry,
}

/// What a record says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub enum Entry {
    /// First record: who asked for what.
    Header(Header),
    /// What the plan was made from: a rollback is planned from this, not from a cluster that may be down.
    Facts {
        /// The cluster as found.
        facts: Box<Facts>,
        /// What was asked for.
        request: Request,
    },
    /// What will be done.
    Plan {
        /// The plan's digest.
        digest: String,
        /// The plan.
        plan: Box<Plan>,
    },
    /// What happened.
    Event {
        /// The event.
        event: Event,
    },
}

/// Who asked for what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// Format of the file.
    pub format: u32,
    /// Version of reseed.
    pub reseed: String,
    /// The run.
    pub run: RunId,
    /// The cluster.
    pub cluster: ClusterName,
    /// The command: `restore`, `backup`, ….
    pub command: String,
    /// The command line, without secrets (there are none on it).
    pub args: Vec<String>,
    /// Guards that the operator overrode, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Override>,
    /// The inventory's file.
    pub inventory: PathBuf,
    /// Who runs it: `user@host`.
    pub operator: String,
    /// What was asked for: enough to begin again when there is no plan yet.
    pub asked: Asked,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The playbook's name.
    pub playbook: String,
    /// The backup.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<Tag>,
    /// The keyspaces, as given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keyspaces: Vec<Keyspace>,
}

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The disk's word.
    #[error("journal {path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A record in the middle is not one.
    #[error("journal {path}: record {seq} is damaged: {why}", path = path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The record's number.
        seq: u64,
        /// What is wrong.
        why: String,
    },
    /// Written by another version.
    #[error("journal {path} has format {found}; this reseed reads format {FORMAT}", path = path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
}

/// The one writer of a run's journal.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    seq: u64,
}

impl Journal {
    /// Begins a journal; the file must not exist.
    pub fn create(path: &Path, header: Header) -> Result<Self, JournalError> {
        let io = |source| JournalError::Io { path: path.to_owned(), source };
        let file = OpenOptions::new().append(true).create_new(true).open(path).map_err(io)?;
        let mut journal = Self { path: path.to_owned(), file, seq: 0 };
        journal.append(Entry::Header(header))?;
        // the directory too, or a power cut forgets the file
        let parent = path.parent().unwrap_or(Path::new("."));
        File::open(parent).and_then(|dir| dir.sync_all()).map_err(io)?;
        Ok(journal)
    }

    /// Goes on with a journal, after its last whole record.
    pub fn reopen(path: &Path) -> Result<(Self, History), JournalError> {
        let io = |source| JournalError::Io { path: path.to_owned(), source };
        let history = History::read(path)?;
        let file = OpenOptions::new().append(true).open(path).map_err(io)?;
        file.set_len(history.whole_bytes).map_err(io)?;
        Ok((Self { path: path.to_owned(), file, seq: history.records.len() as u64 }, history))
    }

    /// Writes one record and waits until it is on disk.
    pub fn append(&mut self, body: Entry) -> Result<(), JournalError> {
        let record = Record { seq: self.seq, time: Timestamp::now(), body };
        let mut line = serde_json::to_vec(&record).expect("a record is plain data");
        line.push(b'\n');
        let written = self.file.write_all(&line).and_then(|()| self.file.sync_data());
        written.map_err(|source| JournalError::Io { path: self.path.clone(), source })?;
        self.seq += 1;
        Ok(())
    }
}

/// A journal as read.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// Its records.
    pub records: Vec<Record>,
    /// Bytes up to the end of the last whole record.
    whole_bytes: u64,
}

impl History {
    /// Reads a journal; a torn tail is left out.
    pub fn read(path: &Path) -> Result<Self, JournalError> {
        let text = std::fs::read(path).map_err(|source| JournalError::Io { path: path.to_owned(), source })?;
        let mut records = vec![];
        let mut whole_bytes = 0;
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            let seq = records.len() as u64;
            let last = whole_bytes + line.len() as u64 == text.len() as u64;
            let torn = !line.ends_with(b"\n");
            let damaged = |why: String| JournalError::Damaged { path: path.to_owned(), seq, why };
            match serde_json::from_slice::<Record>(line) {
                Ok(_) if torn => break,
                Ok(record) if record.seq != seq => return Err(damaged(format!("it calls itself {}", record.seq))),
                Ok(record) => records.push(record),
                Err(_) if last && torn => break,
                Err(why) => return Err(damaged(why.to_string())),
            }
            whole_bytes += line.len() as u64;
        }
        match records.first().map(|record| &record.body) {
            Some(Entry::Header(header)) if header.format != FORMAT => {
                Err(JournalError::Format { path: path.to_owned(), found: header.format })
            }
            Some(Entry::Header(_)) => Ok(Self { records, whole_bytes }),
            _ => Err(JournalError::Damaged { path: path.to_owned(), seq: 0, why: "it has no header".to_owned() }),
        }
    }

    /// The text of a journal up to and with its plan.
    pub fn head(path: &Path) -> Result<String, JournalError> {
        let history = Self::read(path)?;
        let lines = history.records.iter().position(|record| matches!(record.body, Entry::Plan { .. }));
        let text = std::fs::read_to_string(path);
        let text = text.map_err(|source| JournalError::Io { path: path.to_owned(), source })?;
        Ok(text.split_inclusive('\n').take(lines.map_or(0, |at| at + 1)).collect())
    }

    /// Who asked for what.
    pub fn header(&self) -> &Header {
        match &self.records[0].body {
            Entry::Header(header) => header,
            _ => unreachable!("reading demands a header"),
        }
    }

    /// The plan and its digest, when the run got that far.
    pub fn plan(&self) -> Option<(&Plan, &str)> {
        self.records.iter().find_map(|record| match &record.body {
            Entry::Plan { plan, digest } => Some((&**plan, digest.as_str())),
            _ => None,
        })
    }

    /// What the plan was made from, when the run got that far.
    pub fn facts(&self) -> Option<(&Facts, &Request)> {
        self.records.iter().find_map(|record| match &record.body {
            Entry::Facts { facts, request } => Some((&**facts, request)),
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
}

#[cfg(test)]
mod tests;
