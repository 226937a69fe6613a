//! `source.repair`: before a backup, `nodetool repair --full` of a keyspace on the node that it is taken from,
//! when that node may lack acknowledged writes (domain.md, section 0), or when it is asked for. All ranges of
//! this node, which holds all the data. Proven by its own words, as `keyspace.repair`.

use super::keyspace_repair::{ACT, act, judge, of_all};
use super::{Context, Kind, ResolvedStep, Spec, Target, Unresolved, never};

/// The step type.
pub const SPEC: Spec = Spec {
    name: "source.repair",
    help: "Before a backup, unless nothing says that the node may lack acknowledged writes (--repair-first): \
           `nodetool repair --full KEYSPACE` on it; proven by its success line and no word of failure. May run again.",
    on: Kind::Node,
    scripts: &[ACT],
    resolve,
    probe: never,
    judge: |step, observed| judge(step, observed, false),
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let (node, facts) = context.node(SPEC.name, target)?;
    let keyspace = target.keyspace(SPEC.name)?;
    if !context.request.repairs_first(context.facts, target.host, keyspace) {
        return Ok(vec![]);
    }
    let (script, among) = of_all(context, SPEC.name, target, act(context, [keyspace]))?;
    Ok(vec![ResolvedStep {
        summary: format!("repair {keyspace} first, on {} (all ranges, full, among {among})", target.host),
        act: Some(context.nodetool(script, node, facts)),
        idempotent: true,
        limit_s: 0,
        ..target.step(SPEC.name)
    }])
}
