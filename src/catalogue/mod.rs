//! The catalogue's eyes: reads what lies below `backup.root` on the backup node.
//!
//! Flow: a read-only script per question → the pure readers of [`crate::backup`]. [`verify`] reads
//! every byte of one backup.
//!
//! Invariants: changes nothing but `verified.json` beside a backup; asks the backup node alone; each
//! question may be asked again after the connection was lost.

mod verify;

use std::sync::Arc;
use std::time::Duration;

pub use verify::{Looked, Manifested};

use crate::backup::catalogue::{self, Backup};
use crate::backup::written::Written;
use crate::facts::Fields;
use crate::inventory::Inventory;
use crate::name::{HostName, Tag};
use crate::remote::{Call, Transport, TransportError, retry};
use crate::script::{Embedded, Library, Script};

/// Its scripts.
pub const SCRIPTS: &[Embedded] = &[
    ("catalogue.names", include_str!("names.sh")),
    ("catalogue.list", include_str!("list.sh")),
    ("catalogue.files", include_str!("files.sh")),
    ("catalogue.hash", concat!(include_str!("../backup/digest.sh"), include_str!("hash.sh"))),
    ("catalogue.note", include_str!("note.sh")),
    ("catalogue.written", include_str!("written.sh")),
    ("catalogue.uses", include_str!("uses.sh")),
    ("facts.backup", include_str!("../facts/backup.sh")),
];

/// What one question may take, besides reading data.
const PATIENCE: Duration = Duration::from_mins(2);
/// Entries that one answer tells of: an answer has a limit of size.
const BATCH: usize = 16;

/// Why the catalogue cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    /// The host gave no answer.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// A script on the host failed.
    #[error("{host}: {why}")]
    Script {
        /// The host.
        host: HostName,
        /// Its last words.
        why: String,
    },
    /// There is no such backup.
    #[error("there is no backup {tag} below {root} on {host}{why}")]
    Unknown {
        /// The tag.
        tag: Tag,
        /// `backup.root`.
        root: String,
        /// `backup.node`.
        host: HostName,
        /// What is there instead; may be empty.
        why: String,
    },
}

/// The backups of one cluster.
pub struct Catalogue<T> {
    transport: Arc<T>,
    library: Library,
    /// Where they are.
    pub host: HostName,
    /// Below which directory.
    pub root: String,
    silence: Duration,
}

impl<T: Transport> Catalogue<T> {
    /// That of the inventory.
    pub fn of(inventory: &Inventory, transport: &Arc<T>) -> Self {
        Self {
            transport: Arc::clone(transport),
            library: Library::of(SCRIPTS),
            host: inventory.backup.node.clone(),
            root: inventory.backup.root.clone(),
            silence: 10 * inventory.limits.silence,
        }
    }

    /// All entries, newest first.
    pub async fn list(&self) -> Result<Vec<Backup>, CatalogueError> {
        let text = self.ask(Script::new("catalogue.names").var("ROOT", &self.root), PATIENCE).await?;
        let names: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("name=")).collect();
        let mut all = String::new();
        for batch in names.chunks(BATCH) {
            let script = Script::new("catalogue.list").var("ROOT", &self.root).list("NAMES", batch);
            all.push_str(&self.ask(script, 5 * PATIENCE).await?);
        }
        Ok(catalogue::parse(&all))
    }

    /// What the written scripts left in a directory of the host.
    pub async fn written(&self, dir: &str) -> Result<Written, CatalogueError> {
        let text = self.ask(Script::new("catalogue.written").var("DIR", dir), 5 * PATIENCE).await?;
        Ok(Written::parse(&text))
    }

    /// Runs that have something left on the host, each with the head of its journal's first line; `root`:
    /// where the cluster's leases and jobs are.
    pub async fn uses(&self, root: &str) -> Result<Vec<(String, String)>, CatalogueError> {
        let text = self.ask(Script::new("catalogue.uses").var("ROOT", root), PATIENCE).await?;
        let heads = text.lines().filter_map(|line| line.strip_prefix("head=")?.split_once('\t'));
        Ok(heads.filter_map(|(run, head)| Some((run.to_owned(), catalogue::decoded(head)?))).collect())
    }

    async fn ask(&self, script: Script, limit: Duration) -> Result<String, CatalogueError> {
        let script = self.library.render(&script).expect("these scripts are in their own library");
        let call = Call::new(script, "", limit);
        let reply = retry::exec(&*self.transport, &self.host, call, self.silence).await?;
        if reply.rc == 0 {
            return Ok(reply.stdout);
        }
        Err(CatalogueError::Script { host: self.host.clone(), why: reply.reason() })
    }

    async fn fields(&self, script: Script) -> Result<Fields, CatalogueError> {
        Ok(Fields::parse(&self.ask(script, PATIENCE).await?))
    }
}
