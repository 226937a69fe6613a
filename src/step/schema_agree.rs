//! `schema.agree`: all nodes hold one schema version, none is unreachable but those marked absent.

use super::{Context, Kind, Observations, ResolvedStep, Script, Spec, Target, Unresolved, Verdict, never};
use crate::cassandra::describecluster;

/// The step type.
pub const SPEC: Spec = Spec {
    name: "schema.agree",
    help: "Only a proof: `nodetool describecluster` shows one schema version and no unreachable node (but \
           those that are marked absent).",
    on: Kind::Node,
    scripts: &[("schema.agree.proof", include_str!("schema_agree.sh"))],
    resolve,
    probe: never,
    judge,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let (node, facts) = context.node(SPEC.name, target)?;
    let mut script = Script::new("schema.agree.proof");
    if context.inventory.absent().next().is_some() {
        script = script.list("ABSENT", context.facts.others().values().map(|row| row.host()));
    }
    Ok(vec![ResolvedStep {
        summary: format!("see one schema version from {}", target.host),
        proof: target.ask(context.nodetool(script, node, facts)),
        idempotent: true,
        patience_s: 60,
        ..target.step(SPEC.name)
    }])
}

fn judge(step: &ResolvedStep, observed: &Observations) -> Verdict {
    let absent = step.proof.first().and_then(|ask| ask.script.vars.get("ABSENT")).map_or("", String::as_str);
    match &observed.seen[0].reply {
        Ok(reply) if reply.rc == 0 => match describecluster::parse(&reply.stdout) {
            Ok(cluster) if cluster.agrees_but_for(|address| absent.lines().any(|gone| gone == address)) => {
                Verdict::Holds("one schema version on all nodes".to_owned())
            }
            Ok(cluster) => {
                let (versions, silent) = (cluster.schema_versions.len(), cluster.unreachable.join(", "));
                Verdict::Not(format!("{versions} schema versions, unreachable: {silent}"))
            }
            Err(why) => Verdict::Unknown(why.to_string()),
        },
        Ok(reply) => Verdict::Unknown(reply.reason()),
        Err(why) => Verdict::Unknown(why.clone()),
    }
}
