//! `schema.create`: what the backup has and the cluster lacks is created, from the manifest
//! (`--create-schema`).
//!
//! Tables get the ids that they had, which the rest of the plan already counts on
//! ([`crate::facts::Creation`]). It runs once, through the node that speaks for the cluster, after the
//! clients are stopped (none of them meets an empty table) and before the CQL ports are closed.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Ask, Context, Kind, Observations, ResolvedStep, Script, Spec, Target, Unresolved, Verdict, count};
use crate::cassandra::cqlsh;
use crate::cassandra::layout::TableId;
use crate::cassandra::version::Version;
use crate::script::Embedded;

/// Asks a node for its tables. `EXPECT`: keyspace, table and id, one table a line.
pub const PROOF: Embedded = ("schema.known", include_str!("schema_create.proof.sh"));

/// The step type.
pub const SPEC: Spec = Spec {
    name: "schema.create",
    help: "With --create-schema: keyspaces, types, tables, indexes and views that the backup has and the cluster lacks \
           are created from the manifest's statements, tables under the ids that they had (WITH ID). Proven when every \
           node that is up knows them under these ids. May run again (IF NOT EXISTS). A rollback leaves them there, \
           empty.",
    on: Kind::Node,
    scripts: &[("schema.create.act", include_str!("schema_create.act.sh")), PROOF],
    resolve,
    probe: judge,
    judge,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let (node, facts) = context.node(SPEC.name, target)?;
    let creation = &context.facts.creation;
    let speaks = context.facts.voice(context.inventory).is_some_and(|voice| voice.name == *target.host);
    if creation.is_empty() || !speaks {
        return Ok(vec![]);
    }
    let statements: Vec<String> = creation.iter().flat_map(|c| &c.statements).map(|s| format!("{s};")).collect();
    let mut expected = vec![];
    for created in creation {
        let dirs = context.table_dirs(&created.keyspace);
        let own = dirs.iter().filter(|dir| created.tables.contains(&dir.table));
        expected.extend(own.map(|dir| format!("{}\t{}\t{}", created.keyspace, dir.table, dir.id)));
    }
    let mut asks = vec![];
    for host in context.facts.up().map(|(host, _)| host) {
        let (peer, known) = context.node(SPEC.name, &Target { host, ..*target })?;
        let script = Script::new(PROOF.0).var("QUERIES", queries(&facts.version)).list("EXPECT", &expected);
        asks.push(Ask { host: host.clone(), script: context.cqlsh(script, peer, known) });
    }
    let made = |c: &crate::facts::Creation| {
        let tables = count(c.tables.len(), "table");
        if c.whole { format!("keyspace {} with {tables}", c.keyspace) } else { format!("{tables} of {}", c.keyspace) }
    };
    Ok(vec![ResolvedStep {
        summary: format!("create {} as in the backup", creation.iter().map(made).collect::<Vec<_>>().join(", ")),
        probe: asks.clone(),
        act: Some(context.cqlsh(Script::new("schema.create.act").list("STATEMENTS", statements), node, facts)),
        proof: asks,
        idempotent: true,
        secret: true,
        limit_s: 600,
        patience_s: 60,
        ..target.step(SPEC.name)
    }])
}

/// What [`PROOF`] asks.
pub fn queries(version: &Version) -> &'static str {
    if version.has_system_schema() {
        "SELECT JSON keyspace_name, table_name AS name, id FROM system_schema.tables;\n\
         SELECT JSON keyspace_name, view_name AS name, id FROM system_schema.views;"
    } else {
        "SELECT JSON keyspace_name, columnfamily_name AS name, cf_id AS id FROM system.schema_columnfamilies;"
    }
}

/// Of the probe as of the proof: every node that was asked knows every table under its id.
pub fn judge(step: &ResolvedStep, observed: &Observations) -> Verdict {
    for (ask, seen) in step.proof.iter().zip(&observed.seen) {
        let reply = match &seen.reply {
            Ok(reply) if reply.rc == 0 => reply,
            Ok(reply) => return Verdict::Unknown(format!("{}: {}", seen.host, reply.reason())),
            Err(why) => return Verdict::Unknown(format!("{}: {why}", seen.host)),
        };
        let rows = match cqlsh::json(&reply.stdout) {
            Ok(sets) => sets.concat(),
            Err(why) => return Verdict::Unknown(format!("{}: {why}", seen.host)),
        };
        let known: BTreeSet<String> = rows.iter().filter_map(line).collect();
        let expected = ask.script.vars.get("EXPECT").map_or("", String::as_str);
        if let Some(missing) = expected.lines().find(|line| !known.contains(*line)) {
            let said = observed.act.as_ref().map(|act| act.stderr.trim()).filter(|text| !text.is_empty());
            let said = said.and_then(|text| text.lines().next()).map(|line| format!(" (cqlsh said: {line})"));
            let missing = missing.replace('\t', " ");
            return Verdict::Not(format!("{} does not know table {missing}{}", seen.host, said.unwrap_or_default()));
        }
    }
    let hosts: Vec<&str> = observed.seen.iter().map(|seen| seen.host.as_str()).collect();
    Verdict::Holds(format!("known on {}", hosts.join(", ")))
}

fn line(row: &Value) -> Option<String> {
    let text = |key: &str| row.get(key).and_then(Value::as_str);
    let id = TableId::parse(text("id")?).ok()?;
    Some(format!("{}\t{}\t{id}", text("keyspace_name")?, text("name")?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::HostName;
    use crate::remote::Reply;
    use crate::step::Seen;

    const ID: &str = "f58cb0e0-c9a6-11e7-a9d0-b5b6a2d0a1b2";

    fn judged(answers: &[&str]) -> Verdict {
        let host = |n: usize| HostName::parse(format!("cass{n}")).unwrap();
        let script = || Script::new(PROOF.0).list("EXPECT", [format!("shop\tItems\t{ID}")]);
        let asks = (0..answers.len()).map(|n| Ask { host: host(n), script: script() }).collect();
        let target = Target { phase: "p", host: &host(0), keyspace: None, earlier: &[] };
        let step = ResolvedStep { proof: asks, ..target.step(SPEC.name) };
        let reply =
            |text: &&str| Reply { stdout: format!("\n [json]\n------\n{text}\n\n(1 rows)\n"), ..Reply::default() };
        let seen = answers.iter().enumerate().map(|(n, text)| Seen { host: host(n), reply: Ok(reply(text)) }).collect();
        judge(&step, &Observations { act: None, seen })
    }

    #[test]
    fn every_node_must_know_the_table_under_its_id() {
        let right = format!(r#"   {{"keyspace_name": "shop", "name": "Items", "id": "{ID}"}}"#);
        assert_eq!(judged(&[&right, &right]), Verdict::Holds("known on cass0, cass1".to_owned()));
        let other = right.replace("f58c", "f58d");
        assert!(
            matches!(judged(&[&right, &other]), Verdict::Not(why) if why.starts_with("cass1 does not know table shop Items"))
        );
        assert!(matches!(judged(&[&right.replace("Items", "items")]), Verdict::Not(_)));
    }
}
