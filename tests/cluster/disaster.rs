//! Restores of a real cluster that is not whole: a node that dies again and again, a table and a
//! keyspace that somebody dropped, a machine that is gone. One lab, one backup, three restores; after
//! each the nodes are asked while nobody else can answer.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use lab::{Consistency, Host, Options};

use crate::dataset::{self, KEYSPACES, must};
use crate::hosts::DATA;
use crate::picture::{self, Alone, same};
use crate::scene::wait;
use crate::site::{RESTORE, Site, usual};
use crate::world::{Ran, Stage, World, good, named};

const ACCEPT: [&str; 4] = ["--override", "node-down", "--reason", "a test"];

/// What the tests here rest on; the last leaves a machine off.
pub struct Disaster {
    site: Stage<Site>,
    dead: Stage<Dead>,
    dark: Stage<Whole>,
    dropped: Stage<Dropped>,
    gone: Stage<Whole>,
}

impl Default for Disaster {
    fn default() -> Self {
        Self {
            site: Stage::new("there is no cluster to lose a node of"),
            dead: Stage::new("the restore with a dead node did not end well"),
            dark: Stage::new("the restore with every node down did not end well"),
            dropped: Stage::new("the restore of what was dropped did not end well"),
            gone: Stage::new("the restore without a machine did not end well"),
        }
    }
}

/// A restore, and what each node says alone after it.
struct Whole {
    ran: Ran,
    alone: BTreeMap<String, Alone>,
}

/// One with a dead node.
struct Dead {
    refused: Ran,
    whole: Whole,
}

/// One of what was dropped.
struct Dropped {
    refused: Ran,
    whole: Whole,
    /// Ids of tables: in the backup's manifest, and now.
    ids: (BTreeMap<String, String>, BTreeMap<String, String>),
}

/// No guard is left of the run, the gateway serves, these nodes are asked alone.
fn whole(site: &Site, ran: Ran, nodes: &[&str]) -> Whole {
    assert!(good(good(site.lab.gateway("gw1")).is_running()), "the gateway serves");
    let hosts: Vec<&Host> = nodes.iter().map(|name| site.host(name)).collect();
    for host in &hosts {
        let guards = must(host.sh("find /opt/cassandra -name 'RESEED-RUN*'"));
        assert_eq!(guards, "", "{}", host.name);
    }
    Whole { ran, alone: picture::of_these_alone(&site.lab, &hosts) }
}

/// The ids of all tables of the restored keyspaces.
fn ids(site: &Site) -> BTreeMap<String, String> {
    let cql = "SELECT keyspace_name, table_name, id FROM system_schema.tables";
    let rows = good(site.lab.cql(site.host("cass3"), cql, Consistency::One));
    let ours = rows.into_iter().filter(|row| KEYSPACES.contains(&row[0].as_str()));
    ours.map(|row| (format!("{}.{}", row[0], row[1]), row[2].clone())).collect()
}

fn site(world: &World) -> &Site {
    world.disaster.site.get(|| Site::new(world, &Options { name: named("hd"), ..Options::default() }, usual))
}

/// One node is killed while others go on writing; then one of its files is broken, so that it dies
/// whenever a supervisor starts it again.
fn dead(world: &World) -> &Dead {
    let site = site(world);
    world.disaster.dead.get(|| {
        let third = site.host("cass3");
        dataset::damage(&site.lab);
        good(site.lab.kill_node(third));
        dataset::damage_in_hints(&site.lab);
        let table = format!("{DATA}/shop/docs-*");
        must(third.sh(&format!("cd {table} && touch zz-1-big-Data.db && chown cassandra: zz-1-big-Data.db")));
        let looped = "setsid sh -c 'until [ -e /tmp/enough ]; do service cassandra start; sleep 4; done' </dev/null >/dev/null 2>&1 &";
        must(third.sh(looped));
        let log = || must(third.sh("grep -c 'unreadable sstables' /opt/cassandra/logs/system.log || :"));
        wait("a start that is refused", Duration::from_mins(1), || log().trim() != "0");
        let refused = site.reseed(&RESTORE);
        let ran = site.reseed(&[&RESTORE[..], &ACCEPT].concat()).ends(0);
        must(third.sh("touch /tmp/enough"));
        Dead { refused, whole: whole(site, ran, &["cass1", "cass2", "cass3"]) }
    })
}

