//! The way back on a real cluster: from a restore that was killed, and from one that was done and
//! served; then the discard. Cassandra 4.1 in two data centers, every command through sudo.
//!
//! [`Changed`] is made for reuse: `site.killed(at)` kills a restore at a record of its journal,
//! `site.goes_back(run, more)` rolls it back and compares every row on every node, cut off.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::time::Duration;

use lab::{Consistency, Host, Options};
use reseed::event::Body;
use reseed::journal::History;

use crate::dataset::{self, must};
use crate::hosts::{self, ASIDE, HINTS, Inodes, inodes};
use crate::picture::{self, Alone, Picture, same};
use crate::scene::wait;
use crate::site::{FAN_OUT, RESTORE, Site, sudo};
use crate::until::{Killed, Until, started};
use crate::world::{CLUSTER, Ran, Stage, World, good, named};

/// What accepts that writes are lost.
const ACCEPT: [&str; 4] = ["--override", "clients-served", "--reason", "a test"];

/// What the tests here rest on, in this order.
pub struct Rolled {
    site: Stage<Changed>,
    killed: Stage<Back>,
    done: Stage<Done>,
    undone: Stage<Back>,
}

impl Default for Rolled {
    fn default() -> Self {
        Self {
            site: Stage::new("there is no cluster to roll back"),
            killed: Stage::new("the killed restore was not rolled back"),
            done: Stage::new("the restore did not end well"),
            undone: Stage::new("the restore was not rolled back"),
        }
    }
}

/// A cluster with a backup, and with other rows since: the old data.
pub struct Changed {
    site: Site,
    /// The rows of before the restore.
    old: Picture,
    /// Hint files of before the first restore, per node.
    hints: BTreeMap<String, Inodes>,
    /// Files of snapshots that are not reseed's, per node.
    snapshots: BTreeMap<String, Inodes>,
}

/// A restore that ended well.
struct Done {
    run: String,
    /// What `rollback` said without an override.
    refused: Ran,
}

/// After a rollback.
pub struct Back {
    /// The run that was rolled back.
    of: String,
    /// What each node says alone.
    alone: BTreeMap<String, Alone>,
    /// Numbers that the gateway had an answer for when the nodes were asked.
    acked: BTreeSet<u64>,
}

/// All that a site can is wanted of this one, too.
impl Deref for Changed {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}

impl Changed {
    /// Changes the data after the backup; some of that is only a hint when the restore begins.
    fn new(world: &World) -> Self {
        let (name, version) = (named("roll"), "4.1.10".to_owned());
        let site = Site::new(world, &Options { name, version, dcs: 2, ..Options::default() }, sudo);
        dataset::damage(&site.lab);
        site.hint_the_third();
        // the first node coordinated all writes, so it has them all
        let first = picture::of_these_alone(&site.lab, &[site.host("cass1")]);
        let old = first.into_values().next().expect("it was asked").picture;
        assert!(old.iter().filter(|(label, rows)| site.backup[*label] != **rows).count() > 5, "other rows");
        let each = |look: fn(&Host) -> Inodes| -> BTreeMap<String, Inodes> {
            site.lab.nodes().iter().map(|n| (n.name.clone(), look(n))).collect()
        };
        let (hints, snapshots) = (each(|host| inodes(host, HINTS, "-name '*.hints' -size +0")), each(hosts::snapshots));
        Self { site, old, hints, snapshots }
    }

    /// Kills a restore at a record.
    pub fn killed(&self, at: impl Fn(&Body) -> bool) -> Killed {
        Until::new(&self.lab, &self.state, &self.inventory).kills(&RESTORE, at)
    }

    /// Rolls a run back, and asks every node while nobody else can answer: each must hold the rows of
    /// before, be free of guards, and the gateway must run.
    pub fn goes_back(&self, run: &str, more: &[&str]) -> Back {
        self.reseed(&[&["rollback", run, "--confirm", CLUSTER], more].concat()).ends(0).says("ROLLED BACK");
        self.stands_as_before(run)
    }

    /// Goes on with a run: each node, cut off, must hold the backup's rows.
    pub fn goes_on(&self, run: &str) {
        self.reseed(&["resume", run, "--confirm", CLUSTER]).ends(0);
        let gateway = good(self.lab.gateway("gw1"));
        assert!(good(gateway.is_running()), "the gateway serves");
        for (node, alone) in picture::of_each_alone(&self.lab) {
            same(&node, &self.backup, &alone.picture);
        }
        good(self.lab.wait_un());
    }

