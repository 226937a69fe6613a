//! How long a restore would take the cluster down: [`outage`]. An estimate, from what the plan's
//! phases took on real clusters and from sizes; never a promise. Pure.

use super::Request;
use crate::facts::{BackupFacts, Facts};
use crate::inventory::Inventory;

/// Draining and stopping one node; nodes go one after the other, or all together.
const STOP_S: (u64, u64) = (8, 12);
/// Starting the first node, which waits for peers (`ring_delay` is 30 s by default), and each later one.
const START_S: (u64, u64) = (40, 20);
/// Repairing, or comparing, one table on one node when there is nothing to stream.
const TABLE_MS: u64 = 500;
/// Bytes a second that a node streams to the others without a limit (`streams.unthrottle`), and with the usual one:
/// `stream_throughput_outbound` is 200 Mbit/s by default.
const STREAM: (u64, u64) = (60 << 20, 20 << 20);
/// What disks, a busy cluster and many small files make of it.
const SLOW: u64 = 3;

/// An outage's length, in seconds: between these two, if nothing goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    /// At least about this.
    pub from_s: u64,
    /// At most about this.
    pub to_s: u64,
    /// Bytes that the backup holds of the keyspaces.
    pub bytes: u64,
}

/// Of the restore that is asked for, by its strategy; `None`: there is no backup to restore.
pub fn outage(inventory: &Inventory, facts: &Facts, request: &Request) -> Option<Outage> {
    let BackupFacts::Whole(manifest, _) = &facts.backup else { return None };
    let nodes = facts.nodes.len() as u64;
    let others = nodes.saturating_sub(1);
    let keyspaces = request.keyspaces.iter().filter_map(|name| manifest.keyspace(name));
    let (tables, bytes) = keyspaces.fold((0, 0), |(t, b), ks| (t + ks.tables.len() as u64, b + ks.bytes()));
    let (fixed, streamed) = if request.fans_out() {
        // they come up with the first one; with --verify-rows each table is compared once
        let compared = if request.choices.verify_rows { tables * TABLE_MS / 1000 } else { 0 };
        (STOP_S.1 + START_S.0 + compared, 0)
    } else {
        // the seed sends everything to each of the others; what limits stay is told in docs/adr/0025
        let limited =
            inventory.limits.copy_rate > 0 || inventory.absent().next().is_some() || facts.centers().len() > 1;
        let stream = if limited { STREAM.1 } else { STREAM.0 };
        let fixed = nodes * STOP_S.0 + START_S.0 + others * START_S.1 + nodes * tables * TABLE_MS / 1000;
        (fixed, bytes * others / stream)
    };
    Some(Outage { from_s: fixed + streamed, to_s: 2 * fixed + SLOW * streamed, bytes })
}

/// `about 3 to 8 minutes`.
impl std::fmt::Display for Outage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let minutes = |seconds: u64| seconds.div_ceil(60);
        let (from, to) = (self.from_s / 60, minutes(self.to_s));
        if to < 120 {
            write!(f, "about {} to {to} minutes", from.max(1))
        } else {
            write!(f, "about {} to {} hours", (from / 60).max(1), to.div_ceil(60))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::*;
    use crate::facts::fixture::node;
    use crate::guard::fixture;
    use crate::name::{HostName, Keyspace, Tag};

    #[test]
    fn it_is_told_in_minutes_or_hours() {
        let said = |from_s, to_s| Outage { from_s, to_s, bytes: 0 }.to_string();
        assert_eq!(said(50, 100), "about 1 to 2 minutes");
        assert_eq!(said(150, 610), "about 2 to 11 minutes");
        assert_eq!(said(7200, 21_600), "about 2 to 6 hours");
    }

    #[test]
    fn what_seed_streams_takes_longer_where_copies_are_limited_and_fan_out_streams_nothing() {
        let file = json!({"path": "nb-1-big-Data.db", "size": 6_u64 << 30, "sha256": "0".repeat(64)});
        let mut manifest = fixture::manifest("5.0.8", &[]);
        manifest.keyspaces[0].tables[0].files.push(serde_json::from_value(file).unwrap());
        let mut facts = Facts::default();
        facts.nodes.extend(["a", "b", "c"].map(|name| (HostName::parse(name).unwrap(), node())));
        let estimate = |facts: &Facts, playbook: &str, limits: &str| {
            let text = format!("cluster: C\nnodes:\n  - {{name: a, host: h, seed: true}}\nlimits: {{{limits}}}\n");
            let inventory = Inventory::parse(&text, Path::new("i.yaml")).unwrap();
            let mut request = Request::of(playbook, Tag::parse("t").unwrap());
            request.keyspaces = vec![Keyspace::parse("ks").unwrap()];
            outage(&inventory, facts, &request)
        };
        assert_eq!(estimate(&facts, "restore", ""), None, "no backup");
        facts.backup = BackupFacts::Whole(manifest.into(), String::new());
        let from = |playbook: &str, limits: &str| estimate(&facts, playbook, limits).unwrap().from_s;
        let (free, limited) = (from("restore", ""), from("restore", "copy_rate: 50M"));
        assert_eq!(limited - free, 2 * 6144 / 20 - 2 * 6144 / 60);
        assert_eq!(from("restore-fan-out", ""), from("restore-fan-out", "copy_rate: 50M"));
    }
}
