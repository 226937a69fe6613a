//! `space`: the disk does not fill up half way.
//!
//! Old data is set aside and stays until it is discarded, so what comes needs room of its own: as a stage, or as
//! what a repair brings.

use std::collections::BTreeMap;

use super::{Case, Guard, Objection, When};
use crate::backup::written::Written;
use crate::facts::{BackupFacts, Dir, NodeFacts};
use crate::name::HostName;

/// Kept free besides the copy itself.
const MARGIN: u64 = 64 << 20;
/// Files that a start makes besides.
const FILES: u64 = 10_000;
const CURE: &str = "free some space, or choose another place";

/// The guard.
pub const GUARD: Guard =
    Guard { name: "space", about: "there is room for the copy", when: When::Live, overridable: true, judge };

/// Room for what comes to one node (`what`): on all filesystems of its data together, since sstables are spread over them.
/// What is carried to a stage arrives on it itself, so this is all that it takes.
fn room(node: &NodeFacts, what: &str, files: u64, needed: u64) -> Option<Objection> {
    let disks: BTreeMap<&str, &Dir> = node.data().map(|dir| (dir.fs.as_str(), dir)).collect();
    let paths: Vec<&str> = node.data().map(|dir| dir.path.as_str()).collect();
    let place = paths.join(" and ");
    let inodes: Vec<u64> = disks.values().filter_map(|dir| node.disk.inodes.get(&dir.label).copied()).collect();
    let fit: u64 = inodes.iter().sum();
    // a filesystem without such a limit holds any number
    if !disks.is_empty() && inodes.len() == disks.len() && fit < files + FILES {
        let message = format!("{place}: room for {fit} files more, {what} needs {files}");
        return Some(Objection::fail(message, "remove files there (df -i), or choose another place"));
    }
    let free: u64 = disks.values().map(|dir| dir.free).sum();
    let needed = needed + MARGIN * disks.len() as u64;
    let short = !disks.is_empty() && free < needed;
    short.then(|| {
        let message = format!("{place}: {} MiB free, {what} needs {} MiB", free >> 20, needed >> 20);
        Objection::fail(message, CURE)
    })
}

fn judge(case: &Case) -> Vec<Objection> {
    let enough = |free: u64, needed: u64| free >= needed + MARGIN;
    let megabytes = |bytes: u64| bytes >> 20;
    match &case.facts.backup {
        BackupFacts::Whole(manifest, _) if case.restores() => {
            let keyspaces = case.request.keyspaces.iter().filter_map(|name| manifest.keyspace(name));
            let all: Vec<_> = keyspaces.flat_map(|k| &k.tables).flat_map(|t| &t.files).collect();
            let (files, needed) = (all.len() as u64, all.iter().map(|f| f.size).sum());
            let judged = |hosts: &[HostName], what: &str| -> Vec<Objection> {
                let known = hosts.iter().filter_map(|host| Some((host, case.facts.nodes.get(host)?)));
                known.filter_map(|(host, node)| Some(room(node, what, files, needed)?.on(host))).collect()
            };
            [judged(case.filled, "the stage"), judged(case.refilled, "what the repair brings")].concat()
        }
        _ if case.restores() => vec![],
        _ => {
            let node = &case.inventory.backup.node;
            let Some(facts) = case.facts.nodes.get(node) else { return vec![] };
            let bytes = |name: &crate::name::Keyspace| facts.keyspace_bytes.get(name.as_str());
            let live = || case.request.keyspaces.iter().filter_map(bytes).sum();
            let needed: u64 = case.facts.written.as_ref().map_or_else(live, Written::bytes);
            if enough(facts.backup_fs.1, needed) {
                return vec![];
            }
            let root = &case.inventory.backup.root;
            let (free, needed) = (megabytes(facts.backup_fs.1), megabytes(needed + MARGIN));
            vec![
                Objection::fail(format!("{root} has {free} MiB free, the backup needs up to {needed} MiB"), CURE)
                    .on(node),
            ]
        }
    }
}
