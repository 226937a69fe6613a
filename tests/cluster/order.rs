//! The order of what the restore did, from its journal.

use reseed::event::{Body, Event};

use crate::scene::restored;
use crate::world::World;

/// The steps of a run: position of begin and end, name, host.
struct Steps(Vec<(u64, u64, String, String)>);

impl Steps {
    fn of(world: &World) -> Self {
        let events: Vec<&Event> = restored(world).history.events().collect();
        let mut steps = vec![];
        for event in &events {
            let Body::StepStarted { id, step, host, .. } = &event.body else { continue };
            let end = events.iter().find(|e| matches!(&e.body, Body::StepFinished { id: of, .. } if of == id));
            let end = end.unwrap_or_else(|| panic!("{id} has no end")).index;
            steps.push((event.index, end, step.clone(), host.to_string()));
        }
        Self(steps)
    }

    fn of_type<'a>(&'a self, step: &'a str) -> impl Iterator<Item = &'a (u64, u64, String, String)> {
        let mut found = self.0.iter().filter(move |(_, _, name, _)| name == step).peekable();
        assert!(found.peek().is_some(), "no {step}");
        found
    }

    /// The hosts on which it ran, in order.
    fn hosts<'a>(&'a self, step: &'a str) -> Vec<&'a str> {
        self.of_type(step).map(|(.., host)| host.as_str()).collect()
    }

    /// The first begin of such a step.
    fn begins(&self, step: &str) -> u64 {
        self.of_type(step).map(|(begin, ..)| *begin).min().unwrap()
    }

    /// The last end of such steps.
    fn ends(&self, step: &str) -> u64 {
        self.of_type(step).map(|(_, end, ..)| *end).max().unwrap()
    }

    /// Every such step ends before any of the other begins.
    #[track_caller]
    fn all_before(&self, first: &str, second: &str) {
        let (ends, begins) = (self.ends(first), self.begins(second));
        assert!(ends < begins, "the last {first} ends at {ends}, the first {second} begins at {begins}");
    }

    /// No two of these steps run at the same time.
    #[track_caller]
    fn one_at_a_time(&self, step: &str) {
        let all: Vec<_> = self.of_type(step).collect();
        assert!(all.windows(2).all(|pair| pair[0].1 < pair[1].0), "{all:?}");
    }
}

/// Every byte of the backup is verified and beside the data before anything stops.
pub fn nothing_changes_before_the_backup_is_staged(world: &World) {
    let steps = Steps::of(world);
    assert_eq!(steps.hosts("backup.stage"), ["cass1", "cass1"]);
    let outage = steps.begins("gateway.stop");
    let before: Vec<_> = steps.0.iter().filter(|(begin, ..)| *begin < outage).collect();
    assert!(before.iter().all(|(_, end, name, _)| name == "backup.stage" && *end < outage), "{before:?}");
}

/// First of all that changes something; last of all.
pub fn clients_stop_first_and_start_last(world: &World) {
    let steps = Steps::of(world);
    steps.all_before("gateway.stop", "native.disable");
    steps.all_before("native.disable", "hints.settle");
    let start = steps.begins("gateway.start");
    assert!(steps.0.iter().all(|(_, end, name, _)| name == "gateway.start" || *end < start));
    // seen stopped again before each phase in which a client could do harm
    assert_eq!(steps.of_type("gateway.stopped").count(), 3);
}

/// So that the seed, which gets the backup, is down for the shortest time.
pub fn the_seed_drains_last_and_starts_first(world: &World) {
    let steps = Steps::of(world);
    for step in ["node.drain", "node.stop"] {
        assert_eq!(steps.hosts(step), ["cass2", "cass3", "cass1"], "{step}");
        steps.one_at_a_time(step);
    }
    assert_eq!(steps.hosts("node.start")[0], "cass1");
}

/// On each node: guard, drain, stop; and away only right before its start.
pub fn a_guard_stands_from_drain_to_start(world: &World) {
    let steps = Steps::of(world);
    for node in ["cass1", "cass2", "cass3"] {
        let own = steps.0.iter().filter(|(.., host)| host == node).map(|(_, _, name, _)| name.as_str());
        let own: Vec<&str> =
            own.skip_while(|name| *name != "guard.set").take_while(|name| *name != "ring.ready").collect();
        let middle = if node == "cass1" { "table.swap" } else { "table.aside" };
        let wanted =
            ["guard.set", "node.drain", "node.stop", "node.clear", middle, middle, "guard.clear", "node.start"];
        assert_eq!(own, wanted, "{node}");
    }
}

/// Also no table is touched.
pub fn nothing_is_cleared_before_every_node_is_stopped(world: &World) {
    let steps = Steps::of(world);
    assert_eq!(steps.hosts("node.stop").len(), 3);
    steps.all_before("node.stop", "node.clear");
    steps.all_before("node.clear", "table.swap");
}

/// As long as the seed is not filled, the others still hold the old data where it was.
pub fn the_seed_is_filled_before_the_others_are_emptied(world: &World) {
    let steps = Steps::of(world);
    assert_eq!(steps.hosts("table.swap"), ["cass1", "cass1"]);
    steps.all_before("table.swap", "table.aside");
    steps.all_before("table.aside", "guard.clear");
}

/// The seed is ready before the first of the others starts.
pub fn nodes_start_one_at_a_time(world: &World) {
    let steps = Steps::of(world);
    assert_eq!(steps.hosts("node.start"), ["cass1", "cass2", "cass3"]);
    steps.one_at_a_time("node.start");
}

/// UN as seen by every other node.
pub fn nothing_is_repaired_before_every_node_is_ready(world: &World) {
    let steps = Steps::of(world);
    assert_eq!(steps.hosts("ring.ready").len(), 3);
    steps.all_before("ring.ready", "keyspace.repair");
    steps.all_before("keyspace.repair", "others.repair");
    steps.one_at_a_time("keyspace.repair");
    assert_eq!(steps.hosts("keyspace.repair").len(), 6, "both keyspaces on every node");
    steps.all_before("streams.unthrottle", "keyspace.repair");
    steps.all_before("others.repair", "streams.throttle");
}

/// Schema and indexes.
pub fn everything_is_proven_before_clients_start(world: &World) {
    let steps = Steps::of(world);
    for step in ["others.repair", "schema.agree", "index.query"] {
        steps.all_before(step, "gateway.start");
    }
    let mut asked = steps.hosts("index.query");
    asked.sort_unstable();
    assert_eq!(asked, ["cass1", "cass2", "cass3"]);
}
