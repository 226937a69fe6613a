//! Made-up backups and tables for tests.

use serde_json::json;

use super::Case;

use crate::backup::manifest::Manifest;
use crate::cassandra::layout::TableId;
use crate::cassandra::schema::{Column, DroppedColumn, KeyspaceSchema, Replication, TableSchema};
use crate::facts::Facts;
use crate::inventory::Inventory;
use crate::name::{Keyspace, Table};
use crate::plan::Request;

const ID: &str = "f58cb0e0-c9a6-11e7-a9d0-b5b6a2d0a1b2";

fn columns(columns: &[(&str, &str, &str)]) -> Vec<Column> {
    let column = |(name, ty, kind): &(&str, &str, &str)| Column {
        name: (*name).to_owned(),
        ty: (*ty).to_owned(),
        kind: (*kind).to_owned(),
        order: None,
    };
    columns.iter().map(column).collect()
}

/// A backup of table `ks.t`, taken at 10:00 on 1 July 2024.
pub fn manifest(version: &str, wanted: &[(&str, &str, &str)]) -> Manifest {
    let value = json!({
        "format": 1, "tag": "t", "cluster": "Lab", "node": "cass1", "host_id": ID, "version": version,
        "partitioner": "Murmur3Partitioner", "taken_at": "2024-07-01T10:00:00Z", "reseed": "0.1.0",
        "keyspaces": [{"name": "ks", "replication": {"class": "SimpleStrategy", "replication_factor": "3"},
            "schema_cql": "", "types": [],
            "tables": [{"name": "t", "id": ID, "columns": columns(wanted), "files": []}]}],
    });
    serde_json::from_value(value).expect("a manifest")
}

/// Table `t`, with the id that the backup has.
pub fn table(wanted: &[(&str, &str, &str)]) -> TableSchema {
    TableSchema {
        name: Table::parse("t").expect("a name"),
        id: TableId::parse(ID).expect("an id"),
        columns: columns(wanted),
        dropped: vec![],
        indexes: vec![],
    }
}

/// A record of a dropped column.
pub fn dropped(name: &str, time: &str) -> DroppedColumn {
    DroppedColumn { name: name.to_owned(), time: time.to_owned() }
}

/// Keyspace `ks` on three nodes.
pub fn keyspace(tables: Vec<TableSchema>) -> KeyspaceSchema {
    let replication = json!({"class": "SimpleStrategy", "replication_factor": "3"});
    KeyspaceSchema {
        name: Keyspace::parse("ks").expect("a name"),
        durable_writes: true,
        replication: Replication::parse(&replication).expect("a replication"),
        tables,
        views: vec![],
        types: vec![],
    }
}

/// What most guards look at: nothing is filled, and there is no earlier run.
pub fn case<'a>(inventory: &'a Inventory, facts: &'a Facts, request: &'a Request) -> Case<'a> {
    Case { inventory, facts, request, past: None, filled: &[], refilled: &[] }
}
