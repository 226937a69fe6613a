//! Restores when a node is down, or its machine is gone; their resume and their rollback.

use reseed::event::{Body, Level};
use reseed::run::Verb;

use crate::creating::creating;
use crate::sim::node::Process;
use crate::sim::order::assert_barriers;
use crate::sim::{Data, SMALL, Sim, TAG, WHOLE};

/// A cluster in which the Cassandra of that node is dead.
fn without(node: &str) -> Sim {
    let sim = Sim::new(WHOLE);
    sim.world().dies(node);
    sim
}

/// A cluster in which the machine of that node is gone, and marked so.
fn burnt(node: &str) -> Sim {
    let mut sim = Sim::new(WHOLE);
    sim.world().burns(node);
    sim.inventory.nodes.iter_mut().filter(|n| n.name.as_str() == node).for_each(|n| n.absent = true);
    sim
}

pub fn over(sim: &Sim) -> reseed::run::Order {
    let mut order = sim.order("restore", TAG);
    let reason = "it burns".to_owned();
    order.ask.overrides = vec![reseed::guard::Override { guard: "node-down".to_owned(), reason }];
    order
}

pub fn failing(sim: &Sim) -> Vec<(String, Option<String>, String, String)> {
    let found = sim.events().into_iter().filter_map(|e| match e.body {
        Body::Finding { guard, host, level: Level::Fail, message, cure } => {
            Some((guard, host.map(|h| h.to_string()), message, cure))
        }
        _ => None,
    });
    found.collect()
}