    /// Back to the rows of before, from a restore that was done, for the next one.
    pub fn undo(&self, run: &str) {
        self.goes_back(run, &ACCEPT);
        self.reseed(&["discard", run, "--confirm", CLUSTER]).ends(0);
    }

    fn stands_as_before(&self, run: &str) -> Back {
        let gateway = good(self.lab.gateway("gw1"));
        assert!(good(gateway.is_running()), "the gateway serves");
        for node in self.lab.nodes() {
            let guards = must(node.sh("find /opt/cassandra -name 'RESEED-RUN*'"));
            assert_eq!(guards, "", "{}", node.name);
        }
        let acked = good(gateway.acked()).into_iter().map(|(number, _)| number).collect();
        let alone = picture::of_each_alone(&self.lab);
        good(self.lab.wait_un());
        for (node, alone) in &alone {
            same(node, &self.old, &alone.picture);
        }
        Back { of: run.to_owned(), alone, acked }
    }

    fn history(&self, run: &str) -> History {
        let path = self.state.join("lab-cluster").join(run).join("journal.jsonl");
        History::read(&path).unwrap_or_else(|error| panic!("{error}"))
    }
}

/// Whether a node keeps anything of a run.
fn keeps(node: &Host, run: &str) -> bool {
    must(node.sh(&format!("[ ! -e {ASIDE}/{run} ] || echo kept"))) == "kept\n"
}

/// The cluster.
pub fn site(world: &World) -> &Changed {
    world.rolled.site.get(|| Changed::new(world))
}

fn killed(world: &World) -> &Back {
    let site = site(world);
    world.rolled.killed.get(|| {
        let run = site.killed(started("table.swap", "cass1"));
        // everything is down, old tables are live or in quarantine, and nobody is at the wheel
        assert!(!good(good(site.lab.gateway("gw1")).is_running()));
        site.goes_back(&run.id, &[])
    })
}

fn done(world: &World) -> &Done {
    killed(world);
    let site = site(world);
    world.rolled.done.get(|| {
        site.reseed(&FAN_OUT).ends(0);
        let run =
            site.reseed(&["runs"]).out.lines().last().expect("a run").split(' ').next().expect("its id").to_owned();
        // the restore did what it should, so that there is something to undo
        for (node, alone) in picture::of_each_alone(&site.lab) {
            same(&node, &site.backup, &alone.picture);
        }
        good(site.lab.wait_un());
        let late = "INSERT INTO shop.docs (id, title, body) VALUES (777, 'title 1', 'written to the restored table')";
        good(site.lab.cql(site.host("cass2"), late, Consistency::All));
        let refused = site.reseed(&["rollback", "--confirm", CLUSTER]);
        Done { run, refused }
    })
}

fn undone(world: &World) -> &Back {
    let (site, done) = (site(world), done(world));
    world.rolled.undone.get(|| site.goes_back(&done.run, &ACCEPT))
}

/// Killed while it stages: nobody was stopped, nothing is done on any host, the run is closed.
pub fn a_restore_that_changed_nothing_has_nothing_to_undo(world: &World) {
    let site = site(world);
    let run = site.killed(started("backup.stage", "cass1"));
    let gateway = good(site.lab.gateway("gw1"));
    let before = good(gateway.acked()).len();
    site.reseed(&["rollback"]).ends(0).says("nothing to undo");
    assert!(site.history(&run.id).closed().is_some());
    site.reseed(&["rollback", &run.id]).ends(4).says("it was rolled back already");
    wait("the gateway", Duration::from_secs(30), || good(gateway.acked()).len() > before);
}

/// SIGKILL when the journal says that the swap on the seed begins: commit logs and hints are in
/// quarantine, all nodes are down.
pub fn killed_between_quarantine_and_swap_the_old_data_comes_back(world: &World) {
    let (site, back) = (site(world), killed(world));
    assert!(site.history(&back.of).closed().is_some());
    site.reseed(&["resume", &back.of, "--confirm", CLUSTER]).ends(2).says("rolled back by");
    site.reseed(&["rollback", &back.of, "--dry-run"]).ends(4).says("it was rolled back already");
}

/// The third node missed these writes: only hints, or the repair, could bring them.
pub fn hints_of_before_were_delivered_after_it(world: &World) {
    let (site, back) = (site(world), killed(world));
    assert!(!site.hints["cass1"].is_empty());
    let late = |rows: &[Vec<String>]| rows.iter().filter(|row| row[0].starts_with("950") && row[0].len() == 4).count();
    assert!(late(&back.alone["cass3"].picture["items"]) == 10, "{:?}", back.alone["cass3"].picture["items"]);
    let wanted: BTreeSet<u64> = (950..960).collect();
    assert!(wanted.is_subset(&back.alone["cass3"].small), "hints of other keyspaces too");
    wait("delivery of the hints", Duration::from_mins(2), || {
        site.lab.nodes().iter().all(|node| inodes(node, HINTS, "-name '*.hints' -size +0").is_empty())
    });
}

