//! The cluster as the operator describes it, validated once: [`Inventory`].
//!
//! Flow: file → [`crate::yaml`] → `raw` (serde shapes as written) → `validate` (defaults, merges,
//! checks) → [`Inventory`]. Everything after this module deals with the validated value only.
//!
//! Invariants: names are validated newtypes; paths are absolute, without `..`, line breaks or
//! NUL; at least one seed that is present; host names unique over nodes, gateways and clients.

mod error;
mod password;
mod raw;
mod tools;
mod validate;

use std::path::{Path, PathBuf};
use std::time::Duration;

pub use error::{InventoryError, PasswordError, Problem};

use crate::name::{ClusterName, HostName, Keyspace};

/// A validated inventory.
#[derive(Debug, Clone, PartialEq)]
pub struct Inventory {
    /// Must equal `cluster_name` of every node.
    pub cluster: ClusterName,
    /// The Cassandra nodes, in the order of the file.
    pub nodes: Vec<Node>,
    /// API gateway hosts.
    pub gateways: Vec<Gateway>,
    /// Whatever else writes to the cluster.
    pub clients: Vec<Client>,
    /// Where backups are.
    pub backup: Backup,
    /// Keyspaces to back up when none is named; empty means: discover.
    pub keyspaces: Vec<Keyspace>,
    /// Absolute directory on every host for jobs, lease and epoch.
    pub remote_dir: String,
    /// Time and resource limits.
    pub limits: Limits,
    /// The operator's own checks before clients start.
    pub acceptance: Vec<Acceptance>,
    /// The file that it was read from.
    pub source: PathBuf,
}

impl Inventory {
    /// Reads and validates the file at `path`.
    pub fn load(path: &Path) -> Result<Self, InventoryError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| InventoryError::Unreadable { path: path.to_owned(), source })?;
        Self::parse(&text, path)
    }

    /// Validates an inventory's text; `path` is for messages and for relative paths of `ssh.config`.
    pub fn parse(text: &str, path: &Path) -> Result<Self, InventoryError> {
        validate::validate(&raw::parse(text, path)?, text, path)
    }

    /// The nodes that exist: all but `absent: true`.
    pub fn present(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|node| !node.absent)
    }

    /// The machines that are gone: `absent: true`.
    pub fn absent(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|node| node.absent)
    }

    /// The seed that a restore fills: the first present one of the file.
    pub fn seed(&self) -> &Node {
        self.present().find(|node| node.seed).expect("validation demands a present seed")
    }

    /// Where leases and jobs of the cluster are on every host.
    pub fn job_root(&self) -> String {
        format!("{}/{}", self.remote_dir, self.cluster.slug())
    }

    /// The node of that name.
    pub fn node(&self, name: &HostName) -> Option<&Node> {
        self.nodes.iter().find(|node| node.name == *name)
    }

    /// Every host to connect to: present nodes, gateways, clients.
    pub fn hosts(&self) -> impl Iterator<Item = (&HostName, &str, &Ssh)> {
        let nodes = self.present().map(|n| (&n.name, n.host.as_str(), &n.ssh));
        let gateways = self.gateways.iter().map(|g| (&g.name, g.host.as_str(), &g.ssh));
        let clients = self.clients.iter().map(|c| (&c.name, c.host.as_str(), &c.ssh));
        nodes.chain(gateways).chain(clients)
    }
}

/// One Cassandra node.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Its name in the inventory.
    pub name: HostName,
    /// Where ssh goes; no identity.
    pub host: String,
    /// Whether it is a seed.
    pub seed: bool,
    /// A machine that is gone.
    pub absent: bool,
    /// How to log in.
    pub ssh: Ssh,
    /// How Cassandra lives there.
    pub cassandra: Cassandra,
}

/// How to log in on a host; what is `None` is left to the user's `ssh_config`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ssh {
    /// Login name.
    pub user: Option<String>,
    /// Port.
    pub port: Option<u16>,
    /// An `ssh_config` to include.
    pub config: Option<PathBuf>,
    /// A private key.
    pub identity_file: Option<PathBuf>,
    /// Whether and to whom scripts switch after login.
    pub r#become: Become,
}

