//! The schema when every node is down: from the directories of all nodes, and the backup's manifest.
//!
//! A directory's name tells a table's name and id; columns, indexes and replication are taken from the
//! manifest and proven after the start (`schema.same`). Of several directories of one table the one with
//! the manifest's id counts when it holds sstables, else the only one that does, else the only one there
//! is: those of dropped tables hold snapshots at most.

use std::collections::{BTreeMap, BTreeSet};

use super::missing;
use crate::backup::manifest::{KeyspaceEntry, Manifest};
use crate::cassandra::ddl;
use crate::cassandra::layout::{TableDir, TableId};
use crate::cassandra::schema::{KeyspaceSchema, Replication, Schema, Strategy, TableSchema, ViewSchema};
use crate::name::{Keyspace, Table};

/// A directory of a table on some node, and whether it holds sstables there.
pub type Listed = (Keyspace, TableDir, bool);

/// Reads one line of `facts.tables`; `None`: it is no table's directory.
pub fn listed(line: &str) -> Option<Listed> {
    let mut cells = line.split('\t');
    let (keyspace, dir) = (Keyspace::parse(cells.next()?).ok()?, TableDir::parse(cells.next()?).ok()?);
    Some((keyspace, dir, cells.next()? == "yes"))
}

/// Ids of a table, each with whether any node holds sstables under it.
type Ids = BTreeMap<TableId, bool>;

/// The schema as far as it can be told; an error: it cannot.
pub fn schema(all: &[Listed], manifest: Option<&Manifest>) -> Result<Schema, String> {
    let mut found: BTreeMap<&Keyspace, BTreeMap<&Table, Ids>> = BTreeMap::new();
    for (keyspace, dir, live) in all {
        let ids = found.entry(keyspace).or_default().entry(&dir.table).or_default();
        *ids.entry(dir.id.clone()).or_default() |= live;
    }
    let mut schema = Schema::default();
    for (name, tables) in found {
        let entry = manifest.and_then(|manifest| manifest.keyspace(name));
        schema.keyspaces.push(match entry {
            Some(entry) => keyspace(entry, &tables)?,
            None => empty(name, unknown(name)),
        });
    }
    Ok(schema)
}

fn keyspace(entry: &KeyspaceEntry, tables: &BTreeMap<&Table, Ids>) -> Result<KeyspaceSchema, String> {
    let cql = ddl::statements(&entry.schema_cql);
    let mut schema = empty(&entry.name, entry.replication.clone());
    schema.types = entry.types.clone().unwrap_or_default();
    for (name, ids) in tables {
        let known = entry.table(name);
        let live: BTreeSet<&TableId> = ids.iter().filter(|(_, live)| **live).map(|(id, _)| id).collect();
        let only = |ids: &BTreeSet<&TableId>| (ids.len() == 1).then(|| (*ids.first().expect("there is one")).clone());
        let own = known.map(|table| &table.id).filter(|id| live.contains(id)).cloned();
        let id = own.or_else(|| only(&live)).or_else(|| only(&ids.keys().collect()).filter(|_| known.is_some()));
        let (id, known) = match (id, known) {
            (Some(id), known) => (id, known),
            // dropped, or empty: nothing of it can be lost
            (None, None) if live.is_empty() => continue,
            _ => {
                let (keyspace, n) = (&entry.name, ids.len());
                return Err(format!("{keyspace}.{name} has {n} directories, and which of them is live cannot be told"));
            }
        };
        let view = cql.iter().find(|s| s.kind == ddl::Kind::View && s.name == name.as_str());
        let base = view.and_then(|view| Table::parse(view.table.as_deref()?).ok());
        match (known, base) {
            (Some(_), Some(base)) => schema.views.push(ViewSchema { name: (*name).clone(), id, base }),
            (Some(table), None) => schema.tables.push(TableSchema { id, ..missing::of(table, &cql) }),
            (None, _) => {
                let name = (*name).clone();
                schema.tables.push(TableSchema { name, id, columns: vec![], dropped: vec![], indexes: vec![] });
            }
        }
    }
    Ok(schema)
}

