//! The way back: from every point of a restore, by a rollback that itself may die at any point; and
//! the discard, after which there is none.

use reseed::event::{Body, Level, RunOutcome, RunState};
use reseed::journal::How;
use reseed::plan::Request;
use reseed::run::hold::abandon;
use reseed::run::{OfError, Verb};
use reseed::{plan, playbook};

use crate::sim::lease::Held;
use crate::sim::node::{Loose, Process};
use crate::sim::order::{Ran, assert_barriers};
use crate::sim::world::Shape;
use crate::sim::{CLUSTER, Data, SMALL, Sim, TAG, WHOLE, What};

/// A cluster with hints that cannot be delivered: they must be there again in the end.
fn cluster() -> Sim {
    cluster_of(SMALL)
}

fn cluster_of(shape: Shape) -> Sim {
    let sim = Sim::new(shape);
    (sim.world().node("cass2").hints, sim.world().node("cass2").stuck) = (3, true);
    sim
}

fn assert_back(sim: &Sim, name: &str) {
    let world = sim.world();
    world.assert_rolled_back();
    assert_eq!(world.nodes["cass2"].hints, 3, "{name}: the old hints are back");
}

/// Goes back, whatever was served; a run that changed nothing ends at once.
async fn go_back(sim: &Sim, name: &str) {
    let order = match sim.order_about(Verb::Rollback, None, &["clients-served"]) {
        Ok(order) => order,
        Err(OfError::State(_)) => return, // the restore had no plan yet
        Err(error) => panic!("{name}: {error}"),
    };
    assert_eq!(sim.run(order).await, Some(0), "{name}: {:?}", sim.end());
    assert_eq!(sim.end().0, RunOutcome::RolledBack, "{name}");
    assert_back(sim, name);
}

