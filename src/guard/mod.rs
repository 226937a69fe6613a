//! Guards: named, pure judgements over facts. Preflight is all of them; the recheck before the
//! outage is all of them again.
//!
//! One file per guard, each exporting one `GUARD`, listed once in [`GUARDS`] (a test compares the
//! list with the folder). A guard that cannot tell says so and fails. `--override NAME` turns the
//! failures of one guard into warnings, never those of all.

mod archive_whole;
mod auth_replication;
mod backup_disk;
mod backup_whole;
mod clients_served;
mod clocks;
mod cluster_name;
mod columns_match;
mod columns_readded;
mod commitlog_archiving;
mod commitlog_positions;
mod config_fits;
mod config_readable;
mod counter_shards;
mod discard_size;
#[cfg(test)]
pub(crate) mod fixture;
mod foreign_kept;
mod foreign_snapshots;
mod gateways_known;
mod gateways_unattended;
mod guard_effective;
mod host_tools;
mod import_whole;
mod keyspaces_known;
mod log_readable;
mod log_written;
mod node_absent;
mod node_down;
mod node_same;
mod nodes_normal;
mod one_cassandra;
mod owners;
mod pending_repair;
mod prune_spares;
mod quarantine_whole;
mod rename_works;
mod replication;
mod restartable;
mod ring_known;
mod same_release;
mod schedulers;
mod schema_agreed;
mod schema_stays;
mod self_seed;
mod service_control;
mod source_whole;
mod space;
mod sstable_ids;
mod sstable_version;
mod stray_directories;
mod tables_match;
mod tag_free;
mod types_match;
mod version_supported;
mod views_and_cdc;
mod when;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use when::When;

use crate::backup::manifest::{Manifest, TableEntry};
use crate::cassandra::schema::TableSchema;
use crate::event::Level;
use crate::facts::{BackupFacts, Facts, Left};
use crate::inventory::Inventory;
use crate::name::{HostName, Keyspace, RunId};
use crate::plan::Request;

/// What a guard judges.
pub struct Case<'a> {
    /// The cluster as described.
    pub inventory: &'a Inventory,
    /// The cluster as found.
    pub facts: &'a Facts,
    /// What was asked for.
    pub request: &'a Request,
    /// The run that it is about, for a rollback or a discard: the facts are then that run's.
    pub past: Option<&'a Past>,
    /// Nodes on which the backup is to be staged.
    pub filled: &'a [HostName],
    /// Nodes that a repair is to fill, while what they hold is kept.
    pub refilled: &'a [HostName],
}

/// What is known of an earlier run, from its journal and from what is left of it on the nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// Its id.
    pub run: RunId,
    /// Since when clients may have been served on what it left.
    pub served: Option<Timestamp>,
    /// Keyspaces whose tables it proved to have set aside, by node.
    pub taken: BTreeSet<(HostName, Keyspace)>,
    /// Nodes whose commit log and hints it proved to have set aside.
    pub cleared: BTreeSet<HostName>,
    /// Whether the old data is back already.
    pub undone: bool,
    /// When it was given up, if it was.
    pub abandoned: Option<Timestamp>,
    /// What is left of it on each node.
    pub left: BTreeMap<HostName, Left>,
}

impl<'a> Case<'a> {
    /// The backup, when it can be trusted.
    fn manifest(&self) -> Option<&'a Manifest> {
        match &self.facts.backup {
            BackupFacts::Whole(manifest, _) => Some(manifest),
            _ => None,
        }
    }

    /// The backup's tables that are live, each with what is live. Views are none.
    fn tables(
        &self,
        manifest: &'a Manifest,
    ) -> impl Iterator<Item = (&'a Keyspace, &'a TableEntry, &'a TableSchema)> + use<'a> {
        let (request, facts) = (self.request, self.facts);
        let both = |name| manifest.keyspace(name).zip(facts.schema.keyspace(name));
        let pairs = request.keyspaces.iter().filter_map(both);
        pairs.flat_map(|(backup, live)| {
            backup.tables.iter().filter_map(|table| Some((&backup.name, table, live.table(&table.name)?)))
        })
    }
}

impl Case<'_> {
    /// Whether data will be replaced by a backup's.
    pub fn restores(&self) -> bool {
        When::Restore.covers(&self.request.playbook)
    }
}

/// A named judgement.
pub struct Guard {
    /// Its name, as in `--override NAME`.
    pub name: &'static str,
    /// What it holds, in one line.
    pub about: &'static str,
    /// Which commands it is for.
    pub when: When,
    /// Whether an operator may override it. Not, when nothing sensible could follow.
    pub overridable: bool,
    /// The judgement: empty means that it holds.
    pub judge: fn(&Case) -> Vec<Objection>,
}

/// What a guard has against going on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    /// The host that it is about.
    pub host: Option<HostName>,
    /// How bad: to fail is to refuse.
    pub level: Level,
    /// What was found.
    pub message: String,
    /// What to do about it.
    pub cure: String,
}

impl Objection {
    /// What only a node that is up could tell. `node-down` refuses unless the operator goes on.
    pub fn unproven() -> Self {
        Self::warn("not proven: every node is down", "start one node first, if any does")
    }

    /// Something that must not be.
    pub fn fail(message: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { host: None, level: Level::Fail, message: message.into(), cure: cure.into() }
    }