/// Every node is killed after other writes, some of which only their commit logs hold.
fn dark(world: &World) -> &Whole {
    let site = site(world);
    world.disaster.dark.get(|| {
        dataset::damage(&site.lab);
        for node in site.lab.nodes() {
            good(site.lab.kill_node(node));
        }
        site.reseed(&RESTORE).ends(4).says("node-down on cass1");
        let ran = site.reseed(&[&RESTORE[..], &ACCEPT].concat()).ends(0);
        whole(site, ran, &["cass1", "cass2", "cass3"])
    })
}

/// A table and a keyspace are dropped, after other writes.
fn dropped(world: &World) -> &Dropped {
    let site = site(world);
    world.disaster.dropped.get(|| {
        let before = ids(site);
        dataset::damage(&site.lab);
        let drops = [r#"DROP TABLE shop."OrderItems""#, "DROP TABLE shop.docs", r#"DROP KEYSPACE "Ledger_2""#];
        good(site.lab.cql_all(site.host("cass1"), &drops, Consistency::One));
        let refused = site.reseed(&RESTORE);
        let ran = site.reseed(&[&RESTORE[..], &["--create-schema"]].concat()).ends(0);
        Dropped { refused, whole: whole(site, ran, &["cass1", "cass2", "cass3"]), ids: (before, ids(site)) }
    })
}

/// The machine of a node is gone.
fn gone(world: &World) -> &Whole {
    let site = site(world);
    world.disaster.gone.get(|| {
        dataset::damage(&site.lab);
        good(site.lab.crash(site.host("cass3")));
        let text = fs::read_to_string(&site.inventory).expect("it is there");
        let marked = text.replace("{name: cass3,", "{name: cass3, absent: true,");
        assert_ne!(text, marked, "{text}");
        fs::write(&site.inventory, marked).expect("the directory is ours");
        let down = || must(site.host("cass1").sh("nodetool status")).contains("DN  10.77.0.13");
        wait("the others to notice", Duration::from_mins(1), down);
        let ran = site.reseed(&RESTORE).ends(0);
        whole(site, ran, &["cass1", "cass2"])
    })
}

/// The refusal says which node, why it dies, and how to go on.
pub fn a_node_that_dies_again_and_again_is_refused_with_why(world: &World) {
    let refused = &dead(world).refused;
    assert_eq!(refused.code, Some(4), "{}\n{}", refused.out, refused.err);
    refused.says("node-down on cass3").says("unreadable sstables").says("--override");
}

/// Row by row, on every node alone, the dead one included.
pub fn it_is_restored_with_the_others_when_that_is_accepted(world: &World) {
    for (node, alone) in &dead(world).whole.alone {
        same(node, &site(world).backup, &alone.picture);
    }
}

/// Writes to a keyspace that is not restored, which reached the dead node only as hints.
pub fn what_hints_and_its_commit_log_held_of_others_is_everywhere(world: &World) {
    for (node, alone) in &dead(world).whole.alone {
        assert!((0..60).chain(950..960).all(|k| alone.small.contains(&k)), "{node}: {:?}", alone.small);
    }
}

/// Tables are found on the disks; row by row, on every node alone.
pub fn with_every_node_down_the_backups_rows_are_on_every_node(world: &World) {
    for (node, alone) in &dark(world).alone {
        same(node, &site(world).backup, &alone.picture);
        assert!((0..60).all(|k| alone.small.contains(&k)), "{node}: {:?}", alone.small);
    }
}

/// Each with the flag as its cure.
pub fn a_dropped_table_and_keyspace_are_refused_without_the_flag(world: &World) {
    let refused = &dropped(world).refused;
    assert_eq!(refused.code, Some(4), "{}\n{}", refused.out, refused.err);
    for words in ["shop.OrderItems", "shop.docs", "keyspace Ledger_2 does not exist", "--create-schema"] {
        refused.says(words);
    }
}

/// Ids, indexes, rows.
pub fn they_are_created_as_they_were_and_filled(world: &World) {
    let Dropped { whole, ids: (before, now), .. } = dropped(world);
    assert_eq!(before, now);
    for (node, alone) in &whole.alone {
        same(node, &site(world).backup, &alone.picture);
    }
}

/// Nobody talks to it, and the summary says what it must go through.
pub fn a_machine_that_is_gone_is_left_out(world: &World) {
    let whole = gone(world);
    whole.ran.says("mind cass3").says("before it returns wipe all its directories");
}

/// Row by row, on those that are there.
pub fn without_it_the_others_hold_the_backups_rows(world: &World) {
    let whole = gone(world);
    assert_eq!(whole.alone.len(), 2);
    for (node, alone) in &whole.alone {
        same(node, &site(world).backup, &alone.picture);
    }
}
