//! The schema, from the tables that hold it: [`Schema`].
//!
//! Flow: [`queries`] are sent through cqlsh, [`super::cqlsh::json`] makes rows of what it prints,
//! [`Schema::from_rows`] makes the value. `DESCRIBE` was rejected: its text differs per version and
//! would have to be parsed as CQL.
//!
//! Two shapes: `system_schema` (3.0+) and `system.schema_*` (2.2, where types are class names and
//! indexes are attributes of columns).

mod modern;
mod old;
mod replication;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use replication::{Factor, Replication, Strategy};

use super::Unreadable;
use super::layout::{TableDir, TableId};
use super::version::Version;
use crate::name::{Keyspace, Table};

/// All keyspaces, also Cassandra's own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Schema {
    /// By name.
    pub keyspaces: Vec<KeyspaceSchema>,
}

/// One keyspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyspaceSchema {
    /// Its name.
    pub name: Keyspace,
    /// `durable_writes`; false: no commitlog.
    pub durable_writes: bool,
    /// Who holds its data.
    pub replication: Replication,
    /// By name.
    pub tables: Vec<TableSchema>,
    /// Materialized views, by name; always empty in 2.2.
    pub views: Vec<ViewSchema>,
    /// User types, by name.
    pub types: Vec<TypeSchema>,
}

/// One table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableSchema {
    /// Its name.
    pub name: Table,
    /// Its id, which its directory carries.
    pub id: TableId,
    /// Key columns first, in their order, then the others by name.
    pub columns: Vec<Column>,
    /// Columns that were dropped: their data is invisible even when they exist again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<DroppedColumn>,
    /// By name.
    pub indexes: Vec<Index>,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// CQL type; in 2.2 the marshalling class.
    #[serde(rename = "type")]
    pub ty: String,
    /// `partition_key`, `clustering`, `static`, `regular`.
    pub kind: String,
}

/// A column that was dropped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DroppedColumn {
    /// Its name.
    pub name: String,
    /// When, as the server prints it (2.2: microseconds since 1970).
    pub time: String,
}

impl DroppedColumn {
    /// When it was dropped; `None`: that cannot be read.
    pub fn at(&self) -> Option<Timestamp> {
        match self.time.parse::<i64>() {
            Ok(micros) => Timestamp::from_microsecond(micros).ok(),
            Err(_) => self.time.parse().ok(),
        }
    }
}

/// A secondary index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// `COMPOSITES`, `KEYS` (own sstables in `.name/`) or `CUSTOM` (SASI, SAI, …).
    pub kind: String,
    /// Class of a custom index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Indexed column or expression.
    pub target: String,
}

/// A materialized view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewSchema {
    /// Its name.
    pub name: Table,
    /// Its id, which its directory carries.
    pub id: TableId,
    /// The table that it is made from.
    pub base: Table,
}

/// A user type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeSchema {
    /// Its name.
    pub name: String,
    /// Field names and types, in order.
    pub fields: Vec<(String, String)>,
}

impl Schema {
    /// Builds the schema from the result sets of [`queries`], in their order.
    pub fn from_rows(version: &Version, sets: &[Vec<Value>]) -> Result<Self, Unreadable> {
        let wanted = queries(version).len();
        if sets.len() != wanted {
            return Err(bad(format!("{wanted} results were expected, {} came", sets.len())));
        }
        let mut schema = if version.has_system_schema() { modern::schema(sets)? } else { old::schema(sets)? };
        schema.sort();
        Ok(schema)
    }

    /// The keyspace of that name.
    pub fn keyspace(&self, name: &Keyspace) -> Option<&KeyspaceSchema> {
        self.keyspaces.iter().find(|k| k.name == *name)
    }

    /// The keyspaces of users.
    pub fn user_keyspaces(&self) -> impl Iterator<Item = &KeyspaceSchema> {
        self.keyspaces.iter().filter(|k| !is_internal(k.name.as_str()))
    }