fn empty(name: &Keyspace, replication: Replication) -> KeyspaceSchema {
    let (tables, views, types) = (vec![], vec![], vec![]);
    KeyspaceSchema { name: name.clone(), durable_writes: true, replication, tables, views, types }
}

/// Of a keyspace that is not restored it matters only whether it is replicated at all.
fn unknown(name: &Keyspace) -> Replication {
    let local = matches!(name.as_str(), "system" | "system_schema" | "system_views" | "system_virtual_schema");
    let strategy = if local { Strategy::Local } else { Strategy::Other("not known".to_owned()) };
    Replication { strategy, options: BTreeMap::new() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const OLD: &str = "aaaaaaaac9a611e7a9d0b5b6a2d0a1b2";
    const NEW: &str = "bbbbbbbbc9a611e7a9d0b5b6a2d0a1b2";

    fn manifest() -> Manifest {
        let id = TableId::parse(OLD).unwrap();
        let text = json!({"format": 1, "tag": "t", "cluster": "c", "node": "n", "host_id": "4f065e01-c613-422a-81f0-27f6b127bab0",
            "version": "5.0.8", "partitioner": "Murmur3Partitioner", "taken_at": "2026-01-01T00:00:00Z", "reseed": "0",
            "keyspaces": [{"name": "shop", "replication": {"class": "SimpleStrategy", "replication_factor": "3"},
                "schema_cql": "CREATE TABLE shop.t (id int PRIMARY KEY, v text); CREATE INDEX i ON shop.t (v);",
                "tables": [{"name": "t", "id": id, "indexes": [{"name": "i", "kind": "COMPOSITES"}], "files": []}]}]})
        .to_string();
        let line = format!("{}  manifest.json", Manifest::digest(&text));
        Manifest::parse(&text, &line).unwrap()
    }

    fn id_of(dirs: &[(&str, &str)]) -> Result<Option<String>, String> {
        let line = |(id, live): &(&str, &str)| listed(&format!("shop\tt-{id}\t{live}")).unwrap();
        let all: Vec<Listed> = dirs.iter().map(line).collect();
        let schema = schema(&all, Some(&manifest()))?;
        Ok(schema.keyspaces[0].tables.first().map(|table| table.id.hex()))
    }

    #[test]
    fn the_directory_that_holds_sstables_is_the_live_one() {
        let is = |id: &str| Ok(Some(id.to_owned()));
        assert_eq!(id_of(&[(OLD, "yes")]), is(OLD));
        assert_eq!(id_of(&[(OLD, "no")]), is(OLD), "an empty table");
        assert_eq!(id_of(&[(OLD, "no"), (NEW, "yes")]), is(NEW), "dropped and created again");
        assert_eq!(id_of(&[(OLD, "no"), (NEW, "no"), (NEW, "yes")]), is(NEW), "one node holds some");
        assert_eq!(id_of(&[(OLD, "yes"), (NEW, "yes")]), is(OLD), "the manifest's");
        assert!(id_of(&[(OLD, "no"), (NEW, "no")]).unwrap_err().contains("shop.t has 2 directories"));
    }

    #[test]
    fn columns_and_indexes_are_the_manifests_and_other_keyspaces_are_names() {
        let dir = |keyspace: &str, table: &str| listed(&format!("{keyspace}\t{table}-{NEW}\tyes")).unwrap();
        let all = [dir("shop", "t"), dir("shop", "late"), dir("system", "local"), dir("other", "x")];
        let schema = schema(&all, Some(&manifest())).unwrap();
        let names: Vec<_> = schema.keyspaces.iter().map(|ks| (ks.name.as_str(), ks.replication.is_local())).collect();
        assert_eq!(names, [("other", false), ("shop", false), ("system", true)]);
        let shop = &schema.keyspaces[1];
        assert_eq!(shop.tables.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["late", "t"]);
        assert_eq!(shop.tables[1].indexes[0].target, "v");
        assert_eq!(listed("shop\tnot-a-table\tyes"), None);
    }
}
