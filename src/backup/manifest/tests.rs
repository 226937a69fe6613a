use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::digest::sha256;

mod schema;

/// Paths that leave the table or hide in it.
const UNFIT: &[&str] = &[
    "",
    ".",
    "..",
    "/etc/passwd",
    "../x",
    "a/../../x",
    "a//b",
    "a/b",
    ".i/a/b",
    ".i/../x",
    ".i/",
    "./x",
    ".hidden",
    ".i/.hidden",
    "-rf",
    "a b",
    "a\nb",
    "a\0b",
    "a;b",
    "$(x)",
    "a'b",
    "é",
    "a\\b",
    "snapshots/x",
    "..x/y",
    "a\n",
];

fn value() -> Value {
    let file = |path: &str, size: u64| json!({"path": path, "size": size, "sha256": "ab".repeat(32)});
    json!({
        "format": 1, "tag": "lab-20240701T100000Z", "cluster": "Lab Cluster", "node": "cass1",
        "host_id": "4f065e01-c613-422a-81f0-27f6b127bab0", "version": "5.0.8", "partitioner": "Murmur3Partitioner",
        "taken_at": "2024-07-01T10:00:00Z", "reseed": "0.1.0", "later": {"more": true},
        "keyspaces": [{
            "name": "ks", "replication": {"class": "SimpleStrategy", "replication_factor": "3"}, "schema_cql": "CREATE KEYSPACE ks …",
            "tables": [{
                "name": "t", "id": "f58cb0e0-c9a6-11e7-a9d0-b5b6a2d0a1b2", "indexes": [{"name": "by_v", "kind": "COMPOSITES"}],
                "views": [], "rows_estimate": 10,
                "files": [
                    file("nb-1-big-Data.db", 100), file("nb-1-big-Digest.crc32", 10), file(".by_v/nb-1-big-Data.db", 7),
                    file("nb-1-big-SAI+aa+meta.db", 1), file("manifest.json", 20), file("schema.cql", 30),
                ],
            }],
        }],
    })
}

fn parse(value: &Value) -> Result<Manifest, ManifestError> {
    let json = value.to_string();
    Manifest::parse(&json, &format!("{}  manifest.json\n", sha256(&json)))
}

fn with_path(path: &str) -> Value {
    let mut value = value();
    value["keyspaces"][0]["tables"][0]["files"][0]["path"] = json!(path);
    value
}

#[test]
fn a_manifest_of_the_contract_is_read_and_unknown_keys_are_ignored() {
    let manifest = parse(&value()).unwrap();
    assert_eq!((manifest.bytes(), manifest.file_count()), (168, 6));
    let keyspace = manifest.keyspace(&Keyspace::parse("ks").unwrap()).unwrap();
    assert!(keyspace.table(&Table::parse("t").unwrap()).is_some());
}

#[test]
fn what_is_written_is_read_back_and_fits_sha256sum() {
    let manifest = parse(&value()).unwrap();
    let (json, line) = manifest.render().unwrap();
    assert_eq!(Manifest::parse(&json, &line).unwrap(), manifest);
    assert_eq!(line.len(), 64 + 2 + "manifest.json\n".len());
    assert_eq!(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

#[test]
fn one_changed_byte_is_damage() {
    let (json, line) = parse(&value()).unwrap().render().unwrap();
    let changed = json.replace("\"size\": 100", "\"size\": 101");
    let error = Manifest::parse(&changed, &line).unwrap_err();
    assert!(matches!(&error, ManifestError::Damaged { .. }) && error.to_string().contains("do not restore"), "{error}");
    for bad in ["", "xyz  manifest.json", &format!("{}  other.json", sha256(&json)), &format!("{line}{line}")] {
        assert!(matches!(Manifest::parse(&json, bad), Err(ManifestError::Checksum { .. })), "{bad}");
    }
}

#[test]
fn another_format_is_refused_whatever_else_it_holds() {
    assert!(matches!(parse(&json!({"format": 2})), Err(ManifestError::Format { found: 2 })));
    assert!(matches!(parse(&json!({})), Err(ManifestError::Syntax { .. })));
    assert!(matches!(parse(&json!({"format": 1})), Err(ManifestError::Syntax { .. })));
}

#[test]
fn paths_that_leave_the_table_or_hide_in_it_are_refused() {
    for path in UNFIT {
        let error = parse(&with_path(path)).unwrap_err();
        assert!(matches!(error, ManifestError::Hostile { .. }), "{path:?}: {error}");
    }
    assert!(parse(&with_path(&"x".repeat(600))).is_err());
}

#[test]
fn names_of_every_kind_of_component_are_accepted() {
    for path in [
        "nb-1-big-Data.db",
        "nb-3gks_1b2c_0abcdefghijklmnopq-big-TOC.txt",
        "ks-t-ka-1-Data.db",
        ".by-v/lb-1-big-Digest.adler32",
        "nb-1-big-SAI+aa+by_v+TermsData.db",
        "da-1-bti-Partitions.db",
        "nb-1-big-SI_idx.db",
    ] {
        assert!(parse(&with_path(path)).is_ok(), "{path}");
    }
}

#[test]
fn hostile_names_duplicates_and_sizes_are_refused() {
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut value = value();
        change(&mut value);
        parse(&value).unwrap_err().to_string()
    };
    let table = |v: &mut Value, key: &str, to: Value| v["keyspaces"][0]["tables"][0][key] = to;
    assert!(changed(&|v| table(v, "name", json!("../t"))).contains("not a valid table"));
    assert!(changed(&|v| v["keyspaces"][0]["name"] = json!("a/b")).contains("not a valid keyspace"));
    assert!(changed(&|v| v["keyspaces"][0]["name"] = json!("system")).contains("Cassandra's own"));
    assert!(changed(&|v| v["tag"] = json!("../x")).contains("not a valid tag"));
    assert!(changed(&|v| table(v, "id", json!("x"))).contains("table id"));
    assert!(changed(&|v| table(v, "indexes", json!([{"name": "../x", "kind": "KEYS"}]))).contains("no index name"));
    assert!(changed(&|v| v["host_id"] = json!("x")).contains("no UUID"));
    assert!(changed(&|v| v["keyspaces"][0]["tables"][0]["files"][0]["sha256"] = json!("AB")).contains("sha256"));
    assert!(changed(&|v| v["keyspaces"][0]["tables"][0]["files"][0]["size"] = json!(u64::MAX)).contains("add up"));
    assert!(
        changed(&|v| v["keyspaces"][0]["tables"][0]["files"][1]["path"] = json!("nb-1-big-Data.db")).contains("twice")
    );
    let twice = |v: &mut Value, pointer: &str| {
        let list = v.pointer_mut(pointer).and_then(Value::as_array_mut).unwrap();
        list.push(list[0].clone());
    };
    assert!(changed(&|v| twice(v, "/keyspaces")).contains("twice"));
    assert!(changed(&|v| twice(v, "/keyspaces/0/tables")).contains("twice"));
}

proptest! {
    #[test]
    fn an_accepted_path_stays_inside_its_table(path in "[-./a-z+_=\\\\ \n]{0,24}") {
        if check::judge_path(&path).is_ok() {
            let joined = std::path::Path::new("/t").join(&path);
            let parts: Vec<_> = joined.components().collect();
            prop_assert!(joined.starts_with("/t") && parts.len() <= 4);
            prop_assert!(parts.iter().all(|p| !matches!(p, std::path::Component::ParentDir)));
            prop_assert_eq!(joined.to_str().unwrap(), format!("/t/{path}"));
        }
    }
}
