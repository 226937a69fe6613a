//! In which order a restore does what it does.

use reseed::guard::Override;
use reseed::plan::RepairFirst;
use reseed::remote::fake::Recorded;
use reseed::run::Verb;

use crate::sim::order::{Ran, assert_barriers};
use crate::sim::world::Shape;
use crate::sim::{Sim, WHOLE};

#[tokio::test(start_paused = true)]
async fn a_cluster_of_one_node_is_restored_and_has_nobody_to_repair_with() {
    let sim = Sim::new(Shape { nodes: 1, gateways: 1, clients: 0, keyspaces: 1, fan_out: false });
    assert_eq!(sim.restore().await, 0, "{:?}", sim.end());
    assert!(sim.calls().iter().all(|call| call.name != "repair.act"), "nodetool would say that no repair is needed");
    sim.world().assert_restored();
    let order = sim.order_about(Verb::Rollback, None, &["clients-served"]).unwrap();
    assert_eq!(sim.run(order).await, Some(0), "{:?}", sim.end());
    sim.world().assert_rolled_back();
}

#[tokio::test(start_paused = true)]
async fn a_restore_ends_with_the_backup_on_every_node_and_everything_served() {
    let sim = Sim::new(WHOLE);
    assert_eq!(sim.restore().await, 0, "{:?}", sim.end());
    sim.world().assert_restored();
}

#[tokio::test(start_paused = true)]
async fn a_restore_does_everything_in_the_order_of_the_runbook() {
    let sim = Sim::new(WHOLE);
    assert_eq!(sim.restore().await, 0);
    let ran = Ran::of(&sim.calls());
    // what is destroyed is proven restorable first
    assert_eq!(ran.acts()[..3], ["backup.stage.act", "backup.stage.act", "gateway.stop.act"]);
    ran.all_before("backup.stage.proof", "gateway.stop.act");
    // clients go first and come last
    ran.all_before("gateway.stop.act", "client.stop.act").all_before("client.stop.act", "native.disable.act");
    ran.all_before("native.disable.act", "hints.settle.act").all_before("hints.settle.act", "guard.set.act");
    let proofs =
        ["schema.agree.proof", "tables.loaded.proof", "compare.act", "index.query.proof", "clients.gone.proof"];
    for verified in ["repair.act"].into_iter().chain(proofs) {
        ran.all_before(verified, "gateway.start.act").all_before(verified, "client.start.act");
    }
    // a node cannot start between its drain and its turn
    ran.each_host_before("guard.set.proof", "node.drain.act").each_host_before("node.drain.proof", "node.stop.act");
    ran.last_act_before("guard.clear.act", "node.start.act").each_host_before("guard.clear.proof", "node.start.act");
    ran.one_at_a_time(&["guard.set.act", "node.drain.act", "node.stop.act"]);
    ran.one_at_a_time(&["guard.clear.act", "node.start.act", "node.start.proof"]);
    assert_eq!(ran.hosts("node.drain.act"), ["cass2", "cass3", "cass1"], "the seed goes last");
    assert_eq!(ran.hosts("node.start.act"), ["cass1", "cass2", "cass3"], "the seed comes first");
    // all are stopped before anything is set aside, all is set aside before anything starts
    ran.all_before("node.stop.proof", "node.clear.act").all_before("node.clear.act", "table.swap.act");
    ran.all_before("table.swap.proof", "table.aside.act").all_before("table.aside.proof", "guard.clear.act");
    assert_eq!(ran.hosts("table.swap.act"), ["cass1", "cass1"], "one per keyspace");
    // all are up before the repair, which is done before the verification
    ran.all_before("node.start.act", "repair.act").all_before("node.start.proof", "repair.act");
    ran.all_before("streams.unthrottle.proof", "repair.act").all_before("repair.act", "streams.throttle.act");
    assert_eq!(ran.hosts("streams.unthrottle.act"), ["cass1"], "it is the seed that sends");
    ran.all_before("repair.act", "schema.agree.proof");
    ran.all_before("repair.act", "compare.act");
    assert_eq!(ran.hosts("compare.act"), ["cass1", "cass1"], "one per keyspace");
    assert_eq!(ran.hosts("repair.act"), ["cass1", "cass1", "cass2", "cass2", "cass3", "cass3"]);
}

#[tokio::test(start_paused = true)]
async fn nothing_of_a_phase_starts_before_all_of_the_one_before_it_is_proven() {
    for command in ["restore", "backup"] {
        let sim = Sim::new(WHOLE);
        let tag = if command == "restore" { "good" } else { "new" };
        assert_eq!(sim.run(sim.order(command, tag)).await, Some(0));
        assert_barriers(sim.history().plan().unwrap().0, &sim.events());
    }
}

#[tokio::test(start_paused = true)]
async fn a_backup_is_published_last_and_can_be_restored() {
    let sim = Sim::new(WHOLE);
    assert_eq!(sim.backup().await, 0, "{:?}", sim.end());
    let acts = [
        "snapshot.take.act",
        "snapshot.copy.act",
        "snapshot.copy.act",
        "backup.verify.act",
        "snapshot.clear.act",
        "backup.publish.act",
    ];
    assert_eq!(Ran::of(&sim.calls()).acts(), acts);
    assert!(sim.world().node("cass1").snapshots.is_empty());
    let prepared =
        reseed::run::prepare(&std::sync::Arc::new(sim.link()), &sim.inventory, &sim.ask("restore", "new"), &|_| {})
            .await;
    assert!(prepared.unwrap().plan.is_some(), "the new backup can be restored");
}

