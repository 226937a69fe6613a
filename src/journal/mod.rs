//! The journal: an append-only file of JSON lines, one per record, fsynced. It is a record of
//! intent and outcome for going on with a run, not a debug log.
//!
//! ```text
//!  {"seq":0,"time":…,"record":"header",…,"sum":…}     the request, before any host is contacted
//!  {"seq":1,"time":…,"record":"facts",…,"sum":…}      what the plan was made from, for a rollback
//!  {"seq":2,"time":…,"record":"plan",…,"sum":…}       the plan and its digest
//!  {"seq":3,"time":…,"record":"event",…,"sum":…}      one per event but progress
//!  {"seq":n,"time":…,"record":"closed",…,"sum":…}     another run went back behind this one, or it was given up
//!  {"seq":n,"time":…,"record":"discarded",…,"sum":…}  what it had set aside is gone
//! ```
//!
//! Invariants: one [`writer`], many readers ([`read`]); a record is on disk before what it announces
//! is done; a torn last line (no line break) is ignored on reading and cut off by the next writer
//! (the act that it announced never began), any other damage is refused with the record's number
//! ([`line`] holds the sum); records come only in the order that [`legal`] allows, which writer and
//! reader both check.

mod legal;
mod line;
mod read;
mod writer;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use legal::Illegal;
pub use read::{History, Reader};
pub use writer::Journal;

use crate::backup::prune::Policy;
use crate::event::Event;
use crate::facts::Facts;
use crate::guard::Override;
use crate::name::{ClusterName, HostName, Keyspace, RunId, Tag};
use crate::plan::{Choices, Plan, Request};

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
    /// The run will not be gone on with.
    Closed(Closed),
    /// What the run had set aside is gone.
    Discarded(Discarded),
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
    /// What a restore is to do besides.
    #[serde(flatten)]
    pub choices: Choices,
    /// The run that it is about (rollback, discard).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<RunId>,
    /// What is to be done to the catalogue (import, archive, fetch, prune), or to configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errand: Option<Errand>,
}

/// What is to be done to the catalogue, or to configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Errand {
    /// That directory of the backup node, as the written scripts leave it, becomes a backup.
    Import(String),
    /// The backup goes elsewhere by that command.
    Archive(String),
    /// It comes back by that command.
    Fetch(String),
    /// Old backups go.
    Prune {
        /// Which.
        policy: Policy,
        /// Those that runs of the coordinator count on, and how.
        used: BTreeMap<Tag, String>,
    },
    /// Configuration is backed up.
    ConfigBackup {
        /// Under which name.
        tag: Tag,
        /// Where, on the coordinator.
        dir: String,
        /// Bytes that one host's may take.
        limit: u64,
    },
    /// Configuration is put back.
    ConfigRestore {
        /// From which backup.
        tag: Tag,
        /// Kept where, on the coordinator.
        dir: String,
        /// On which hosts; empty: all.
        hosts: Vec<HostName>,
        /// Which files; empty: all.
        files: Vec<String>,
    },
}

impl Errand {
    /// The backup of configuration that it is about.
    pub fn config(&self) -> Option<&Tag> {
        match self {
            Self::ConfigBackup { tag, .. } | Self::ConfigRestore { tag, .. } => Some(tag),
            Self::Import(_) | Self::Archive(_) | Self::Fetch(_) | Self::Prune { .. } => None,
        }
    }
}

/// Why a run will not be gone on with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// What became of it.
    pub how: How,
    /// The run that brought the old data back; none when it was given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// Who did it: `user@host`.
    pub operator: String,
    /// Why, in the operator's words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// What became of a run that will not be gone on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// The old data is back.
    RolledBack,
    /// The operator gave it up; hosts are as it left them.
    Abandoned,
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RolledBack => "rolled back",
            Self::Abandoned => "abandoned",
        })
    }
}

/// That what a run had set aside is gone, and what that freed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discarded {
    /// The run that removed it.
    pub run: RunId,
    /// Bytes by host, as far as they were counted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub freed: BTreeMap<HostName, u64>,
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
    /// An earlier record could not be written: nothing may come behind what may be half a line.
    #[error("journal {path}: an earlier record could not be written", path = path.display())]
    Broken {
        /// The file.
        path: PathBuf,
    },
    /// A record is not one.
    #[error("journal {path}: record {seq} is damaged: {why}", path = path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The record's number.
        seq: u64,
        /// What is wrong.
        why: String,
    },
    /// A record that may not come there.
    #[error("journal {path}: record {seq} is out of order: {source}", path = path.display())]
    Illegal {
        /// The file.
        path: PathBuf,
        /// The record's number.
        seq: u64,
        /// What came, and after what.
        source: Illegal,
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

#[cfg(test)]
pub(crate) mod tests;
