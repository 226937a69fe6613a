//! A backup that is kept on another node than the one that is filled from it.

use std::time::Duration;

use reseed::backup::manifest::Manifest;
use reseed::event::{Body, RunOutcome};
use reseed::name::HostName;

use crate::sim::{Sim, TAG, WHOLE, What};

const SCRIPTS: [&str; 4] = ["backup.relay.probe", "backup.relay.to", "backup.relay.from", "backup.relay.proof"];

/// The backup is on cass2, the seed is cass1.
fn kept_elsewhere() -> Sim {
    let mut sim = Sim::new(WHOLE);
    sim.inventory.backup.node = HostName::parse("cass2").unwrap();
    sim
}

fn carried(sim: &Sim) -> usize {
    sim.calls().iter().filter(|call| call.name == "backup.relay.from").count()
}

fn summaries(sim: &Sim) -> Vec<String> {
    let history = sim.history();
    history.plan().unwrap().0.steps().map(|(_, step)| step.summary.clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn it_is_carried_to_the_seed_and_to_no_other_node_before_anything_is_down() {
    let sim = kept_elsewhere();
    assert_eq!(sim.restore().await, 0, "{:?}", sim.end());
    sim.world().assert_restored();
    let calls = sim.calls();
    let asked: Vec<(&str, &str)> = calls
        .iter()
        .filter(|call| SCRIPTS.contains(&call.name.as_str()))
        .map(|call| (call.host.as_str(), call.name.strip_prefix("backup.relay.").unwrap()))
        .collect();
    let one = [("cass1", "probe"), ("cass1", "to"), ("cass2", "from"), ("cass1", "to"), ("cass1", "proof")];
    // ks1 and ks2; a target takes while the source gives, so these two may change places
    assert_eq!(asked.len(), 2 * one.len(), "{asked:?}");
    assert_eq!(asked.iter().filter(|(host, _)| *host == "cass2").count(), 2);
    assert!(asked.iter().all(|(host, script)| (*host == "cass2") == (*script == "from")), "{asked:?}");
    let said = summaries(&sim);
    assert!(
        said.iter().any(|line| line.starts_with("carry ") && line.ends_with("of ks1 from cass2 to cass1")),
        "{said:?}"
    );
    assert!(said.iter().any(|line| line.ends_with("and verify them, carried there from cass2")), "{said:?}");
    let history = sim.history();
    assert_eq!(history.plan().unwrap().0.binding["backup_in_place"], serde_json::json!({"cass1": false}));
}

#[tokio::test(start_paused = true)]
async fn where_the_same_manifest_is_it_is_read_in_place_and_another_one_is_none() {
    for same in [true, false] {
        let sim = kept_elsewhere();
        let (json, _) = sim.world().backups[&format!("/backup/{TAG}")].clone();
        let sum = if same { Manifest::digest(&json) } else { Manifest::digest("{}") };
        sim.world().node("cass1").more = format!("backup_sum={sum}\n");
        assert_eq!(sim.restore().await, 0, "{:?}", sim.end());
        sim.world().assert_restored();
        assert_eq!(carried(&sim) == 0, same);
        assert_eq!(summaries(&sim).iter().any(|line| line.contains("read in place")), same);
    }
}

#[tokio::test(start_paused = true)]
async fn storage_that_is_no_longer_shared_when_the_outage_would_begin_stops_it_before_it_does() {
    let sim = kept_elsewhere();
    let (json, _) = sim.world().backups[&format!("/backup/{TAG}")].clone();
    sim.world().node("cass1").more = format!("backup_sum={}\n", Manifest::digest(&json));
    sim.hook(|_, script, world| {
        if script == "backup.stage.proof" {
            world.node("cass1").more.clear();
        }
    });
    assert_eq!(sim.restore().await, 4, "{:?}", sim.end());
    assert!(sim.end().2.contains("backup_in_place.cass1: true → false"), "{:?}", sim.end());
    assert!(!sim.acts().iter().any(|act| act.contains("gateway.stop")));
}

#[tokio::test(start_paused = true)]
async fn a_line_that_breaks_at_any_of_its_scripts_is_waited_for_and_the_same_run_goes_on() {
    for script in SCRIPTS {
        for what in [What::LoseBefore, What::LoseAfter] {
            for skip in 0..2 {
                let sim = kept_elsewhere();
                sim.fault_at(script, None, skip, what);
                let ended = sim.restore().await;
                assert_eq!(ended, 0, "{script} {what:?} {skip}: {:?}", sim.end());
                sim.assert_faults_fired();
                sim.world().assert_restored();
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_or_target_that_fails_fails_the_step_with_its_reason_and_resume_goes_on() {
    for script in ["backup.relay.to", "backup.relay.from"] {
        for (skip, what) in [(0, What::FailBefore), (1, What::FailBefore), (0, What::FailAfter), (1, What::FailAfter)] {
            let sim = kept_elsewhere();
            sim.fault_at(script, None, skip, what);
            assert_eq!(sim.restore().await, 5, "{script} {what:?} {skip}");
            let (outcome, _, why) = sim.end();
            assert!(outcome == RunOutcome::Paused && why.contains("injected"), "{why}");
            let host = if script.ends_with("from") { "cass2" } else { "cass1" };
            assert!(why.contains(&format!("{host}: ")), "{why}");
            assert!(sim.acts().iter().all(|act| act.contains("backup.")), "nothing was changed: {:?}", sim.acts());
            assert_eq!(sim.resume().await, Some(0), "{script} {what:?} {skip}: {:?}", sim.end());
            sim.world().assert_restored();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_has_arrived_is_not_sent_again() {
    let sim = kept_elsewhere();
    // all has arrived, and nobody heard of it
    sim.fault_at("backup.relay.to", None, 1, What::DieAfter);
    assert_eq!(sim.run(sim.order("restore", TAG)).await, None);
    let before = carried(&sim);
    assert_eq!(sim.resume().await, Some(0), "{:?}", sim.end());
    sim.world().assert_restored();
    assert_eq!((before, carried(&sim)), (1, 2), "each keyspace once");
}

#[tokio::test(start_paused = true)]
async fn a_coordinator_that_dies_at_any_record_or_script_of_it_goes_on_to_the_same_end() {
    let whole = kept_elsewhere();
    assert_eq!(whole.restore().await, 0);
    let staged = |body: &Body| matches!(body, Body::PhaseStarted { phase } if phase == "recheck");
    let last = whole.events().iter().position(|event| staged(&event.body)).unwrap();
    let first = whole.events().iter().position(|e| matches!(&e.body, Body::StepStarted { .. })).unwrap();
    for n in first..=last {
        let mut sim = kept_elsewhere();
        sim.die_after = Some(n);
        if sim.run(sim.order("restore", TAG)).await.is_some() {
            continue;
        }
        sim.die_after = None;
        assert_eq!(sim.resume().await, Some(0), "record {n}: {:?}", sim.end());
        sim.world().assert_restored();
    }
    for script in SCRIPTS {
        for what in [What::DieBefore, What::DieAfter] {
            let sim = kept_elsewhere();
            sim.fault(script, None, what);
            assert_eq!(sim.run(sim.order("restore", TAG)).await, None, "{script} {what:?}");
            assert_eq!(sim.resume().await, Some(0), "{script} {what:?}: {:?}", sim.end());
            sim.world().assert_restored();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_host_that_stays_away_while_it_is_carried_pauses_the_run_when_patience_is_over() {
    let sim = kept_elsewhere();
    for _ in 0..200 {
        sim.fault("backup.relay.from", None, What::LoseBefore);
    }
    let began = tokio::time::Instant::now();
    assert_eq!(sim.restore().await, 5);
    assert!(sim.end().2.contains("injected"), "{:?}", sim.end());
    assert!(began.elapsed() < Duration::from_mins(10), "{:?}", began.elapsed());
    assert_eq!(sim.acts().len(), 0, "{:?}", sim.acts());
}
