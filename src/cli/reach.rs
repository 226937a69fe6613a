//! How commands get at the cluster: its inventory, connections to its hosts, where its runs are kept.

use super::{Failure, Global, signals};
use crate::inventory::Inventory;
use crate::remote::ssh::{SshHost, SshTransport};
use crate::run::StateDir;

/// Reads the inventory.
pub fn inventory(global: &Global) -> Result<Inventory, Failure> {
    Ok(Inventory::load(&global.inventory)?)
}

/// Where runs are kept.
pub fn state(global: &Global) -> StateDir {
    StateDir::locate(global.state_dir.clone())
}

/// Connections to all hosts of the inventory.
pub fn transport(inventory: &Inventory) -> Result<SshTransport, Failure> {
    let hosts = inventory.hosts().map(|(name, address, ssh)| SshHost {
        name: name.clone(),
        address: address.to_owned(),
        ssh: ssh.clone(),
    });
    Ok(SshTransport::new(hosts.collect(), &inventory.limits, None)?)
}

/// Runs a future to its end on this thread.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("the system gives a thread its event queue").block_on(future)
}

/// The same of what only looks at the cluster; a signal ends it (130).
pub fn look_on<F: Future>(look: F) -> Result<F::Output, Failure> {
    block_on(signals::unless_told(look))
}
