//! The live view on a terminal that is not there.

use indicatif::InMemoryTerm;

use super::*;
use crate::event::fixture;

/// Half a minute after the drain of the made-up restore began.
fn now() -> Timestamp {
    "2026-11-22T16:16:22Z".parse().unwrap()
}

fn screen_after(events: &[Event], until: impl Fn(&Body) -> bool, columns: u16) -> String {
    let term = InMemoryTerm::new(60, columns);
    let target = ProgressDrawTarget::term_like(Box::new(term.clone()));
    let mut view = Live::new(target, Look { width: Some(columns), ..Look::default() }, now, false);
    view.pulse("reading facts from 4 hosts");
    let mut state = RunState::default();
    for event in events {
        state.apply(event);
        view.handle(event, &state);
        if until(&event.body) {
            break;
        }
    }
    for bar in view.running.values().flatten().chain([&view.last]) {
        bar.reset_elapsed();
        bar.tick();
    }
    term.contents()
}

#[test]
fn finished_steps_stay_above_and_running_ones_are_redrawn_below() {
    let drain = |body: &Body| matches!(body, Body::StepStarted { id, .. } if id == "drain/node.drain/cass2");
    insta::assert_snapshot!(screen_after(&fixture::done().0, drain, 110), @"
    16:15:00  restore of Lab Cluster, run 20261122T161500Z-1f3a
    16:15:00  plan sha256:8f2c41d09ab7e35561c0f4a2be7798d10c3ff0e6a4d1b25c9e8877665544a3b2, 36 steps in 14 phases
    16:15:00  phase 1/14 preflight
    16:15:02  warning clock on cass3: the clock is 1.8 s behind the coordinator's
    16:15:02    what to do: start chronyd on cass3
    16:15:02  overridden same-disk on cass1: the backup is on the disk of the data (overridden: lab machine)
    16:15:02  phase 2/14 stage
    16:16:00  cass1    stage.copy      done in 58 s: 214 files, 1.2 GiB, all sha256 equal
    16:16:00  phase 3/14 recheck
    16:16:01  phase 4/14 stop-clients
    16:16:10  gw1      gateway.stop    stop Instance1 of Group1 … done in 8.3 s: no process, port 8080 closed
    16:16:11  cass1    native.disable  close native transport … done in 0.9 s: port 9042 closed
    16:16:11  cass2    native.disable  close native transport … done in 1.0 s: port 9042 closed
    16:16:11  cass3    native.disable  close native transport … done in 1.1 s: port 9042 closed
    16:16:11  phase 5/14 settle
    16:16:15  cass1    hints.settle    wait until hints are delivered … done in 4.2 s: 0 hints, batchlog empty
    16:16:15  cass2    hints.settle    wait until hints are delivered … done in 4.2 s: 0 hints, batchlog empty
    16:16:15  cass3    hints.settle    wait until hints are delivered … done in 4.2 s: 0 hints, batchlog empty
    16:16:15  phase 6/14 drain
    16:16:15  cass2    guard.set       make sure that the node cannot start … done in 0.3 s: masked under systemd
    ⠹ cass2    node.drain      flush memtables and stop taking part in the ring                               0:00
    phase 6/14 drain · 9/36 steps · 1:22 · downtime 0:12 so far
    ");
}

#[test]
fn known_bytes_become_a_bar_and_a_narrow_terminal_gets_short_lines() {
    let copy = |body: &Body| matches!(body, Body::StepProgress { .. });
    insta::assert_snapshot!(screen_after(&fixture::done().0, copy, 80), @"
    16:15:00  restore of Lab Cluster, run 20261122T161500Z-1f3a
    16:15:00  plan sha256:8f2c41d09ab7e35561c0f4a2be7798d10c3ff0e6a4d1b25c9e88776655
    44a3b2, 36 steps in 14 phases
    16:15:00  phase 1/14 preflight
    16:15:02  warning clock on cass3: the clock is 1.8 s behind the coordinator's
    16:15:02    what to do: start chronyd on cass3
    16:15:02  overridden same-disk on cass1: the backup is on the disk of the data (
    overridden: lab machine)
    16:15:02  phase 2/14 stage
    ⠸ cass1    stage.copy      ██████▎───────── 480 MiB of 1.2 GiB, 39 %        0:00
    phase 2/14 stage · 0/36 steps · 1:22
    ");
}

#[test]
fn at_the_end_nothing_but_facts_and_the_summary_is_left() {
    let text = screen_after(&fixture::paused().0, |_| false, 100);
    insta::assert_snapshot!(&text[text.find("phase 6/14").unwrap()..], @"
    phase 6/14 drain
    16:16:15  cass3    guard.set       done in 0.3 s: masked under systemd
    16:16:22  cass3    node.drain      done in 6.2 s: Mode: DRAINED, clean log
    16:16:26  cass3    node.stop       stop Cassandra … done in 4.8 s: no process, ports closed
    16:16:27  cass2    guard.set       done in 0.3 s: masked under systemd
    16:17:27  cass2    node.drain      FAILED in 60 s: Mode is NORMAL after 60 s, not DRAINED
    16:17:27      | nodetool: Failed to connect to '127.0.0.1:7199'
    16:17:27      | ConnectException: 'Connection refused'.

    PAUSED  restore of Lab Cluster paused in phase drain

      what   node.drain FAILED: flush memtables and stop taking part in the ring
      where  cass2, step drain/node.drain/cass2, attempt 1
      why    Mode is NORMAL after 60 s, not DRAINED
             | nodetool: Failed to connect to '127.0.0.1:7199'
             | ConnectException: 'Connection refused'.

      The cluster now
        cass1  Cassandra up, closed to clients; old tables live
        cass2  Cassandra up, closed to clients; old tables live; node.drain failed
        cass3  Cassandra stopped; old tables live
        gw1    clients stopped
        No other host was touched.

      downtime   NOT OVER, clients down since 16:16:10 UTC, 77 s when the run stopped
      total      2 min 28 s

      preflight          2.4 s  █▍
      stage             58.4 s  ████████████████████████████████▌
      recheck            1.1 s  ▋
      stop-clients       9.4 s  █████▎
      settle             4.2 s  ██▍
      drain             71.8 s  ████████████████████████████████████████

    report: /home/ops/.local/state/reseed/lab-cluster/20261122T161500Z-1f3a/report.html
    next:   reseed resume 20261122T161500Z-1f3a
    back:   reseed rollback 20261122T161500Z-1f3a
    ");
}

#[test]
fn two_hundred_hosts_do_not_push_everything_off_the_screen() {
    let mut story = fixture::Story::new();
    story.started(true);
    story.phase("settle");
    for host in 0..200 {
        story.begin(&("hints.settle", &format!("n{host:03}"), "", 1.0, "wait until hints are delivered", ""), 1);
    }
    let text = screen_after(&story.events, |_| false, 80);
    assert_eq!(text.lines().filter(|line| line.contains("hints.settle")).count(), ROWS);
    assert!(text.ends_with("188 more running"), "{text}");
}
