//! The manifest: what a backup holds, byte by byte.
//!
//! Everything that a restore puts into a live directory is named here with its hash, so a manifest
//! is input that could hurt: [`Manifest::parse`] checks it against its checksum file, and every
//! name and path in it, before anyone can see the value. Unknown keys are ignored (a later reseed
//! may write more), another `format` is refused.
//!
//! Invariant: paths of a table are distinct and stay inside the table's directory; names are valid;
//! sums do not overflow.

mod check;

pub use check::judge_path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::layout;
use crate::cassandra::layout::TableId;
use crate::cassandra::schema::{Column, DroppedColumn, Replication, TypeSchema};
use crate::cassandra::sstable::Component;
use crate::cassandra::version::Version;
use crate::digest::sha256;
use crate::name::{ClusterName, HostName, Keyspace, Table, Tag};

/// The format that this program writes and reads.
pub const FORMAT: u32 = 1;

/// That format as a JSON schema, for other programs.
pub const SCHEMA: &str = include_str!("../../docs/schema/manifest.v1.json");

/// Why a manifest is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// The checksum file is no checksum file.
    #[error("manifest.json.sha256 is damaged: {why}; take another backup, or run `reseed backups verify` on it")]
    Checksum {
        /// Why.
        why: String,
    },
    /// The text is not what was written.
    #[error(
        "manifest.json is damaged: its SHA-256 is {found}, manifest.json.sha256 says {expected}; do not restore from this backup"
    )]
    Damaged {
        /// From the checksum file.
        expected: String,
        /// Of the text.
        found: String,
    },
    /// The text is no manifest.
    #[error("manifest.json cannot be read: {why}")]
    Syntax {
        /// Where and why.
        why: String,
    },
    /// A later reseed wrote it.
    #[error(
        "manifest.json has format {found}, this reseed reads format {FORMAT}; use the version of reseed that made the backup, or a later one"
    )]
    Format {
        /// Its format.
        found: u64,
    },
    /// A name or a path in it must not be used.
    #[error("manifest.json names {what}: {why}; it was not written by reseed, or was changed")]
    Hostile {
        /// The thing, with where it belongs.
        what: String,
        /// The rule that it breaks.
        why: &'static str,
    },
}

/// A backup's manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Always [`FORMAT`].
    pub format: u32,
    /// The backup's tag.
    pub tag: Tag,
    /// The cluster that it was taken from.
    pub cluster: ClusterName,
    /// The node that it was taken from.
    pub node: HostName,
    /// That node's host id.
    pub host_id: String,
    /// That node's Cassandra.
    pub version: Version,
    /// Partitioner, without its package.
    pub partitioner: String,
    /// When the snapshot was made.
    pub taken_at: Timestamp,
    /// The reseed that made it.
    pub reseed: String,
    /// Where it came from, when another program copied the files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<Imported>,
    /// How that node stood to acknowledged writes; not in the first manifests, nor in imported ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// What it holds.
    pub keyspaces: Vec<KeyspaceEntry>,
}

/// What was known, before the snapshot, of writes that the node may have missed (docs/adr/0019).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Source {
    /// When Cassandra was started there.
    #[serde(default)]
    pub started: Option<Timestamp>,
    /// Files of hints that waited for it on other nodes.
    #[serde(default)]
    pub hints: u64,
    /// When it dropped writes last, as its log tells.
    #[serde(default)]
    pub dropped: Option<Timestamp>,
    /// Incremental repair sessions that were not over; `None`: this version has none.
    #[serde(default)]
    pub repair_sessions: Option<Vec<String>>,
}

/// That a backup was made by others, and what is therefore not known about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// The directory that its files were copied from.
    pub from: String,
    /// What it cannot vouch for, one sentence each.
    pub limits: Vec<String>,
}

/// One keyspace of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyspaceEntry {
    /// Its name.
    pub name: Keyspace,
    /// Its replication.
    pub replication: Replication,
    /// CQL that makes the keyspace, its types and tables.
    pub schema_cql: String,
    /// Its user types; `None` in the first manifests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub types: Option<Vec<TypeSchema>>,
    /// Its last full repair before the backup's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_full_repair: Option<Timestamp>,
    /// Whether the backup repaired it before it took it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub repaired_first: bool,
    /// Why the node may have lacked acknowledged writes when it was taken; empty after a repair.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub may_lack: Vec<String>,
    /// Its tables, and its views as tables of their own.
    pub tables: Vec<TableEntry>,
}

/// One table of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableEntry {
    /// Its name.
    pub name: Table,
    /// Its id.
    pub id: TableId,
    /// Columns, to compare with the live table: a missing one makes Cassandra skip the data in
    /// silence. Not in the first manifests.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<Column>,
    /// Columns that were dropped, and when: a table made anew has to know them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<DroppedColumn>,
    /// Its secondary indexes.
    #[serde(default)]
    pub indexes: Vec<IndexEntry>,
    /// The views made from it.
    #[serde(default)]
    pub views: Vec<Table>,
    /// Cassandra's estimate.
    #[serde(default)]
    pub rows_estimate: u64,
    /// All its files.
    pub files: Vec<FileEntry>,
}

