//! `--output json`: the events of the contract, one of each kind, letter by letter.

use std::collections::BTreeMap;

use jiff::Timestamp;
use reseed::event::{Body, Event};
use serde_json::Value;

use crate::sim::{SMALL, Sim, TAG, What};

/// Figures and names that differ in every run.
fn redact(value: &mut Value, run: &str) {
    let Value::Object(map) = value else { return };
    for (key, value) in map.iter_mut() {
        match key.as_str() {
            "time" => *value = "TIME".into(),
            "plan_digest" if value.is_string() => *value = "DIGEST".into(),
            "elapsed_s" | "remote_s" | "total_s" | "own_share_s" => *value = 0.into(),
            "downtime_s" if value.is_number() => *value = 0.into(),
            "report" if value.is_string() => *value = "REPORT".into(),
            _ => {
                if let Some(text) = value.as_str() {
                    *value = text.replace(run, "RUN").into();
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_event_of_each_kind_is_as_the_contract_says() {
    let sim = Sim::new(SMALL);
    sim.fault("repair.act", None, What::FailBefore);
    assert_eq!(sim.run(sim.order("restore", TAG)).await, Some(5));
    let run = sim.dir().id.to_string();
    let mut kinds: BTreeMap<String, String> = BTreeMap::new();
    // the simulated hosts are too quick for it
    let (id, host) = ("stage/backup.stage/cass1/ks1".to_owned(), "cass1".parse().unwrap());
    let progress = Body::StepProgress { id, host, done: 1, total: 3, unit: "bytes".to_owned() };
    let mut progress = serde_json::to_value(Event { v: 1, time: Timestamp::now(), index: 0, body: progress }).unwrap();
    redact(&mut progress, &run);
    kinds.insert("step_progress".to_owned(), progress.to_string());
    for (n, event) in sim.events().iter().enumerate() {
        let mut value = serde_json::to_value(event).unwrap();
        assert_eq!((value["v"].as_u64(), value["index"].as_u64()), (Some(1), Some(n as u64)), "no gaps");
        redact(&mut value, &run);
        // the last of each kind: of the steps, the one that failed
        kinds.insert(value["kind"].as_str().unwrap().to_owned(), value.to_string());
    }
    let text = kinds.into_values().collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(text);
}

#[tokio::test(start_paused = true)]
async fn a_run_begins_with_run_started_and_ends_with_run_finished_however_it_ends() {
    for (command, tag, exit) in
        [("restore", TAG, 0), ("restore", "nope", 3), ("backup", "new", 0), ("backup", "good", 4)]
    {
        let sim = Sim::new(SMALL);
        assert_eq!(sim.run(sim.order(command, tag)).await, Some(exit));
        let events: Vec<Value> = sim.events().iter().map(|e| serde_json::to_value(e).unwrap()).collect();
        assert_eq!(events[0]["kind"], "run_started");
        let last = events.last().unwrap();
        assert_eq!((&last["kind"], &last["exit"]), (&"run_finished".into(), &exit.into()));
        assert_eq!(events.iter().filter(|e| e["kind"] == "run_finished").count(), 1);
        assert!(last["report"].is_string() == (exit == 0) && last["total_s"].is_number(), "{last}");
        if command == "restore" && exit == 0 {
            assert!(last["downtime_s"].is_number(), "a restore tells its downtime");
        }
    }
}
