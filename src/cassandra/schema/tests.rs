use serde_json::{Value, json};

use super::*;

fn v(text: &str) -> Version {
    Version::parse(text).unwrap()
}

const ID: &str = "f58cb0e0-c9a6-11e7-a9d0-b5b6a2d0a1b2";

fn modern() -> Vec<Vec<Value>> {
    let row = |more: Value| {
        let mut row = json!({"keyspace_name": "ks", "table_name": "t"});
        row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        row
    };
    vec![
        vec![
            json!({"keyspace_name": "system", "durable_writes": true, "replication": {"class": "org.apache.cassandra.locator.LocalStrategy"}}),
            json!({"keyspace_name": "ks", "durable_writes": false, "replication": {"class": "org.apache.cassandra.locator.SimpleStrategy", "replication_factor": "3"}}),
        ],
        vec![row(json!({"id": ID}))],
        vec![
            row(json!({"column_name": "v", "type": "text", "kind": "regular", "position": -1})),
            row(json!({"column_name": "c", "type": "int", "kind": "clustering", "position": 0})),
            row(json!({"column_name": "b", "type": "int", "kind": "partition_key", "position": 1})),
            row(json!({"column_name": "z", "type": "uuid", "kind": "partition_key", "position": 0})),
            json!({"keyspace_name": "ks", "table_name": "v1", "column_name": "v", "type": "text", "kind": "partition_key", "position": 0}),
        ],
        vec![
            row(
                json!({"index_name": "sai", "kind": "CUSTOM", "options": {"class_name": "StorageAttachedIndex", "target": "v"}}),
            ),
            row(json!({"index_name": "by_v", "kind": "COMPOSITES", "options": {"target": "v"}})),
        ],
        vec![json!({"keyspace_name": "ks", "view_name": "v1", "id": ID, "base_table_name": "t"})],
        vec![json!({"keyspace_name": "ks", "type_name": "addr", "field_names": ["a"], "field_types": ["text"]})],
        vec![row(json!({"column_name": "old", "dropped_time": "2024-07-01 10:00:00.000Z"}))],
    ]
}

#[test]
fn the_schema_of_3_0_and_later_is_read_in_a_fixed_order() {
    let schema = Schema::from_rows(&v("5.0.8"), &modern()).unwrap();
    assert_eq!(schema.user_keyspaces().count(), 1);
    let ks = &schema.keyspaces[0];
    assert_eq!((ks.name.as_str(), ks.durable_writes), ("ks", false));
    let table = &ks.tables[0];
    assert_eq!(table.columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["z", "b", "c", "v"]);
    let indexes: Vec<_> = table
        .indexes
        .iter()
        .map(|i| (i.name.as_str(), i.kind.as_str(), i.class.as_deref(), i.target.as_str()))
        .collect();
    assert_eq!(indexes, [("by_v", "COMPOSITES", None, "v"), ("sai", "CUSTOM", Some("StorageAttachedIndex"), "v")]);
    assert_eq!((ks.views[0].base.as_str(), ks.types[0].fields.len(), table.dropped[0].name.as_str()), ("t", 1, "old"));
}

#[test]
fn the_schema_of_2_2_is_read_into_the_same_value() {
    let column = |name: &str, kind: &str, position: Value, index: Value| {
        json!({"keyspace_name": "ks", "columnfamily_name": "t", "column_name": name, "component_index": position, "type": kind,
               "validator": "org.apache.cassandra.db.marshal.UTF8Type", "index_name": index,
               "index_type": if index.is_null() { Value::Null } else { json!("COMPOSITES") }, "index_options": if index.is_null() { "null" } else { "{}" }})
    };
    let sets = vec![
        vec![
            json!({"keyspace_name": "ks", "durable_writes": true, "strategy_class": "org.apache.cassandra.locator.NetworkTopologyStrategy", "strategy_options": "{\"dc1\":\"3\"}"}),
        ],
        vec![
            json!({"keyspace_name": "ks", "columnfamily_name": "t", "cf_id": ID, "dropped_columns": {"old": 1_719_838_293_000_000_i64}}),
        ],
        vec![
            column("v", "regular", json!(0), json!("by_v")),
            column("c", "clustering_key", json!(0), Value::Null),
            column("k", "partition_key", Value::Null, Value::Null),
        ],
        vec![],
    ];
    let schema = Schema::from_rows(&v("2.2.19"), &sets).unwrap();
    let ks = &schema.keyspaces[0];
    assert_eq!(ks.replication.factor_in("dc1"), Some(3));
    let kinds: Vec<_> = ks.tables[0].columns.iter().map(|c| (c.name.as_str(), c.kind.as_str())).collect();
    assert_eq!(kinds, [("k", "partition_key"), ("c", "clustering"), ("v", "regular")]);
    assert_eq!((ks.tables[0].indexes[0].name.as_str(), ks.tables[0].indexes[0].target.as_str()), ("by_v", "v"));
    assert_eq!(ks.tables[0].dropped[0].time, "1719838293000000");
}

