//! `node-same`: the nodes are those of the earlier run, with the same directories.

use super::{Case, Guard, Objection, When};
use crate::cassandra::conf::Conf;

/// The guard.
pub const GUARD: Guard = Guard {
    name: "node-same",
    about: "the nodes and their directories are those of the earlier run",
    when: When::Past,
    overridable: false,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let Some(past) = case.past else { return vec![] };
    let (run, cluster) = (&past.run, &case.inventory.cluster);
    let mut objections = vec![];
    for node in case.inventory.absent() {
        let message = format!("it is marked absent: what run {run} did to it, if it did, stays");
        let cure = "before it returns wipe all its directories, or take it out of the ring (nodetool removenode)";
        objections.push(Objection::warn(message, cure).on(&node.name));
    }
    for (host, then) in &case.facts.nodes {
        let Some(left) = past.left.get(host) else {
            let message = format!("run {run} worked on it, and it is not in the inventory any more");
            objections.push(
                Objection::fail(message, "name it in the inventory again (`absent: true` if it is gone)").on(host),
            );
            continue;
        };
        if left.conf.cluster_name != cluster.as_str() {
            let message = format!("cluster_name is {:?}, the inventory says {cluster:?}", left.conf.cluster_name);
            objections.push(Objection::fail(message, "check that the inventory names the right hosts").on(host));
        }
        if directories(&left.conf) != directories(&then.conf) {
            let message = format!("cassandra.yaml names other directories than when run {run} began");
            let cure = "put cassandra.yaml back as it was, or move the data by hand";
            objections.push(Objection::fail(message, cure).on(host));
        }
    }
    for node in case.inventory.present().filter(|node| !case.facts.nodes.contains_key(&node.name)) {
        let message = format!("run {run} knows no such node");
        let cure = "use the inventory that this run was started with (its journal's header names it)";
        objections.push(Objection::fail(message, cure).on(&node.name));
    }
    objections
}

fn directories(conf: &Conf) -> (&[String], [&str; 3]) {
    (
        &conf.data_file_directories,
        [&conf.commitlog_directory, &conf.saved_caches_directory, &conf.hints_directory].map(String::as_str),
    )
}
