//! "Done" is a statement about data: runs in which everything exits 0 and something is not so.

use reseed::engine::job_name;
use reseed::event::{Body, RunOutcome};
use reseed::name::Keyspace;

use crate::sim::{Data, SMALL, Sim, TAG, WHOLE};

/// Nobody is served, and the run says what it found.
fn assert_refuses(sim: &Sim, exit: u8, words: &str) {
    let (outcome, code, reason) = sim.end();
    assert_eq!(code, exit, "{reason}");
    assert_eq!(outcome == RunOutcome::VerifyFailed, exit == 7, "{outcome:?}");
    assert!(reason.contains(words), "{reason}");
    let world = sim.world();
    assert!(world.gateways.values().flat_map(|i| i.values()).all(|rc| *rc == 1), "gateways are still stopped");
}

/// The evidence of a step, on any host that has some.
fn evidence(sim: &Sim, wanted: &str) -> Vec<String> {
    let detail = |body: Body| match body {
        Body::StepFinished { step, detail, .. } if step == wanted => Some(detail),
        _ => None,
    };
    sim.events().into_iter().filter_map(|event| detail(event.body)).collect()
}

#[tokio::test(start_paused = true)]
async fn the_first_look_comes_back_with_the_act_where_that_host_alone_is_asked_and_only_there() {
    for shape in WHOLE.both() {
        let sim = Sim::new(shape);
        assert_eq!(sim.restore().await, 0);
        let (calls, history) = (sim.calls(), sim.history());
        let mut counts = [0, 0];
        for (_, step) in history.plan().unwrap().0.steps() {
            let of_it =
                |at: &Option<String>| at.as_ref().is_some_and(|at| at.ends_with(&format!("/{}.1", job_name(&step.id))));
            if !calls.iter().any(|call| of_it(&call.job)) {
                continue;
            }
            let behind: Vec<_> = calls.iter().filter(|call| of_it(&call.behind)).collect();
            let alone = matches!(step.proof.as_slice(), [ask] if ask.host == step.host);
            assert_eq!(behind.len(), usize::from(alone), "{}", step.id);
            assert!(behind.iter().all(|call| call.host == step.host && call.name == step.proof[0].script.name));
            counts[usize::from(alone)] += 1;
        }
        assert!(counts[1] > 20, "{counts:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_sstable_that_was_not_loaded_stops_the_restore_before_the_repair() {
    let sim = Sim::new(SMALL);
    let file = format!("{}/nb-1-big-Data.db", sim.world().tables[0].dir());
    sim.world().node("cass1").unloaded = Some(file.clone());
    assert_eq!(sim.restore().await, 5);
    assert_refuses(&sim, 5, &format!("{file} is there but was not loaded"));
    assert!(!sim.acts().iter().any(|act| act.ends_with("repair.act")), "it would have filled the others with holes");
    sim.world().node("cass1").unloaded = None;
    assert_eq!(sim.resume().await, Some(0));
    sim.world().assert_restored();
}

#[tokio::test(start_paused = true)]
async fn damage_that_only_a_log_tells_of_fails_the_verification() {
    let sim = Sim::new(SMALL);
    let line = "ERROR [CompactionExecutor:3] 2026-01-01 00:00:00,000 x - CorruptSSTableException: Corrupted: /d/t-1/nb-2-big-Data.db";
    sim.world().node("cass2").complaint = Some(line.to_owned());
    assert_eq!(sim.restore().await, 7);
    assert_refuses(&sim, 7, "Corrupted: /d/t-1/nb-2-big-Data.db");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_nobody_listed_stops_the_restore_and_is_named() {
    let sim = Sim::new(SMALL);
    // one runs on another node
    sim.world().node("cass2").connected = ["10.77.0.50", "10.77.0.11", "10.77.0.50"].map(str::to_owned).to_vec();
    assert_eq!(sim.restore().await, 5);
    let who = "10.77.0.11 (1 connection), 10.77.0.50 (2 connections)";
    assert_refuses(&sim, 5, &format!("a client is connected from {who}"));
    let fenced = evidence(&sim, "native.disable");
    assert!(fenced.iter().any(|text| text.contains(&format!("was connected: {who}"))), "{fenced:?}");
    sim.world().node("cass2").connected.clear();
    assert_eq!(sim.resume().await, Some(0), "{:?}", sim.end());
    sim.world().assert_restored();
}

#[tokio::test(start_paused = true)]
async fn a_repair_that_says_success_and_fills_nobody_fails_the_verification() {
    let sim = Sim::new(SMALL);
    sim.world().idle_repairs = true;
    assert_eq!(sim.restore().await, 7);
    assert_refuses(&sim, 7, "ks1 is not the same on all nodes: ks1.");
    assert_eq!(sim.world().nodes["cass2"].live.values().next(), Some(&Data::Empty));
    // resume asks again and does not believe it either, until somebody has repaired it
    assert_eq!(sim.resume().await, Some(7));
    sim.world().idle_repairs = false;
    for node in ["cass1", "cass2"] {
        sim.world().repair(node, "ks1", &[]).unwrap();
    }
    assert_eq!(sim.resume().await, Some(0), "{:?}", sim.end());
    sim.world().assert_restored();
}

#[tokio::test(start_paused = true)]
async fn other_keyspaces_are_compared_on_every_node_when_that_is_asked_for() {
    for verify_rows in [false, true] {
        let sim = Sim::new(WHOLE);
        let mut order = sim.order("restore", TAG);
        order.ask.keyspaces = vec![Keyspace::parse("ks1").unwrap()];
        order.ask.choices.verify_rows = verify_rows;
        assert_eq!(sim.run(order).await, Some(0), "{:?}", sim.end());
        let all = if verify_rows { vec!["ks2 in sync (previewed by Merkle trees)"; 3] } else { vec![] };
        assert_eq!(evidence(&sim, "others.confirm"), all);
        assert_eq!(evidence(&sim, "keyspace.confirm"), ["ks1 in sync (previewed by Merkle trees)"]);
    }
    let sim = Sim::new(WHOLE);
    let mut order = sim.order("restore", TAG);
    order.ask.keyspaces = vec![Keyspace::parse("ks1").unwrap()];
    order.ask.choices.verify_rows = true;
    for (dir, data) in &mut sim.world().node("cass3").live {
        if dir.starts_with("ks2/") {
            *data = Data::Empty;
        }
    }
    assert_eq!(sim.run(order).await, Some(7));
    assert_refuses(&sim, 7, "ks2 is not the same on all nodes");
}
