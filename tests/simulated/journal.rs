//! The coordinator dies at any point, and `resume` ends where the run would have ended.

use std::collections::BTreeSet;

use reseed::event::Body;
use reseed::facts::Facts;
use reseed::{plan, playbook, run};

use crate::sim::{SMALL, Sim, TAG, WHOLE, What};

/// Clocks are read anew each time.
fn timeless(facts: &Facts) -> Facts {
    let mut facts = facts.clone();
    facts.nodes.values_mut().for_each(|node| node.clock = None);
    facts
}

#[tokio::test(start_paused = true)]
async fn the_facts_that_a_plan_was_made_from_are_read_back_from_the_journal_as_they_were() {
    for (command, tag, shape) in
        [("restore", TAG, WHOLE), ("restore", TAG, WHOLE.by_fan_out()), ("backup", "new", WHOLE)]
    {
        let sim = Sim::new(shape);
        let link = std::sync::Arc::new(sim.link());
        let prepared = run::prepare(&link, &sim.inventory, &sim.ask(command, tag), &|_| {}).await.unwrap();
        assert_eq!(sim.run(sim.order(command, tag)).await, Some(0));
        let history = sim.history();
        let (facts, request) = history.facts().unwrap();
        assert_eq!((timeless(facts), request), (timeless(&prepared.facts), &prepared.request));
        // and they are enough to make that plan
        let playbook = playbook::built_in(&request.playbook).unwrap();
        let again = plan::build(&playbook, &sim.inventory, facts, request).unwrap();
        assert_eq!(again.digest(), history.plan().unwrap().1);
    }
}

/// Goes on until the run is done: a backup's cleaning may take one resume of its own.
pub async fn finish(sim: &Sim, name: &str) {
    for _ in 0..3 {
        if sim.resume().await == Some(0) {
            return;
        }
    }
    panic!("{name}: {:?}", sim.end());
}

#[tokio::test(start_paused = true)]
async fn after_every_act_whose_end_was_not_heard_of_resume_reaches_the_same_end() {
    for (command, tag, shape) in
        [("restore", TAG, SMALL), ("restore", TAG, SMALL.by_fan_out()), ("backup", "new", SMALL)]
    {
        let whole = Sim::new(shape);
        assert_eq!(whole.run(whole.order(command, tag)).await, Some(0));
        let mut seen: std::collections::BTreeMap<(String, String), usize> = std::collections::BTreeMap::new();
        for call in whole.calls().into_iter().filter(|c| c.name.ends_with(".act")) {
            let n = seen.entry((call.name.clone(), call.host.to_string())).or_default();
            for what in [What::DieBefore, What::DieAfter] {
                let sim = Sim::new(shape);
                sim.fault_at(&call.name, Some(call.host.as_str()), *n, what);
                assert_eq!(sim.run(sim.order(command, tag)).await, None);
                sim.assert_faults_fired();
                let name = format!("{what:?} {} on {}", call.name, call.host);
                assert_eq!(sim.resume().await, Some(0), "{name}: {:?}", sim.end());
                match command {
                    "restore" => sim.world().assert_restored(),
                    _ => assert!(sim.world().backups.contains_key("/backup/new"), "{name}"),
                }
                assert_started_once(&sim, "");
                let acts = sim.acts().len();
                assert_eq!(acts, whole.acts().len(), "{name}: each act ran once");
            }
            *n += 1;
        }
    }
}

/// No job was started twice, and no act that may not run twice was, unless what it did was cleaned
/// away in between.
pub fn assert_started_once(sim: &Sim, name: &str) {
    let once_only = sim.once_only();
    let mut jobs = BTreeSet::new();
    let mut taken = BTreeSet::new();
    for call in sim.calls() {
        let Some(job) = call.job else { continue };
        let step = call.name.trim_end_matches(".act");
        assert!(jobs.insert((call.host.clone(), job.clone())), "{name}: {job} was started twice on {}", call.host);
        match step {
            "snapshot.clear" => taken.clear(),
            _ if !once_only.contains(step) => {}
            _ => assert!(taken.insert((call.host, step.to_owned())), "{name}: {step} was started twice"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_coordinator_that_dies_again_and_again_still_ends_the_run() {
    let mut sim = Sim::new(SMALL);
    sim.die_after = Some(7);
    let mut exit = sim.run(sim.order("restore", TAG)).await;
    let mut deaths = 0;
    while exit != Some(0) {
        // one event more each time: a resume that dies at once makes no headway
        sim.die_after = Some(7 + deaths);
        deaths += 1;
        assert!(deaths < 60, "{:?}", sim.events().last());
        exit = sim.resume().await;
    }
    assert!(deaths > 3);
    sim.world().assert_restored();
}

#[tokio::test(start_paused = true)]
async fn a_journal_whose_last_line_is_torn_is_resumed_as_if_it_were_not_there() {
    let whole = Sim::new(SMALL);
    assert_eq!(whole.restore().await, 0);
    for bytes in [1, 7, 40] {
        let sim = Sim::new(SMALL);
        sim.fault("table.swap.act", None, What::DieAfter);
        assert_eq!(sim.run(sim.order("restore", TAG)).await, None);
        let path = sim.dir().journal();
        let text = std::fs::read(&path).unwrap();
        std::fs::write(&path, &text[..text.len() - bytes]).unwrap();
        assert_eq!(sim.resume().await, Some(0), "{:?}", sim.end());
        sim.world().assert_restored();
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_done_is_resumed_without_touching_anything() {
    let sim = Sim::new(SMALL);
    assert_eq!(sim.restore().await, 0);
    let before = sim.calls().len();
    assert_eq!(sim.resume().await, Some(0));
    assert_eq!(sim.calls().len(), before);
    assert!(matches!(sim.events().last().unwrap().body, Body::RunFinished { exit: 0, .. }));
}
