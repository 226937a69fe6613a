//! `keyspace.confirm`: all nodes hold the same rows of a restored keyspace: a repair that follows the
//! repair finds nothing out of sync (design.md, rule 4). Exit code 0 alone proves nothing, and a read at
//! CL ONE may be answered by another node.
//!
//! 4.0 and later preview a full repair, which changes nothing. Before, a second repair compares; what it
//! found stands in that node's log only, and it has cured it by then: asked again, it may hold.
//!
//! It reads all data. Where every node was filled with the same files (fan-out), hashes, renames and `tables.loaded` are the
//! proof, and it is made with `--verify-rows` only: else the outage would grow with the data. What it finds there once is
//! final: nobody knows what the repair mixed.

use super::keyspace_repair::{ACT, act, of_all, sections, wanted};
use super::{Context, Kind, Observations, ResolvedStep, Script, Spec, Target, Unresolved, Verdict, never};
use crate::cassandra::insync::{self, Compared};
use crate::facts::NodeFacts;

/// The step type.
pub const SPEC: Spec = Spec {
    name: "keyspace.confirm",
    help: "After the repair: `nodetool repair --full --preview KEYSPACE` says that all replicas hold the same; before \
           4.0, a second full repair, of which the node's log says for each table that nothing was out of sync. Where \
           every node was filled with the same files, only with --verify-rows. May run again.",
    on: Kind::Node,
    scripts: &[ACT],
    resolve,
    probe: never,
    judge,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let (node, facts) = context.node(SPEC.name, target)?;
    let keyspace = target.keyspace(SPEC.name)?;
    // the only node, or the last one that is there
    let alone = context.facts.nodes.len() < 2;
    if alone || (context.request.fans_out() && !context.request.choices.verify_rows) {
        return Ok(vec![]);
    }
    let last = if context.request.alike(keyspace) { "yes" } else { "" };
    let script = compare(act(context, [keyspace]), facts).var("FINAL", last);
    let (script, among) = of_all(context, SPEC.name, target, script)?;
    Ok(vec![ResolvedStep {
        summary: format!("compare {keyspace} on {among}"),
        act: Some(context.nodetool(script, node, facts)),
        idempotent: true,
        limit_s: 0,
        ..target.step(SPEC.name)
    }])
}

/// Makes a repair compare, as that node can.
pub fn compare(script: Script, facts: &NodeFacts) -> Script {
    if facts.version.previews_repairs() { script.var("PREVIEW", "yes") } else { script.var("LOG", &facts.log) }
}

/// Judges the comparison, keyspace by keyspace.
pub fn judge(step: &ResolvedStep, observed: &Observations) -> Verdict {
    let Some(reply) = &observed.act else { return Verdict::Unknown("nothing was run".to_owned()) };
    let said = |name: &str| step.act.as_ref().is_some_and(|act| act.vars.get(name).is_some_and(|yes| !yes.is_empty()));
    let previewed = said("PREVIEW");
    let mut evidence = vec![];
    for (keyspace, own) in sections(step, reply) {
        let Some(own) = own else { return Verdict::Not(format!("the comparison of {keyspace} was not reached")) };
        let compared = if previewed { insync::preview(&own, reply.rc) } else { insync::repaired(&own, reply.rc) };
        evidence.push(match compared {
            Compared::Same(how) => format!("{keyspace} in sync ({how})"),
            Compared::Nothing(line) => format!("nothing to compare: {line}"),
            Compared::Differ(tables) => {
                let cure = if said("FINAL") {
                    "every node was given the same files, so what is live is not the backup: reseed rollback".to_owned()
                } else if previewed {
                    format!("run `nodetool repair --full {keyspace}` on {}, then resume", step.host)
                } else {
                    "this repair has cured it, resume to compare again".to_owned()
                };
                return Verdict::Not(format!("{keyspace} is not the same on all nodes: {tables}; {cure}"));
            }
            Compared::Unproven(why) => return Verdict::Not(format!("comparison of {keyspace}: {why}")),
        });
    }
    if wanted(step).is_empty() {
        Verdict::Unknown("nothing was compared".to_owned())
    } else {
        Verdict::Holds(evidence.join("; "))
    }
}
