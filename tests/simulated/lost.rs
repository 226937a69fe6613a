//! The machine that conducted a run is lost, with its state directory, or gives no sign of life.

use std::sync::Arc;
use std::time::Duration;

use reseed::event::Body;
use reseed::journal::How;
use reseed::run::hold::{self, HoldError};
use reseed::run::lease::End;
use reseed::run::recover::{self, RecoverError};

use crate::journal::assert_started_once;
use crate::sim::lease::Held;
use crate::sim::{SMALL, Sim, TAG, What};

/// The run's directory, made anew on a machine that never saw it.
async fn recovered(sim: &Sim) -> Result<(), RecoverError> {
    recover::recover(&sim.inventory, &Arc::new(sim.link()), &sim.state, None).await.map(drop)
}

#[tokio::test(start_paused = true)]
async fn after_any_record_a_run_whose_state_is_lost_goes_on_from_what_the_hosts_keep() {
    let whole = Sim::new(SMALL);
    assert_eq!(whole.restore().await, 0);
    let mut rebuilt = 0;
    // each third one: neighbours differ in one event of one step
    for n in (1..whole.events().len()).step_by(3) {
        let mut sim = Sim::new(SMALL);
        sim.die_after = Some(n);
        if sim.run(sim.order("restore", TAG)).await.is_some() {
            continue; // nothing was asked of any host after that record
        }
        sim.die_after = None;
        let other = sim.stranger();
        match recovered(&other).await {
            Ok(()) => {}
            // it never got so far that a host was told its plan
            Err(RecoverError::NoHead(_) | RecoverError::Unknown) => {
                assert!(sim.acts().is_empty());
                continue;
            }
            Err(error) => panic!("record {n}: {error}"),
        }
        rebuilt += 1;
        let told = |body: &Body| matches!(body, Body::Finding { guard, .. } if guard == "state-lost");
        assert!(other.history().events().any(|event| told(&event.body)), "it says what it cannot know");
        assert_eq!(other.resume().await, Some(0), "record {n}: {:?}", other.end());
        other.world().assert_restored();
        assert_started_once(&other, &format!("record {n}"));
    }
    assert!(rebuilt > 10, "{rebuilt}");
}

#[tokio::test(start_paused = true)]
async fn a_head_that_was_cut_on_every_host_is_not_taken_for_a_plan() {
    let mut sim = Sim::new(SMALL);
    sim.die_after = Some(60);
    assert_eq!(sim.run(sim.order("restore", TAG)).await, None);
    for held in sim.world().leases.values_mut() {
        held.heads.values_mut().for_each(|head| head.truncate(head.len() / 2));
    }
    let other = sim.stranger();
    assert!(recovered(&other).await.is_err());
    assert!(other.state.runs(&other.inventory.cluster).unwrap().is_empty(), "no half directory stays");
}

/// A machine was replaced while the run was paused: nothing of it is known there, so anything could be done twice. After
/// each record: where nothing has been begun there, it may go on.
#[tokio::test(start_paused = true)]
async fn a_run_that_has_worked_on_a_machine_does_not_go_on_where_nothing_is_known_of_it() {
    let whole = Sim::new(SMALL);
    assert_eq!(whole.restore().await, 0);
    let (mut went_on, mut refused) = (0, 0);
    for n in (1..whole.events().len()).step_by(5) {
        let mut sim = Sim::new(SMALL);
        sim.die_after = Some(n);
        if sim.run(sim.order("restore", TAG)).await.is_some() {
            continue;
        }
        sim.die_after = None;
        let there = |body: &Body| matches!(body, Body::StepStarted { host, .. } if host.as_str() == "cass2");
        let (acts, begun) = (sim.acts(), sim.history().events().any(|event| there(&event.body)));
        sim.world().leases.insert("cass2".to_owned(), Held::default());
        match sim.try_resume().await.unwrap() {
            Ok(ended) => {
                assert!(!begun && ended.exit == 0, "record {n}: {ended:?}");
                went_on += 1;
            }
            Err(error) => {
                assert!(begun && error.to_string().starts_with("cass2 knows nothing of run"), "record {n}: {error}");
                assert_eq!(sim.acts(), acts, "record {n}");
                refused += 1;
            }
        }
    }
    assert!(went_on > 0 && refused > 10, "{went_on} {refused}");
}

