//! A cluster of a test's own: the data, and the backup `main` of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lab::{Consistency, Host, Lab, Options};

use crate::dataset::{self, KEYSPACES, must};
use crate::hosts::{HINTS, inodes};
use crate::picture::{self, Picture};
use crate::scene::wait;
use crate::world::{self, CLUSTER, Ran, World, good};

/// Restores `main`.
pub const RESTORE: [&str; 8] = ["restore", "main", "-k", KEYSPACES[0], "-k", KEYSPACES[1], "--confirm", CLUSTER];

/// The same on every node at once.
pub const FAN_OUT: [&str; 10] =
    ["restore", "main", "-k", KEYSPACES[0], "-k", KEYSPACES[1], "--confirm", CLUSTER, "--strategy", "fan-out"];

/// A cluster with a backup.
pub struct Site {
    /// The cluster.
    pub lab: Lab,
    /// Where its runs are kept.
    pub state: PathBuf,
    /// Its inventory.
    pub inventory: PathBuf,
    /// The backup's rows.
    pub backup: Picture,
}

impl Site {
    /// Boots the lab, loads the data, makes the backup. `inventory`: its text, from the lab's.
    pub fn new(world: &World, options: &Options, inventory: impl Fn(&Lab) -> String) -> Self {
        Self::on(world, alone(options), inventory)
    }

    /// The same on a lab that is there, and empty.
    pub fn on(world: &World, lab: Lab, inventory: impl Fn(&Lab) -> String) -> Self {
        dataset::load(&lab);
        for node in lab.nodes() {
            must(node.sh("nodetool snapshot -t keepme shop"));
        }
        let backup = picture::of(&lab, &lab.nodes()[0], Consistency::All);
        let site = Self::of(world, lab, inventory, backup);
        site.reseed(&["backup", "-k", KEYSPACES[0], "-k", KEYSPACES[1], "--tag", "main"]).ends(0);
        site
    }

    /// One whose backup is from elsewhere.
    pub fn of(world: &World, lab: Lab, inventory: impl Fn(&Lab) -> String, backup: Picture) -> Self {
        let name = format!("{}-{}", lab.options().name, lab.options().version);
        let (state, path) = (world.dir.join(format!("state-{name}")), world.dir.join(format!("{name}.yaml")));
        fs::write(&path, format!("{}limits: {{settle: 5s, connect: 5s}}\n", inventory(&lab))).expect("it is ours");
        Self { lab, state, inventory: path, backup }
    }

    /// Runs `reseed` to its end.
    pub fn reseed(&self, args: &[&str]) -> Ran {
        world::run(&self.lab, &self.state, &self.inventory, args)
    }

    /// A host.
    pub fn host(&self, name: &str) -> &Host {
        good(self.lab.host(name))
    }

    /// Writes that the third node misses, and that the others keep for it and do not deliver.
    pub fn hint_the_third(&self) {
        hint_the_third(&self.lab);
    }
}

/// The same, for a cluster that is no site.
pub fn hint_the_third(lab: &Lab) {
    let (with_hints, third) = (&lab.nodes()[..2], &lab.nodes()[2]);
    for node in with_hints {
        must(node.sh("nodetool pausehandoff"));
    }
    good(lab.stop_node(third));
    dataset::damage_in_hints(lab);
    good(lab.start_node(third));
    good(lab.wait_un());
    let first = &lab.nodes()[0];
    let rows = || good(lab.cql(first, "SELECT target_id FROM system.hints LIMIT 5", Consistency::One));
    wait("hints", Duration::from_mins(1), || {
        // before 3.0 they are a table
        if dataset::from(lab, 3) {
            !inodes(first, HINTS, "-name '*.hints' -size +0").is_empty()
        } else {
            !rows().is_empty()
        }
    });
}

/// The lab's own inventory.
pub fn usual(lab: &Lab) -> String {
    read(&lab.inventory())
}

/// The one for `ops` with sudo.
pub fn sudo(lab: &Lab) -> String {
    read(&lab.inventory_sudo())
}

/// Without a service script: the launcher puts itself into the background, a signal stops it.
pub fn bare(lab: &Lab) -> String {
    let commands = [
        ("start: service cassandra start", "start: /opt/cassandra/bin/cassandra"),
        ("stop: service cassandra stop", "stop: pkill -f '[C]assandraDaemon'"),
    ];
    commands.iter().fold(usual(lab), |text, (service, bare)| {
        assert!(text.contains(service), "{text}");
        text.replace(service, bare)
    })
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("the lab wrote it")
}

/// Boots a lab, the only one: two clusters at the same time are too much for a small machine.
pub fn alone(options: &Options) -> Lab {
    for other in world::booted() {
        good(lab::down(&other));
    }
    world::boot(options)
}
