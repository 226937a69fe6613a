//! What the coordinator itself does for a step: files come from the host, or go there. Data; `run` does it.

use serde::{Deserialize, Serialize};

use crate::config::Entry;
use crate::name::{ClusterName, HostName, Tag};
use crate::script::Script;

/// What the coordinator does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Carry {
    /// The host's configuration comes here.
    Take {
        /// Lists it.
        list: Script,
        /// Reads pieces of it.
        read: Script,
        /// Where it is kept.
        dir: String,
        /// Under which name.
        tag: Tag,
        /// Bytes that it may take.
        limit: u64,
    },
    /// What was taken of all hosts gets its name.
    Publish {
        /// Where it is kept.
        dir: String,
        /// The name.
        tag: Tag,
        /// Of which cluster.
        cluster: ClusterName,
        /// Of which hosts.
        hosts: Vec<HostName>,
    },
    /// Files that are kept here go to a stage on the host.
    Send {
        /// Takes one piece.
        put: Script,
        /// Where they are kept.
        dir: String,
        /// In which backup.
        tag: Tag,
        /// Which.
        files: Vec<Entry>,
    },
}

impl Carry {
    /// The scripts that it names.
    pub fn scripts(&self) -> impl Iterator<Item = &Script> {
        match self {
            Self::Take { list, read, .. } => vec![list, read],
            Self::Publish { .. } => vec![],
            Self::Send { put, .. } => vec![put],
        }
        .into_iter()
    }
}
