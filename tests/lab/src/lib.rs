//! Boots real Cassandra clusters on one Linux machine, each node a host of its
//! own: network, mount, pid, uts and ipc namespaces, its own root, sshd on port
//! 22, JMX on 7199. Needs root, and what `setup.sh` installs.
//!
//! ```no_run
//! use lab::{Consistency, Lab, Options};
//!
//! # fn main() -> lab::Result<()> {
//! let lab = Lab::up(&Options::default())?; // or attaches, when it runs already
//! let node = lab.host("cass2")?;
//! lab.cql(node, "SELECT release_version FROM system.local", Consistency::One)?;
//! // nobody but cass2 itself can answer
//! lab.each_alone(&[node], |alone| alone.cql("SELECT release_version FROM system.local"))?;
//! lab.coordinator("reseed").args(["check"]).status().unwrap();
//! # Ok(())
//! # }
//! ```
//!
//! A lab outlives the process that started it: nothing is torn down on drop, so
//! that tests share one. [`Lab::down`] or `lab down` ends it, completely, also
//! after a crash. Nothing of a host is in the machine's own namespaces or files
//! but the lab's folder and named network namespaces.
//!
//! This crate does not depend on `reseed`.

mod alone;
mod capture;
mod cluster;
mod conf;
mod cql;
mod data;
mod error;
mod files;
mod gateway;
mod golden;
mod host;
mod image;
pub mod interrupt;
mod jars;
mod lab;
mod layout;
mod network;
mod options;
mod paths;
mod ports;
mod power;
mod process;
mod progress;
mod ring;
mod state;
mod systemd;
mod teardown;
mod version;

pub use alone::Alone;
pub use cql::Consistency;
pub use error::{Error, Result};
pub use gateway::Gateway;
pub use host::{Host, Output, Role};
pub use lab::Lab;
pub use options::{Data, Disk, Init, Options};
pub use ring::{Member, parse_status};
pub use state::Phase;
pub use teardown::{down, down_all};
pub use version::versions;