/// Half of the nodes of a data centre would hold nothing of some rows.
pub fn fewer_replicas_than_nodes_in_one_data_center_are_refused(world: &World) {
    let site = site(world);
    let replicas = |dc1: u32| {
        let alter = format!(
            "ALTER KEYSPACE shop WITH replication = {{'class': 'NetworkTopologyStrategy', 'dc1': {dc1}, 'dc2': 1}}"
        );
        good(site.lab.cql(site.host("cass1"), &alter, Consistency::One));
    };
    replicas(1);
    let refused = site.reseed(&["check", "main", "-k", "shop", "--output", "json"]);
    replicas(2);
    refused.ends(4).says("shop has replication factor 1 (NetworkTopologyStrategy) on 2 node(s) in dc1");
}

/// What was written since would be lost: that must be said, and accepted.
pub fn clients_that_were_served_since_are_not_robbed_unasked(world: &World) {
    let refused = &done(world).refused;
    assert_eq!(refused.code, Some(4), "{}\n{}", refused.out, refused.err);
    refused.says("clients-served").says("will be lost");
    // the plan can be read all the same
    let args = [&["rollback", "--dry-run"][..], &ACCEPT].concat();
    let plan = site(world).reseed(&args).ends(0);
    plan.says("table.back").says("What will be down").says("put back");
}

/// Every row on every node, indexes included; the row written to the restored table is gone.
pub fn a_restore_that_was_done_is_undone_on_every_node(world: &World) {
    for (node, alone) in &undone(world).alone {
        assert!(alone.picture["docs"].iter().all(|row| row[0] != "777"), "{node}");
        let late = &alone.picture[&format!("index {}", dataset::LATE_OWNER)];
        assert_eq!(late.len(), 20 + 10, "{node}: what was written after the backup is found by its index");
    }
}

/// Its keyspace was not restored: neither the restore nor the rollback may cost it a row.
pub fn the_gateway_serves_and_lost_nothing_of_other_keyspaces(world: &World) {
    let back = undone(world);
    assert!(back.acked.len() > 10);
    for (node, alone) in &back.alone {
        let lost: Vec<_> = back.acked.difference(&alone.heartbeats).collect();
        assert!(lost.is_empty(), "{node}: acknowledged rows of the gateway are missing: {lost:?}");
    }
}

/// It shows what and how much, wants the cluster's name, deletes that run's and its rollback's
/// directories and no other's; after it there is no way back.
pub fn a_discard_says_what_goes_and_frees_it(world: &World) {
    let (site, run) = (site(world), undone(world).of.clone());
    let first = killed(world).of.clone();
    let shown = site.reseed(&["discard", "--dry-run"]).ends(0);
    shown.says("go for good").says(&run).says("run.discard");
    site.reseed(&["discard"]).ends(4).says("was not confirmed");
    assert!(site.lab.nodes().iter().all(|node| keeps(node, &run) && keeps(node, &first)));
    site.reseed(&["discard", "--confirm", CLUSTER]).ends(0).says("freed");
    for node in site.lab.nodes() {
        assert!(!keeps(node, &run) && keeps(node, &first), "{}: only that run", node.name);
    }
    assert!(site.history(&run).discarded().is_some());
    site.reseed(&["rollback", &run, "--confirm", CLUSTER]).ends(4).says("was deleted by run");
    // the older one, whose rollback goes with it
    site.reseed(&["discard", &first, "--confirm", CLUSTER]).ends(0);
    for node in site.lab.nodes() {
        let left = must(node.sh(&format!("find {ASIDE} -mindepth 1 -path '*quarantine*' | head -n 3")));
        assert_eq!(left, "", "{}", node.name);
    }
}

/// The same files, after everything.
pub fn foreign_snapshots_survive_restore_rollback_and_discard(world: &World) {
    let site = site(world);
    undone(world);
    for (name, files) in &site.snapshots {
        let now = hosts::snapshots(site.host(name));
        assert!(files.iter().any(|(path, _)| path.contains("/keepme/")));
        for (file, inode) in files {
            assert_eq!(now.get(file), Some(inode), "{name}: {file}");
        }
    }
}