/// One index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexEntry {
    /// Its name.
    pub name: String,
    /// `COMPOSITES`, `KEYS`, `CUSTOM`.
    pub kind: String,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Relative to the table's directory.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// 64 lower-case hexadecimal digits.
    pub sha256: String,
}

impl FileEntry {
    /// The sstable component that it is, when it is one.
    pub fn component(&self) -> Option<Component> {
        Component::parse(self.path.rsplit('/').next().unwrap_or(&self.path))
    }

    /// Whether a restore puts it into the live directory: Cassandra's own `manifest.json` and
    /// `schema.cql` stay in the backup.
    pub fn goes_live(&self) -> bool {
        !matches!(self.path.as_str(), "manifest.json" | "schema.cql")
    }
}

impl Manifest {
    /// Reads a manifest and checks it; `sha256_line` is the content of `manifest.json.sha256`.
    pub fn parse(json: &str, sha256_line: &str) -> Result<Self, ManifestError> {
        let expected = expected_digest(sha256_line)?;
        let found = sha256(json);
        if expected != found {
            return Err(ManifestError::Damaged { expected, found });
        }
        let syntax = |error: serde_json::Error| ManifestError::Syntax { why: error.to_string() };
        // The format first: a later one may have other shapes.
        let value: serde_json::Value = serde_json::from_str(json).map_err(syntax)?;
        match value.get("format").and_then(serde_json::Value::as_u64) {
            Some(format) if format == u64::from(FORMAT) => {}
            Some(found) => return Err(ManifestError::Format { found }),
            None => return Err(ManifestError::Syntax { why: "it has no `format`".to_owned() }),
        }
        // From the text again: only that gives line and column, and refuses duplicate keys.
        let manifest: Self = serde_json::from_str(json).map_err(syntax)?;
        check::check(&manifest)?;
        Ok(manifest)
    }

    /// The texts of `manifest.json` and `manifest.json.sha256`. A value that [`Self::parse`] would
    /// refuse is refused here, before a backup is called complete.
    pub fn render(&self) -> Result<(String, String), ManifestError> {
        check::check(self)?;
        let json = serde_json::to_string_pretty(self).map_err(|e| ManifestError::Syntax { why: e.to_string() })? + "\n";
        let line = format!("{}  {}\n", sha256(&json), layout::MANIFEST);
        Ok((json, line))
    }

    /// The keyspace of that name.
    pub fn keyspace(&self, name: &Keyspace) -> Option<&KeyspaceEntry> {
        self.keyspaces.iter().find(|k| k.name == *name)
    }

    /// All files.
    pub fn files(&self) -> impl Iterator<Item = (&KeyspaceEntry, &TableEntry, &FileEntry)> {
        let tables = self.keyspaces.iter().flat_map(|k| k.tables.iter().map(move |t| (k, t)));
        tables.flat_map(|(k, t)| t.files.iter().map(move |f| (k, t, f)))
    }

    /// Number of all files.
    pub fn file_count(&self) -> usize {
        self.files().count()
    }

    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files().map(|(_, _, file)| file.size).sum()
    }

    /// The SHA-256 of the text that [`Self::render`] writes: the backup's identity in a plan.
    pub fn digest(json: &str) -> String {
        sha256(json)
    }
}

impl KeyspaceEntry {
    /// The table of that name.
    pub fn table(&self, name: &Table) -> Option<&TableEntry> {
        self.tables.iter().find(|t| t.name == *name)
    }

    /// Bytes of its files.
    pub fn bytes(&self) -> u64 {
        self.tables.iter().map(TableEntry::bytes).sum()
    }

    /// Number of its files.
    pub fn file_count(&self) -> usize {
        self.tables.iter().map(|t| t.files.len()).sum()
    }
}

impl TableEntry {
    /// Bytes of its files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }
}

/// The digest in a line of `sha256sum`: `<hex>  manifest.json`.
fn expected_digest(line: &str) -> Result<String, ManifestError> {
    let damaged = |why: &str| ManifestError::Checksum { why: why.to_owned() };
    let mut words = line.split_whitespace();
    let hex = words.next().ok_or_else(|| damaged("it is empty"))?.to_ascii_lowercase();
    if !check::is_sha256(&hex) {
        return Err(damaged("it does not begin with 64 hexadecimal digits"));
    }
    match words.next().map(|name| name.trim_start_matches('*')) {
        None => {}
        Some(name) if name.rsplit('/').next() == Some(layout::MANIFEST) => {}
        Some(_) => return Err(damaged("it is about another file")),
    }
    if words.next().is_some() { Err(damaged("it has more than one line")) } else { Ok(hex) }
}

#[cfg(test)]
mod tests;
