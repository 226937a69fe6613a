//! `backup.publish`: the manifest is written and the backup gets its name, in one rename.
//!
//! What the plan knows (cluster, schema, table ids, indexes) arrives as JSON; what was measured on
//! the node (sizes, hashes, time) is put in there. The proof reads the manifest back and parses it.

use serde_json::json;

use super::{Context, Kind, Observations, ResolvedStep, Script, Spec, Target, Unresolved, Verdict, never};
use crate::backup::manifest::{FORMAT, Manifest, Source};
use crate::cassandra::layout::TableDir;
use crate::cassandra::schema::KeyspaceSchema;

/// The step type.
pub const SPEC: Spec = Spec {
    name: "backup.publish",
    help: "Writes manifest.json and manifest.json.sha256 and renames .partial-TAG to TAG; proven by reading the \
           manifest back. May run again: it goes on where it was; an existing TAG is never replaced.",
    on: Kind::Node,
    scripts: &[
        ("backup.publish.act", include_str!("backup_publish.act.sh")),
        ("backup.publish.proof", include_str!("backup_publish.proof.sh")),
    ],
    resolve,
    probe: never,
    judge,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let (_, facts) = context.node(SPEC.name, target)?;
    let mut head = json!({"format": FORMAT, "tag": context.tag(), "cluster": context.inventory.cluster,
        "node": target.host, "host_id": facts.host_id, "version": facts.version.to_string(),
        "partitioner": facts.conf.partitioner, "reseed": env!("CARGO_PKG_VERSION")});
    if let Some(written) = &context.facts.written {
        let schemas = context.request.keyspaces.iter().filter_map(|name| context.facts.schema.keyspace(name));
        let limits: Vec<String> = schemas.flat_map(|schema| written.limits(schema, &facts.version)).collect();
        head["imported"] = json!({"from": written.dir, "limits": limits});
    }
    let imported = context.facts.written.is_some();
    if !imported {
        let waiting = context.facts.nodes.values().filter_map(|node| node.writes.hints.get(&facts.host_id));
        head["source"] = json!(Source {
            started: facts.writes.started,
            hints: waiting.sum(),
            dropped: facts.writes.dropped,
            repair_sessions: context.facts.repair_sessions.clone(),
        });
    }
    let mut keyspaces = vec![];
    let mut tables = vec![];
    for name in &context.request.keyspaces {
        let missing = || target.unresolved(SPEC.name, format!("the cluster has no keyspace {name}"));
        let schema = context.facts.schema.keyspace(name).ok_or_else(missing)?;
        let cql = context.facts.schema_cql.get(name.as_str()).map_or("", String::as_str);
        let mut head =
            json!({"name": name, "replication": schema.replication, "schema_cql": cql, "types": schema.types});
        if !imported {
            let repaired = context.request.repairs_first(context.facts, target.host, name);
            let since = context.facts.since.get(name.as_str());
            head["last_full_repair"] = json!(since.and_then(|since| since.full_repair));
            head["repaired_first"] = json!(repaired);
            head["may_lack"] = json!(if repaired { vec![] } else { context.facts.lacks(target.host, name) });
        }
        keyspaces.push(format!("{name}\t{}", open(&head)));
        let dirs = context.table_dirs(name);
        tables.extend(dirs.iter().map(|dir| format!("{name}\t{}\t{}", dir.table, open(&table_head(schema, dir)))));
    }
    let publish = context
        .backup_vars(Script::new("backup.publish.act"))
        .var("HEAD", &open(&head)[1..])
        .list("KEYSPACE_HEADS", keyspaces)
        .list("TABLE_HEADS", tables);
    Ok(vec![ResolvedStep {
        summary: format!("write the manifest and publish {}", context.destination()),
        act: Some(publish),
        proof: target.ask(context.backup_vars(Script::new("backup.publish.proof"))),
        idempotent: true,
        ..target.step(SPEC.name)
    }])
}

/// A table or view; a view has its own directory and so its own entry.
fn table_head(keyspace: &KeyspaceSchema, dir: &TableDir) -> serde_json::Value {
    let table = keyspace.table(&dir.table);
    let columns = table.map_or(&[][..], |table| &table.columns);
    let indexes = table.map_or(&[][..], |table| &table.indexes);
    let indexes: Vec<_> = indexes.iter().map(|i| json!({"name": i.name, "kind": i.kind})).collect();
    let views: Vec<_> = keyspace.views.iter().filter(|v| v.base == dir.table).map(|v| &v.name).collect();
    let dropped = table.map_or(&[][..], |table| &table.dropped);
    json!({"name": dir.table, "id": dir.id, "columns": columns, "dropped": dropped, "indexes": indexes, "views": views})
}

/// A JSON object without its closing brace, for the script to go on with.
fn open(value: &serde_json::Value) -> String {
    let mut text = value.to_string();
    text.pop();
    text
}

fn judge(step: &ResolvedStep, observed: &Observations) -> Verdict {
    let reply = match &observed.seen[0].reply {
        Ok(reply) if reply.rc == 0 => reply,
        Ok(reply) => return Verdict::Not(reply.reason()),
        Err(why) => return Verdict::Unknown(why.clone()),
    };
    let (sum, json) = reply.stdout.split_once('\n').unwrap_or(("", ""));
    match Manifest::parse(json, sum) {
        Ok(manifest) => {
            let wanted = step.act.as_ref().and_then(|a| a.vars.get("TABLE_HEADS")).map_or(0, |t| t.lines().count());
            let tables: usize = manifest.keyspaces.iter().map(|keyspace| keyspace.tables.len()).sum();
            if tables == wanted {
                Verdict::Holds(format!(
                    "{tables} tables, {} files, {} bytes",
                    manifest.files().count(),
                    manifest.bytes()
                ))
            } else {
                Verdict::Not(format!("the manifest lists {tables} tables instead of {wanted}"))
            }
        }
        Err(why) => Verdict::Not(format!("the manifest just written cannot be read: {why}")),
    }
}