    /// Rows come in the order of tokens, which differs per cluster.
    fn sort(&mut self) {
        self.keyspaces.sort_by(|a, b| a.name.cmp(&b.name));
        for keyspace in &mut self.keyspaces {
            keyspace.tables.sort_by(|a, b| a.name.cmp(&b.name));
            keyspace.views.sort_by(|a, b| a.name.cmp(&b.name));
            keyspace.types.sort_by(|a, b| a.name.cmp(&b.name));
            for table in &mut keyspace.tables {
                table.indexes.sort_by(|a, b| a.name.cmp(&b.name));
                table.dropped.sort_by(|a, b| a.name.cmp(&b.name));
            }
        }
    }

    fn keyspace_mut(&mut self, name: &str) -> Result<&mut KeyspaceSchema, Unreadable> {
        let found = self.keyspaces.iter_mut().find(|k| k.name.as_str() == name);
        found.ok_or_else(|| {
            bad(format!("something belongs to the unknown keyspace {name:?}: the schema is changing, try again"))
        })
    }
}

impl KeyspaceSchema {
    /// Directories of its tables and views, in that order.
    pub fn dirs(&self) -> Vec<TableDir> {
        let tables = self.tables.iter().map(|table| (&table.name, &table.id));
        let views = self.views.iter().map(|view| (&view.name, &view.id));
        tables.chain(views).map(|(table, id)| TableDir { table: table.clone(), id: id.clone() }).collect()
    }

    /// The table of that name.
    pub fn table(&self, name: &Table) -> Option<&TableSchema> {
        self.tables.iter().find(|t| t.name == *name)
    }
}

/// What to send through cqlsh, one statement each.
pub fn queries(version: &Version) -> &'static [&'static str] {
    if version.has_system_schema() { modern::QUERIES } else { old::QUERIES }
}

/// A name as CQL wants it: in quotes unless it is plain.
pub fn quoted(name: &str) -> String {
    let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    let plain = plain && name.starts_with(|c: char| c.is_ascii_lowercase());
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// Whether a keyspace is Cassandra's own: local, distributed or virtual.
pub fn is_internal(keyspace: &str) -> bool {
    keyspace == "system" || keyspace.starts_with("system_")
}

fn bad(why: impl Into<String>) -> Unreadable {
    Unreadable::new("the schema", why)
}

/// Reads fields of one row.
#[derive(Clone, Copy)]
struct Row<'a>(&'a Value);

impl<'a> Row<'a> {
    fn text(self, key: &str) -> Result<&'a str, Unreadable> {
        self.opt(key).ok_or_else(|| bad(format!("a row has no text {key}: {}", super::excerpt(&self.0.to_string()))))
    }

    fn opt(self, key: &str) -> Option<&'a str> {
        self.0.get(key).and_then(Value::as_str)
    }

    fn number(self, key: &str) -> i64 {
        self.0.get(key).and_then(Value::as_i64).unwrap_or(-1)
    }

    fn flag(self, key: &str) -> bool {
        self.0.get(key).and_then(Value::as_bool).unwrap_or(true)
    }

    fn texts(self, key: &str) -> Vec<String> {
        let items = self.0.get(key).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(Value::as_str).map(str::to_owned).collect()
    }

    fn keyspace(self) -> Result<&'a str, Unreadable> {
        self.text("keyspace_name")
    }

    fn table(self, key: &str) -> Result<Table, Unreadable> {
        Table::parse(self.text(key)?).map_err(|error| bad(error.to_string()))
    }

    fn id(self, key: &str) -> Result<TableId, Unreadable> {
        TableId::parse(self.text(key)?)
    }

    fn fields(self) -> Vec<(String, String)> {
        self.texts("field_names").into_iter().zip(self.texts("field_types")).collect()
    }
}

/// Key columns by position, then static and regular ones by name.
fn ordered(mut columns: Vec<(i64, Column)>) -> Vec<Column> {
    let rank = |kind: &str| match kind {
        "partition_key" => 0,
        "clustering" => 1,
        _ => 2,
    };
    columns.sort_by(|(pa, a), (pb, b)| {
        let key = |p: i64, c: &Column| (rank(&c.kind), if rank(&c.kind) < 2 { p } else { 0 });
        key(*pa, a).cmp(&key(*pb, b)).then_with(|| a.name.cmp(&b.name))
    });
    columns.into_iter().map(|(_, column)| column).collect()
}

#[cfg(test)]
mod tests;
