//! A whole restore by fan-out on each Cassandra that is not the main lab's, each in other surroundings: rows,
//! not products. Restores of these versions by seed and repair are those of `guarded` and `rollback`.

use lab::{Init, Lab, Options};

use crate::dataset::{self, must};
use crate::picture::{self, same};
use crate::site::{FAN_OUT, Site, alone, bare, sudo, usual};
use crate::world::{World, good, named};

/// A restore from the command line alone: data, backup, damage (some of it only in hints), restore;
/// then every node alone holds the backup's rows, and their indexes and views answer. What is added to a counter
/// meanwhile, through each node, counts: the same files on every node are no counters of their own.
fn restored(world: &World, options: Options, set_up: impl Fn(&Lab), inventory: impl Fn(&Lab) -> String) {
    let lab = alone(&Options { name: named("vers"), ..options });
    set_up(&lab);
    let site = Site::on(world, lab, inventory);
    dataset::damage(&site.lab);
    site.hint_the_third();
    // every version writes into its log that it is drained, as it takes the mode; from 3.11 on also that it is up
    let up = if site.lab.options().version.starts_with("2.") {
        "Mode: NORMAL, no"
    } else {
        "Mode: NORMAL (from its log), no"
    };
    site.reseed(&FAN_OUT).ends(0).says("Mode: DRAINED (from its log), clean log").says(up);
    let wanted = dataset::count_on(&site.lab, &site.backup);
    for (node, alone) in picture::of_each_alone(&site.lab) {
        same(&node, &wanted, &alone.picture);
        let lost: Vec<_> = (950..960).filter(|key| !alone.small.contains(key)).collect();
        assert!(lost.is_empty(), "{node}: hints of another keyspace were lost: {lost:?}");
    }
    good(site.lab.down());
}

fn version(version: &str) -> Options {
    Options { version: version.to_owned(), ..Options::default() }
}

/// Legacy and SAI indexes, views, counters, all in one; and a machine that is two hosts of the inventory.
pub fn cassandra_5_0_with_a_client_beside_a_node(world: &World) {
    restored(world, Options::default(), as_it_is, beside);
}

/// An application on the machine of the last node.
fn beside(lab: &Lab) -> String {
    let node = lab.nodes().last().expect("a lab has nodes");
    let run = "/var/tmp/app-runs";
    format!(
        "{}clients:\n  - {{name: app, host: {}, start: touch {run}, stop: rm -f {run}, status: test -e {run} || exit 3}}\n",
        usual(lab),
        node.address
    )
}

/// As the lab makes it.
fn as_it_is(_: &Lab) {}

/// busybox is every host's `sh`.
fn busybox(lab: &Lab) {
    for host in lab.hosts() {
        must(host.sh("mount --bind \"$(command -v busybox)\" \"$(readlink -f /bin/sh)\""));
        assert!(must(host.sh("sh --help 2>&1 || :")).contains("BusyBox"), "{}", host.name);
    }
}

/// Directories elsewhere, one with a space in its name.
fn odd_paths(lab: &Lab) {
    for node in lab.nodes() {
        good(lab.stop_node(node));
        must(node.sh(
            "mount -t tmpfs -o size=1g,mode=755 srv /srv && mkdir -p '/srv/odd place/all' /srv/log && cd /opt/cassandra && mv data/data '/srv/odd place/all/tables' &&
             mv data/commitlog /srv/log/segments && chown -R cassandra: /srv/odd* /srv/log &&
             sed -i -e \"s|/opt/cassandra/data/data|/srv/odd place/all/tables|\" \
               -e \"s|/opt/cassandra/data/commitlog|/srv/log/segments|\" conf/cassandra.yaml &&
             grep 'odd place' conf/cassandra.yaml",
        ));
        good(lab.start_node(node));
    }
    good(lab.wait_un());
}

/// No `system_schema`, class names for types, no replay of batches on demand, Thrift.
pub fn cassandra_2_2_where_hints_are_a_table_and_sh_is_busybox(world: &World) {
    restored(world, version("2.2.19"), busybox, usual);
}

/// No service script: the launcher puts itself into the background, a signal stops it.
pub fn cassandra_3_11_in_odd_places_started_by_a_bare_command(world: &World) {
    restored(world, version("3.11.19"), odd_paths, bare);
}

/// `Restart=always`, and starts and stops by systemctl.
pub fn cassandra_4_0_under_systemd(world: &World) {
    restored(world, Options { init: Init::Systemd, ..version("4.0.19") }, as_it_is, usual);
}

/// Two nodes in one, one in the other; every command as a user with sudo.
pub fn cassandra_4_1_in_two_data_centers_through_sudo(world: &World) {
    restored(world, Options { dcs: 2, ..version("4.1.10") }, as_it_is, sudo);
}
