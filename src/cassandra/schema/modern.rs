//! `system_schema`, 3.0 and later.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Column, DroppedColumn, Index, KeyspaceSchema, Replication, Row, Schema, TableSchema, TypeSchema, ViewSchema, bad,
    ordered,
};
use crate::cassandra::Unreadable;
use crate::name::{Keyspace, Table};

pub const QUERIES: &[&str] = &[
    "SELECT JSON keyspace_name, durable_writes, replication FROM system_schema.keyspaces",
    "SELECT JSON keyspace_name, table_name, id FROM system_schema.tables",
    "SELECT JSON keyspace_name, table_name, column_name, type, kind, position, clustering_order FROM system_schema.columns",
    "SELECT JSON keyspace_name, table_name, index_name, kind, options FROM system_schema.indexes",
    "SELECT JSON keyspace_name, view_name, id, base_table_name FROM system_schema.views",
    "SELECT JSON keyspace_name, type_name, field_names, field_types FROM system_schema.types",
    "SELECT JSON keyspace_name, table_name, column_name, dropped_time FROM system_schema.dropped_columns",
];

pub fn schema(sets: &[Vec<Value>]) -> Result<Schema, Unreadable> {
    let [keyspaces, tables, columns, indexes, views, types, dropped] = sets else {
        return Err(bad("a result is missing"));
    };
    let mut schema = Schema::default();
    for row in keyspaces.iter().map(Row) {
        let name = Keyspace::parse(row.keyspace()?).map_err(|error| bad(error.to_string()))?;
        let replication = row.0.get("replication").ok_or_else(|| bad(format!("keyspace {name} has no replication")))?;
        schema.keyspaces.push(KeyspaceSchema {
            name,
            durable_writes: row.flag("durable_writes"),
            replication: Replication::parse(replication)?,
            tables: Vec::new(),
            views: Vec::new(),
            types: Vec::new(),
        });
    }
    let mut parts = parts(columns, indexes, dropped)?;
    for row in tables.iter().map(Row) {
        let name = row.table("table_name")?;
        let (columns, indexes, dropped) = parts.remove(&(row.keyspace()?, row.text("table_name")?)).unwrap_or_default();
        let table = TableSchema { name, id: row.id("id")?, columns: ordered(columns), dropped, indexes };
        schema.keyspace_mut(row.keyspace()?)?.tables.push(table);
    }
    for row in views.iter().map(Row) {
        let view = ViewSchema {
            name: row.table("view_name")?,
            id: row.id("id")?,
            base: Table::parse(row.text("base_table_name")?).map_err(|error| bad(error.to_string()))?,
        };
        schema.keyspace_mut(row.keyspace()?)?.views.push(view);
    }
    for row in types.iter().map(Row) {
        let ty = TypeSchema { name: row.text("type_name")?.to_owned(), fields: row.fields() };
        schema.keyspace_mut(row.keyspace()?)?.types.push(ty);
    }
    Ok(schema)
}

type Parts = (Vec<(i64, Column)>, Vec<Index>, Vec<DroppedColumn>);

/// What belongs to tables (and views), by keyspace and table.
fn parts<'a>(
    columns: &'a [Value],
    indexes: &'a [Value],
    dropped: &'a [Value],
) -> Result<BTreeMap<(&'a str, &'a str), Parts>, Unreadable> {
    let mut parts: BTreeMap<(&str, &str), Parts> = BTreeMap::new();
    for row in columns.iter().map(Row) {
        let column = Column {
            name: row.text("column_name")?.to_owned(),
            ty: row.text("type")?.to_owned(),
            kind: row.text("kind")?.to_owned(),
            order: row.opt("clustering_order").filter(|order| *order != "none").map(str::to_owned),
        };
        let entry = parts.entry((row.keyspace()?, row.text("table_name")?)).or_default();
        entry.0.push((row.number("position"), column));
    }
    for row in indexes.iter().map(Row) {
        let option = |key: &str| row.0.get("options").and_then(|o| o.get(key)).and_then(Value::as_str);
        let index = Index {
            name: row.text("index_name")?.to_owned(),
            kind: row.text("kind")?.to_owned(),
            class: option("class_name").map(str::to_owned),
            target: option("target").unwrap_or_default().to_owned(),
        };
        parts.entry((row.keyspace()?, row.text("table_name")?)).or_default().1.push(index);
    }
    for row in dropped.iter().map(Row) {
        let time = match row.0.get("dropped_time") {
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
            None => return Err(bad("a dropped column has no time")),
        };
        let column = DroppedColumn { name: row.text("column_name")?.to_owned(), time };
        parts.entry((row.keyspace()?, row.text("table_name")?)).or_default().2.push(column);
    }
    Ok(parts)
}
