//! A whole restore on each Cassandra that is not the main lab's, each in other surroundings: rows,
//! not products.

use std::fs;
use std::time::Duration;

use lab::{Consistency, Host, Init, Lab, Options};

use crate::dataset::{self, KEYSPACES, must};
use crate::hosts::{self, inodes};
use crate::picture::{self, same};
use crate::scene::wait;
use crate::world::{self, CLUSTER, LABS, World, good};

/// A restore from the command line alone: data, backup, damage (some of it only in hints), restore;
/// then every node alone holds the backup's rows, and their indexes and views answer.
fn restored(world: &World, options: Options, inventory: impl Fn(&Lab) -> String) {
    // two clusters at the same time are too much for a small machine
    for other in world::booted() {
        good(lab::down(&other));
    }
    let lab = world::boot(&Options { name: LABS[5].to_owned(), ..options });
    dataset::load(&lab);
    let wanted = picture::of(&lab, &lab.nodes()[0], Consistency::All);
    let state = world.dir.join(format!("state-{}", lab.options().version));
    let path = state.with_extension("yaml");
    fs::write(&path, format!("{}limits: {{settle: 5s, connect: 5s}}\n", inventory(&lab))).expect("it is ours");
    let reseed = |args: &[&str]| world::run(&lab, &state, &path, args).ends(0);
    reseed(&["backup", "-k", KEYSPACES[0], "-k", KEYSPACES[1], "--tag", "main"]);
    dataset::damage(&lab);
    hinted(&lab);
    reseed(&["restore", "main", "--confirm", CLUSTER]);
    for (node, alone) in picture::of_each_alone(&lab) {
        same(&node, &wanted, &alone.picture);
        let lost: Vec<_> = (950..960).filter(|key| !alone.small.contains(key)).collect();
        assert!(lost.is_empty(), "{node}: hints of another keyspace were lost: {lost:?}");
    }
    good(lab.down());
}

/// Writes that the third node misses, and that the others keep for it.
fn hinted(lab: &Lab) {
    let (with_hints, third) = (&lab.nodes()[..2], &lab.nodes()[2]);
    for node in with_hints {
        must(node.sh("nodetool pausehandoff"));
    }
    good(lab.stop_node(third));
    dataset::damage_in_hints(lab);
    good(lab.start_node(third));
    good(lab.wait_un());
    let files = |host: &Host| !inodes(host, hosts::HINTS, "-name '*.hints' -size +0").is_empty();
    let rows = |host: &Host| {
        let rows = good(lab.cql(host, "SELECT target_id FROM system.hints LIMIT 5", Consistency::One));
        !rows.is_empty()
    };
    wait("hints", Duration::from_mins(1), || {
        let node = &lab.nodes()[0];
        if dataset::from(lab, 3) { files(node) } else { rows(node) }
    });
}

fn usual(lab: &Lab) -> String {
    fs::read_to_string(lab.inventory()).expect("the lab wrote it")
}

fn version(version: &str) -> Options {
    Options { version: version.to_owned(), ..Options::default() }
}

/// No `system_schema`, class names for types, no replay of batches on demand, Thrift.
pub fn cassandra_2_2_where_hints_are_a_table(world: &World) {
    restored(world, version("2.2.19"), usual);
}

/// No service script: the launcher puts itself into the background, a signal stops it.
pub fn cassandra_3_11_started_by_a_bare_command(world: &World) {
    restored(world, version("3.11.19"), |lab| {
        let commands = [
            ("start: service cassandra start", "start: /opt/cassandra/bin/cassandra"),
            ("stop: service cassandra stop", "stop: pkill -f '[C]assandraDaemon'"),
        ];
        commands.iter().fold(usual(lab), |text, (service, bare)| {
            assert!(text.contains(service), "{text}");
            text.replace(service, bare)
        })
    });
}

/// `Restart=always`, and starts and stops by systemctl.
pub fn cassandra_4_0_under_systemd(world: &World) {
    restored(world, Options { init: Init::Systemd, ..version("4.0.19") }, usual);
}

/// Two nodes in one, one in the other; every command as a user with sudo.
pub fn cassandra_4_1_in_two_data_centers_through_sudo(world: &World) {
    let sudo = |lab: &Lab| fs::read_to_string(lab.inventory_sudo()).expect("the lab wrote it");
    restored(world, Options { dcs: 2, ..version("4.1.10") }, sudo);
}