/// Validators and options as 2.2.19 holds them.
#[test]
fn parts_of_collections_that_2_2_indexes_are_told_as_later_versions_do() {
    let class = |inner: &str| inner.replace('@', "org.apache.cassandra.db.marshal.");
    let column = |name: &str, validator: &str, options: &str| {
        json!({"keyspace_name": "ks", "columnfamily_name": "t", "column_name": name, "component_index": 0, "type": "regular",
               "validator": class(validator), "index_name": format!("i_{name}"), "index_type": "COMPOSITES", "index_options": options})
    };
    let sets = vec![
        vec![
            json!({"keyspace_name": "ks", "durable_writes": true, "strategy_class": "SimpleStrategy", "strategy_options": "{\"replication_factor\":\"3\"}"}),
        ],
        vec![json!({"keyspace_name": "ks", "columnfamily_name": "t", "cf_id": ID, "dropped_columns": null})],
        vec![
            column("a", "@MapType(@UTF8Type,@UTF8Type)", r#"{"index_keys_and_values":""}"#),
            column("b", "@MapType(@UTF8Type,@Int32Type)", r#"{"index_keys":""}"#),
            column("Steps", "@ListType(@UTF8Type)", r#"{"index_values":""}"#),
            column("d", "@FrozenType(@MapType(@UTF8Type,@ListType(@Int32Type)))", "{}"),
            column("e", "@UTF8Type", "{}"),
        ],
        vec![],
    ];
    let schema = Schema::from_rows(&v("2.2.19"), &sets).unwrap();
    let targets: Vec<_> = schema.keyspaces[0].tables[0].indexes.iter().map(|i| i.target.as_str()).collect();
    assert_eq!(targets, ["values(\"Steps\")", "entries(a)", "keys(b)", "full(d)", "e"]);
    // 2.2 itself has no word for values
    assert!(schema.keyspaces[0].to_cql().contains("ON ks.t (\"Steps\");"));
}

#[test]
fn missing_results_and_strange_names_are_refused() {
    assert!(Schema::from_rows(&v("4.0.19"), &modern()[..6]).is_err());
    let mut sets = modern();
    sets[1][0]["table_name"] = json!("../t");
    assert!(Schema::from_rows(&v("4.0.19"), &sets).is_err());
    let mut sets = modern();
    sets[0].pop();
    assert!(Schema::from_rows(&v("4.0.19"), &sets).unwrap_err().to_string().contains("try again"));
}

#[test]
fn every_query_is_one_select_json() {
    for version in ["2.2.19", "3.11.19", "5.0.8"] {
        for query in queries(&v(version)) {
            assert!(query.starts_with("SELECT JSON keyspace_name") && !query.contains(';'), "{query}");
        }
    }
    assert!(queries(&v("2.2.19"))[0].contains("system.schema_keyspaces"));
}

#[test]
fn cassandras_own_keyspaces_are_known() {
    for own in
        ["system", "system_auth", "system_schema", "system_views", "system_virtual_schema", "system_cluster_metadata"]
    {
        assert!(is_internal(own), "{own}");
    }
    assert!(!is_internal("systematic") && !is_internal("x9fa003e2_group_2"));
}

#[test]
fn the_schema_survives_json() {
    let schema = Schema::from_rows(&v("5.0.8"), &modern()).unwrap();
    let text = serde_json::to_string(&schema).unwrap();
    assert_eq!(serde_json::from_str::<Schema>(&text).unwrap(), schema);
}
