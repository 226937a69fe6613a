//! What the plain view prints, line by line.

use super::*;
use crate::cli::printer::Verbosity;
use crate::event::fixture;

fn shown(events: &[Event], verbosity: Verbosity) -> String {
    let mut view = Plain::new(vec![], Look { verbosity, ..Look::default() });
    let mut state = RunState::default();
    for event in events {
        state.apply(event);
        view.handle(event, &state);
    }
    view.finish();
    String::from_utf8(view.out).unwrap()
}

#[test]
fn a_restore_that_goes_well_reads_as_a_log() {
    insta::assert_snapshot!(shown(&fixture::done().0, Verbosity::Normal), @"
    16:15:00  restore of Lab Cluster, run 20261122T161500Z-1f3a
    16:15:00  plan sha256:8f2c41d09ab7e35561c0f4a2be7798d10c3ff0e6a4d1b25c9e8877665544a3b2, 36 steps in 14 phases
    16:15:00  phase 1/14 preflight
    16:15:02  warning clock on cass3: the clock is 1.8 s behind the coordinator's
    16:15:02    what to do: start chronyd on cass3
    16:15:02  overridden same-disk on cass1: the backup is on the disk of the data (overridden: lab machine)
    16:15:02  phase 2/14 stage
    16:16:00  cass1    stage.copy      copy the backup to the stage and verify it … done in 58 s: 214 files, 1.2 GiB, all sha256 equal
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
    16:16:22  cass2    node.drain      flush memtables and stop taking part in the ring … done in 6.2 s: Mode: DRAINED, clean log
    16:16:26  cass2    node.stop       stop Cassandra … done in 4.8 s: no process, ports 7000 and 9042 closed
    16:16:27  cass3    guard.set       make sure that the node cannot start … done in 0.3 s: masked under systemd
    16:16:33  cass3    node.drain      flush memtables and stop taking part in the ring … done in 6.2 s: Mode: DRAINED, clean log
    16:16:38  cass3    node.stop       stop Cassandra … done in 4.8 s: no process, ports 7000 and 9042 closed
    16:16:38  cass1    guard.set       make sure that the node cannot start … done in 0.3 s: masked under systemd
    16:16:44  cass1    node.drain      flush memtables and stop taking part in the ring … done in 6.2 s: Mode: DRAINED, clean log
    16:16:49  cass1    node.stop       stop Cassandra … done in 4.8 s: no process, ports 7000 and 9042 closed
    16:16:49  phase 7/14 clear
    16:16:50  cass1    state.clear     commitlog, caches and hints to quarantine … done in 0.4 s: 3 directories renamed
    16:16:50  cass2    state.clear     commitlog, caches and hints to quarantine … done in 0.4 s: 3 directories renamed
    16:16:50  cass3    state.clear     commitlog, caches and hints to quarantine … done in 0.4 s: 3 directories renamed
    16:16:50  phase 8/14 restore
    16:16:51  cass1    table.swap      9 live tables to quarantine, stage to live … done in 1.3 s: 9 tables, 214 files, sizes equal
    16:16:51  phase 9/14 wipe
    16:16:52  cass2    table.aside     9 live tables to quarantine … done in 0.7 s: 9 tables renamed
    16:16:52  cass3    table.aside     9 live tables to quarantine … done in 0.7 s: 9 tables renamed
    16:16:52  phase 10/14 start
    16:17:23  cass1    node.start      start Cassandra and wait until it is ready … done in 32 s: UN as seen by all peers, 9042 open
    16:17:55  cass2    node.start      start Cassandra and wait until it is ready … done in 32 s: UN as seen by all peers, 9042 open
    16:18:26  cass3    node.start      start Cassandra and wait until it is ready … done in 32 s: UN as seen by all peers, 9042 open
    16:18:26  phase 11/14 index
    16:18:30  cass1    index.rebuild   rebuild 2 indexes … done in 3.9 s: 2 indexes built
    16:18:30  cass2    index.rebuild   rebuild 2 indexes … done in 3.9 s: 2 indexes built
    16:18:30  cass3    index.rebuild   rebuild 2 indexes … done in 3.9 s: 2 indexes built
    16:18:30  phase 12/14 repair
    16:18:55  cass1    keyspace.repair repair -pr --full … done in 25 s: repair completed, 0 ranges failed
    16:19:19  cass2    keyspace.repair repair -pr --full … done in 25 s: repair completed, 0 ranges failed
    16:19:44  cass3    keyspace.repair repair -pr --full … done in 25 s: repair completed, 0 ranges failed
    16:19:44  phase 13/14 verify
    16:19:47  cass1    rows.count      count rows at CL ONE … done in 2.8 s: 18204 rows, as in the manifest
    16:19:47  cass2    rows.count      count rows at CL ONE … done in 2.8 s: 18204 rows, as in the manifest
    16:19:47  cass3    rows.count      count rows at CL ONE … done in 2.8 s: 18204 rows, as in the manifest
    16:19:47  phase 14/14 start-clients
    16:20:09  gw1      gateway.start   start Instance1 of Group1 … done in 22 s: process runs, port 8080 answers

    DONE  restore of Lab Cluster done: 36 steps proven on 4 hosts

      downtime   3 min 59 s, from 16:16:10 to 16:20:09 UTC
      total      5 min 09 s
      own share  2.4 s (0.8 %)

      preflight           2.4 s  █
      stage              58.4 s  ████████████████████████▊
      recheck             1.1 s  ▌
      stop-clients        9.4 s  ████
      settle              4.2 s  █▊
      drain              34.0 s  ██████████████▍
      clear               0.4 s  ▏
      restore             1.3 s  ▋
      wipe                0.7 s  ▎
      start              94.5 s  ████████████████████████████████████████
      index               3.9 s  █▋
      repair             73.8 s  ███████████████████████████████▎
      verify              2.8 s  █▎
      start-clients      22.1 s  █████████▍

    report: /home/ops/.local/state/reseed/lab-cluster/20261122T161500Z-1f3a/report.html
    next:   reseed discard 20261122T161500Z-1f3a   # once you trust the data
    ");
}

#[test]
fn a_failed_drain_shows_what_where_why_the_cluster_and_the_next_command() {
    let text = shown(&fixture::paused().0, Verbosity::Normal);
    let from = text.find("node.drain      flush").unwrap();
    insta::assert_snapshot!(&text[from..], @"
    node.drain      flush memtables and stop taking part in the ring … done in 6.2 s: Mode: DRAINED, clean log
    16:16:26  cass3    node.stop       stop Cassandra … done in 4.8 s: no process, ports closed
    16:16:27  cass2    guard.set       make sure that the node cannot start … done in 0.3 s: masked under systemd
    16:17:27  cass2    node.drain      flush memtables and stop taking part in the ring … FAILED in 60 s: Mode is NORMAL after 60 s, not DRAINED
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
fn a_refusal_shows_findings_with_cures_and_that_nothing_changed() {
    insta::assert_snapshot!(shown(&fixture::refused().0, Verbosity::Normal), @"
    16:15:00  restore of Lab Cluster, run 20261122T161500Z-1f3a
    16:15:00  phase preflight
    16:15:03  FAIL free-space on cass1: 2.6 GiB needed on /var/lib/cassandra, 0.9 GiB free
    16:15:03  FAIL ring: the ring has 4 nodes, the inventory 3: 10.77.0.14 is not in it
    16:15:03  warning clock on cass3: the clock is 1.8 s behind the coordinator's
    16:15:03    what to do: start chronyd on cass3

    REFUSED  restore of Lab Cluster refused, nothing was changed

      why    2 guards do not hold: free-space, ring

      ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
                 guard        host      what was found                            what to do
      ══════════════════════════════════════════════════════════════════════════════════════════════════════════════
       FAIL      free-space   cass1     2.6 GiB needed on /var/lib/cassandra,     free 1.7 GiB on cass1, or name a
                                        0.9 GiB free                              smaller set with -k
      ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
       FAIL      ring         cluster   the ring has 4 nodes, the inventory 3:    add the node to the inventory, or
                                        10.77.0.14 is not in it                   remove it from the ring with
                                                                                  nodetool removenode
      ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
       warning   clock        cass3     the clock is 1.8 s behind the             start chronyd on cass3
                                        coordinator's
      ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
      
      2 fail, 1 to look at

      No data, service or client was touched.

      downtime   none
      total      3.2 s

    next:   reseed check Group2-20261121
    ");
}

#[test]
fn an_interrupted_run_says_what_was_running_and_how_to_go_on() {
    let text = shown(&fixture::interrupted().0, Verbosity::Normal);
    insta::assert_snapshot!(&text[text.find("phase 12").unwrap()..], @"
    phase 12/14 repair
    16:18:55  cass1    keyspace.repair repair -pr --full … done in 25 s: repair completed, 0 ranges failed

    INTERRUPTED  restore of Lab Cluster interrupted in phase repair

      open   keyspace.repair on cass2: repair -pr --full
             its end was not seen; the job goes on there and is adopted by the next resume

      why    SIGINT

      The cluster now
        cass1  Cassandra up; 1 keyspace restored, old tables in quarantine
        cass2  Cassandra up; old tables of 1 keyspace in quarantine; to be filled by the repair; keyspace.repair began, its end was not seen
        cass3  Cassandra up; old tables of 1 keyspace in quarantine; to be filled by the repair
        gw1    clients stopped
        No other host was touched.

      downtime   NOT OVER, clients down since 16:16:10 UTC, 2 min 52 s when the run stopped
      total      4 min 02 s

      preflight          2.4 s  █
      stage             58.4 s  ████████████████████████▊
      recheck            1.1 s  ▌
      stop-clients       9.4 s  ████
      settle             4.2 s  █▊
      drain             34.0 s  ██████████████▍
      clear              0.4 s  ▏
      restore            1.3 s  ▋
      wipe               0.7 s  ▎
      start             94.5 s  ████████████████████████████████████████
      index              3.9 s  █▋
      repair            31.7 s  █████████████▍

    report: /home/ops/.local/state/reseed/lab-cluster/20261122T161500Z-1f3a/report.html
    next:   reseed resume 20261122T161500Z-1f3a
    back:   reseed rollback 20261122T161500Z-1f3a
    ");
}

#[test]
fn quiet_shows_only_trouble_and_the_end() {
    insta::assert_snapshot!(shown(&fixture::done().0, Verbosity::Quiet), @"
    DONE  restore of Lab Cluster done: 36 steps proven on 4 hosts

    report: /home/ops/.local/state/reseed/lab-cluster/20261122T161500Z-1f3a/report.html
    next:   reseed discard 20261122T161500Z-1f3a   # once you trust the data
    ");
    insta::assert_snapshot!(shown(&fixture::paused().0, Verbosity::Quiet), @"
    16:17:27  cass2    node.drain      flush memtables and stop taking part in the ring … FAILED in 60 s: Mode is NORMAL after 60 s, not DRAINED
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

    report: /home/ops/.local/state/reseed/lab-cluster/20261122T161500Z-1f3a/report.html
    next:   reseed resume 20261122T161500Z-1f3a
    back:   reseed rollback 20261122T161500Z-1f3a
    ");
}

#[test]
fn verbose_adds_attempts_ids_and_remote_seconds() {
    let text = shown(&fixture::resumed().0, Verbosity::Verbose);
    let lines: Vec<&str> = text.lines().filter(|line| line.contains("drain/node.drain/cass2")).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    16:16:27  cass2    node.drain      flush memtables and stop taking part in the ring … begins [drain/node.drain/cass2, attempt 1]
    16:17:27  cass2    node.drain      flush memtables and stop taking part in the ring … FAILED in 60 s: Mode is NORMAL after 60 s, not DRAINED [drain/node.drain/cass2, attempt 1, remote 60 s]
      where  cass2, step drain/node.drain/cass2, attempt 1
    23:17:27  cass2    node.drain      flush memtables and stop taking part in the ring … begins [drain/node.drain/cass2, attempt 2]
    23:17:33  cass2    node.drain      flush memtables and stop taking part in the ring … done in 5.9 s: Mode: DRAINED, clean log [drain/node.drain/cass2, attempt 2, remote 5.9 s]
    ");
}

#[test]
fn a_step_that_runs_silently_is_named_every_half_minute_with_its_progress() {
    let (events, _) = fixture::done();
    let until = events.iter().position(|e| matches!(e.body, Body::StepProgress { .. })).unwrap();
    let mut view = Plain::new(vec![], Look { ascii: true, ..Look::default() });
    let state = RunState::of(&events[..=until]);
    for event in &events[..=until] {
        view.handle(event, &state);
    }
    view.out.clear();
    let now = events[until].time;
    for seconds in 0..60 {
        view.tick(&state, now + SignedDuration::from_secs(seconds));
    }
    insta::assert_snapshot!(String::from_utf8(view.out).unwrap(), @"
    16:15:32  cass1    stage.copy      copy the backup to the stage and verify it ... still running, 0:30, 480 MiB of 1.2 GiB, 39 %
    16:16:02  cass1    stage.copy      copy the backup to the stage and verify it ... still running, 1:00, 480 MiB of 1.2 GiB, 39 %
    ");
}

#[test]
fn an_ascii_locale_gets_nothing_but_ascii() {
    for (events, _) in [fixture::done(), fixture::paused(), fixture::refused(), fixture::interrupted()] {
        let mut view = Plain::new(vec![], Look { ascii: true, ..Look::default() });
        let mut state = RunState::default();
        for event in &events {
            state.apply(event);
            view.handle(event, &state);
        }
        let text = String::from_utf8(view.out).unwrap();
        assert!(text.is_ascii(), "{text}");
    }
}

#[test]
fn colour_changes_nothing_but_colour() {
    for (events, _) in [fixture::done(), fixture::paused(), fixture::refused()] {
        let mut view = Plain::new(vec![], Look { colour: true, ..Look::default() });
        let mut state = RunState::default();
        for event in &events {
            state.apply(event);
            view.handle(event, &state);
        }
        let text = String::from_utf8(view.out).unwrap();
        assert_eq!(words::clean(&text), shown(&events, Verbosity::Normal));
    }
}
