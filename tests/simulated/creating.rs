//! Restores of what was dropped: keyspaces, types and tables that the backup has and the cluster lacks.

use crate::disaster::{after_any_record, failing, over};
use crate::sim::node::Process;
use crate::sim::{Data, SMALL, Sim, TAG, WHOLE};

/// An order that creates what is missing.
pub fn creating(sim: &Sim) -> reseed::run::Order {
    let mut order = over(sim);
    order.ask.choices.create_schema = true;
    order
}

/// The cluster lacks a table of one keyspace, and the other keyspace.
fn bereft(shape: crate::sim::Shape) -> Sim {
    let sim = Sim::new(shape);
    sim.world().drops("ks1", Some("by_owner"));
    if shape.keyspaces > 1 {
        sim.world().drops("ks2", None);
    }
    sim
}

/// The backup is live on every node; what was there before is in quarantine, also what was empty.
fn assert_whole_again(sim: &Sim) {
    sim.world().assert_serves(Data::Backup);
    let world = sim.world();
    assert_eq!(world.tables.len(), world.nodes["cass1"].live.len());
    for (name, node) in &world.nodes {
        assert_eq!(node.quarantine.len(), world.tables.len(), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_dropped_is_refused_and_the_cure_names_the_flag() {
    let sim = bereft(WHOLE);
    assert_eq!(sim.restore().await, 4);
    let found = failing(&sim);
    for (guard, words) in
        [("tables-match", "no table ks1.by_owner"), ("keyspaces-known", "keyspace ks2 does not exist")]
    {
        let (_, _, message, cure) = found.iter().find(|f| f.0 == guard).unwrap_or_else(|| panic!("{guard}: {found:?}"));
        assert!(message.contains(words) && cure.contains("--create-schema"), "{message}, {cure}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_dropped_table_and_a_dropped_keyspace_are_created_under_their_old_ids_and_filled() {
    let whole = Sim::new(WHOLE);
    let sim = bereft(WHOLE);
    assert_eq!(sim.run(creating(&sim)).await, Some(0), "{:?}", sim.end());
    assert_whole_again(&sim);
    let sorted = |sim: &Sim| {
        let mut tables = sim.world().tables.clone();
        tables.sort_by(|a, b| (&a.keyspace, &a.name).cmp(&(&b.keyspace, &b.name)));
        tables
    };
    assert_eq!(sorted(&sim), sorted(&whole), "ids and indexes");
    let ran = crate::sim::order::Ran::of(&sim.calls());
    ran.all_before("client.stop.act", "schema.create.act").all_before("schema.known", "native.disable.act");
    assert_eq!(ran.hosts("schema.create.act"), ["cass1"]);
    let history = sim.history();
    let step = history.plan().unwrap().0.steps().find(|(_, s)| s.step == "schema.create").unwrap().1;
    assert_eq!(step.summary, "create 1 table of ks1, keyspace ks2 with 2 tables as in the backup");
}

#[tokio::test(start_paused = true)]
async fn with_nothing_missing_the_flag_changes_nothing() {
    let sim = Sim::new(WHOLE);
    assert_eq!(sim.run(creating(&sim)).await, Some(0));
    assert!(sim.calls().iter().all(|call| !call.name.starts_with("schema.create")));
    sim.world().assert_restored();
}

#[tokio::test(start_paused = true)]
async fn a_keyspace_is_not_created_with_a_replication_that_leaves_nodes_out() {
    let sim = Sim::new(WHOLE);
    sim.world().rf = 2;
    let of_two = sim.world().manifest(TAG, "nb-1-big");
    sim.world().backups.insert(format!("/backup/{TAG}"), of_two);
    sim.world().drops("ks2", None);
    sim.world().rf = 3;
    assert_eq!(sim.run(creating(&sim)).await, Some(4));
    let found = failing(&sim);
    assert!(
        found.iter().any(|(guard, _, message, cure)| guard == "replication"
            && message.contains("ks2")
            && cure.contains("by hand")),
        "{found:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_is_created_through_another_node_when_the_seed_is_down() {
    for node in ["cass1", "cass3"] {
        let sim = bereft(WHOLE);
        sim.world().dies(node);
        assert_eq!(sim.run(creating(&sim)).await, Some(0), "{node}: {:?}", sim.end());
        assert_whole_again(&sim);
        let ran = crate::sim::order::Ran::of(&sim.calls());
        assert_eq!(ran.hosts("schema.create.act"), [if node == "cass1" { "cass2" } else { "cass1" }]);
    }
}

#[tokio::test(start_paused = true)]
async fn after_any_record_a_restore_that_creates_goes_on_or_goes_back_and_what_it_created_stays_empty() {
    let old = |sim: &Sim, n: usize| {
        for node in sim.world().nodes.values() {
            assert_eq!((node.process, node.guarded), (Process::Normal, false), "record {n}");
            for (dir, data) in &node.live {
                let wanted = if dir.starts_with("ks1/by_owner") { Data::Empty } else { Data::Old };
                assert_eq!(*data, wanted, "record {n}: {dir}");
            }
        }
    };
    after_any_record(|| bereft(SMALL), creating, assert_whole_again, old).await;
}
