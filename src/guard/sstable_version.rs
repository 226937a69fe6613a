//! `sstable-version`: this Cassandra can read the backup's files.
use std::collections::BTreeSet;

use crate::cassandra::sstable;
use crate::facts::BackupFacts;
use super::{Case, Guard, Objection, When};

/// The guard.
pub const GUARD: Guard = Guard {
    name: "sstable-version",
    about: "every sstable format of the backup can be read by every node",
    when: When::Restore,
    overridable: false,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let BackupFacts::Whole(manifest, _) = &case.facts.backup else { return vec![] };
    let names = manifest.tables().flat_map(|table| &table.files).map(|file| file.path.rsplit('/').next().unwrap_or(""));
    let formats: BTreeSet<String> = names.filter_map(sstable::version_of).collect();
    let mut objections = vec![];
    for (host, node) in &case.facts.nodes {
        for format in formats.iter().filter(|format| !sstable::readable_by(&node.version, format)) {
            let message = format!("Cassandra {} cannot read sstables of format {format}", node.version);
            let cure = format!("restore this backup (made by {}) into a version that can", manifest.version);
            objections.push(Objection::fail(message, cure).on(host));
        }
    }
    objections
}
