//! CQL that makes a keyspace, from its schema tables: for servers that this cqlsh cannot `DESCRIBE`
//! (a cqlsh of 4.0 or later describes only servers of its own kind).
//!
//! It holds what data needs to be read: replication, types, columns, keys and their order, indexes.
//! Not what is only tuning (options of tables), and no views, whose query is not known; it says so
//! itself, in a comment.

use super::{Column, Index, KeyspaceSchema, Replication, TableSchema, quoted};
use crate::cassandra::types::Type;

const HEAD: &str = "-- Made by reseed from the schema tables, since this cqlsh cannot DESCRIBE this server.
-- Options of tables (compaction, compression, gc_grace_seconds, default_time_to_live, comment)
-- and of custom indexes are not included.
";

impl KeyspaceSchema {
    /// Statements that make it, its types, tables and indexes; in an order that works unless types
    /// are made of types that sort behind them.
    pub fn to_cql(&self) -> String {
        let own = quoted(self.name.as_str());
        let missing = self.views.iter().map(|v| format!("-- The view {} of {} is not included.\n", v.name, v.base));
        let keyspace = format!(
            "\nCREATE KEYSPACE {own} WITH replication = {} AND durable_writes = {};\n",
            replication(&self.replication),
            self.durable_writes
        );
        let types = self.types.iter().map(|ty| {
            let fields: Vec<_> = ty.fields.iter().map(|(name, ty)| format!("{} {}", quoted(name), cql(ty))).collect();
            format!("\nCREATE TYPE {own}.{} ({});\n", quoted(&ty.name), fields.join(", "))
        });
        let tables = self.tables.iter().flat_map(|table| {
            let indexes = table.indexes.iter().map(|index| create_index(&own, table, index));
            [create(&own, table)].into_iter().chain(indexes).collect::<Vec<_>>()
        });
        let head = [HEAD.to_owned()].into_iter().chain(missing);
        head.chain([keyspace]).chain(types).chain(tables).collect()
    }
}

fn replication(replication: &Replication) -> String {
    let class = [("class", replication.class())];
    let options = replication.options.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    let all: Vec<_> = class.into_iter().chain(options).map(|(key, value)| format!("'{key}': '{value}'")).collect();
    format!("{{{}}}", all.join(", "))
}

fn create(keyspace: &str, table: &TableSchema) -> String {
    let of = |kind: &'static str| table.columns.iter().filter(move |column| column.kind == kind);
    let names = |kind| of(kind).map(|column| quoted(&column.name)).collect::<Vec<_>>().join(", ");
    let (partition, clustering) = (names("partition_key"), names("clustering"));
    let line = |column: &Column| {
        let fixed = if column.kind == "static" { " static" } else { "" };
        format!("  {} {}{fixed},\n", quoted(&column.name), cql(&column.ty))
    };
    let lines: Vec<String> = table.columns.iter().map(line).collect();
    let lines = lines.concat();
    let tail = if clustering.is_empty() { String::new() } else { format!(", {clustering}") };
    let order: Vec<_> = of("clustering").map(|c| format!("{} {}", quoted(&c.name), direction(c))).collect();
    let order =
        if order.is_empty() { String::new() } else { format!(" WITH CLUSTERING ORDER BY ({})", order.join(", ")) };
    let name = quoted(table.name.as_str());
    format!("\nCREATE TABLE {keyspace}.{name} (\n{lines}  PRIMARY KEY (({partition}){tail})\n){order};\n")
}

fn direction(column: &Column) -> &'static str {
    if column.is_reversed() { "DESC" } else { "ASC" }
}

fn create_index(keyspace: &str, table: &TableSchema, index: &Index) -> String {
    let (custom, using) = match &index.class {
        Some(class) => ("CUSTOM ", format!(" USING '{class}'")),
        None => ("", String::new()),
    };
    // a column of that name, or already an expression such as `keys(m)`; 2.2 does not know `values(m)` as
    // such, which is what every version understands by the column alone
    let values = index.target.strip_prefix("values(").and_then(|rest| rest.strip_suffix(')'));
    let target = if table.columns.iter().any(|c| c.name == index.target) {
        quoted(&index.target)
    } else {
        values.unwrap_or(&index.target).to_owned()
    };
    let (name, table) = (quoted(&index.name), quoted(table.name.as_str()));
    format!("CREATE {custom}INDEX {name} ON {keyspace}.{table} ({target}){using};\n")
}

/// 2.2 has class names.
fn cql(ty: &str) -> String {
    if !ty.contains("org.apache.cassandra") {
        return ty.to_owned();
    }
    Type::parse(ty).map_or_else(|| format!("'{ty}'"), |ty| ty.to_cql())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cassandra::ddl::{self, Kind};
    use crate::cassandra::layout::TableId;
    use crate::cassandra::schema::TypeSchema;
    use crate::name::{Keyspace, Table};

    fn class(name: &str) -> String {
        format!("org.apache.cassandra.db.marshal.{name}")
    }

    #[test]
    fn what_it_makes_is_understood_and_holds_keys_orders_types_and_indexes() {
        let column =
            |name: &str, kind: &str, ty: String| Column { name: name.into(), kind: kind.into(), ty, order: None };
        let (int, text) = (class("Int32Type"), class("UTF8Type"));
        let address = format!("{}(shop,61646472657373,737472656574:{text})", class("UserType"));
        let table = TableSchema {
            name: Table::parse("OrderItems").unwrap(),
            id: TableId::parse("f58cb0e0-c9a6-11e7-a9d0-b5b6a2d0a1b2").unwrap(),
            columns: vec![
                column("Id", "partition_key", int.clone()),
                column("seq", "clustering", format!("{}({int})", class("ReversedType"))),
                column("Owner \"x\"", "static", text.clone()),
                column("homes", "regular", format!("{}({text},{address})", class("MapType"))),
                column("home", "regular", address),
            ],
            dropped: vec![],
            indexes: vec![
                Index { name: "ByOwner".into(), kind: "COMPOSITES".into(), class: None, target: "Owner \"x\"".into() },
                Index { name: "k".into(), kind: "COMPOSITES".into(), class: None, target: "keys(homes)".into() },
            ],
        };
        let keyspace = KeyspaceSchema {
            name: Keyspace::parse("shop").unwrap(),
            durable_writes: true,
            replication: Replication::parse(&json!({"class": "NetworkTopologyStrategy", "dc1": "3"})).unwrap(),
            tables: vec![table],
            views: vec![],
            types: vec![TypeSchema { name: "address".into(), fields: vec![("street".into(), text)] }],
        };
        let cql = keyspace.to_cql();
        insta::assert_snapshot!(cql.lines().skip(3).collect::<Vec<_>>().join("\n"));
        let kinds: Vec<Kind> = ddl::statements(&cql).iter().map(|statement| statement.kind).collect();
        assert_eq!(kinds, [Kind::Keyspace, Kind::Type, Kind::Table, Kind::Index, Kind::Index]);
    }
}
