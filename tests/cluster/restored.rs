//! What the restore left: on every node alone, in quarantine, and at the gateway.

use std::collections::BTreeSet;

use jiff::Timestamp;
use lab::Consistency;
use reseed::event::{Body, StepOutcome};

use crate::dataset::{LATE_OWNER, OWNERS, must};
use crate::hosts::{self, ASIDE, DATA, inodes};
use crate::picture::{Alone, same};
use crate::scene::{Restored, TXN_LOG, damaged, loaded, restored, wait};
use crate::world::{World, good};

fn each_node(world: &World, look: impl Fn(&str, &Alone)) {
    let alone = &restored(world).alone;
    assert_eq!(alone.len(), 3);
    for (node, alone) in alone {
        look(node, alone);
    }
}

/// The restore ends with 0; another one, started meanwhile, with 6, and `status` tells of the first.
pub fn it_ends_well_and_a_second_run_meanwhile_is_refused(world: &World) {
    let restored = restored(world);
    let code = restored.second.code;
    assert_eq!(code, Some(6), "{}\n{}", restored.second.out, restored.second.err);
    restored.second.says("another run holds the cluster").says(&restored.run);
    assert_eq!(restored.status.code, Some(0), "{}", restored.status.err);
}

/// Row by row, write times included.
pub fn every_node_alone_holds_the_backups_rows(world: &World) {
    let wanted = loaded(world);
    each_node(world, |node, alone| same(node, wanted, &alone.picture));
}

/// By values of every kind, and not for values that came after the backup.
pub fn legacy_and_sai_indexes_answer_on_every_node(world: &World) {
    each_node(world, |node, alone| {
        for owner in OWNERS {
            assert_eq!(alone.picture[&format!("index {owner}")].len(), 15, "{node}: {owner}");
        }
        assert!(alone.picture[&format!("index {LATE_OWNER}")].is_empty(), "{node}");
        let found: usize = (0..7).map(|title| alone.picture[&format!("sai {title}")].len()).sum();
        assert_eq!(found, 60, "{node}");
    });
}

/// Quotes, backslashes, newlines, other scripts.
pub fn names_and_texts_with_quotes_are_what_they_were(world: &World) {
    each_node(world, |node, alone| {
        let owners: BTreeSet<&str> = alone.picture["items"].iter().map(|row| row[1].as_str()).collect();
        let wanted = BTreeSet::from(["Ann", "O'Neil \"the\" \\ boss", "Jürgen 東京 🚀", "two\nlines"]);
        assert_eq!(owners, wanted, "{node}");
    });
}

