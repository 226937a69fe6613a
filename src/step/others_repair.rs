//! `others.repair`: repairs every other keyspace, when hints were set aside; by fan-out a restored one, too, of which
//! tables are kept as they are: no other repair would bring what hints held of them.
//!
//! Hints are acknowledged writes of all keyspaces that some replica still misses. The restore sets
//! them aside because those of the restored keyspaces must not come back; what the others lose
//! by that, a repair brings from the replicas that have it.
//!
//! Of a keyspace that every node holds all of, one repair of all ranges, on the first node, is the same as one of the primary
//! ranges on each node, in a third of the time with three. Not before 4.0, where a full repair that is not `-pr` splits
//! sstables into repaired and not (anticompaction).

use std::collections::BTreeSet;

use super::keyspace_repair::{ACT, act, judge};
use crate::cassandra::schema::Strategy;
use crate::name::Keyspace;

use super::{Ask, Context, Kind, ResolvedStep, Script, Spec, Target, Unresolved, by_exit_code};

/// The step type.
pub const SPEC: Spec = Spec {
    name: "others.repair",
    help: "When any node's hints were set aside in this run, or the commit log of one that was not drained: `nodetool \
           repair -pr --full` of every keyspace that is replicated and not restored (by fan-out, also of one with tables \
           that stay as they are); `--full`, once, of one that every node holds all of (4.0+). May run again.",
    on: Kind::Node,
    scripts: &[("others.repair.probe", include_str!("others_repair.probe.sh")), ACT],
    resolve,
    probe: by_exit_code,
    judge: |step, observed| judge(step, observed, true),
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let (node, facts) = context.node(SPEC.name, target)?;
    let request = context.request;
    // by seed `keyspace.repair` has repaired what was restored; by fan-out what is alike needs none
    let done = |name: &Keyspace| request.keyspaces.contains(name) && (!request.fans_out() || request.alike(name));
    let others: Vec<&str> = context
        .facts
        .schema
        .keyspaces
        .iter()
        .filter(|ks| !ks.replication.is_local() && !done(&ks.name))
        .map(|ks| ks.name.as_str())
        .collect();
    let survivors = context.survivors(SPEC.name, target)?;
    let (at_once, mut others): (Vec<&str>, Vec<&str>) =
        others.into_iter().partition(|name| survivors.is_none() && at_once(context, name));
    if target.earlier.is_empty() {
        others.extend(&at_once);
    }
    let (others, left_out): (Vec<&str>, Vec<&str>) =
        others.into_iter().partition(|name| survivors.is_none() || shared(context, name));
    if others.is_empty() {
        return Ok(vec![]);
    }
    let probe = context
        .facts
        .nodes
        .iter()
        .map(|(host, n)| {
            let places: BTreeSet<_> = n.dirs.iter().map(|dir| &dir.place).collect();
            let commitlog = n.dir("commitlog").map_or("", |d| d.place.as_str());
            let script = Script::new("others.repair.probe").list("PLACES", places);
            let script =
                script.var("COMMITLOG", if context.request.earlier.is_some() || n.is_down() { commitlog } else { "" });
            Ask { host: host.clone(), script }
        })
        .collect();
    let mut script = act(context, &others).list("ALL", at_once.iter().filter(|name| others.contains(name)));
    if let Some(there) = survivors {
        script = script.list("HOSTS", there);
    }
    let down: Vec<&str> =
        context.facts.nodes.iter().filter(|(_, n)| n.is_down()).map(|(host, _)| host.as_str()).collect();
    let when = match (down.is_empty(), context.request.earlier.is_some()) {
        (false, false) => format!("hints, or the commit log of {}, which is down,", down.join(", ")),
        _ => "hints".to_owned(),
    };
    let but = match left_out.as_slice() {
        [] => String::new(),
        names => format!(" (not {}: too few replicas are left)", names.join(", ")),
    };
    Ok(vec![ResolvedStep {
        summary: format!("repair {} on {} if {when} were set aside{but}", others.join(", "), target.host),
        probe,
        act: Some(context.nodetool(script, node, facts)),
        idempotent: true,
        limit_s: 0,
        ..target.step(SPEC.name)
    }])
}

/// Whether one node can repair all of it at once.
fn at_once(context: &Context, keyspace: &str) -> bool {
    let new = context.facts.nodes.values().all(|node| node.version.repairs_all_ranges_whole());
    let found = context.facts.schema.keyspaces.iter().find(|ks| ks.name.as_str() == keyspace);
    new && found.is_some_and(|ks| ks.replication.is_on_every_node(context.centers()))
}

/// Whether at least two of the nodes that are there hold every row of it: a repair fails on a range
/// that only one of them holds.
pub fn shared(context: &Context, keyspace: &str) -> bool {
    let Some(found) = context.facts.schema.keyspaces.iter().find(|ks| ks.name.as_str() == keyspace) else {
        return false;
    };
    let centers = context.centers();
    let replicas: Option<u32> = match found.replication.strategy {
        Strategy::Simple(_) => found.replication.replicas_in("", centers.values().sum()),
        _ => centers.iter().map(|(center, nodes)| found.replication.replicas_in(center, *nodes)).sum(),
    };
    let gone = u32::try_from(context.inventory.absent().count()).unwrap_or(u32::MAX);
    replicas.is_some_and(|all| all.saturating_sub(gone) >= 2)
}
