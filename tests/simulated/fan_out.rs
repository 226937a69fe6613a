//! The restore by fan-out: its order, what it never does, and faults that only it has. Faults at every act and record,
//! and rollbacks from each, are those of `failures`, `journal` and `rollback`, which run for both strategies.

use reseed::event::{Body, Level, RunOutcome};
use reseed::plan::ExtraTables;

use crate::disaster;
use crate::sim::node::Process;
use crate::sim::order::{Ran, assert_barriers};
use crate::sim::{Data, SMALL, Sim, TAG, WHOLE, What};

fn whole() -> Sim {
    Sim::new(WHOLE.by_fan_out())
}

#[tokio::test(start_paused = true)]
async fn it_ends_with_the_backup_on_every_node_and_nothing_is_streamed() {
    let sim = whole();
    assert_eq!(sim.restore().await, 0, "{:?}", sim.end());
    sim.world().assert_restored();
    assert!(sim.calls().iter().all(|c| c.name != "repair.act"), "nothing is read or streamed in the outage");
    assert!(sim.calls().iter().all(|c| c.name != "table.aside.act"), "no node is emptied");
    assert_barriers(sim.history().plan().unwrap().0, &sim.events());
}

#[tokio::test(start_paused = true)]
async fn only_nodes_that_drain_together_stop_gossiping_before() {
    for (shape, first) in [(WHOLE, ""), (WHOLE.by_fan_out(), "yes")] {
        let sim = Sim::new(shape);
        assert_eq!(sim.restore().await, 0, "{:?}", sim.end());
        let calls = sim.calls();
        let drains: Vec<_> = calls.iter().filter(|call| call.name == "node.drain.act").collect();
        assert_eq!(drains.len(), 3);
        assert!(drains.iter().all(|call| call.vars["GOSSIP_FIRST"] == first), "{first:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn it_does_everything_in_its_order() {
    let sim = whole();
    assert_eq!(sim.restore().await, 0);
    let ran = Ran::of(&sim.calls());
    // every node holds the verified stage before anything stops
    assert_eq!(ran.hosts("backup.stage.proof").len(), 6, "each keyspace on each node");
    ran.all_before("backup.stage.proof", "gateway.stop.act");
    ran.all_before("gateway.stop.act", "client.stop.act").all_before("client.stop.act", "native.disable.act");
    // every node is fenced, settled and guarded before any drains
    ran.all_before("native.disable.proof", "hints.settle.act").all_before("hints.settle.act", "guard.set.act");
    ran.all_before("guard.set.proof", "node.drain.act").each_host_before("node.drain.proof", "node.stop.act");
    // all are stopped before anything is set aside; all is set aside before anything is replaced, and
    // everything is replaced before anything starts
    ran.all_before("node.stop.proof", "node.clear.act").all_before("node.clear.proof", "table.swap.act");
    ran.all_before("table.swap.proof", "guard.clear.act");
    assert_eq!(ran.hosts("table.swap.act").len(), 6);
    // the seed can be reached before the others are launched, all are launched before any is waited for
    assert_eq!(ran.hosts("node.launch.act")[0], "cass1");
    ran.one_at_a_time_until("node.launch.proof", "cass1", "node.launch.act");
    ran.last_act_before("guard.clear.act", "node.launch.act").each_host_before("guard.clear.proof", "node.launch.act");
    ran.all_before("node.launch.proof", "node.start.act").all_before("node.start.act", "ring.view");
    // proven before it is served
    ran.all_before("ring.view", "tables.loaded.proof");
    for proof in ["tables.loaded.proof", "schema.agree.proof", "index.query.proof", "clients.gone.proof"] {
        ran.all_before(proof, "gateway.start.act").all_before(proof, "client.start.act");
    }
}

#[tokio::test(start_paused = true)]
async fn an_index_whose_files_the_backup_lacks_is_rebuilt_on_every_node() {
    let sim = whole();
    sim.world().index_files_restored = false;
    assert_eq!(sim.restore().await, 0, "{:?}", sim.end());
    Ran::of(&sim.calls()).all_before("index.rebuild.act", "index.query.proof");
    let history = sim.history();
    let steps = history.plan().unwrap().0.steps().filter(|(_, step)| step.step == "index.rebuild").count();
    assert_eq!(steps, 6, "each keyspace on each node: nobody streams one");
}

#[tokio::test(start_paused = true)]
async fn hints_that_were_set_aside_bring_the_repair_of_the_other_keyspaces() {
    let sim = whole();
    (sim.world().node("cass2").hints, sim.world().node("cass2").stuck) = (3, true);
    assert_eq!(sim.restore().await, 0);
    sim.world().assert_restored();
    let repaired = sim.calls().into_iter().filter(|c| c.name == "repair.act" && c.vars["PREVIEW"].is_empty());
    let keyspaces: Vec<String> = repaired.map(|c| c.vars["KEYSPACES"].clone()).collect();
    assert_eq!(keyspaces, ["system_auth"; 3], "on every node, and none of those that were restored");
}

#[tokio::test(start_paused = true)]
async fn what_hints_held_of_a_table_that_stays_is_repaired_too_and_once_is_enough_where_every_node_holds_all() {
    let sim = whole();
    let mut later = sim.world().tables[0].clone();
    (later.name, later.later, later.id) = ("new".to_owned(), true, later.id.replace('f', "e"));
    {
        let mut world = sim.world();
        let dir = format!("{}/{}", later.keyspace, later.dir());
        for node in world.nodes.values_mut() {
            node.live.insert(dir.clone(), Data::Old);
        }
        (world.node("cass2").hints, world.node("cass2").stuck) = (3, true);
        world.tables.push(later.clone());
    }
    let mut order = sim.order("restore", TAG);
    order.ask.choices.extra_tables = Some(ExtraTables::Keep);
    assert_eq!(sim.run(order).await, Some(0), "{:?}", sim.end());
    let repaired = sim.calls().into_iter().filter(|c| c.name == "repair.act" && c.vars["PREVIEW"].is_empty());
    let repaired: Vec<_> = repaired.map(|c| (c.vars["KEYSPACES"].clone(), c.vars["ALL"].clone())).collect();
    // the keyspace that is replaced as a whole is not among them; of what one node holds, each repairs its own ranges
    let own = ("system_auth".to_owned(), String::new());
    assert_eq!(repaired, [(format!("system_auth\n{}", later.keyspace), later.keyspace), own.clone(), own]);
}

#[tokio::test(start_paused = true)]
async fn every_row_is_compared_before_anybody_is_served_when_that_is_asked_for() {
    let sim = whole();
    let mut order = sim.order("restore", TAG);
    order.ask.choices.verify_rows = true;
    assert_eq!(sim.run(order).await, Some(0), "{:?}", sim.end());
    let compared = sim.calls().into_iter().filter(|c| c.name == "repair.act").collect::<Vec<_>>();
    assert!(compared.iter().all(|c| c.vars["PREVIEW"] == "yes"));
    assert_eq!(compared.len(), 2, "each keyspace once");
    Ran::of(&sim.calls()).all_before("ring.view", "compare.act").all_before("compare.act", "gateway.start.act");
}

#[tokio::test(start_paused = true)]
async fn an_sstable_that_is_not_of_the_backup_fails_the_run_before_anybody_is_served() {
    // by seed all others would get it from the first node
    for (shape, node) in [(WHOLE, "cass1"), (WHOLE.by_fan_out(), "cass3")] {
        let sim = Sim::new(shape);
        sim.world().node(node).besides = Some("t1-1/nb-9-big-Data.db".to_owned());
        assert_eq!(sim.restore().await, 5, "{:?}", sim.end());
        let (_, _, why) = sim.end();
        assert!(why.contains(&format!("tables.loaded/{node}")) && why.contains("not of the backup"), "{why}");
        assert!(
            !sim.acts().iter().any(|act| act.contains("repair.act") || act.contains("gateway.start")),
            "it spreads"
        );
        assert_eq!(sim.rollback(&[]).await, 0, "{:?}", sim.end());
        sim.world().assert_rolled_back();
    }
}

#[tokio::test(start_paused = true)]
async fn nodes_that_differ_although_they_were_given_the_same_files_fail_the_verification() {
    let sim = whole();
    sim.hook(|_, script, world| {
        if script == "node.start.proof" {
            world.node("cass3").live.values_mut().for_each(|data| *data = Data::Spoilt);
        }
    });
    let mut order = sim.order("restore", TAG);
    order.ask.choices.verify_rows = true;
    assert_eq!(sim.run(order).await, Some(7), "{:?}", sim.end());
    let (outcome, _, why) = sim.end();
    assert_eq!(outcome, RunOutcome::VerifyFailed);
    assert!(why.contains("keyspace.confirm") && why.contains("reseed rollback"), "{why}");
    assert!(!sim.acts().iter().any(|act| act.contains("gateway.start")), "nobody is served");
    sim.hook(|_, _, _| {});
    assert_eq!(sim.rollback(&[]).await, 0, "{:?}", sim.end());
    sim.world().assert_rolled_back();
}

#[tokio::test(start_paused = true)]
async fn a_seed_that_dies_in_its_launch_stops_the_others_from_being_launched() {
    let sim = whole();
    sim.fault("node.launch.act", Some("cass1"), What::FailBefore);
    assert_eq!(sim.restore().await, 5);
    assert_eq!(sim.acts().iter().filter(|act| act.contains("node.launch.act")).count(), 1);
    for name in ["cass2", "cass3"] {
        assert!(sim.world().nodes[name].guarded, "{name} cannot start");
    }
    assert_eq!(sim.resume().await, Some(0), "{:?}", sim.end());
    sim.world().assert_restored();
}

#[tokio::test(start_paused = true)]
async fn a_node_that_dies_between_its_launch_and_its_turn_is_started_again() {
    let sim = whole();
    sim.hook(|host, script, world| {
        if (host, script) == ("cass3", "node.launch.proof") {
            world.node("cass3").process = Process::Stopped;
        }
    });
    assert_eq!(sim.restore().await, 0, "{:?}", sim.end());
    sim.world().assert_restored();
}

#[tokio::test(start_paused = true)]
async fn a_node_that_fails_its_drain_holds_up_nothing_but_the_next_phase() {
    let sim = whole();
    sim.fault("node.drain.act", Some("cass2"), What::FailBefore);
    assert_eq!(sim.restore().await, 5);
    let acts = sim.acts();
    assert_eq!(acts.iter().filter(|act| act.ends_with("node.stop.act")).count(), 2, "the others end what they began");
    assert!(!acts.iter().any(|act| act.contains("node.clear")), "and nothing is set aside");
    assert_eq!(sim.resume().await, Some(0), "{:?}", sim.end());
    sim.world().assert_restored();
}

#[tokio::test(start_paused = true)]
async fn a_dead_node_takes_part_and_its_commit_log_is_never_replayed() {
    let sim = whole();
    sim.world().dies("cass2");
    assert_eq!(sim.restore().await, 4);
    assert_eq!(sim.run(disaster::over(&sim)).await, Some(0), "{:?}", sim.end());
    sim.world().assert_restored();
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_is_gone_is_left_out_and_the_others_are_compared() {
    let mut sim = whole();
    sim.world().burns("cass3");
    sim.inventory.nodes[2].absent = true;
    let mut order = sim.order("restore", TAG);
    order.ask.choices.verify_rows = true;
    assert_eq!(sim.run(order).await, Some(0), "{:?}", sim.end());
    sim.world().assert_restored();
    let there: Vec<String> = sim.world().there().map(|(_, n)| n.address.clone()).collect();
    let calls = sim.calls();
    let compared: Vec<_> = calls.iter().filter(|c| c.name == "repair.act").collect();
    assert!(!compared.is_empty() && compared.iter().all(|c| c.vars["HOSTS"].lines().eq(&there)));
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_is_too_small_on_any_node_is_refused() {
    let sim = Sim::new(SMALL.by_fan_out());
    sim.world().node("cass2").free = 1 << 20;
    assert_eq!(sim.restore().await, 4);
    let found = sim.events().into_iter().any(|e| {
        matches!(e.body, Body::Finding { guard, host: Some(host), level: Level::Fail, .. }
            if guard == "space" && host.as_str() == "cass2")
    });
    assert!(found, "the stage is on every node");
    // what a repair brings needs room, too: the old data is kept beside it
    let sim = Sim::new(SMALL);
    sim.world().node("cass2").free = 1 << 20;
    assert_eq!(sim.restore().await, 4);
    let says = |e: reseed::event::Event| matches!(e.body, Body::Finding { message, .. } if message.contains("what the repair brings needs"));
    assert!(sim.events().into_iter().any(says));
}
