//! `keyspace.repair`: `nodetool repair -pr --full` of one restored keyspace on one node, proven by
//! its own words: exit code 0 alone proves nothing (domain.md C.6). One that stands still for
//! `limits.repair_stall` is ended: 2.2 and 3.11 wait for ever for a notification that was lost.
//!
//! With machines that are gone (`absent`): all ranges, among the nodes that are there. A node that is
//! there alone has nobody to repair with.

use std::time::Duration;

use super::{Context, Kind, Observations, ResolvedStep, Script, Spec, Target, Unresolved, Verdict, never};
use crate::cassandra::repair::{self, Verdict as Said};
use crate::remote::Reply;
use crate::script::Embedded;

/// The act, which `others.repair` shares.
pub const ACT: Embedded = ("repair.act", include_str!("keyspace_repair.act.sh"));

/// The step type.
pub const SPEC: Spec = Spec {
    name: "keyspace.repair",
    help: "Runs `nodetool repair -pr --full KEYSPACE` (while machines are absent: `--full -hosts` of those that are \
           there); proven by its success line and no word of failure. May run \
           again.",
    on: Kind::Node,
    scripts: &[ACT],
    resolve,
    probe: never,
    judge: |step, observed| judge(step, observed, false),
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let (node, facts) = context.node(SPEC.name, target)?;
    let keyspace = target.keyspace(SPEC.name)?;
    // the only node, or the last one that is there
    if context.facts.nodes.len() < 2 {
        return Ok(vec![]);
    }
    let mut script = act(context, [keyspace]);
    let mut how = "primary ranges, full".to_owned();
    if let Some(there) = context.survivors(SPEC.name, target)? {
        how = format!("all ranges, full, among {}", there.join(", "));
        script = script.list("HOSTS", there);
    }
    Ok(vec![ResolvedStep {
        summary: format!("repair {keyspace} on {} ({how})", target.host),
        act: Some(context.nodetool(script, node, facts)),
        idempotent: true,
        limit_s: 0,
        ..target.step(SPEC.name)
    }])
}

/// The act over these keyspaces, for the node's primary ranges; what nodetool needs is still to be added.
pub fn act(context: &Context, keyspaces: impl IntoIterator<Item = impl ToString>) -> Script {
    let stall = context.inventory.limits.repair_stall;
    let seconds = if stall > Duration::ZERO { stall.as_secs().max(1) } else { 0 };
    let script = Script::new(ACT.0).list("KEYSPACES", keyspaces).var("STALL_S", seconds);
    ["HOSTS", "ALL", "PREVIEW", "LOG", "FINAL"].into_iter().fold(script, |script, unset| script.var(unset, ""))
}

/// Over all ranges; between whom, which while machines are gone are those that are there.
pub fn of_all(
    context: &Context,
    step: &'static str,
    target: &Target,
    script: Script,
) -> Result<(Script, String), Unresolved> {
    let all = script.vars.get("KEYSPACES").cloned().unwrap_or_default();
    let script = script.var("ALL", all);
    Ok(match context.survivors(step, target)? {
        None => (script, "all nodes".to_owned()),
        Some(there) => (script.list("HOSTS", &there), there.join(", ")),
    })
}

/// Judges a repair's output, keyspace by keyspace; `single_ok`: a keyspace of one replica may say
/// that it needs none.
pub fn judge(step: &ResolvedStep, observed: &Observations, single_ok: bool) -> Verdict {
    let Some(act) = &observed.act else { return Verdict::Unknown("nothing was run".to_owned()) };
    for (keyspace, own) in sections(step, act) {
        let Some(own) = own else { return Verdict::Not(format!("the repair of {keyspace} was not reached")) };
        match repair::judge(&own, act.rc) {
            Said::Repaired => {}
            Said::Nothing(_) if single_ok => {}
            Said::Failed(why) | Said::Lost(why) | Said::Nothing(why) | Said::Unproven(why) => {
                return Verdict::Not(format!("repair of {keyspace}: {why}"));
            }
        }
    }
    Verdict::Holds(format!("Repair completed successfully: {}", wanted(step).join(", ")))
}

/// The keyspaces of such an act.
pub fn wanted(step: &ResolvedStep) -> Vec<&str> {
    step.act.as_ref().and_then(|s| s.vars.get("KEYSPACES")).map_or(vec![], |list| list.lines().collect())
}

/// What the act said of each of its keyspaces; `None`: it did not come so far.
pub fn sections<'s>(step: &'s ResolvedStep, act: &Reply) -> Vec<(&'s str, Option<String>)> {
    // stderr after stdout: it belongs to the last keyspace at the latest
    let output = format!("{}\n{}", act.stdout, act.stderr);
    let own = |keyspace: &str| {
        let (_, rest) = output.split_once(&format!("reseed: repair of {keyspace}\n"))?;
        rest.split("reseed: repair of ").next().map(str::to_owned)
    };
    wanted(step).into_iter().map(|keyspace| (keyspace, own(keyspace))).collect()
}