#[tokio::test(start_paused = true)]
async fn a_backup_repairs_first_what_the_node_may_lack_and_says_so_in_the_manifest() {
    let sim = Sim::new(WHOLE);
    let id = sim.world().node("cass1").host_id.clone();
    sim.world().node("cass2").hints_for = vec![id];
    assert_eq!(sim.backup().await, 0, "{:?}", sim.end());
    let calls = sim.calls();
    let repairs: Vec<_> = calls.iter().filter(|call| call.name == "repair.act").collect();
    let told = |call: &&Recorded| (call.host.to_string(), call.vars["KEYSPACES"].clone(), call.vars["ALL"].clone());
    let wanted = ["ks1", "ks2"].map(|keyspace| ("cass1".to_owned(), keyspace.to_owned(), keyspace.to_owned()));
    assert_eq!(repairs.iter().map(told).collect::<Vec<_>>(), wanted);
    Ran::of(&calls).all_before("repair.act", "snapshot.take.act");
    let publish = calls.iter().find(|call| call.name == "backup.publish.act").unwrap();
    let heads = &publish.vars["KEYSPACE_HEADS"];
    assert!(heads.contains("\"repaired_first\":true") && heads.contains("\"may_lack\":[]"), "{heads}");
    assert!(publish.vars["HEAD"].contains("\"hints\":1"), "{}", publish.vars["HEAD"]);
}

#[tokio::test(start_paused = true)]
async fn a_backup_that_may_not_repair_is_refused_unless_that_is_overridden() {
    let ask = |choice, hints: bool| async move {
        let sim = Sim::new(WHOLE);
        let id = sim.world().node("cass1").host_id.clone();
        sim.world().node("cass2").hints_for = if hints { vec![id] } else { vec![] };
        let mut ask = sim.ask("backup", "new");
        ask.choices.repair_first = choice;
        let prepared =
            reseed::run::prepare(&std::sync::Arc::new(sim.link()), &sim.inventory, &ask, &|_| {}).await.unwrap();
        let steps = prepared.plan.as_ref().map(|plan| plan.steps().filter(|(_, s)| s.step == "source.repair").count());
        let found = prepared.findings.into_iter().find(|finding| finding.guard == "source-whole").unwrap();
        (steps, found.message)
    };
    let (steps, why) = ask(RepairFirst::Never, true).await;
    assert!(steps.is_none() && why.contains("hints for it wait on cass2 (1)"), "{why}");
    assert_eq!(ask(RepairFirst::Never, false).await.0, Some(0));
    let (steps, why) = ask(RepairFirst::Auto, false).await;
    assert!(steps == Some(0) && why.contains("since the last full repair, 2025-01-01T00:00:00Z"), "{why}");
    assert_eq!(ask(RepairFirst::Always, false).await.0, Some(2));
}

#[tokio::test(start_paused = true)]
async fn a_repair_that_was_asked_for_and_cannot_be_is_never_left_out_in_silence() {
    let ask = |overridden: bool| async move {
        let sim = Sim::new(WHOLE);
        sim.world().dies("cass3");
        let mut order = sim.order("backup", "new");
        order.ask.choices.repair_first = RepairFirst::Always;
        let over = |guard: &str| Override { guard: guard.to_owned(), reason: "it burns".to_owned() };
        order.ask.overrides = vec![over("node-down")];
        order.ask.overrides.extend(overridden.then(|| over("source-whole")));
        let code = sim.run(order).await;
        (code, sim)
    };
    let (code, sim) = ask(false).await;
    assert_eq!(code, Some(4), "{:?}", sim.end());
    let found = crate::disaster::failing(&sim);
    assert!(!found.is_empty() && found.iter().all(|(guard, ..)| guard == "source-whole"), "{found:?}");
    let (_, _, message, cure) = &found[0];
    assert!(message.contains("is to be repaired first, and cannot be: down: cass3"), "{message}");
    assert!(cure.contains("--repair-first auto") && cure.contains("--override source-whole"), "{cure}");
    assert!(sim.acts().is_empty());
    let (code, sim) = ask(true).await;
    assert_eq!(code, Some(0), "{:?}", sim.end());
    assert!(!Ran::of(&sim.calls()).acts().contains(&"repair.act"));
}

#[tokio::test(start_paused = true)]
async fn hints_that_cannot_be_delivered_are_set_aside_and_everything_else_is_repaired_too() {
    let sim = Sim::new(WHOLE);
    (sim.world().node("cass2").hints, sim.world().node("cass2").stuck) = (3, true);
    assert_eq!(sim.restore().await, 0);
    sim.world().assert_restored();
    let others =
        sim.calls().into_iter().filter(|c| c.name == "repair.act" && c.vars["KEYSPACES"] == "system_auth").count();
    assert_eq!(others, 3, "on every node");
}

#[tokio::test(start_paused = true)]
async fn indexes_that_were_not_restored_are_rebuilt_before_the_repair() {
    let sim = Sim::new(WHOLE);
    sim.world().index_files_restored = false;
    assert_eq!(sim.restore().await, 0);
    Ran::of(&sim.calls()).all_before("index.rebuild.act", "repair.act");
}