/// Values that are not plain.
pub fn counters_collections_and_types_are_what_they_were(world: &World) {
    let wanted = loaded(world);
    // p0 has 1 + 7 + … + 55
    assert!(wanted["hits"].contains(&vec!["p0".to_owned(), "280".to_owned()]), "{:?}", wanted["hits"]);
    each_node(world, |node, alone| {
        for label in ["hits", "bags", "streams"] {
            assert_eq!(alone.picture[label], wanted[label], "{node}, {label}");
        }
        assert!(alone.picture["bags"].iter().any(|row| row[1] == r#"{"7", "a"}"#), "{node}");
        assert!(alone.picture["streams"].iter().any(|row| row[0] == "0" && row[2] == "o0"), "{node}: static column");
    });
}

/// They are there, and not for ever.
pub fn rows_with_a_ttl_still_expire(world: &World) {
    each_node(world, |node, alone| assert_eq!(alone.picture["sessions"].len(), 60, "{node}"));
    let left = good(world.lab().cql(world.host("cass2"), "SELECT TTL(v) FROM shop.sessions", Consistency::All));
    let left: Vec<u64> = left.iter().filter_map(|row| row[0].parse().ok()).collect();
    assert!(left.len() == 60 && left.iter().all(|ttl| (860_000..864_000).contains(ttl)), "{left:?}");
}

/// Also a table that had a row only after the backup, and one whose name another one had before.
pub fn empty_tables_are_empty_again(world: &World) {
    assert!(!damaged(world).picture["nothing"].is_empty());
    each_node(world, |node, alone| {
        assert!(alone.picture["nothing"].is_empty(), "{node}");
        assert_eq!(alone.picture["ghost"], [["2", "new"]], "{node}");
    });
}

/// A tombstone that came back from a commit log or a hint would hide the row for ever.
pub fn deletes_are_undone_also_those_from_the_future(world: &World) {
    let gone = ["0", "9", "20", "30", "39"];
    let ids = |rows: &[Vec<String>]| rows.iter().map(|row| row[0].clone()).collect::<BTreeSet<_>>();
    let before = ids(&damaged(world).picture["items"]);
    assert!(gone.iter().all(|id| !before.contains(*id)), "{before:?}");
    each_node(world, |node, alone| {
        let now = ids(&alone.picture["items"]);
        assert!(gone.iter().all(|id| now.contains(*id)), "{node}: {now:?}");
        assert_eq!(alone.picture["docs"].len(), 60, "{node}: the table was truncated");
    });
}

/// Those that had arrived, and those that were held as hints.
pub fn writes_after_the_backup_are_gone(world: &World) {
    let late = |rows: &[Vec<String>]| rows.iter().filter(|row| row[0].starts_with('9') && row[0].len() == 4).count();
    assert_eq!(late(&damaged(world).picture["items"]), 20);
    each_node(world, |node, alone| {
        assert_eq!(late(&alone.picture["items"]), 0, "{node}");
        assert!(alone.picture["bookings"].iter().all(|row| row[0] != "hinted"), "{node}");
    });
}

/// The hint files of before are in quarantine, the same inodes.
pub fn hints_were_there_and_were_set_aside(world: &World) {
    let restored = restored(world);
    let before = &damaged(world).hints;
    assert!(!before["cass1"].is_empty());
    // their delivery is paused; the third may have delivered one of its own meanwhile
    for name in ["cass1", "cass2"] {
        let hints = &before[name];
        let aside = format!("{ASIDE}/{}/quarantine/hints", restored.run);
        let aside = inodes(world.host(name), &aside, "-type f");
        for (file, inode) in hints {
            assert_eq!(aside.get(file), Some(inode), "{name}: {file}");
        }
    }
}

/// Hints are writes of all keyspaces: what was lost with them was repaired, on every node.
pub fn other_keyspaces_lost_nothing_with_the_hints(world: &World) {
    let restored = restored(world);
    for node in ["cass1", "cass2", "cass3"] {
        let ends = steps(restored, "others.repair", node);
        assert!(matches!(ends[..], [(StepOutcome::Done, ..)]), "{node}: {ends:?}");
    }
    let wanted: BTreeSet<u64> = (0..60).chain(950..960).collect();
    let hinted: BTreeSet<u64> = (0..10).map(|id| 950 + id).collect();
    assert!(hinted.is_subset(&wanted));
    let (stop, _) = silence(restored);
    let acked: BTreeSet<u64> = acked(world).iter().filter(|(_, at)| *at < stop).map(|(seq, _)| *seq).collect();
    each_node(world, |node, alone| {
        assert_eq!(alone.small, wanted, "{node}");
        let lost: Vec<_> = acked.difference(&alone.heartbeats).collect();
        assert!(lost.is_empty(), "{node}: acknowledged rows of the gateway are missing: {lost:?}");
    });
}

/// The directories of all restored tables, on every node, the same inodes as before.
pub fn what_was_replaced_is_in_quarantine_by_rename(world: &World) {
    let restored = restored(world);
    let live = |table: &str| table.starts_with("shop/") || table.starts_with("Ledger_2/");
    let ghosts = |tables: &hosts::Inodes| tables.keys().filter(|t| t.starts_with("shop/ghost-")).count();
    for (name, before) in &damaged(world).tables {
        let host = world.host(name);
        let aside = format!("{ASIDE}/{}/quarantine/data-0", restored.run);
        let mut aside = inodes(host, &aside, "-mindepth 2 -maxdepth 2 -type d");
        // of what works like hints the contents went, the directories stay
        aside.retain(|table, _| !table.starts_with("system/"));
        let now = hosts::tables(host);
        assert_eq!((ghosts(before), ghosts(&aside), ghosts(&now)), (2, 1, 2), "{name}");
        assert_eq!(aside.len(), 10, "{name}: {aside:?}");
        for (table, inode) in &aside {
            assert!(live(table), "{name}: {table}");
            assert_eq!(before.get(table), Some(inode), "{name}: {table}");
            assert_ne!(now.get(table), Some(inode), "{name}: {table} is still the old one");
        }
    }
}

/// It went with its directory, so that no start finds it beside the restored files.
pub fn a_stale_transaction_log_was_set_aside(world: &World) {
    let restored = restored(world);
    for node in world.lab().nodes() {
        let found = |below: &str| inodes(node, below, &format!("-path '*/shop/bags-*/{TXN_LOG}'")).len();
        assert_eq!(found(DATA), 0, "{}", node.name);
        assert_eq!(found(&format!("{ASIDE}/{}/quarantine", restored.run)), 1, "{}", node.name);
    }
}

/// Snapshots that somebody else took are where `nodetool` finds them, untouched.
pub fn foreign_snapshots_are_still_there(world: &World) {
    restored(world);
    for (name, before) in &damaged(world).snapshots {
        assert!(before.keys().any(|file| file.contains("/snapshots/keepme/")), "{before:?}");
        assert_eq!(*before, hosts::snapshots(world.host(name)), "{name}");
        let listed = must(world.host(name).sh("nodetool listsnapshots"));
        assert!(listed.contains("keepme"), "{name}: {listed}");
    }
}

/// A dropped table's directory stays in its keyspace: it is not the table that has its name now.
pub fn directories_of_dropped_tables_were_not_touched(world: &World) {
    restored(world);
    for (name, before) in &damaged(world).tables {
        let now = hosts::tables(world.host(name));
        let same = before.iter().filter(|(table, inode)| table.starts_with("shop/") && now.get(*table) == Some(inode));
        assert_eq!(same.count(), 1, "{name}");
    }
}

/// Nothing that would stop a node from starting, or take space.
pub fn no_guard_or_stage_is_left_behind(world: &World) {
    let restored = restored(world);
    for node in world.lab().nodes() {
        let odd = must(node.sh("find /opt/cassandra/data -path '*/.reseed' -prune -o -iname '*reseed*' -print"));
        assert_eq!(odd, "", "{}", node.name);
        let staged = inodes(node, &format!("{ASIDE}/{}/stage", restored.run), "-type f");
        assert!(staged.is_empty(), "{}: {staged:?}", node.name);
    }
}

/// The seed filled the others as fast as it could, and is limited as before.
pub fn the_seed_streamed_without_a_limit_and_has_its_own_again(world: &World) {
    let restored = restored(world);
    let said = |wanted: &str| {
        let ends = restored.history.events().filter_map(|event| match &event.body {
            Body::StepFinished { step, host, detail, .. } if step == wanted => Some((host.as_str(), detail.as_str())),
            _ => None,
        });
        ends.collect::<Vec<_>>()
    };
    assert_eq!(said("streams.unthrottle"), [("cass1", "no limit; before: 24 MiB/s")]);
    assert_eq!(said("streams.throttle"), [("cass1", "24 MiB/s again")]);
    let now = must(world.host("cass1").sh("nodetool getstreamthroughput -m"));
    assert_eq!(now.trim(), "Current stream throughput: 24.0 MiB/s");
}

/// No write was acknowledged while the gateway was meant to be down, so none could be lost.
pub fn the_gateway_was_silent_between_its_stop_and_start(world: &World) {
    let (stop, start) = silence(restored(world));
    let acked = acked(world);
    assert!(acked.iter().any(|(_, at)| *at < stop), "it wrote nothing before");
    let meanwhile: Vec<_> = acked.iter().filter(|(_, at)| (stop..start).contains(at)).collect();
    assert!(start > stop && meanwhile.is_empty(), "{stop}..{start}: {meanwhile:?}");
}

/// It runs again, and what it has written since is there.
pub fn the_gateway_serves_and_its_new_rows_are_there(world: &World) {
    let (_, start) = silence(restored(world));
    let gateway = good(world.lab().gateway("gw1"));
    assert!(good(gateway.is_running()));
    let before = acked(world).len();
    wait("new rows of the gateway", std::time::Duration::from_mins(1), || acked(world).len() > before + 5);
    let since: Vec<u64> = acked(world).iter().filter(|(_, at)| *at >= start).map(|(seq, _)| *seq).collect();
    for seq in [since[0], since[since.len() - 1]] {
        let cql = format!("SELECT seq FROM gateway_kps.heartbeat WHERE gateway = 'gw1' AND seq = {seq}");
        assert_eq!(good(world.lab().cql(world.host("cass3"), &cql, Consistency::Quorum)).len(), 1, "row {seq}");
    }
}

fn acked(world: &World) -> Vec<(u64, u64)> {
    good(good(world.lab().gateway("gw1")).acked())
}

/// From the end of `gateway.stop` to the begin of `gateway.start`, in ms since 1970.
fn silence(restored: &Restored) -> (u64, u64) {
    let ms = |time: Timestamp| u64::try_from(time.as_millisecond()).expect("after 1970");
    let begun = |step: &str| {
        let at = restored
            .history
            .events()
            .find(|event| matches!(&event.body, Body::StepStarted { step: s, .. } if s == step));
        at.unwrap_or_else(|| panic!("no {step}")).time
    };
    let stopped = steps(restored, "gateway.stop", "gw1")[0].1;
    (ms(stopped), ms(begun("gateway.start")))
}

/// How and when a step ended on a host, each time.
fn steps(restored: &Restored, wanted: &str, on: &str) -> Vec<(StepOutcome, Timestamp)> {
    let ends = restored.history.events().filter_map(|event| match &event.body {
        Body::StepFinished { step, host, outcome, .. } if step == wanted && host.as_str() == on => {
            Some((*outcome, event.time))
        }
        _ => None,
    });
    ends.collect()
}
