//! What the hosts hold besides rows: files by inode, processes.

use std::collections::BTreeMap;
use std::time::Duration;

use lab::Host;

use crate::dataset::must;
use crate::scene::wait;
use crate::world::{Ran, World, good};

/// Where a node of one data directory has its tables.
pub const DATA: &str = "/opt/cassandra/data/data";
/// Where its hints are.
pub const HINTS: &str = "/opt/cassandra/data/hints";
/// Where reseed keeps what it set aside.
pub const ASIDE: &str = "/opt/cassandra/data/.reseed";

/// Files and directories by path below a directory, with their inodes.
pub type Inodes = BTreeMap<String, u64>;

/// Everything below a directory; nothing when it is not there. `only`: further words for `find`.
pub fn inodes(host: &Host, directory: &str, only: &str) -> Inodes {
    let script = format!(
        "[ -d '{directory}' ] || exit 0; find '{directory}' -ignore_readdir_race -mindepth 1 {only} -printf '%i %P\\n'"
    );
    let listing = must(host.sh(&script));
    let entry = |line: &str| {
        let (inode, path) = line.split_once(' ').expect("find prints two words");
        (path.to_owned(), inode.parse().expect("an inode is a number"))
    };
    listing.lines().map(entry).collect()
}

/// The tables' directories.
pub fn tables(host: &Host) -> Inodes {
    inodes(host, DATA, "-mindepth 2 -maxdepth 2 -type d")
}

/// The files of snapshots that are not reseed's.
pub fn snapshots(host: &Host) -> Inodes {
    inodes(host, DATA, "-type f -path '*/snapshots/*'")
}

/// What may not change when a command is refused: processes, tables, backups, nothing of reseed's
/// beside the data.
fn fingerprint(world: &World) -> Vec<String> {
    let node = "cat /run/cassandra/cassandra.pid
        find /opt/cassandra -mindepth 1 \\( -name '.reseed*' -o -iname '*reseed*' \\) -printf 'reseed: %p\\n'
        find /backup -mindepth 1 -maxdepth 1 -printf '%i %P\\n' | sort
        find /opt/cassandra/data/data -mindepth 2 -maxdepth 2 -type d -printf '%i %m %u %P\\n' | sort -k 4";
    let gateway = "cat /opt/Axway/log/Instance1.pid; find /opt/Axway -maxdepth 1 -printf '%i %P\\n' | sort";
    let script = |host: &Host| if host.is_node() { node } else { gateway };
    world.lab().hosts().iter().map(|host| format!("{}\n{}", host.name, must(host.sh(script(host))))).collect()
}

/// Runs something that must be refused, and asserts that it changed nothing and that clients are
/// served: the same gateway writes on. It is waited for, as some refusals take less than a write.
pub fn unchanged(world: &World, what: impl FnOnce() -> Ran) -> Ran {
    let gateway = good(world.lab().gateway("gw1"));
    let (before, acked) = (fingerprint(world), good(gateway.acked()).len());
    let ran = what();
    assert_eq!(before, fingerprint(world), "{} changed something", ran.line);
    assert!(before.iter().all(|host| !host.contains("reseed: ")), "{before:?}");
    wait("the gateway's next write", Duration::from_mins(1), || good(gateway.acked()).len() > acked);
    ran
}