    /// Something worth knowing.
    pub fn warn(message: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { level: Level::Warn, ..Self::fail(message, cure) }
    }

    /// Nothing against it: how the guard holds, where that differs from host to host.
    pub fn holds(message: impl Into<String>) -> Self {
        Self { level: Level::Pass, ..Self::fail(message, "") }
    }

    /// On that host.
    #[must_use]
    pub fn on(self, host: &HostName) -> Self {
        Self { host: Some(host.clone()), ..self }
    }
}

/// All guards, in the order in which they are shown.
pub const GUARDS: &[&Guard] = &[
    &cluster_name::GUARD,
    &version_supported::GUARD,
    &host_tools::GUARD,
    &node_down::GUARD,
    &nodes_normal::GUARD,
    &node_absent::GUARD,
    &ring_known::GUARD,
    &schema_agreed::GUARD,
    &keyspaces_known::GUARD,
    &replication::GUARD,
    &tag_free::GUARD,
    &import_whole::GUARD,
    &archive_whole::GUARD,
    &backup_whole::GUARD,
    &tables_match::GUARD,
    &columns_match::GUARD,
    &columns_readded::GUARD,
    &types_match::GUARD,
    &views_and_cdc::GUARD,
    &sstable_version::GUARD,
    &sstable_ids::GUARD,
    &same_release::GUARD,
    &counter_shards::GUARD,
    &commitlog_positions::GUARD,
    &source_whole::GUARD,
    &backup_disk::GUARD,
    &space::GUARD,
    &rename_works::GUARD,
    &owners::GUARD,
    &stray_directories::GUARD,
    &foreign_snapshots::GUARD,
    &guard_effective::GUARD,
    &service_control::GUARD,
    &restartable::GUARD,
    &self_seed::GUARD,
    &one_cassandra::GUARD,
    &log_readable::GUARD,
    &log_written::GUARD,
    &commitlog_archiving::GUARD,
    &auth_replication::GUARD,
    &clocks::GUARD,
    &pending_repair::GUARD,
    &schedulers::GUARD,
    &gateways_known::GUARD,
    &gateways_unattended::GUARD,
    &node_same::GUARD,
    &quarantine_whole::GUARD,
    &clients_served::GUARD,
    &schema_stays::GUARD,
    &foreign_kept::GUARD,
    &discard_size::GUARD,
    &prune_spares::GUARD,
    &config_readable::GUARD,
    &config_fits::GUARD,
];

/// A guard overridden by the operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// Its name.
    pub guard: String,
    /// Why.
    pub reason: String,
}

/// What a guard found, ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The guard.
    pub guard: &'static str,
    /// The host; `None`: the cluster.
    pub host: Option<HostName>,
    /// How bad.
    pub level: Level,
    /// What was found.
    pub message: String,
    /// What to do about it.
    pub cure: String,
}

impl Finding {
    /// Whether it is of no matter once the backup is staged: the room for that copy would be demanded twice.
    pub fn is_settled(&self) -> bool {
        self.guard == space::GUARD.name
    }
}

/// Judges all guards that apply. One finding at least per guard.
pub fn judge(case: &Case, overrides: &[Override]) -> Vec<Finding> {
    let applies = |guard: &&&Guard| guard.when.covers(&case.request.playbook);
    GUARDS.iter().filter(applies).flat_map(|guard| findings(guard, case, overrides)).collect()
}

fn findings(guard: &Guard, case: &Case, overrides: &[Override]) -> Vec<Finding> {
    let objections = (guard.judge)(case);
    if objections.is_empty() {
        let message = guard.about.to_owned();
        return vec![Finding { guard: guard.name, host: None, level: Level::Pass, message, cure: String::new() }];
    }
    let overridden = overrides.iter().find(|o| o.guard == guard.name && guard.overridable);
    objections
        .into_iter()
        .map(|objection| {
            let (level, cure) = match (objection.level, overridden) {
                (Level::Fail, Some(o)) => (Level::Overridden, format!("overridden: {}", o.reason)),
                (level, _) => (level, objection.cure),
            };
            Finding { guard: guard.name, host: objection.host, level, message: objection.message, cure }
        })
        .collect()
}

/// Why an override is refused before anything else happens.
pub fn check_override(name: &str) -> Result<(), String> {
    match GUARDS.iter().find(|guard| guard.name == name) {
        Some(guard) if guard.overridable => Ok(()),
        Some(_) => Err(format!("guard {name} cannot be overridden: nothing sensible could follow")),
        None => {
            let near = GUARDS.iter().map(|g| g.name).min_by_key(|known| strsim::damerau_levenshtein(known, name));
            Err(format!("there is no guard {name}; did you mean {}?", near.unwrap_or("another")))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_guard_file_is_listed_once_under_its_own_name() {
        let listed: BTreeSet<String> = GUARDS.iter().map(|guard| guard.name.replace('-', "_")).collect();
        assert_eq!(listed.len(), GUARDS.len());
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/guard");
        let files = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
        let files: BTreeSet<String> = files
            .filter_map(|n| n.strip_suffix(".rs").map(str::to_owned))
            .filter(|n| !["mod", "fixture", "when"].contains(&n.as_str()))
            .collect();
        assert_eq!(listed, files);
    }
}
