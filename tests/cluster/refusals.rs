//! What is refused changes nothing: no table, no process, no guard, no stage.

use std::fs;
use std::path::Path;

use lab::Consistency;

use crate::dataset::SMALL;
use crate::hosts::unchanged;
use crate::scene::{backed, small};
use crate::world::{CLUSTER, Ran, World, good};

const CONFIRM: [&str; 2] = ["--confirm", CLUSTER];

fn restore(world: &World, inventory: &Path, tag: &str, more: &[&str]) -> Ran {
    unchanged(world, || world.reseed(inventory, &[&["restore", tag], more].concat()))
}

/// The resolved plan, and nothing else.
pub fn a_dry_run_prints_the_plan(world: &World) {
    backed(world);
    let ran = restore(world, &world.inventory(), "main", &["--dry-run"]).ends(0);
    for part in ["restore of Lab Cluster", "digest", "table.swap", "cass2, cass3", "gateway.start"] {
        ran.says(part);
    }
    let order = ["stop-clients", "settle", "drain", "clear", "wipe", "repair", "verify", "start-clients"];
    let places: Vec<_> = order.iter().map(|phase| ran.out.find(&format!("  {phase}"))).collect();
    assert!(places.is_sorted() && places[0].is_some(), "{places:?}\n{}", ran.out);
}

/// No terminal and no `--confirm`.
pub fn confirm_is_missing(world: &World) {
    backed(world);
    restore(world, &world.inventory(), "main", &[]).ends(4).says("add --confirm 'Lab Cluster'");
}

/// Another name than the cluster's.
pub fn confirm_is_wrong(world: &World) {
    backed(world);
    restore(world, &world.inventory(), "main", &["--confirm", "lab cluster"]).ends(4).says("nothing was changed");
}

/// The inventory, and the operator, mean another cluster.
pub fn the_cluster_has_another_name(world: &World) {
    backed(world);
    let inventory = world.inventory_with("name", |text| text.replace("cluster: Lab Cluster", "cluster: Production"));
    let ran = restore(world, &inventory, "main", &["--confirm", "Production"]).ends(4);
    ran.says("cluster-name").says("Lab Cluster");
}

/// A typing error is told with file, line and what was probably meant.
pub fn an_unknown_key_in_the_inventory(world: &World) {
    let inventory = world.inventory_with("typo", |text| text.replace("  nodetool:", "  nodetol:"));
    let text = fs::read_to_string(&inventory).expect("just written");
    let line = 1 + text.lines().position(|line| line.contains("nodetol")).expect("it is there");
    let ran = restore(world, &inventory, "main", &CONFIRM).ends(3);
    ran.says(&format!("typo.yaml:{line}")).says("nodetol").says("nodetool");
}

/// A host whose key nobody vouched for; its key is not added.
pub fn an_unknown_host_key(world: &World) {
    backed(world);
    let config = fs::read_to_string(world.lab().ssh_config()).expect("the lab wrote it");
    let hosts = fs::read_to_string(world.lab().dir().join("known_hosts")).expect("the lab wrote it");
    let known: String =
        hosts.lines().filter(|line| !line.starts_with("cass2")).fold(String::new(), |all, l| all + l + "\n");
    let (own_hosts, own_config) = (world.dir.join("known_hosts"), world.dir.join("ssh_config"));
    fs::write(&own_hosts, &known).expect("the directory is ours");
    let theirs = world.lab().dir().join("known_hosts").display().to_string();
    fs::write(&own_config, config.replace(&theirs, &own_hosts.display().to_string())).expect("the directory is ours");
    let theirs = world.lab().ssh_config().display().to_string();
    let inventory = world.inventory_with("stranger", |text| text.replace(&theirs, &own_config.display().to_string()));
    let ran = restore(world, &inventory, "main", &CONFIRM).ends(4);
    ran.says("cass2").says("known_hosts");
    assert_eq!(fs::read_to_string(&own_hosts).expect("it is there"), known, "a key was added");
}

/// One node cannot be reached: none is touched.
pub fn a_host_that_nobody_has(world: &World) {
    backed(world);
    let inventory = world.inventory_with("absent", |text| text.replace("host: 10.77.0.13", "host: 10.77.0.99"));
    let config = world.dir.join("ssh_config_absent");
    let theirs = fs::read_to_string(world.lab().ssh_config()).expect("the lab wrote it");
    fs::write(&config, theirs.replace("10.77.0.13", "10.77.0.99")).expect("the directory is ours");
    let text = fs::read_to_string(&inventory).expect("just written");
    let text = text.replace(&world.lab().ssh_config().display().to_string(), &config.display().to_string());
    fs::write(&inventory, text).expect("the directory is ours");
    restore(world, &inventory, "main", &CONFIRM).ends(8).says("cass3");
}

/// There is no such backup.
pub fn a_missing_backup(world: &World) {
    backed(world);
    restore(world, &world.inventory(), "nowhere", &CONFIRM).ends(3).says("no backup nowhere below /backup on cass1");
}

/// Not every node holds all the data: a restore by repair would lose rows.
pub fn a_replication_factor_below_the_nodes(world: &World) {
    small(world);
    let factor = |n: u8| {
        let strategy = format!("{{'class': 'NetworkTopologyStrategy', 'dc1': {n}}}");
        let alter = format!("ALTER KEYSPACE {SMALL} WITH replication = {strategy}");
        good(world.lab().cql(world.host("cass1"), &alter, Consistency::One));
    };
    factor(2);
    let ran = restore(world, &world.inventory(), "small", &CONFIRM);
    factor(3);
    ran.ends(4).says("replication factor 2");
}
