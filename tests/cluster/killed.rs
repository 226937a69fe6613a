//! The coordinator is killed with SIGKILL at chosen records of a restore's journal; each time the run
//! is gone on with, or rolled back, and every row is looked at on every node, cut off.
//!
//! All but the first are the campaign's (`make campaign`), since each takes two outages or three. All leave the
//! cluster as they found it: with the rows of before. Every test run kills a restore too, and goes
//! on or back: `guarded`, `rollback`.

use lab::Consistency;
use reseed::event::Body;

use crate::dataset::must;
use crate::rollback::site;
use crate::until::{finished, started};
use crate::world::{CLUSTER, World, good};

fn goes_on(world: &World, at: impl Fn(&Body) -> bool) {
    let site = site(world);
    let run = site.killed(at);
    site.goes_on(&run.id);
    site.undo(&run.id);
}

fn goes_back(world: &World, at: impl Fn(&Body) -> bool) {
    let site = site(world);
    let run = site.killed(at);
    site.goes_back(&run.id, &[]);
}

/// The second node's drain runs on while nobody waits for it.
pub fn mid_drain_it_goes_on(world: &World) {
    goes_on(world, started("node.drain", "cass3"));
}

/// One node is down, one drains, one serves.
pub fn mid_drain_it_goes_back(world: &World) {
    goes_back(world, started("node.drain", "cass3"));
}

/// Commit logs and hints are in quarantine, no table is.
pub fn between_quarantine_and_swap_it_goes_on(world: &World) {
    goes_on(world, started("table.swap", "cass1"));
}

/// One keyspace is the backup's, the other the old one's.
pub fn mid_swap_it_goes_on(world: &World) {
    goes_on(world, finished("table.swap", "cass1"));
}

/// The same, the other way.
pub fn mid_swap_it_goes_back(world: &World) {
    goes_back(world, finished("table.swap", "cass1"));
}

/// The seed starts on the backup while the others are empty and guarded.
pub fn mid_start_it_goes_on(world: &World) {
    goes_on(world, started("node.start", "cass1"));
}

/// Two nodes are up on what the restore left, the third starts.
pub fn mid_start_it_goes_back(world: &World) {
    goes_back(world, started("node.start", "cass3"));
}

/// The repair runs on.
pub fn mid_repair_it_goes_on(world: &World) {
    goes_on(world, started("keyspace.repair", "cass2"));
}

/// What the repair of one node streamed must not come back.
pub fn mid_repair_it_goes_back(world: &World) {
    goes_back(world, started("keyspace.repair", "cass2"));
}

/// The repair said that it succeeded, and then a node gets a row that another one lacks and no hint tells of: nobody is
/// served, and it is said where and what cures it.
pub fn nodes_that_differ_after_the_repair_end_with_7_and_nobody_is_served(world: &World) {
    let site = site(world);
    let run = site.killed(finished("others.repair", "cass3")).id;
    let (first, third) = (site.host("cass1"), site.host("cass3"));
    must(first.sh("nodetool disablehandoff"));
    good(site.lab.stop_node(third));
    let odd = "INSERT INTO shop.docs (id, title, body) VALUES (778, 'title 1', 'not on every node')";
    good(site.lab.cql(first, odd, Consistency::One));
    good(site.lab.start_node(third));
    good(site.lab.wait_un());
    must(first.sh("nodetool enablehandoff"));
    let differed = site.reseed(&["resume", &run, "--confirm", CLUSTER]).ends(7);
    differed.says("is not the same on all nodes").says("shop.docs").says("nodetool repair --full shop");
    assert!(!good(good(site.lab.gateway("gw1")).is_running()), "the gateway was started over data that differs");
    // the row goes; then the cure that is told
    good(site.lab.cql(first, "DELETE FROM shop.docs WHERE id = 778", Consistency::All));
    must(first.sh("nodetool repair --full shop"));
    site.goes_on(&run);
    site.undo(&run);
}
