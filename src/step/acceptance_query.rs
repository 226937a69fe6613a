//! `acceptance.query`: the operator's own checks, on every node at CL ONE, before clients start.

use super::{Context, Kind, Observations, ResolvedStep, Script, Spec, Target, Unresolved, Verdict, never};

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
        Ok(reply) => return Verdict::Not(super::last_line(&reply.stderr).to_owned()),
        Err(why) => return Verdict::Unknown(why.clone()),
    };
    let Some(expect) = step.proof[0].script.vars.get("EXPECT") else {
        return Verdict::Holds("succeeded".to_owned());
    };
    match cells(&reply.stdout).as_slice() {
        [cell] if cell == expect => Verdict::Holds(format!("answered {cell}")),
        [cell] => Verdict::Not(format!("answered {cell:?} instead of {expect:?}")),
        rows => Verdict::Not(format!("answered {} rows instead of one", rows.len())),
    }
}

/// The rows of a one-column result, as cqlsh prints it: header, dashes, rows, blank line.
fn cells(text: &str) -> Vec<String> {
    let dashes = |line: &str| !line.is_empty() && line.bytes().all(|b| b == b'-');
    let rows = text.lines().skip_while(|line| !dashes(line.trim())).skip(1);
    rows.take_while(|line| !line.trim().is_empty()).map(|line| line.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_cell_of_a_result_is_found() {
        assert_eq!(cells("Consistency level set to ONE.\n\n count\n-------\n    42\n\n(1 rows)\n"), ["42"]);
        assert!(cells("\n a\n---\n\n(0 rows)\n").is_empty());
    }
}
