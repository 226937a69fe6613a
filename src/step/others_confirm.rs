//! `others.confirm`: with `restore --verify-rows`, the comparison of `keyspace.confirm` for every other
//! keyspace of users, on each node for its primary ranges: not every node need hold all of these.

use super::keyspace_confirm::{compare, judge};
use super::keyspace_repair::{ACT, act};
use super::others_repair::shared;
use super::{Context, Kind, ResolvedStep, Spec, Target, Unresolved, never};

/// The step type.
pub const SPEC: Spec = Spec {
    name: "others.confirm",
    help: "Only with --verify-rows: compares every replicated keyspace of users that was not restored, as \
           keyspace.confirm does (before 4.0 by a repair, which cures what it finds). May run again.",
    on: Kind::Node,
    scripts: &[ACT],
    resolve,
    probe: never,
    judge,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let (node, facts) = context.node(SPEC.name, target)?;
    let others = context.facts.schema.user_keyspaces();
    let others = others.filter(|ks| !ks.replication.is_local() && !context.request.keyspaces.contains(&ks.name));
    let survivors = context.survivors(SPEC.name, target)?;
    let names: Vec<&str> =
        others.map(|ks| ks.name.as_str()).filter(|name| survivors.is_none() || shared(context, name)).collect();
    if names.is_empty() || !context.request.choices.verify_rows {
        return Ok(vec![]);
    }
    let mut script = compare(act(context, &names), facts);
    if let Some(there) = survivors {
        script = script.list("HOSTS", there);
    }
    Ok(vec![ResolvedStep {
        summary: format!("compare {} on {} with the others", names.join(", "), target.host),
        act: Some(context.nodetool(script, node, facts)),
        idempotent: true,
        limit_s: 0,
        ..target.step(SPEC.name)
    }])
}
