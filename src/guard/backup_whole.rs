//! `backup-whole`: the backup is complete and of this kind of cluster.
use super::{Case, Guard, Objection, When};
use crate::facts::BackupFacts;

/// The guard.
pub const GUARD: Guard = Guard {
    name: "backup-whole",
    about: "the backup's manifest is whole and holds the keyspaces",
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
