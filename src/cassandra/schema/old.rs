//! `system.schema_*` of 2.2.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{
    Column, DroppedColumn, Index, KeyspaceSchema, Replication, Row, Schema, TableSchema, TypeSchema, bad, ordered,
    quoted,
};
use crate::cassandra::Unreadable;
use crate::name::Keyspace;

pub const QUERIES: &[&str] = &[
    "SELECT JSON keyspace_name, durable_writes, strategy_class, strategy_options FROM system.schema_keyspaces",
    "SELECT JSON keyspace_name, columnfamily_name, cf_id, dropped_columns FROM system.schema_columnfamilies",
    "SELECT JSON keyspace_name, columnfamily_name, column_name, component_index, type, validator, index_name, index_type, index_options FROM system.schema_columns",
    "SELECT JSON keyspace_name, type_name, field_names, field_types FROM system.schema_usertypes",
];

pub fn schema(sets: &[Vec<Value>]) -> Result<Schema, Unreadable> {
    let [keyspaces, tables, columns, types] = sets else { return Err(bad("a result is missing")) };
    let mut schema = Schema::default();
    for row in keyspaces.iter().map(Row) {
        let name = Keyspace::parse(row.keyspace()?).map_err(|error| bad(error.to_string()))?;
        let mut replication = embedded(row.opt("strategy_options"))?;
        replication.insert("class".to_owned(), row.text("strategy_class")?.into());
        schema.keyspaces.push(KeyspaceSchema {
            name,
            durable_writes: row.flag("durable_writes"),
            replication: Replication::parse(&Value::Object(replication))?,
            tables: Vec::new(),
            views: Vec::new(),
            types: Vec::new(),
        });
    }
    let mut parts: BTreeMap<(&str, &str), Parts> = BTreeMap::new();
    for row in columns.iter().map(Row) {
        let part = parts.entry((row.keyspace()?, row.text("columnfamily_name")?)).or_default();
        part.0.push((row.number("component_index"), column(row)?));
        part.1.extend(index(row)?);
    }
    for row in tables.iter().map(Row) {
        let key = (row.keyspace()?, row.text("columnfamily_name")?);
        let (columns, indexes) = parts.remove(&key).unwrap_or_default();
        let table = TableSchema {
            name: row.table("columnfamily_name")?,
            id: row.id("cf_id")?,
            columns: ordered(columns),
            dropped: dropped(row),
            indexes,
        };
        schema.keyspace_mut(key.0)?.tables.push(table);
    }
    for row in types.iter().map(Row) {
        let ty = TypeSchema { name: row.text("type_name")?.to_owned(), fields: row.fields() };
        schema.keyspace_mut(row.keyspace()?)?.types.push(ty);
    }
    Ok(schema)
}

/// Columns with their positions, and indexes, of one table.
type Parts = (Vec<(i64, Column)>, Vec<Index>);

fn column(row: Row) -> Result<Column, Unreadable> {
    let kind = match row.text("type")? {
        "clustering_key" => "clustering",
        "compact_value" => "regular",
        other => other,
    };
    Ok(Column {
        name: row.text("column_name")?.to_owned(),
        ty: row.text("validator")?.to_owned(),
        kind: kind.to_owned(),
        order: None,
    })
}

fn index(row: Row) -> Result<Option<Index>, Unreadable> {
    let Some(kind) = row.opt("index_type") else { return Ok(None) };
    let column = row.text("column_name")?;
    let options = embedded(row.opt("index_options"))?;
    // Unnamed indexes exist from the Thrift days; Cassandra calls them by their column.
    let name = row.opt("index_name").unwrap_or(column);
    let class = options.get("class_name").and_then(Value::as_str).map(str::to_owned);
    let target = target(column, row.text("validator")?, &options);
    Ok(Some(Index { name: name.to_owned(), kind: kind.to_owned(), class, target }))
}

/// What is indexed, as later versions write it. Of a collection the options tell which part.
fn target(column: &str, validator: &str, options: &Map<String, Value>) -> String {
    let parts = [("index_keys", "keys"), ("index_values", "values"), ("index_keys_and_values", "entries")];
    let part = parts.into_iter().find(|(option, _)| options.contains_key(*option)).map(|(_, part)| part);
    let collection =
        |class: &str| validator.contains(&format!(".FrozenType(org.apache.cassandra.db.marshal.{class}Type("));
    match part {
        Some(part) => format!("{part}({})", quoted(column)),
        None if ["Set", "List", "Map"].into_iter().any(collection) => format!("full({})", quoted(column)),
        None => column.to_owned(),
    }
}

fn dropped(row: Row) -> Vec<DroppedColumn> {
    let columns = row.0.get("dropped_columns").and_then(Value::as_object).into_iter().flatten();
    columns.map(|(name, time)| DroppedColumn { name: name.clone(), time: time.to_string() }).collect()
}

/// JSON inside a text column: `{"replication_factor":"3"}`, or `null` as text.
fn embedded(text: Option<&str>) -> Result<Map<String, Value>, Unreadable> {
    match text.map(serde_json::from_str::<Value>).transpose() {
        Ok(None | Some(Value::Null)) => Ok(Map::new()),
        Ok(Some(Value::Object(map))) => Ok(map),
        Ok(Some(_)) | Err(_) => {
            Err(bad(format!("options are no JSON: {}", super::super::excerpt(text.unwrap_or_default()))))
        }
    }
}
