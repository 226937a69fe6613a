//! Two coordinators of one run: the old one is frozen, another one takes the run over and ends it,
//! the old one wakes up. It must not do anything any more, wherever it was frozen.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::journal::assert_started_once;
use crate::sim::{SMALL, Sim, TAG, What};

/// Longer than a lease may be silent before its own run is taken over.
const SILENT: Duration = Duration::from_mins(2);

#[tokio::test(start_paused = true)]
async fn an_old_coordinator_that_wakes_up_after_another_took_over_does_nothing_and_ends_with_6() {
    for (command, tag) in [("restore", TAG), ("backup", "new")] {
        let whole = Sim::new(SMALL);
        assert_eq!(whole.run(whole.order(command, tag)).await, Some(0));
        let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
        let acts: Vec<_> = whole.calls().into_iter().filter(|call| call.name.ends_with(".act")).collect();
        for (at, act) in acts.iter().enumerate() {
            let n = seen.entry((act.name.clone(), act.host.to_string())).or_default();
            for what in [What::FreezeBefore, What::FreezeAfter] {
                if what == What::FreezeAfter && at + 1 == acts.len() {
                    continue; // nothing is left to be done or refused
                }
                let name = format!("{what:?} {} on {}", act.name, act.host);
                let old = Sim::new(SMALL);
                old.fault_at(&act.name, Some(act.host.as_str()), *n, what);
                let taken_over = async {
                    old.frozen().await;
                    tokio::time::sleep(SILENT).await;
                    let new = old.elsewhere();
                    assert_eq!(new.resume().await, Some(0), "{name}: {:?}", new.end());
                    let (world, acts) = (format!("{:?}", old.world().nodes), old.acts());
                    old.thaw();
                    (world, acts)
                };
                let (exit, (world, acts)) = tokio::join!(old.run(old.order(command, tag)), taken_over);
                assert_eq!(exit, Some(6), "{name}: {:?}", old.end());
                assert_eq!(old.acts(), acts, "{name}: the old one acted");
                assert_eq!(format!("{:?}", old.world().nodes), world, "{name}");
                assert_started_once(&old, &name);
                if command == "restore" {
                    old.world().assert_restored();
                }
            }
            *n += 1;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_coordinator_that_still_gives_signs_of_life_is_not_taken_over() {
    let old = Sim::new(SMALL);
    // the host takes its time; its coordinator waits and is well
    old.fault("table.swap.act", None, What::Late(Duration::from_mins(30)));
    let second = async {
        tokio::time::sleep(Duration::from_mins(10)).await;
        let acts = old.acts();
        let refused = old.elsewhere().try_resume().await.unwrap();
        assert!(refused.unwrap_err().to_string().contains("holds the cluster"));
        assert_eq!(old.acts(), acts);
    };
    let (exit, ()) = tokio::join!(old.run(old.order("restore", TAG)), second);
    assert_eq!(exit, Some(0), "{:?}", old.end());
    old.assert_faults_fired();
    old.world().assert_restored();
}
