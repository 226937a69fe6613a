//! `others.repair`: repairs every other keyspace, when hints were set aside.
//!
//! Hints are acknowledged writes of all keyspaces that some replica still misses. The restore sets
//! them aside because those of the restored keyspaces must not come back; what the others lose
//! by that, a repair brings from the replicas that have it.

use std::collections::BTreeSet;

use super::keyspace_repair::{ACT, judge};
use super::{Ask, Context, Kind, ResolvedStep, Script, Spec, Target, Unresolved, by_exit_code};

/// The step type.
pub const SPEC: Spec = Spec {
    name: "others.repair",
    help: "When any node's hints were set aside in this run, or the commit log of one that was not drained: `nodetool \
           repair -pr --full` of every keyspace that is replicated and not restored. May run again.",
    on: Kind::Node,
    scripts: &[("others.repair.probe", include_str!("others_repair.probe.sh")), ACT],
    resolve,
    probe: by_exit_code,
    judge: |step, observed| judge(step, observed, true),
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let (node, facts) = context.node(SPEC.name, target)?;
    let restored = &context.request.keyspaces;
    let others: Vec<&str> = context
        .facts
        .schema
        .keyspaces
        .iter()
        .filter(|ks| !ks.replication.is_local() && !restored.contains(&ks.name))
        .map(|ks| ks.name.as_str())
        .collect();
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
            let script = script.var("COMMITLOG", if context.request.earlier.is_some() { commitlog } else { "" });
            Ask { host: host.clone(), script }
        })
        .collect();
    Ok(vec![ResolvedStep {
        summary: format!("repair {} on {} if hints were set aside", others.join(", "), target.host),
        probe,
        act: Some(context.nodetool(Script::new(ACT.0).list("KEYSPACES", others), node, facts)),
        idempotent: true,
        limit_s: 0,
        ..target.step(SPEC.name)
    }])
}