#[tokio::test(start_paused = true)]
async fn after_every_record_of_a_restores_journal_a_rollback_brings_the_old_data_back() {
    for shape in SMALL.both() {
        let whole = cluster_of(shape);
        assert_eq!(whole.restore().await, 0);
        for n in 1..whole.events().len() {
            let mut sim = cluster_of(shape);
            sim.die_after = Some(n);
            let exit = sim.run(sim.order("restore", TAG)).await;
            sim.die_after = None;
            if exit.is_some() {
                continue; // nothing was asked of any host after that record
            }
            go_back(&sim, &format!("record {n}")).await;
            if n % 9 == 0 {
                assert_eq!(sim.restore().await, 0, "record {n}: the cluster is free for what comes next");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_that_a_rollback_ends_is_as_long_as_clients_were_stopped() {
    let sim = cluster();
    sim.world().node("cass2").connected = vec!["10.77.0.50".to_owned()];
    assert_eq!(sim.restore().await, 5);
    let before = RunState::of(&sim.events());
    sim.world().node("cass2").connected.clear();
    let told = sim.events().len();
    assert_eq!(sim.rollback(&[]).await, 0, "{:?}", sim.end());
    let after = RunState::of(&sim.events()[told..]);
    assert!(before.downtime.began.is_some() && before.downtime.ended.is_none());
    assert_eq!(after.downtime.began, before.downtime.began);
    assert!(after.downtime.ended.is_some());
    let told = sim.events().len();
    assert_eq!(sim.discard().await, 0, "{:?}", sim.end());
    assert_eq!(RunState::of(&sim.events()[told..]).downtime.began, None, "there is no outage any more");
}

#[tokio::test(start_paused = true)]
async fn after_every_act_of_a_restore_a_rollback_brings_the_old_data_back() {
    for shape in SMALL.both() {
        let whole = cluster_of(shape);
        assert_eq!(whole.restore().await, 0);
        let mut seen: std::collections::BTreeMap<(String, String), usize> = std::collections::BTreeMap::new();
        for call in whole.calls().into_iter().filter(|c| c.name.ends_with(".act")) {
            let n = seen.entry((call.name.clone(), call.host.to_string())).or_default();
            // dying before it is dying after the record that announces it
            for what in [What::DieAfter, What::FailBefore] {
                let sim = cluster_of(shape);
                sim.fault_at(&call.name, Some(call.host.as_str()), *n, what);
                sim.run(sim.order("restore", TAG)).await;
                sim.assert_faults_fired();
                go_back(&sim, &format!("{what:?} {} on {}", call.name, call.host)).await;
            }
            *n += 1;
        }
    }
}

/// A restore that ended in the middle: the seed swapped, the other node not yet emptied.
async fn half(sim: &Sim) {
    sim.fault("table.aside.act", None, What::FailBefore);
    assert_eq!(sim.restore().await, 5);
}

/// A guard objects to the rollback: the cluster is the paused restore's as before, also for a coordinator elsewhere.
#[tokio::test(start_paused = true)]
async fn a_rollback_that_is_refused_leaves_the_cluster_to_the_paused_run() {
    let sim = cluster();
    half(&sim).await;
    let paused = sim.dir().id.to_string();
    let keeps = || {
        let world = sim.world();
        let lines = |held: &Held| held.lease.as_deref().unwrap_or_default().contains(&format!("run={paused}\n"));
        world.leases.values().all(lines)
    };
    assert!(keeps());
    "Another".clone_into(&mut sim.world().node("cass2").cluster_name);
    assert_eq!(sim.rollback(&[]).await, 4, "{:?}", sim.end());
    assert!(keeps(), "it is free, or the rollback's");
    assert_eq!(sim.stranger().restore().await, 6, "another machine is refused");
    CLUSTER.clone_into(&mut sim.world().node("cass2").cluster_name);
    assert_eq!(sim.rollback(&[]).await, 0, "{:?}", sim.end());
    assert_back(&sim, "after the refusal");
    assert_eq!(sim.restore().await, 0, "the cluster is free");
}

#[tokio::test(start_paused = true)]
async fn a_rollback_that_dies_after_any_record_is_resumed_to_the_same_end() {
    let whole = cluster();
    half(&whole).await;
    let before = whole.events().len();
    assert_eq!(whole.rollback(&[]).await, 0);
    let records = whole.events().len() - before;
    assert!(records > 40, "{records}");
    for n in 1..=records {
        let mut sim = cluster();
        half(&sim).await;
        sim.die_after = Some(n);
        let mut exit = sim.run(sim.order_about(Verb::Rollback, None, &[]).unwrap()).await;
        sim.die_after = None;
        while exit != Some(0) {
            exit = sim.resume().await;
            assert_eq!(exit, Some(0), "record {n}: {:?}", sim.end());
        }
        assert_back(&sim, &format!("record {n}"));
        assert_barriers(sim.history().plan().unwrap().0, &sim.events()[before..]);
    }
}

#[tokio::test(start_paused = true)]
async fn every_act_of_a_rollback_may_fail_once_and_resume_ends_it() {
    let whole = cluster();
    half(&whole).await;
    let before = whole.calls().len();
    assert_eq!(whole.rollback(&[]).await, 0);
    for call in whole.calls()[before..].iter().filter(|c| c.name.ends_with(".act")) {
        for what in [What::FailBefore, What::DieAfter] {
            let sim = cluster();
            half(&sim).await;
            sim.fault(&call.name, Some(call.host.as_str()), what);
            let exit = sim.run(sim.order_about(Verb::Rollback, None, &[]).unwrap()).await;
            let name = format!("{what:?} {} on {}", call.name, call.host);
            assert!(matches!(exit, None | Some(5)), "{name}: {exit:?}");
            sim.assert_faults_fired();
            assert_eq!(sim.resume().await, Some(0), "{name}: {:?}", sim.end());
            assert_back(&sim, &name);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_rollback_does_everything_in_its_order() {
    let sim = Sim::new(WHOLE);
    half(&sim).await;
    let before = sim.calls().len();
    assert_eq!(sim.rollback(&[]).await, 0, "{:?}", sim.end());
    let ran = Ran::of(&sim.calls()[before..]);
    ran.all_before("jobs.ended.act", "guard.set.act").all_before("guard.set.act", "node.clear.act");
    ran.each_host_before("guard.set.proof", "node.quiet.act").each_host_before("node.quiet.proof", "node.stop.probe");
    ran.all_before("node.stop.probe", "node.clear.act").each_host_before("node.clear.proof", "node.back.act");
    ran.all_before("node.back.proof", "table.back.act").all_before("table.back.proof", "guard.clear.act");
    ran.last_act_before("guard.clear.act", "node.start.act");
    ran.one_at_a_time(&["guard.clear.act", "node.start.act", "node.start.proof"]);
    assert_eq!(ran.hosts("node.start.act")[0], "cass1", "the seed comes first");
    ran.all_before("node.start.act", "hints.settle.act").all_before("hints.settle.act", "repair.act");
    ran.all_before("repair.act", "schema.agree.proof").all_before("index.query.proof", "gateway.start.act");
    assert_eq!(ran.hosts("table.back.act").len(), 6, "each node, each keyspace");
    sim.world().assert_rolled_back();
}

#[tokio::test(start_paused = true)]
async fn a_restore_that_is_done_is_rolled_back_only_when_the_loss_is_accepted() {
    let sim = cluster();
    assert_eq!(sim.restore().await, 0);
    let restore = sim.dir();
    // clients wrote since, and a node was killed with that in its commit log
    sim.world().node("cass1").late = Loose { unflushed: true, hints: 2 };
    sim.world().node("cass2").late = Loose { unflushed: true, hints: 0 };
    (sim.world().node("cass2").process, sim.world().node("cass2").native_open) = (Process::Stopped, false);
    let before = sim.calls().len();
    assert_eq!(sim.rollback(&[]).await, 4);
    assert!(sim.calls()[before..].iter().all(|c| c.name.starts_with("facts.") || c.name.starts_with("lease.")));
    let said = sim.events().into_iter().rev().find_map(|e| match e.body {
        Body::Finding { guard, level: Level::Fail, message, .. } => Some((guard, message)),
        _ => None,
    });
    let (guard, message) = said.unwrap();
    assert!(guard == "clients-served" && message.contains("will be lost"), "{message}");
    assert_eq!(sim.rollback(&["clients-served"]).await, 0, "{:?}", sim.end());
    assert_back(&sim, "done");
    let others =
        sim.calls()[before..].iter().filter(|c| c.name == "repair.act" && c.vars["KEYSPACES"] == "system_auth").count();
    assert_eq!(others, 2, "hints and an unread commit log were set aside: every keyspace is repaired");
    let closed = restore.history().unwrap().closed().cloned().unwrap();
    assert_eq!((closed.how, closed.run), (How::RolledBack, Some(sim.dir().id)));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_changed_nothing_has_nothing_to_undo_and_is_closed() {
    let sim = cluster();
    sim.fault("backup.stage.act", None, What::FailAfter);
    assert_eq!(sim.restore().await, 5);
    let restore = sim.dir();
    let acts = sim.acts().len();
    assert_eq!(sim.rollback(&[]).await, 0);
    assert!(sim.end().2.contains(&format!("nothing to undo: run {}", restore.id)), "{:?}", sim.end());
    assert_eq!(sim.acts().len(), acts, "no host was touched");
    assert!(restore.history().unwrap().closed().is_some());
    // what it staged can go
    assert_eq!(sim.discard().await, 0, "{:?}", sim.end());
    assert!(sim.world().nodes.values().all(|node| node.stage.is_empty()));
    assert_eq!(sim.restore().await, 0);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_rolled_back_or_discarded_is_refused_before_there_is_a_run() {
    let sim = cluster();
    let refused = |verb, wanted: Option<&str>, words: &str| {
        let Err(error) = sim.order_about(verb, wanted, &[]) else { panic!("{words}: not refused") };
        assert!(error.to_string().contains(words), "{error}");
        match error {
            OfError::Unfit { next, .. } => assert!(!next.is_empty(), "{words}: and what now?"),
            _ => assert!(wanted.is_none(), "{error}"),
        }
    };
    refused(Verb::Rollback, None, "no run");
    assert_eq!(sim.backup().await, 0);
    let backup = sim.dir().id;
    refused(Verb::Rollback, None, "no run");
    refused(Verb::Rollback, Some(backup.as_str()), "it replaced no data");
    refused(Verb::Discard, Some(backup.as_str()), "it replaced no data");
    half(&sim).await;
    let restore = sim.dir().id;
    refused(Verb::Discard, None, "no run");
    refused(Verb::Discard, Some(restore.as_str()), "it is paused and may need");
    assert_eq!(sim.rollback(&[]).await, 0);
    let rollback = sim.dir().id;
    refused(Verb::Rollback, Some(restore.as_str()), "it was rolled back already");
    refused(Verb::Rollback, Some(rollback.as_str()), "it is a rollback itself");
    refused(Verb::Discard, Some(rollback.as_str()), "it is a rollback itself");
    assert_eq!(sim.discard().await, 0);
    refused(Verb::Rollback, Some(restore.as_str()), "was deleted by run");
    refused(Verb::Discard, None, "no run");
    let runs = sim.state.runs(&sim.inventory.cluster).unwrap().len();
    assert_eq!(runs, 4, "backup, restore, rollback, discard");
}

#[tokio::test(start_paused = true)]
async fn the_old_commit_log_returns_only_where_the_drain_was_not_proven() {
    let sim = cluster();
    half(&sim).await;
    let mut of = *sim.order_about(Verb::Rollback, None, &[]).unwrap().ask.of.unwrap();
    assert_eq!(of.earlier.drained.len(), 2, "a restore clears nothing before every drain is proven");
    // as a restore that went on without one node's drain would leave it
    of.earlier.drained.retain(|host| host.as_str() != "cass2");
    let request = Request { playbook: "rollback".to_owned(), earlier: Some(of.earlier), ..of.request };
    let playbook = playbook::built_in("rollback").unwrap();
    let plan = plan::build(&playbook, &sim.inventory, &of.facts, &request).unwrap();
    let returns = |host: &str| -> Vec<String> {
        let step = plan.steps().map(|(_, s)| s).find(|s| s.step == "node.back" && s.host.as_str() == host).unwrap();
        let dirs = &step.act.as_ref().unwrap().vars["DIRS"];
        dirs.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
    };
    assert_eq!(
        (returns("cass1"), returns("cass2")),
        (vec!["hints".to_owned()], vec!["commitlog".to_owned(), "hints".to_owned()])
    );
}

#[tokio::test(start_paused = true)]
async fn of_two_restores_the_later_one_is_rolled_back_first() {
    let sim = cluster();
    assert_eq!(sim.restore().await, 0);
    let first = sim.dir().id;
    assert_eq!(sim.restore().await, 0);
    let second = sim.dir().id;
    let Err(OfError::Unfit { why, next, .. }) = sim.order_about(Verb::Rollback, Some(first.as_str()), &[]) else {
        panic!("the first one's quarantine is not all that was there before it any more")
    };
    assert_eq!((why, next), (format!("run {second} replaced data after it"), format!("reseed rollback {second}")));
    assert_eq!(sim.rollback(&["clients-served"]).await, 0, "{:?}", sim.end());
    sim.world().assert_serves(Data::Backup);
    assert_eq!(sim.rollback(&[]).await, 4, "and clients were served in between");
    assert_eq!(sim.rollback(&["clients-served"]).await, 0, "{:?}", sim.end());
    assert_back(&sim, "both");
}

#[tokio::test(start_paused = true)]
async fn a_restore_that_was_abandoned_is_rolled_back_only_when_the_doubt_is_accepted() {
    let sim = cluster();
    half(&sim).await;
    let link = std::sync::Arc::new(sim.link());
    let abandoned = abandon(&sim.inventory, &link, &sim.state, &sim.dir(), "a test".to_owned()).await;
    abandoned.unwrap();
    assert_eq!(sim.rollback(&[]).await, 4);
    assert!(sim.events().iter().any(|e| format!("{:?}", e.body).contains("was abandoned at")));
    assert_eq!(sim.rollback(&["clients-served"]).await, 0, "{:?}", sim.end());
    assert_back(&sim, "abandoned");
}

#[tokio::test(start_paused = true)]
async fn a_discard_shows_what_goes_frees_it_and_leaves_other_runs_alone() {
    let sim = cluster();
    assert_eq!(sim.restore().await, 0);
    assert_eq!(sim.restore().await, 0);
    let second = sim.dir();
    assert_eq!(sim.discard().await, 0, "{:?}", sim.end());
    let events = sim.events();
    let said = |wanted: &str| events.iter().filter(|e| format!("{:?}", e.body).contains(wanted)).count();
    assert_eq!(said("3.0 MiB go for good: /d1/.reseed/"), 2, "each node says what goes");
    assert_eq!(said("2.0 MiB freed"), 2, "each node says what became free");
    assert!(second.history().unwrap().discarded().is_some());
    for (name, node) in &sim.world().nodes {
        assert!(node.quarantine.keys().all(|key| !key.starts_with(second.id.as_str())), "{name}");
        assert_eq!(node.quarantine.len(), 2, "{name}: the first restore's is still there");
    }
    sim.world().assert_serves(Data::Backup);
}

#[tokio::test(start_paused = true)]
async fn a_discard_that_dies_after_any_record_is_resumed_and_nothing_can_be_rolled_back_meanwhile() {
    for n in 1..20 {
        let mut sim = cluster();
        assert_eq!(sim.restore().await, 0);
        let restore = sim.dir().id;
        sim.die_after = Some(n);
        let exit = sim.run(sim.order_about(Verb::Discard, None, &[]).unwrap()).await;
        sim.die_after = None;
        if exit.is_none() {
            assert_eq!(sim.resume().await, Some(0), "record {n}: {:?}", sim.end());
        }
        assert!(sim.order_about(Verb::Rollback, Some(restore.as_str()), &[]).is_err());
        assert!(sim.world().nodes.values().all(|node| node.quarantine.is_empty()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_rollback_that_fails_its_verification_ends_with_7() {
    let sim = cluster();
    half(&sim).await;
    sim.hook(|_, script, world| {
        if script == "repair.act" {
            world.node("cass2").schema_version = "00000000-f3cd-3e02-97f0-5b395827453f".to_owned();
        }
    });
    assert_eq!(sim.rollback(&[]).await, 7, "{:?}", sim.end());
    assert!(sim.world().gateways["gw1"].values().all(|rc| *rc == 1), "what is not verified is not served");
}
