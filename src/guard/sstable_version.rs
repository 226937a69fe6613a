//! `sstable-version`: this Cassandra can read the backup's files.
use std::collections::BTreeSet;

use super::{Case, Guard, Objection, When};
use crate::cassandra::sstable;
use crate::facts::BackupFacts;

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
    let components = manifest.files().filter_map(|(_, _, file)| file.component());
    let formats: BTreeSet<_> = components.map(|c| (c.format, c.version)).collect();
    let mut objections = vec![];
    for (host, node) in &case.facts.nodes {
        for (format, version) in &formats {
            if let Err(why) =
                sstable::readable_by(&node.version, node.conf.storage_compatibility_mode, *format, *version)
            {
                let cure =
                    format!("restore this backup (made by {}) into a version that can read it", manifest.version);
                objections.push(Objection::fail(why, cure).on(host));
            }
        }
    }
    objections
}
