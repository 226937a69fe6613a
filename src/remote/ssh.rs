//! Hosts over SSH: one master connection per host, one channel per call.
//!
//! Flow: [`SshTransport::new`] makes a private directory (`directory`) with one generated
//! `ssh_config` per host (`config`); the first call on a host starts its master (`master`), under a limit of connections
//! made at once; every call is a channel of it (`link`), spoken to by the openssh crate over the
//! control socket (native-mux: no process per call). What ssh says on failure is told apart in
//! `error`.
//!
//! The master is started here and not by `openssh::SessionBuilder`: that one cannot kill an ssh that
//! hangs in authentication, ends a connection only when its commands have ended (so a timed-out
//! command would keep its slot), keeps no log of why a link broke, and has no method for most of
//! the options. The crate then adopts the socket (`Session::resume_mux`).
//!
//! Invariants: host keys are checked strictly and never added; a refused login is never retried;
//! a broken connection is dropped, and the next call makes a new one. Dropping an `exec` future
//! does not interrupt the call (mux requests are not cancel-safe): it runs on, up to its limit, in
//! its own task.

mod config;
mod directory;
mod error;
mod link;
mod master;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::Semaphore;

use self::link::Link;
use super::{Call, Flow, Reply, Transport, TransportError};
use crate::inventory::{Limits, Ssh};
use crate::name::HostName;

/// A host to connect to.
#[derive(Debug, Clone)]
pub struct SshHost {
    /// Its name in the inventory.
    pub name: HostName,
    /// Where ssh goes: a name (also one of `ssh_config`), an address, or `user@` either.
    pub address: String,
    /// How to log in.
    pub ssh: Ssh,
}

/// Why the transport could not be set up on the coordinator.
#[derive(Debug, thiserror::Error)]
pub enum SshSetupError {
    /// The private directory or a file in it could not be written.
    #[error("cannot prepare ssh in {path}: {source}")]
    Directory {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The inventory names an `ssh_config` that cannot be read; ssh would pass over it silently.
    #[error("{host}: the inventory's ssh config {path} cannot be read: {source}")]
    Config {
        /// The host that names it.
        host: HostName,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// An address that ssh would take for an option, or a value that `ssh_config` cannot hold.
    #[error("{host}: {what} {text:?} cannot be given to ssh")]
    Unfit {
        /// The host.
        host: HostName,
        /// Which value.
        what: &'static str,
        /// The value.
        text: String,
    },
}

/// Runs scripts on hosts over SSH.
#[derive(Debug)]
pub struct SshTransport {
    links: BTreeMap<HostName, Arc<Link>>,
    /// Connections made at once. A server drops unauthenticated ones at random from ten on
    /// (`MaxStartups 10:30:100`); hosts behind one bastion share its ten.
    connects: Arc<Semaphore>,
    directory: PathBuf,
}

impl SshTransport {
    /// Prepares connections to `hosts`; none is made yet. With `run_dir`, masters that a killed
    /// coordinator of the same run left behind are ended first, so only the holder of the run's
    /// lock may give it.
    pub fn new(hosts: Vec<SshHost>, limits: &Limits, run_dir: Option<&Path>) -> Result<Self, SshSetupError> {
        if let Some(run_dir) = run_dir {
            directory::sweep(run_dir);
        }
        let directory = directory::make(run_dir)?;
        let mut transport =
            Self { links: BTreeMap::new(), connects: Arc::new(Semaphore::new(limits.connects.max(1))), directory };
        for (index, host) in hosts.into_iter().enumerate() {
            let place = config::write(&transport.directory, index, &host, limits)?;
            let link = Link::new(host.name.clone(), place, &host.ssh.r#become, limits);
            transport.links.insert(host.name, Arc::new(link));
        }
        Ok(transport)
    }

    fn link(&self, host: &HostName) -> Result<Arc<Link>, TransportError> {
        self.links.get(host).cloned().ok_or_else(|| TransportError::Unreachable {
            host: host.clone(),
            why: "it is not among the hosts of this run".into(),
        })
    }
}

impl Transport for SshTransport {
    async fn connect(&self, host: &HostName) -> Result<(), TransportError> {
        self.link(host)?.connect(&self.connects).await.map(drop)
    }

    async fn exec(&self, host: &HostName, call: Call) -> Result<Reply, TransportError> {
        let link = self.link(host)?;
        let connects = Arc::clone(&self.connects);
        joined(host, tokio::spawn(async move { link.exec(&connects, call).await })).await
    }

    /// Dropped, it runs on until it finds its flow gone: its input ends, its output is not wanted.
    async fn stream(&self, host: &HostName, call: Call, flow: Flow) -> Result<Reply, TransportError> {
        let link = self.link(host)?;
        let connects = Arc::clone(&self.connects);
        joined(host, tokio::spawn(async move { link.stream(&connects, call, flow).await })).await
    }

    /// Ends all connections, also those with calls in flight.
    async fn close(&self) {
        let mut tasks = Vec::new();
        for link in self.links.values() {
            let link = Arc::clone(link);
            tasks.push(tokio::spawn(async move { link.close().await }));
        }
        for task in tasks {
            let _ = task.await;
        }
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// The answer of a call's own task.
async fn joined(
    host: &HostName,
    task: tokio::task::JoinHandle<Result<Reply, TransportError>>,
) -> Result<Reply, TransportError> {
    task.await.unwrap_or_else(|error| {
        Err(TransportError::LinkLost { host: host.clone(), why: format!("the call's task ended: {error}") })
    })
}

impl Drop for SshTransport {
    /// Without [`Transport::close`], masters end by themselves when idle for ten minutes.
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}
