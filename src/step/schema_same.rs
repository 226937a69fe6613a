//! `schema.same`: the tables have the ids that the plan took from the disks, when every node was down
//! and none could be asked.

use super::schema_create::{PROOF, judge, queries};
use super::{Context, Kind, ResolvedStep, Script, Spec, Target, Unresolved, count, never};

/// The step type.
pub const SPEC: Spec = Spec {
    name: "schema.same",
    help: "Only a proof, in runs that were planned while every node was down: each table has the id of the directory \
           that the plan took for it. If not, what was restored is not what this table reads.",
    on: Kind::Node,
    scripts: &[PROOF],
    resolve,
    probe: never,
    judge,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    if !context.facts.all_down() {
        return Ok(vec![]);
    }
    let (node, facts) = context.node(SPEC.name, target)?;
    let dirs = |name| context.table_dirs(name).into_iter().map(move |dir| format!("{name}\t{}\t{}", dir.table, dir.id));
    let expected: Vec<String> = context.request.keyspaces.iter().flat_map(dirs).collect();
    let script = Script::new(PROOF.0).var("QUERIES", queries(&facts.version)).list("EXPECT", &expected);
    Ok(vec![ResolvedStep {
        summary: format!("see that {} read from where they were restored", count(expected.len(), "table")),
        proof: target.ask(context.cqlsh(script, node, facts)),
        idempotent: true,
        secret: true,
        patience_s: 60,
        ..target.step(SPEC.name)
    }])
}
