//! A backup while clients write: what was acknowledged before its snapshot is in it, and after the restore on
//! every node, cut off from the others.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use lab::Consistency;

use crate::scene::{events_of, wait};
use crate::world::{CLUSTER, World, good};

const KEYSPACE: &str = "gateway_kps";

/// The gateway writes about 20 rows a second, at QUORUM, and logs each that was acknowledged.
pub fn every_write_acknowledged_before_the_snapshot_is_restored_on_every_node(world: &World) {
    let lab = world.lab();
    let gateway = good(lab.gateway("gw1"));
    let acked = || good(gateway.acked());
    let before = acked().len();
    wait("the gateway writes", Duration::from_mins(3), || acked().len() > before + 40);
    let inventory = world.inventory();
    let made = world.reseed(&inventory, &["backup", "-k", KEYSPACE, "--tag", "live", "--output", "json"]).ends(0);
    let events = events_of(&made.out);
    let snapshot = events.iter().find(|e| e["kind"] == "step_started" && e["step"] == "snapshot.take");
    let at: Timestamp = snapshot.expect("it was taken")["time"].as_str().expect("text").parse().expect("a time");
    let at = u64::try_from(at.as_millisecond()).expect("after 1970");
    wait("the gateway goes on writing", Duration::from_mins(3), || acked().iter().any(|(_, time)| *time > at));
    let wanted: BTreeSet<u64> = acked().iter().filter(|(_, time)| *time < at).map(|(seq, _)| *seq).collect();
    assert!(wanted.len() > 40, "{} writes were acknowledged before the snapshot", wanted.len());
    world.reseed(&inventory, &["backups", "verify", "live"]).ends(0);
    world.reseed(&inventory, &["restore", "live", "-k", KEYSPACE, "--confirm", CLUSTER]).ends(0);
    for node in lab.nodes() {
        good(lab.cut_off_alone(node));
        let cql = "SELECT seq FROM gateway_kps.heartbeat WHERE gateway = 'gw1'";
        let rows = good(lab.cql(node, cql, Consistency::One));
        good(lab.rejoin(node));
        let found: BTreeSet<u64> = rows.iter().map(|row| row[0].parse().expect("a number")).collect();
        let lost: Vec<_> = wanted.difference(&found).collect();
        assert!(lost.is_empty(), "{}: {} of {} are missing: {lost:?}", node.name, lost.len(), wanted.len());
    }
}