#[tokio::test(start_paused = true)]
async fn a_node_that_is_down_is_refused_with_why_it_died_and_both_ways_on() {
    for node in ["cass1", "cass3"] {
        let sim = without(node);
        assert_eq!(sim.restore().await, 4, "{:?}", sim.end());
        let found = failing(&sim);
        assert_eq!(found.len(), 1, "nothing else stands against it: {found:?}");
        let (guard, host, message, cure) = &found[0];
        assert_eq!((guard.as_str(), host.as_deref()), ("node-down", Some(node)));
        assert!(message.contains("nb-1-big-Data.db"), "the last error of its log: {message}");
        assert!(cure.contains("--override node-down") && cure.contains("absent: true") && cure.contains("start it"));
        assert!(sim.acts().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn with_the_override_it_counts_as_stopped_and_not_drained_and_every_keyspace_is_repaired() {
    for node in ["cass1", "cass3"] {
        let sim = without(node);
        assert_eq!(sim.restore_over(&["node-down"]).await, 0, "{:?}", sim.end());
        sim.world().assert_restored();
        let history = sim.history();
        let (plan, _) = history.plan().unwrap();
        let of =
            |step: &str| plan.steps().filter(|(_, s)| s.step == step).map(|(_, s)| s.host.as_str()).collect::<Vec<_>>();
        assert_eq!(of("node.quiet"), [node]);
        assert!(!of("node.drain").contains(&node) && of("node.drain").len() == 2);
        assert!(!of("hints.settle").contains(&node) && of("hints.settle").len() == 2);
        assert_eq!((of("guard.set").len(), of("node.stop").len(), of("node.clear").len()), (3, 3, 3));
        let others = plan.steps().find(|(_, s)| s.step == "others.repair").unwrap().1;
        assert!(others.summary.contains(&format!("the commit log of {node}, which is down,")), "{}", others.summary);
        let repaired =
            sim.calls().iter().filter(|c| c.name == "repair.act" && c.vars["KEYSPACES"] == "system_auth").count();
        assert_eq!(repaired, 3, "a commit log that nobody read was set aside");
        let stopped = sim.acts().iter().filter(|act| act.ends_with("node.stop.act")).count();
        assert_eq!(stopped, 2, "what is down is not stopped");
        assert_barriers(plan, &sim.events());
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_dead_node_nothing_else_is_repaired() {
    let sim = Sim::new(WHOLE);
    assert_eq!(sim.restore_over(&["node-down"]).await, 0);
    assert!(sim.calls().iter().all(|c| c.name != "repair.act" || c.vars["KEYSPACES"] != "system_auth"));
}

#[tokio::test(start_paused = true)]
async fn a_node_that_comes_up_again_before_its_turn_is_drained_after_all() {
    let sim = without("cass3");
    sim.hook(|_, script, world| {
        if script == "gateway.stop.act" {
            world.start("cass3").unwrap();
        }
    });
    assert_eq!(sim.restore_over(&["node-down"]).await, 0, "{:?}", sim.end());
    sim.world().assert_restored();
    assert!(sim.acts().contains(&"cass3 native.disable.act".to_owned()), "its port is closed like the others'");
}

#[tokio::test(start_paused = true)]
async fn a_node_that_dies_or_comes_up_while_the_backup_is_staged_is_noticed_before_the_outage() {
    let sim = Sim::new(WHOLE);
    sim.hook(|_, script, world| {
        if script == "backup.stage.proof" {
            world.dies("cass2");
        }
    });
    assert_eq!(sim.restore().await, 4);
    let sim = without("cass2");
    sim.hook(|_, script, world| {
        if script == "backup.stage.proof" {
            world.start("cass2").unwrap();
        }
    });
    assert_eq!(sim.restore_over(&["node-down"]).await, 4);
    assert!(sim.end().2.contains("nodes.cass2.down: true → null"), "{:?}", sim.end());
}

#[tokio::test(start_paused = true)]
async fn a_network_that_is_cut_between_running_nodes_cannot_be_overridden() {
    let sim = Sim::new(WHOLE);
    sim.world().node("cass3").process = Process::Drained; // answers, and is down for the others
    assert_eq!(sim.restore_over(&["node-down"]).await, 4);
    assert!(failing(&sim).iter().any(|(guard, ..)| guard == "nodes-normal"));
}

/// The coordinator dies after each record of a restore; then the run is gone on with, or rolled back.
/// `back` is told the record.
pub async fn after_any_record(
    make: impl Fn() -> Sim,
    order: impl Fn(&Sim) -> reseed::run::Order,
    on: impl Fn(&Sim),
    back: impl Fn(&Sim, usize),
) {
    let whole = make();
    assert_eq!(whole.run(order(&whole)).await, Some(0), "{:?}", whole.end());
    for n in 1..whole.events().len() {
        for goes_back in [false, true] {
            let mut sim = make();
            sim.die_after = Some(n);
            if sim.run(order(&sim)).await.is_some() {
                continue;
            }
            sim.die_after = None;
            if !goes_back {
                assert_eq!(sim.resume().await, Some(0), "record {n}: {:?}", sim.end());
                on(&sim);
                continue;
            }
            let Ok(order) = sim.order_about(Verb::Rollback, None, &["clients-served"]) else { continue };
            assert_eq!(sim.run(order).await, Some(0), "record {n}: {:?}", sim.end());
            back(&sim, n);
        }
    }
}

fn nothing_was_undone(sim: &Sim) -> bool {
    sim.end().2.contains("nothing to undo")
}

#[tokio::test(start_paused = true)]
async fn after_any_record_such_a_restore_goes_on_or_goes_back() {
    let dead = || {
        let sim = Sim::new(SMALL);
        sim.world().dies("cass2");
        sim
    };
    let restored = |sim: &Sim| sim.world().assert_restored();
    after_any_record(dead, over, restored, |sim, n| {
        if !nothing_was_undone(sim) {
            sim.world().assert_rolled_back();
            assert!(sim.world().nodes["cass2"].unflushed, "record {n}: its commit log is there again");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_is_gone_is_left_alone_and_the_others_are_restored_without_it() {
    for node in ["cass2", "cass3"] {
        let sim = burnt(node);
        assert_eq!(sim.restore().await, 0, "{:?}", sim.end());
        sim.world().assert_restored();
        assert!(sim.calls().iter().all(|call| call.host.as_str() != node));
        let there: Vec<String> = sim.world().there().map(|(_, n)| n.address.clone()).collect();
        for call in sim.calls().iter().filter(|c| c.name == "repair.act") {
            assert_eq!(call.vars["HOSTS"].lines().collect::<Vec<_>>(), there);
        }
        let warned = sim.events().into_iter().any(|e| {
            matches!(e.body,
            Body::Finding { guard, host: Some(host), level: Level::Warn, cure, .. }
            if guard == "node-absent" && host.as_str() == node && cure.contains("wipe"))
        });
        assert!(warned, "it must be wiped before it returns");
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_node_that_is_there_has_nobody_to_repair_with() {
    let mut sim = Sim::new(SMALL);
    sim.world().burns("cass2");
    sim.inventory.nodes[1].absent = true;
    assert_eq!(sim.restore().await, 0, "{:?}", sim.end());
    sim.world().assert_restored();
    assert!(sim.calls().iter().all(|call| call.name != "repair.act"));
}

#[tokio::test(start_paused = true)]
async fn such_a_restore_is_rolled_back_without_the_machine_too() {
    let sim = burnt("cass3");
    assert_eq!(sim.restore().await, 0);
    assert_eq!(sim.rollback(&["clients-served"]).await, 0, "{:?}", sim.end());
    let world = sim.world();
    world.assert_rolled_back();
}

#[tokio::test(start_paused = true)]
async fn a_restore_during_which_a_machine_burns_is_rolled_back_without_it() {
    let mut sim = Sim::new(WHOLE);
    sim.fault("table.aside.act", Some("cass3"), crate::sim::What::FailBefore);
    assert_eq!(sim.restore().await, 5);
    sim.world().burns("cass3");
    sim.inventory.nodes[2].absent = true;
    let before = sim.calls().len();
    assert_eq!(sim.rollback(&[]).await, 0, "{:?}", sim.end());
    sim.world().assert_rolled_back();
    assert!(sim.calls()[before..].iter().all(|call| call.host.as_str() != "cass3"));
}

#[tokio::test(start_paused = true)]
async fn as_many_nodes_must_be_lost_in_the_ring_as_are_marked_absent() {
    // marked, but it runs: its data would stay as it is
    let mut sim = Sim::new(WHOLE);
    sim.inventory.nodes[2].absent = true;
    assert_eq!(sim.restore().await, 4);
    assert!(
        failing(&sim)
            .iter()
            .any(|(guard, _, message, _)| guard == "ring-known" && message.contains("not in the inventory"))
    );
    // marked, and the ring has forgotten it already
    let sim = burnt("cass3");
    sim.world().nodes.remove("cass3");
    assert_eq!(sim.restore().await, 4);
    assert!(
        failing(&sim).iter().any(|(guard, _, message, _)| guard == "ring-known" && message.contains("there are: none"))
    );
    // one marked, two lost
    let sim = burnt("cass3");
    sim.world().dies("cass2");
    assert_eq!(sim.restore().await, 4);
    assert_eq!(
        failing(&sim).iter().map(|f| f.0.as_str()).collect::<Vec<_>>(),
        ["node-down"],
        "that one is no machine that is gone"
    );
    assert_eq!(sim.restore_over(&["node-down"]).await, 0, "{:?}", sim.end());
    sim.world().assert_restored();
}

#[tokio::test(start_paused = true)]
async fn a_backup_is_made_without_a_dead_node_but_not_of_it() {
    let sim = without("cass3");
    let backup = |sim: &Sim| {
        let mut order = sim.order("backup", "new");
        order.ask.overrides = over(sim).ask.overrides;
        order
    };
    assert_eq!(sim.backup().await, 4);
    assert_eq!(sim.run(backup(&sim)).await, Some(0), "{:?}", sim.end());
    let sim = without("cass1");
    assert_eq!(sim.run(backup(&sim)).await, Some(4));
    assert!(
        failing(&sim).iter().any(|(guard, _, message, _)| guard == "nodes-normal" && message.contains("taken from it"))
    );
    sim.world().nodes.values().for_each(|n| assert!(n.live.values().all(|d| *d == Data::Old)));
}

/// A cluster in which no Cassandra runs.
fn lifeless(shape: crate::sim::Shape) -> Sim {
    let sim = Sim::new(shape);
    let names: Vec<String> = sim.world().nodes.keys().cloned().collect();
    for name in &names {
        sim.world().dies(name);
    }
    sim
}

#[tokio::test(start_paused = true)]
async fn with_every_node_down_the_schema_is_read_from_the_disks_when_that_is_accepted() {
    let sim = lifeless(WHOLE);
    assert_eq!(sim.restore().await, 4);
    assert!(failing(&sim).iter().all(|(guard, ..)| guard == "node-down") && failing(&sim).len() == 3);
    assert_eq!(sim.restore_over(&["node-down"]).await, 0, "{:?}", sim.end());
    sim.world().assert_restored();
    let unproven = |e: &reseed::event::Event| {
        matches!(&e.body, Body::Finding { level: Level::Warn, message, .. }
        if message == "not proven: every node is down")
    };
    assert!(sim.events().iter().filter(|e| unproven(e)).count() >= 3, "ring, replication, schema");
    let history = sim.history();
    let (plan, _) = history.plan().unwrap();
    let of = |step: &str| plan.steps().filter(|(_, s)| s.step == step).count();
    assert_eq!((of("node.quiet"), of("node.drain"), of("hints.settle"), of("schema.same")), (3, 0, 0, 1));
    let view = &plan.steps().find(|(_, s)| s.step == "ring.ready").unwrap().1.proof[0].script.vars["EXPECT"];
    assert_eq!(view, "10.77.0.11\n10.77.0.12\n10.77.0.13", "no host id is known");
    let others = sim.calls().iter().filter(|c| c.name == "repair.act" && c.vars["KEYSPACES"] == "system_auth").count();
    assert_eq!(others, 3, "internal keyspaces by their directories");
}

#[tokio::test(start_paused = true)]
async fn of_two_directories_of_a_table_the_one_with_sstables_is_taken() {
    let sim = lifeless(WHOLE);
    {
        let mut world = sim.world();
        let old = world.tables[0].clone();
        world.tables[0].id = old.id.replace('f', "e");
        let new = format!("ks1/{}", world.tables[0].dir());
        for node in world.nodes.values_mut() {
            node.live.insert(new.clone(), Data::Old);
            node.live.insert(format!("ks1/{}", old.dir()), Data::Empty);
        }
    }
    assert_eq!(sim.restore_over(&["node-down"]).await, 0, "{:?}", sim.end());
    let world = sim.world();
    for node in world.nodes.values() {
        let live: Vec<Data> = world.tables.iter().map(|t| node.live[&format!("{}/{}", t.keyspace, t.dir())]).collect();
        assert!(live.iter().all(|data| *data == Data::Backup), "{live:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_table_that_turns_out_to_have_another_id_fails_the_verification() {
    let sim = lifeless(WHOLE);
    sim.hook(|_, script, world| {
        if script == "repair.act" {
            world.tables[0].id = "aaaaaaaa-c9a6-11e7-a9d0-b5b6a2d0a010".to_owned();
        }
    });
    assert_eq!(sim.restore_over(&["node-down"]).await, 7, "{:?}", sim.end());
    assert!(sim.end().2.contains("schema.same"), "{:?}", sim.end());
}

#[tokio::test(start_paused = true)]
async fn with_every_node_down_nothing_is_created_and_no_machine_is_left_out() {
    let sim = lifeless(WHOLE);
    sim.world().drops("ks1", Some("by_owner"));
    assert_eq!(sim.run(creating(&sim)).await, Some(4));
    assert!(
        failing(&sim)
            .iter()
            .any(|(guard, _, _, cure)| guard == "tables-match" && cure.contains("start one node first"))
    );
    let mut sim = lifeless(WHOLE);
    sim.world().burns("cass3");
    sim.inventory.nodes[2].absent = true;
    assert_eq!(sim.restore_over(&["node-down"]).await, 4);
    assert!(
        failing(&sim).iter().any(|(guard, _, _, cure)| guard == "ring-known" && cure.contains("start one node first"))
    );
}

#[tokio::test(start_paused = true)]
async fn after_any_record_a_restore_of_a_lifeless_cluster_goes_on_or_goes_back() {
    let restored = |sim: &Sim| sim.world().assert_restored();
    after_any_record(
        || lifeless(SMALL),
        over,
        restored,
        |sim, _| {
            if !nothing_was_undone(sim) {
                sim.world().assert_rolled_back();
            }
        },
    )
    .await;
}
