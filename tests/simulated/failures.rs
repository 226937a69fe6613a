//! What happens when something fails, and that `resume` ends where the run would have ended.

use std::collections::{BTreeMap, BTreeSet};

use reseed::event::{Body, Event, RunState};
use reseed::name::HostName;
use reseed::plan::Plan;
use reseed::remote::TransportError;

use crate::journal::assert_started_once;
use crate::sim::order::assert_barriers;
use crate::sim::{Data, SMALL, Shape, Sim, TAG, WHOLE, What};

/// Every act of the plan by script and host, with its phase and how many calls come before it.
fn acts(plan: &Plan) -> Vec<(String, String, String, usize)> {
    let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut acts = vec![];
    for (phase, step) in plan.steps() {
        if let Some(act) = &step.act {
            let n = seen.entry((act.name.clone(), step.host.to_string())).or_default();
            acts.push((phase.phase.clone(), act.name.clone(), step.host.to_string(), *n));
            *n += 1;
        }
    }
    acts
}

/// The plan of a run that goes well; which acts ran in it (others were already so).
async fn plain(shape: Shape, command: &str, tag: &str) -> (Plan, BTreeSet<String>) {
    let sim = Sim::new(shape);
    assert_eq!(sim.run(sim.order(command, tag)).await, Some(0));
    (sim.history().plan().unwrap().0.clone(), sim.acts().into_iter().collect())
}

fn assert_every_step_proven(sim: &Sim) {
    let history = sim.history();
    let state = RunState::of(history.events());
    for (_, step) in history.plan().unwrap().0.steps() {
        assert!(state.is_proven(&step.id), "{}", step.id);
    }
}

/// No step is started again after it was proven.
fn assert_nothing_proven_is_done_again(events: &[Event]) {
    let mut proven = BTreeSet::new();
    for event in events {
        match &event.body {
            Body::StepStarted { id, .. } => assert!(!proven.contains(id), "{id} was done again"),
            Body::StepFinished { id, outcome, .. } if outcome.good() => drop(proven.insert(id.clone())),
            _ => {}
        }
    }
}