/// It died when its plan was on disk, and no host had been told. Whoever goes on with it tells them.
#[tokio::test(start_paused = true)]
async fn a_run_that_died_before_the_hosts_knew_of_it_tells_them_when_it_is_gone_on_with() {
    let told = |sim: &Sim| sim.world().leases.values().filter(|held| !held.names.is_empty()).count();
    let mut sim = Sim::new(SMALL);
    sim.fault("lease.commit", None, What::DieBefore);
    assert_eq!(sim.run(sim.order("restore", TAG)).await, None);
    assert_eq!((sim.history().plan().is_some(), told(&sim)), (true, 0));
    // dies again where a host was asked for a step
    sim.fault("table.swap.act", None, What::DieAfter);
    assert_eq!(sim.resume().await, None);
    assert_eq!(told(&sim), sim.world().leases.len());
    sim.die_after = None;
    assert_eq!(sim.resume().await, Some(0), "{:?}", sim.end());
    sim.world().assert_restored();
}

#[tokio::test(start_paused = true)]
async fn a_cluster_is_freed_from_a_coordinator_only_when_it_was_silent_for_ten_minutes() {
    let mut sim = Sim::new(SMALL);
    sim.die_after = Some(60);
    // the simulated death is followed by ten minutes of silence
    assert_eq!(sim.run(sim.order("restore", TAG)).await, None);
    let line = Arc::new(sim.link());
    let seen = hold::look(&sim.inventory, &line, false).await;
    assert_eq!(hold::unlock(&sim.inventory, &line, &seen, false).await.unwrap(), End::Paused);
    assert_eq!(sim.stranger().restore().await, 6, "a run that is not over keeps the cluster");
    sim.die_after = None;
    assert_eq!(sim.resume().await, Some(0));
    sim.world().assert_restored();

    let other = Sim::new(SMALL);
    assert_eq!(other.restore().await, 0);
    let held = other.world().leases.clone();
    other.world().leases.values_mut().for_each(|one| {
        one.lease =
            Some("run=r1\ncommand=restore\nchanges=yes\nowner=ann@laptop\nmachine=m\nboot=b\nprocess=1 1\n".into());
        one.beat = Some(tokio::time::Instant::now());
    });
    assert!(held.values().all(|one| one.lease.is_none()), "a run that is done gives it back");
    tokio::time::sleep(Duration::from_mins(9)).await;
    let line = Arc::new(other.link());
    let seen = hold::look(&other.inventory, &line, false).await;
    assert!(matches!(hold::unlock(&other.inventory, &line, &seen, false).await, Err(HoldError::Held(_))));
    assert_eq!(hold::unlock(&other.inventory, &line, &seen, true).await.unwrap(), End::Paused, "the operator's word");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_given_up_leaves_everything_as_it_is_and_frees_the_cluster() {
    let mut sim = Sim::new(SMALL);
    sim.die_after = Some(60);
    assert_eq!(sim.run(sim.order("restore", TAG)).await, None);
    sim.die_after = None;
    let (dir, acts) = (sim.dir(), sim.acts().len());
    let line = Arc::new(sim.link());
    hold::abandon(&sim.inventory, &line, &sim.state, &dir, "a test".into()).await.unwrap();
    assert_eq!(sim.acts().len(), acts);
    assert_eq!(sim.history().closed().unwrap().how, How::Abandoned);
    assert!(sim.world().leases.values().all(|held| held.lease.is_none()));
    let again = hold::abandon(&sim.inventory, &line, &sim.state, &dir, "a test".into()).await;
    assert!(matches!(again, Err(HoldError::Over(_))), "{again:?}");
}
