//! The JSON events of the restore, as scripts read them.

use serde_json::Value;

use crate::scene::{backed, restored, runs};
use crate::world::World;

/// `v`, `time`, `index` without gaps; the fields that each kind has by contract.
pub fn they_keep_the_contract(world: &World) {
    for events in [&restored(world).events, &backed(world).events] {
        for (index, event) in events.iter().enumerate() {
            assert_eq!((&event["v"], &event["index"]), (&1.into(), &index.into()), "{event}");
            let time = event["time"].as_str().expect("a time is text");
            assert!(time.parse::<jiff::Timestamp>().is_ok(), "{event}");
            let kind = event["kind"].as_str().expect("a kind is text");
            let fields: &[&str] = match kind {
                "run_started" => &["run", "plan_digest"],
                "phase_started" => &["phase"],
                "step_started" => &["phase", "step", "host", "attempt"],
                "step_progress" => &["done", "total", "unit"],
                "step_finished" => &["outcome", "elapsed_s"],
                "finding" => &["guard", "host", "level", "cure"],
                "run_finished" => &["run", "outcome", "exit"],
                _ => panic!("an unknown kind: {event}"),
            };
            for field in fields {
                assert!(event.get(field).is_some(), "{field} is missing: {event}");
            }
        }
        let times: Vec<_> =
            events.iter().map(|event| event["time"].as_str().unwrap().parse::<jiff::Timestamp>()).collect();
        assert!(times.iter().flatten().is_sorted(), "time runs backwards");
    }
}

/// And their values are possible ones.
pub fn the_last_one_has_all_fields(world: &World) {
    let restored = restored(world);
    let last = restored.events.last().expect("there are events");
    assert_eq!(last["kind"], "run_finished");
    assert_eq!((&last["outcome"], &last["exit"], &last["next"]), (&"done".into(), &0.into(), &"".into()), "{last}");
    assert_eq!(last["run"], restored.run);
    let seconds = |field: &str| last[field].as_f64().unwrap_or_else(|| panic!("{field}: {last}"));
    let (downtime, total, own) = (seconds("downtime_s"), seconds("total_s"), seconds("own_share_s"));
    assert!(0.0 < downtime && downtime < total && 0.0 <= own && own < total, "{last}");
    assert!(last["report"].as_str().is_some_and(|path| std::fs::metadata(path).is_ok()), "{last}");
}

/// Each once, in the contract's order.
pub fn phases_come_in_the_contracts_order(world: &World) {
    let wanted = [
        "preflight",
        "stage",
        "recheck",
        "stop-clients",
        "settle",
        "drain",
        "clear",
        "restore",
        "wipe",
        "start",
        "index",
        "repair",
        "verify",
        "start-clients",
    ];
    let events = &restored(world).events;
    let started = events.iter().filter(|event| event["kind"] == "phase_started");
    assert_eq!(started.map(|event| event["phase"].as_str().unwrap()).collect::<Vec<_>>(), wanted);
    assert_eq!(events[0]["kind"], "run_started");
    assert_eq!(events[0]["phases"], Value::from(wanted.to_vec()));
}

/// What was printed is what is recorded, but for progress.
pub fn the_journal_holds_the_same(world: &World) {
    let restored = restored(world);
    let recorded = restored.history.events().map(|event| serde_json::to_value(event).expect("plain data"));
    let printed = restored.events.iter().filter(|event| event["kind"] != "step_progress");
    recorded.zip(printed).for_each(|(recorded, printed)| assert_eq!(recorded, *printed));
    assert_eq!(restored.events[0]["plan_digest"], *restored.history.plan().expect("it has a plan").1);
}

/// The run that was refused because of this one is not the newest run: `status`, asked after it,
/// told of the one that ran.
pub fn a_second_run_leaves_no_trace_of_itself(world: &World) {
    let restored = restored(world);
    let told: Value = serde_json::from_str(&restored.status.out).expect("one document");
    assert_eq!((&told["run"], &told["outcome"]), (&restored.run.as_str().into(), &"unfinished".into()));
    let newer: Vec<_> = runs(&world.dir.join("state")).into_iter().filter(|run| *run > restored.run).collect();
    assert!(newer.is_empty(), "{newer:?}");
}
