//! Backups of configuration: `conf` of every node, and of every gateway what its vendor's disaster-recovery list names.
//!
//! ```text
//!  host: list.sh ─> Listing ─> read.sh, in pieces ─> Store (this machine) ─> manifest.json, one rename
//!  Store ─> put.sh, in pieces ─> a stage on the host ─> the step config.replace
//!  Listing or Manifest, twice ─> diff (pure) ─> what differs, secrets masked
//! ```
//!
//! They are kept on the coordinator (docs/adr/0022): what is secret on one host must not lie on another. Nothing is
//! changed on a host to make one, so nothing has to be cleaned up there.
//!
//! Invariants: only `config::store` writes here, with mode 0600 in directories of 0700; a file counts only when its bytes
//! give the hash that its host told; paths of hosts are checked before they become paths here.

pub mod diff;
mod lines;
mod listing;
pub mod manifest;
mod mask;
mod near;
mod porter;
mod select;
mod store;

pub use listing::Listing;
pub use manifest::{Entry, Kept, Manifest, What};
pub use porter::{Porter, Source, over};
pub use select::select;
pub use store::{Found, Store, Summary};

use crate::inventory::Inventory;
use crate::name::{HostName, Tag};
use crate::remote::TransportError;
use crate::script::{Embedded, Script, UnknownScript};

/// Its scripts.
pub const SCRIPTS: &[Embedded] = &[
    ("config.list", include_str!("list.sh")),
    ("config.read", include_str!("read.sh")),
    ("config.put", include_str!("put.sh")),
];

/// What one host's configuration may take, unless more is allowed.
pub const LIMIT: u64 = 64 << 20;

/// Why a backup of configuration cannot be made, read or put back.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A host gave no answer.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// A host's answer, or what is there, is not as it must be.
    #[error("{host}: {why}")]
    Host {
        /// The host.
        host: HostName,
        /// What is wrong.
        why: String,
    },
    /// There is none of that tag.
    #[error("there is no backup of configuration {tag} in {dir}{why}")]
    Unknown {
        /// The tag.
        tag: Tag,
        /// Where they are kept.
        dir: String,
        /// What is there instead; may be empty.
        why: String,
    },
    /// What is kept here is not what was kept.
    #[error("the backup of configuration {tag} is damaged: {why}")]
    Damaged {
        /// The tag.
        tag: Tag,
        /// What is wrong.
        why: String,
    },
    /// The disk's word.
    #[error("{path}: {source}")]
    Io {
        /// The file or directory.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// Nothing of it was named.
    #[error("backup of configuration {tag}: {why}")]
    Nothing {
        /// The tag.
        tag: Tag,
        /// What is not there.
        why: String,
    },
    /// The tag is taken.
    #[error("there is a backup of configuration {tag} in {dir} already")]
    Taken {
        /// The tag.
        tag: Tag,
        /// Where they are kept.
        dir: String,
    },
    /// It is another cluster's.
    #[error("the backup of configuration {tag} is of cluster {cluster:?}")]
    Foreign {
        /// The tag.
        tag: Tag,
        /// Its cluster.
        cluster: String,
    },
    /// A journal of another version.
    #[error(transparent)]
    Script(#[from] UnknownScript),
}

/// Hosts that have configuration: present nodes and gateways, each with its address.
pub fn hosts(inventory: &Inventory) -> impl Iterator<Item = (&HostName, &str)> {
    let nodes = inventory.present().map(|node| (&node.name, node.host.as_str()));
    nodes.chain(inventory.gateways.iter().map(|gateway| (&gateway.name, gateway.host.as_str())))
}

/// The script that lists a host's configuration; `None`: it has none.
pub fn list(inventory: &Inventory, host: &HostName, hashed: bool) -> Option<Script> {
    let node = inventory.present().find(|node| node.name == *host).map(|node| (node.cassandra.conf.as_str(), ""));
    let gateway = || inventory.gateways.iter().find(|g| g.name == *host).map(|g| ("", g.install_dir.as_str()));
    let (conf, install) = node.or_else(gateway)?;
    let script = Script::new("config.list").var("CONF", conf).var("INSTALL_DIR", install);
    Some(script.var("HASHED", if hashed { "yes" } else { "" }))
}