/// Privilege switch after login.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Become {
    /// Scripts run as the login user.
    #[default]
    None,
    /// `sudo -n -u USER`.
    Sudo(String),
}

/// How Cassandra lives on a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cassandra {
    /// Installation, such as `/opt/cassandra`.
    pub home: String,
    /// Directory of cassandra.yaml.
    pub conf: String,
    /// Shell command that starts it.
    pub start: String,
    /// Shell command that stops it.
    pub stop: String,
    /// User for start, stop and nodetool; `None`: owner of the data directory.
    pub run_as: Option<String>,
    /// nodetool and its connection arguments.
    pub nodetool: Nodetool,
    /// cqlsh and its connection arguments.
    pub cqlsh: Cqlsh,
}

/// nodetool and how it connects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nodetool {
    /// Program, on the host's PATH or absolute.
    pub command: String,
    /// Arguments before the sub-command.
    pub args: Vec<String>,
    /// JMX user.
    pub username: Option<String>,
    /// JMX password file, on the node.
    pub password_file: Option<String>,
}

/// cqlsh and how it connects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cqlsh {
    /// Program, on the host's PATH or absolute.
    pub command: String,
    /// Arguments before the address.
    pub args: Vec<String>,
    /// Address; `None`: the node's own, from cassandra.yaml.
    pub host: Option<String>,
    /// Port.
    pub port: u16,
    /// CQL role.
    pub username: Option<String>,
    /// Where the coordinator finds the role's password.
    pub password: Option<PasswordSource>,
}

/// Where the coordinator finds a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordSource {
    /// An environment variable.
    Env(String),
    /// A file that only its owner can read.
    File(PathBuf),
}

/// An API gateway host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gateway {
    /// Its name in the inventory.
    pub name: HostName,
    /// Where ssh goes.
    pub host: String,
    /// Directory that holds `apigateway/posix/bin/startinstance`.
    pub install_dir: String,
    /// Its instances.
    pub instances: Vec<Instance>,
    /// How to log in.
    pub ssh: Ssh,
    /// User for startinstance; `None`: its owner.
    pub run_as: Option<String>,
}

/// One gateway instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Instance name (`-n`): one line of text.
    pub name: String,
    /// Group name (`-g`): one line of text.
    pub group: String,
}

/// Another client of the cluster, driven by its own commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its name in the inventory.
    pub name: HostName,
    /// Where ssh goes.
    pub host: String,
    /// Shell command that stops it.
    pub stop: String,
    /// Shell command that starts it.
    pub start: String,
    /// Shell command: rc 0 running, 1-4 stopped, else unknown.
    pub status: String,
    /// How to log in.
    pub ssh: Ssh,
    /// User for the commands; `None`: the login (or become) user.
    pub run_as: Option<String>,
}

/// Where backups are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// Absolute directory on the node.
    pub root: String,
    /// The node where backups are taken and kept.
    pub node: HostName,
    /// A root on the data's filesystem is a warning instead of a refusal.
    pub allow_same_disk: bool,
}

/// Time and resource limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Connections made at once.
    pub connects: usize,
    /// Channels per host.
    pub channels: usize,
    /// Copies at once.
    pub copies: usize,
    /// Bytes per second per copy; 0: unlimited.
    pub copy_rate: u64,
    /// To make a connection.
    pub connect: Duration,
    /// Without any sign of life.
    pub silence: Duration,
    /// For hints to be delivered before the drain.
    pub settle: Duration,
    /// For a node to be ready after its start.
    pub ready: Duration,
    /// For a repair without progress.
    pub repair_stall: Duration,
    /// For the whole run; zero: none.
    pub run: Duration,
}

/// One CQL check, run on every node at CL ONE before clients start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// Keyspace to `USE`.
    pub keyspace: Keyspace,
    /// The query: one row, one column, when `expect` is given.
    pub query: String,
    /// The expected text; `None`: the query must succeed.
    pub expect: Option<String>,
}