/// An act that is not idempotent runs once, unless what it did was cleaned away in between.
fn assert_at_most_once(sim: &Sim) {
    let mut taken = false;
    for call in sim.calls() {
        match call.name.as_str() {
            "snapshot.take.act" => assert!(!std::mem::replace(&mut taken, true), "a second snapshot beside the first"),
            "snapshot.clear.act" => taken = false,
            _ => {}
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_act_of_a_restore_may_fail_once_and_resume_ends_it() {
    let with_client = Shape { clients: 1, ..SMALL };
    let cases = [(What::FailBefore, WHOLE), (What::FailAfter, with_client)];
    for (what, shape) in cases.into_iter().flat_map(|(what, shape)| shape.both().map(|shape| (what, shape))) {
        let (plan, ran) = plain(shape, "restore", TAG).await;
        for (phase, act, host, n) in acts(&plan) {
            let others = act == "repair.act" && phase == "repair" && n >= shape.keyspaces;
            let compares = phase == "verify";
            if !ran.contains(&format!("{host} {act}")) || others {
                continue; // already so in a run that goes well
            }
            // behind the repair of the others, which is not called
            let n = if act == "repair.act" && phase == "verify" { n - 1 } else { n };
            let name = format!("{what:?} {act} on {host}");
            let sim = Sim::new(shape);
            sim.fault_at(&act, Some(&host), n, what);
            assert_eq!(sim.restore().await, if compares { 7 } else { 5 }, "{name}: {:?}", sim.end());
            sim.assert_faults_fired();
            let phases: Vec<String> = plan.phases.iter().map(|p| p.phase.clone()).collect();
            let later = phases.iter().rposition(|p| *p == phase).unwrap() + 1;
            for event in sim.events() {
                if let Body::PhaseStarted { phase: started } = &event.body {
                    assert!(!phases[later..].contains(started), "{name}: {started} began");
                }
            }
            assert_eq!(sim.resume().await, Some(0), "{name}: {:?}", sim.end());
            sim.world().assert_restored();
            assert_every_step_proven(&sim);
            assert_nothing_proven_is_done_again(&sim.events());
            assert_barriers(&plan, &sim.events());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_line_may_break_at_every_script_of_a_restore_and_resume_ends_it() {
    for shape in SMALL.both() {
        the_line_may_break(shape).await;
    }
}

async fn the_line_may_break(shape: Shape) {
    let sim = Sim::new(shape);
    assert_eq!(sim.restore().await, 0);
    let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
    let run = sim.calls().into_iter().skip_while(|c| c.name != "backup.stage.act");
    for call in run.filter(|c| !c.name.starts_with("facts.")) {
        let (script, host) = (call.name, call.host.to_string());
        let n = seen.entry((script.clone(), host.clone())).or_default();
        // to a question it is all the same whether the host heard it
        let what = if script.ends_with(".act") { What::LoseAfter } else { What::LoseBefore };
        let sim = Sim::new(shape);
        sim.fault_at(&script, Some(&host), *n, what);
        let exit = sim.restore().await;
        sim.assert_faults_fired();
        // a job outlives the line, a question is asked again while patience lasts
        assert!([0, 5, 7].contains(&exit), "{script}: {exit} {:?}", sim.end());
        if exit != 0 {
            assert_eq!(sim.resume().await, Some(0), "{what:?} {script} on {host}: {:?}", sim.end());
        }
        sim.world().assert_restored();
        assert_nothing_proven_is_done_again(&sim.events());
        *n += 1;
    }
}

#[tokio::test(start_paused = true)]
async fn every_act_of_a_backup_may_fail_once_the_snapshot_goes_and_resume_ends_it() {
    let (plan, _) = plain(WHOLE, "backup", "new").await;
    for what in [What::FailBefore, What::FailAfter] {
        for (_, act, host, n) in acts(&plan) {
            let name = format!("{what:?} {act}");
            let sim = Sim::new(WHOLE);
            sim.fault_at(&act, Some(&host), n, what);
            assert_eq!(sim.backup().await, 5, "{name}: {:?}", sim.end());
            sim.assert_faults_fired();
            if act != "snapshot.clear.act" {
                assert!(sim.world().node("cass1").snapshots.is_empty(), "{name}: the snapshot was left behind");
            }
            assert_eq!(sim.resume().await, Some(0), "{name}: {:?}", sim.end());
            assert!(sim.world().node("cass1").snapshots.is_empty(), "{name}");
            assert!(sim.world().backups.contains_key("/backup/new"), "{name}");
            assert_every_step_proven(&sim);
            assert_at_most_once(&sim);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_verification_that_fails_ends_with_7_and_no_client_is_started() {
    let sim = Sim::new(WHOLE);
    sim.hook(|_, script, world| {
        if script == "repair.act" {
            world.node("cass2").schema_version = "00000000-f3cd-3e02-97f0-5b395827453f".to_owned();
        }
    });
    assert_eq!(sim.restore().await, 7, "{:?}", sim.end());
    assert!(!sim.acts().iter().any(|a| a.contains("gateway.start") || a.contains("client.start")));
    assert!(sim.world().gateways["gw1"].values().all(|rc| *rc == 1));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_comes_back_stops_the_run_before_a_node_opens() {
    let sim = Sim::new(WHOLE);
    sim.hook(|_, script, world| {
        if script == "table.aside.proof" {
            *world.clients.get_mut("portal1").unwrap() = true;
        }
    });
    assert_eq!(sim.restore().await, 5);
    assert!(sim.end().2.contains("client.stopped/portal1"), "{:?}", sim.end());
    assert!(!sim.acts().iter().any(|a| a.contains("node.start")));
    sim.world().clients.insert("portal1".to_owned(), false);
    sim.hook(|_, _, _| {});
    assert_eq!(sim.resume().await, Some(0), "{:?}", sim.end());
    sim.world().assert_serves(Data::Backup);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_late_is_waited_for() {
    let sim = Sim::new(WHOLE);
    sim.fault("table.swap.act", None, What::Late(std::time::Duration::from_mins(10)));
    sim.fault("repair.act", None, What::Late(std::time::Duration::from_hours(4)));
    assert_eq!(sim.restore().await, 0, "{:?}", sim.end());
    sim.assert_faults_fired();
    sim.world().assert_restored();
}

#[tokio::test(start_paused = true)]
async fn an_interrupt_ends_the_steps_that_run_and_resume_goes_on() {
    let wanted: [fn(&Event) -> bool; 3] = [
        |e| matches!(&e.body, Body::PhaseStarted { phase } if phase == "stage"),
        |e| matches!(&e.body, Body::StepStarted { step, .. } if step == "node.drain"),
        |e| matches!(&e.body, Body::StepFinished { step, .. } if step == "table.swap"),
    ];
    for interrupt in wanted {
        let mut sim = Sim::new(WHOLE);
        sim.interrupt = Some(interrupt);
        assert_eq!(sim.restore().await, 130, "{:?}", sim.end());
        let events = sim.events();
        let started = events.iter().filter(|e| matches!(e.body, Body::StepStarted { .. })).count();
        let finished = events.iter().filter(|e| matches!(e.body, Body::StepFinished { .. })).count();
        assert_eq!(started, finished, "what runs comes to its end");
        let Body::RunFinished { next, outcome, .. } = &events.last().unwrap().body else { panic!() };
        assert_eq!(*outcome, reseed::event::RunOutcome::Interrupted);
        assert_eq!(*next, format!("reseed resume {}", sim.dir().id));
        sim.interrupt = None;
        assert_eq!(sim.resume().await, Some(0), "{:?}", sim.end());
        sim.world().assert_restored();
        assert_nothing_proven_is_done_again(&sim.events());
    }
}

#[tokio::test(start_paused = true)]
async fn a_host_that_is_gone_when_a_run_is_resumed_pauses_it_again_and_is_no_refusal() {
    let sim = Sim::new(WHOLE);
    sim.fault("table.swap.act", None, What::FailBefore);
    assert_eq!(sim.restore().await, 5);
    sim.refuse(TransportError::Unreachable { host: HostName::parse("cass2").unwrap(), why: "no route".to_owned() });
    assert_eq!(sim.resume().await, Some(5));
    let (_, _, reason) = sim.end();
    assert!(reason.contains("cass2") && !reason.contains("nothing was changed"), "{reason}");
    sim.admit();
    assert_eq!(sim.resume().await, Some(0));
    assert_every_step_proven(&sim);
}

/// Brings each act of a run to each of the ends in which nobody hears of an exit code, with a
/// coordinator that lives and with one that dies too.
async fn every_act_may_leave_no_exit_code(command: &str, tag: &str, shape: Shape) {
    let (plan, ran) = plain(shape, command, tag).await;
    let (mut resumed, mut turn) = (0, false);
    for (_, act, host, n) in acts(&plan) {
        if !ran.contains(&format!("{host} {act}")) || act == "repair.act" && n >= shape.keyspaces {
            continue;
        }
        for what in [What::Unbegun, What::LostBefore, What::LostAfter] {
            // in a campaign each with both kinds, else one after the other
            let both = std::env::var_os("RESEED_CAMPAIGN").is_some();
            turn = !turn;
            for dies in [false, true].into_iter().filter(|dies| both || *dies == turn) {
                let name = format!("{what:?} {act} on {host}, coordinator dies: {dies}");
                let sim = Sim::new(shape);
                sim.fault_at(&act, Some(&host), n, what);
                if dies {
                    sim.fault_at(&act, Some(&host), n, What::DieAfter);
                }
                let exit = sim.run(sim.order(command, tag)).await;
                sim.assert_faults_fired();
                assert_eq!(exit.is_none(), dies, "{name}");
                assert_ne!(exit, Some(0), "{name}: nobody may take that for done");
                let mut exit = None;
                for _ in 0..3 {
                    exit = sim.resume().await;
                    if exit == Some(0) {
                        break;
                    }
                }
                assert_started_once(&sim, &name);
                resumed += 1;
                assert_eq!(exit, Some(0), "{name}: {:?}", sim.end());
                match command {
                    "restore" => sim.world().assert_restored(),
                    _ => assert!(sim.world().backups.contains_key("/backup/new"), "{name}"),
                }
            }
        }
    }
    println!("{command}: {resumed} runs in which an act left no exit code were gone on with");
}

#[tokio::test(start_paused = true)]
async fn every_act_of_a_restore_may_be_claimed_and_never_begin_or_end_without_an_exit_code() {
    for shape in (Shape { clients: 1, ..SMALL }).both() {
        every_act_may_leave_no_exit_code("restore", TAG, shape).await;
    }
}

#[tokio::test(start_paused = true)]
async fn every_act_of_a_backup_may_be_claimed_and_never_begin_or_end_without_an_exit_code() {
    every_act_may_leave_no_exit_code("backup", "new", WHOLE).await;
}

#[tokio::test(start_paused = true)]
async fn every_act_may_be_launched_twice_and_the_claim_answers_the_second_time() {
    for (command, tag, shape) in
        [("restore", TAG, WHOLE), ("restore", TAG, WHOLE.by_fan_out()), ("backup", "new", WHOLE)]
    {
        let (plan, ran) = plain(shape, command, tag).await;
        let sim = Sim::new(shape);
        let mut lost = 0;
        for (_, act, host, n) in
            acts(&plan).into_iter().filter(|(_, act, host, _)| ran.contains(&format!("{host} {act}")))
        {
            sim.fault_at(&act, Some(&host), 0, What::LoseAfter);
            lost += usize::from(n == 0);
        }
        assert!(lost > 0);
        assert_eq!(sim.run(sim.order(command, tag)).await, Some(0), "{:?}", sim.end());
        assert_started_once(&sim, command);
        if command == "restore" {
            sim.world().assert_restored();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_idempotent_act_may_run_twice_and_leaves_the_same_world() {
    for (command, tag, shape) in
        [("restore", TAG, WHOLE), ("restore", TAG, WHOLE.by_fan_out()), ("backup", "new", WHOLE)]
    {
        let sim = Sim::new(shape);
        let (plan, _) = plain(shape, command, tag).await;
        let acts = plan
            .steps()
            .filter(|(_, step)| step.idempotent)
            .filter_map(|(_, step)| Some(step.act.as_ref()?.name.clone()));
        sim.twice(acts);
        assert_eq!(sim.run(sim.order(command, tag)).await, Some(0), "{:?}", sim.end());
        assert!(sim.ran_twice() > 3, "{}", sim.ran_twice());
        if command == "restore" {
            sim.world().assert_restored();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_second_interrupt_cancels_the_jobs_that_run_and_resume_does_them_again() {
    let shape = Shape { clients: 1, ..SMALL };
    for (command, tag) in [("restore", TAG), ("backup", "new")] {
        let (plan, ran) = plain(shape, command, tag).await;
        for (_, act, host, n) in acts(&plan) {
            if !ran.contains(&format!("{host} {act}")) || act == "repair.act" && n >= shape.keyspaces {
                continue;
            }
            let name = format!("{act} on {host}");
            let mut sim = Sim::new(shape);
            sim.fault_at(&act, Some(&host), n, What::Hangs);
            sim.interrupt_hanging = true;
            assert_eq!(sim.run(sim.order(command, tag)).await, Some(130), "{name}: {:?}", sim.end());
            sim.assert_faults_fired();
            sim.interrupt_hanging = false;
            let mut exit = None;
            for _ in 0..3 {
                exit = sim.resume().await;
                if exit == Some(0) {
                    break;
                }
            }
            assert_eq!(exit, Some(0), "{name}: {:?}", sim.end());
            assert_started_once(&sim, &name);
            if command == "restore" {
                sim.world().assert_restored();
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_act_that_is_lost_and_then_fails_is_done_anew_by_the_next_resume() {
    let sim = Sim::new(SMALL);
    sim.fault("table.swap.act", None, What::LostBefore);
    sim.fault("table.swap.act", None, What::DieAfter);
    assert_eq!(sim.run(sim.order("restore", TAG)).await, None);
    sim.fault("table.swap.act", None, What::FailBefore);
    assert_eq!(sim.resume().await, Some(5), "{:?}", sim.end());
    sim.assert_faults_fired();
    assert_eq!(sim.resume().await, Some(0), "{:?}", sim.end());
    sim.world().assert_restored();
}
