//! `acceptance.query`: the operator's own checks, on every node at CL ONE, before clients start.

use super::{Context, Kind, Observations, ResolvedStep, Script, Spec, Target, Unresolved, Verdict, never};
use crate::cassandra::cqlsh;

/// The step type.
pub const SPEC: Spec = Spec {
    name: "acceptance.query",
    help: "Only a proof: runs each acceptance query of the inventory through this node at CL ONE; the one column of \
           its one row must equal `expect` as text, or, without `expect`, the query must succeed.",
    on: Kind::Node,
    scripts: &[("acceptance.query.proof", include_str!("acceptance_query.proof.sh"))],
    resolve,
    probe: never,
    judge,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let (node, facts) = context.node(SPEC.name, target)?;
    let step = |(n, check): (usize, &crate::inventory::Acceptance)| {
        let mut script = Script::new("acceptance.query.proof")
            .var("KEYSPACE", &check.keyspace)
            .var("QUERY", check.query.trim().trim_end_matches(';'));
        if let Some(expect) = &check.expect {
            script = script.var("EXPECT", expect);
        }
        let subject = format!("{}", n + 1);
        ResolvedStep {
            id: target.id(SPEC.name, Some(&subject)),
            subject: Some(subject),
            summary: format!("ask on {}: {}", target.host, check.query),
            proof: target.ask(context.cqlsh(script, node, facts)),
            idempotent: true,
            secret: true,
            ..target.step(SPEC.name)
        }
    };
    Ok(context.inventory.acceptance.iter().enumerate().map(step).collect())
}

fn judge(step: &ResolvedStep, observed: &Observations) -> Verdict {
    let reply = match &observed.seen[0].reply {
        Ok(reply) if reply.rc == 0 => reply,
        Ok(reply) => return Verdict::Not(reply.reason()),
        Err(why) => return Verdict::Unknown(why.clone()),
    };
    let Some(expect) = step.proof[0].script.vars.get("EXPECT") else {
        return Verdict::Holds("succeeded".to_owned());
    };
    match cqlsh::single(&reply.stdout) {
        Ok(cell) if cell == *expect => Verdict::Holds(format!("answered {cell}")),
        Ok(cell) => Verdict::Not(format!("answered {cell:?} instead of {expect:?}")),
        Err(why) => Verdict::Not(why.to_string()),
    }
}
