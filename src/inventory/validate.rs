//! From the shapes as written to a valid [`Inventory`]: defaults, merges, judgements.
//!
//! Nothing stops at the first problem: every judgement that fails is noted by [`Check`], the value
//! is left out, and at the end the whole list is the error. An inventory is only returned when the
//! list is empty.

mod check;
mod hosts;
mod merge;

use std::collections::BTreeSet;
use std::path::Path;

use check::Check;

use super::raw::{Key, Raw, RawAcceptance, RawBackup, RawLimits};
use super::{Acceptance, Backup, Inventory, InventoryError, Limits, Node};
use crate::cassandra::schema::is_internal;
use crate::name::{ClusterName, HostName, Keyspace};

/// Judges the shapes; `text` and `path` are for the lines of messages and for relative paths.
pub fn validate(raw: &Raw, text: &str, path: &Path) -> Result<Inventory, InventoryError> {
    validate_at(raw, text, path, std::env::home_dir())
}

/// As [`validate`], with the home directory that `~` stands for.
fn validate_at(
    raw: &Raw,
    text: &str,
    path: &Path,
    home: Option<std::path::PathBuf>,
) -> Result<Inventory, InventoryError> {
    let mut check = Check::new(text, path, home);
    let built = build(raw, path, &mut check);
    check.finish()?;
    Ok(built.expect("every value that is left out was noted as a problem"))
}

fn build(raw: &Raw, path: &Path, check: &mut Check) -> Option<Inventory> {
    let cluster = check.required("", "cluster", &raw.cluster, "it is the cluster_name of cassandra.yaml");
    let cluster = cluster.and_then(|text| check.name("cluster", ClusterName::parse(text)));
    let written = raw.nodes.get().map_or(0, Vec::len);
    if written == 0 {
        check.problem("nodes", "no nodes; list every Cassandra node under `nodes`, one of them with `seed: true`");
    }
    let nodes = hosts::nodes(raw, check);
    let gateways = hosts::gateways(raw, check);
    let clients = hosts::clients(raw, check);
    hosts::unique_names(raw, check);
    hosts::unused_become_user(raw, check);
    hosts::seeds(raw, check);
    let backup = backup(raw.backup.get(), &nodes, nodes.len() == written, check);
    let keyspaces = keyspaces(raw, check);
    let remote_dir = check.path_or("", "remote_dir", &raw.remote_dir, "/var/lib/reseed");
    let limits = limits(&raw.limits.get().cloned().unwrap_or_default(), check);
    let acceptance = acceptance(raw, check);
    Some(Inventory {
        cluster: cluster?,
        nodes,
        gateways,
        clients,
        backup: backup?,
        keyspaces,
        remote_dir: remote_dir?,
        limits: limits?,
        acceptance,
        source: path.to_owned(),
    })
}

/// `whole`: all nodes are valid, so that an unknown name is the name's fault.
fn backup(raw: Option<&RawBackup>, nodes: &[Node], whole: bool, check: &mut Check) -> Option<Backup> {
    let raw = raw.cloned().unwrap_or_default();
    let root = check.path_or("backup", "root", &raw.root, "/backup");
    let node = match raw.node.get() {
        None => nodes.iter().find(|n| n.seed && !n.absent).map(|n| n.name.clone()),
        Some(text) => check.name("backup.node", HostName::parse(text)),
    };
    if let (Some(name), Some(_), true) = (&node, raw.node.get(), whole) {
        let present = || nodes.iter().filter(|n| !n.absent).map(|n| n.name.as_str()).collect::<Vec<_>>().join(", ");
        match nodes.iter().find(|n| n.name == *name) {
            None => check.problem("backup.node", format!("no node is named `{name}`; choose one of: {}", present())),
            Some(n) if n.absent => check.problem(
                "backup.node",
                format!("node `{name}` is absent, so its backups cannot be reached; choose one of: {}", present()),
            ),
            Some(_) => {}
        }
    }
    Some(Backup { root: root?, node: node?, allow_same_disk: raw.allow_same_disk.get().copied().unwrap_or(false) })
}

fn keyspaces(raw: &Raw, check: &mut Check) -> Vec<Keyspace> {
    let mut seen = BTreeSet::new();
    let mut keyspaces = Vec::new();
    for (index, text) in raw.keyspaces.get().into_iter().flatten().enumerate() {
        let place = format!("keyspaces[{index}]");
        let Some(keyspace) = keyspace(&place, text, check) else { continue };
        if seen.insert(keyspace.clone()) {
            keyspaces.push(keyspace);
        } else {
            check.problem(&place, format!("keyspace `{keyspace}` is listed twice; keep one of them"));
        }
    }
    keyspaces
}

fn keyspace(place: &str, text: &str, check: &mut Check) -> Option<Keyspace> {
    let keyspace = check.name(place, Keyspace::parse(text))?;
    if is_internal(keyspace.as_str()) {
        check.problem(
            place,
            format!(
                "`{keyspace}` is Cassandra's own and differs per node, so it is never backed up or restored; remove it"
            ),
        );
        return None;
    }
    Some(keyspace)
}

fn limits(raw: &RawLimits, check: &mut Check) -> Option<Limits> {
    let connects = check.count("limits.connects", &raw.connects, 8);
    let channels = check.count("limits.channels", &raw.channels, 4);
    let copies = check.count("limits.copies", &raw.copies, 2);
    let copy_rate = check.rate("limits.copy_rate", &raw.copy_rate);
    let connect = check.duration("limits.connect", &raw.connect, 20, false);
    let silence = check.duration("limits.silence", &raw.silence, 30, false);
    let settle = check.duration("limits.settle", &raw.settle, 60, true);
    let ready = check.duration("limits.ready", &raw.ready, 15 * 60, false);
    let repair_stall = check.duration("limits.repair_stall", &raw.repair_stall, 30 * 60, true);
    let run = check.duration("limits.run", &raw.run, 0, true);
    Some(Limits {
        connects: connects?,
        channels: channels?,
        copies: copies?,
        copy_rate: copy_rate?,
        connect: connect?,
        silence: silence?,
        settle: settle?,
        ready: ready?,
        repair_stall: repair_stall?,
        run: run?,
    })
}

fn acceptance(raw: &Raw, check: &mut Check) -> Vec<Acceptance> {
    let checks = raw.acceptance.get().into_iter().flatten().enumerate();
    checks.filter_map(|(index, raw)| one_acceptance(&format!("acceptance[{index}]"), raw, check)).collect()
}

fn one_acceptance(place: &str, raw: &RawAcceptance, check: &mut Check) -> Option<Acceptance> {
    let name = check.required(place, "keyspace", &raw.keyspace, "the query runs after USE of it");
    let keyspace = name.and_then(|text| check.name(&format!("{place}.keyspace"), Keyspace::parse(text)));
    let query = check.required(place, "query", &raw.query, "such as \"SELECT count(*) FROM t\"");
    let query = query.and_then(|text| check.statement(&format!("{place}.query"), text));
    let expect = match &raw.expect {
        Key::Set(text) if text.contains(['\0', '\n', '\r']) => {
            check.problem(&format!("{place}.expect"), "it is compared with one value, so it must be one line");
            return None;
        }
        other => other.get().cloned(),
    };
    Some(Acceptance { keyspace: keyspace?, query: query?, expect })
}

#[cfg(test)]
mod tests;
