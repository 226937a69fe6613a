//! `backup-whole`: the backup is complete and of this kind of cluster. Names and sizes of its files are
//! looked at here; their bytes when they are staged.

use super::{Case, Guard, Objection, When};
use crate::backup::verify::Damage;
use crate::facts::BackupFacts;
use crate::step::count;

/// The guard.
pub const GUARD: Guard = Guard {
    name: "backup-whole",
    about: "the backup's manifest is whole and holds the keyspaces, and all their files are there in full",
    when: When::Restore,
    overridable: false,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let node = &case.inventory.backup.node;
    let BackupFacts::Whole(manifest, _) = &case.facts.backup else {
        let message = match &case.facts.backup {
            BackupFacts::Damaged(why) => format!("its manifest cannot be trusted: {why}"),
            BackupFacts::Incomplete(what) => what.clone(),
            _ => "it is not there".to_owned(),
        };
        return vec![Objection::fail(message, "choose another backup").on(node)];
    };
    let mut objections = vec![];
    for name in case.request.keyspaces.iter().filter(|name| manifest.keyspace(name).is_none()) {
        objections.push(Objection::fail(format!("it does not hold keyspace {name}"), "choose another backup").on(node));
    }
    let wanted = |flaw: &&Damage| case.request.keyspaces.iter().any(|name| flaw.path.starts_with(&format!("{name}/")));
    let flaws: Vec<&Damage> = case.facts.backup_flaws.iter().filter(wanted).collect();
    if !flaws.is_empty() {
        let told: Vec<String> =
            flaws.iter().take(3).map(|flaw| format!("{}: {}", flaw.path, flaw.harm.says())).collect();
        let message = format!("{} not as the manifest says: {}", count(flaws.len(), "file"), told.join("; "));
        let cure = "choose another backup; `reseed backups verify` tells of all files";
        objections.push(Objection::fail(message, cure).on(node));
    }
    for (host, found) in &case.facts.nodes {
        if found.conf.partitioner != manifest.partitioner {
            let message =
                format!("its partitioner is {}, the backup's {}", found.conf.partitioner, manifest.partitioner);
            objections.push(Objection::fail(message, "this backup can never be restored there").on(host));
        }
    }
    if manifest.cluster != case.inventory.cluster {
        let message = format!("it was made of cluster {:?}", manifest.cluster.as_str());
        objections.push(Objection::warn(message, "right for a migration; else check the tag").on(node));
    }
    objections
}
