//! `space`: the disk does not fill up half way.
use crate::backup::written::Written;
use crate::facts::{BackupFacts, NodeFacts};

/// Kept free besides the copy itself.
const MARGIN: u64 = 64 << 20;
/// Files that a start makes besides.
const FILES: u64 = 10_000;

use super::{Case, Guard, Objection, When};

/// The guard.
pub const GUARD: Guard =
    Guard { name: "space", about: "there is room for the copy", when: When::Live, overridable: true, judge };

fn judge(case: &Case) -> Vec<Objection> {
    let enough = |free: u64, needed: u64| free >= needed + MARGIN;
    let megabytes = |bytes: u64| bytes >> 20;
    let cure = "free some space, or choose another place";
    match &case.facts.backup {
        BackupFacts::Whole(manifest, _) if case.restores() => {
            let keyspaces = case.request.keyspaces.iter().filter_map(|name| manifest.keyspace(name));
            let needed: u64 = keyspaces.flat_map(|k| &k.tables).flat_map(|t| &t.files).map(|f| f.size).sum();
            let files = manifest.file_count() as u64;
            let objection = |node: &NodeFacts| {
                let data = node.data().next()?;
                let inodes = node.disk.inodes.get(&data.label).copied();
                if let Some(free) = inodes.filter(|free| *free < files + FILES) {
                    let message = format!("{} has room for {free} files more, the stage needs {files}", data.path);
                    return Some(Objection::fail(message, "remove files there (df -i), or choose another place"));
                }
                if enough(data.free, needed) {
                    return None;
                }
                let (free, needed) = (megabytes(data.free), megabytes(needed + MARGIN));
                let message = format!("{} has {free} MiB free, the stage needs {needed} MiB", data.path);
                Some(Objection::fail(message, cure))
            };
            case.filled().filter_map(|(host, node)| Some(objection(node)?.on(host))).collect()
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
                Objection::fail(format!("{root} has {free} MiB free, the backup needs up to {needed} MiB"), cure)
                    .on(node),
            ]
        }
    }
}
