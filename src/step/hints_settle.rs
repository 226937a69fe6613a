//! `hints.settle`: gives hints and unfinished batches a chance to be delivered before the drain.
//!
//! What is left after `limits.settle` goes to quarantine in `node.clear`, and `others.repair`
//! then repairs every other keyspace, whose writes those hints were. In a rollback it comes after the
//! start: the old hints are back and may be delivered.

use super::{Context, Kind, ResolvedStep, Script, Spec, Target, Unresolved, Verdict, never};
use crate::step::Observations;

/// The step type.
pub const SPEC: Spec = Spec {
    name: "hints.settle",
    help: "Runs `nodetool replaybatchlog` (3.0+), then waits up to limits.settle until no hints are left: files, \
           before 3.0 the table system.hints. Hints that remain are set aside later and the repair covers all keyspaces. May run again.",
    on: Kind::Node,
    scripts: &[("hints.settle.act", include_str!("hints_settle.act.sh"))],
    resolve,
    probe: never,
    judge,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let (node, facts) = context.node(SPEC.name, target)?;
    if facts.is_down() && context.request.earlier.is_none() {
        return Ok(vec![]); // it delivers nothing
    }
    let hints = facts.dir("hints").map_or("", |hints| hints.path.as_str());
    let settle = context.inventory.limits.settle.as_secs();
    let script = Script::new("hints.settle.act").var("HINTS", hints).var("SETTLE_S", settle);
    Ok(vec![ResolvedStep {
        summary: format!("let {} deliver its hints (up to {settle} s)", target.host),
        act: Some(context.nodetool(script, node, facts)),
        idempotent: true,
        limit_s: settle + 300,
        ..target.step(SPEC.name)
    }])
}

fn judge(_: &ResolvedStep, observed: &Observations) -> Verdict {
    let answer = observed.act.as_ref().map_or("", crate::remote::Reply::last_line);
    match answer.strip_prefix("hints_left=") {
        Some("0") => Verdict::Holds("no hints are left".to_owned()),
        Some(n) => Verdict::Holds(format!("{n} hint file(s) remain: to be set aside, all keyspaces will be repaired")),
        None => Verdict::Unknown(format!("unexpected answer {answer:?}")),
    }
}
