//! The JSON schema beside the reader: real manifests pass both, broken ones neither.
//!
//! The validator knows the keywords that our schema uses and panics at any other, so that none is passed over. A
//! crate for it was rejected: the well-kept ones bring forty others (Unicode tables, URLs) into every build.

use std::process::Command;

use regex_lite::Regex;
use serde_json::{Value, json};

use super::super::SCHEMA;
use super::{UNFIT, parse};

struct Schema(Value);

impl Schema {
    fn read() -> Self {
        Self(serde_json::from_str(SCHEMA).unwrap())
    }

    fn accepts(&self, manifest: &Value) -> Result<(), String> {
        self.judge(&self.0, manifest, "")
    }

    fn judge(&self, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
        let none = serde_json::Map::new();
        let own = schema["properties"].as_object().unwrap_or(&none);
        for (keyword, rule) in schema.as_object().unwrap() {
            let number = || rule.as_u64().unwrap();
            let length = || value.as_str().map_or(0, |text| text.chars().count() as u64);
            let items = || value.as_array().map_or(&[][..], Vec::as_slice);
            let holds = match keyword.as_str() {
                "$schema" | "$id" | "$defs" | "title" | "description" => true,
                "$ref" => {
                    let place = rule.as_str().unwrap().strip_prefix('#').unwrap();
                    self.judge(self.0.pointer(place).unwrap(), value, at)?;
                    true
                }
                // one, or a list of them
                "type" => {
                    let types = rule.as_array().map_or(std::slice::from_ref(rule), Vec::as_slice);
                    types.iter().any(|name| is_of(value, name.as_str().unwrap()))
                }
                "const" => value == rule,
                "minimum" => value.as_f64().is_none_or(|found| found >= rule.as_f64().unwrap()),
                "minLength" => !value.is_string() || length() >= number(),
                "maxLength" => length() <= number(),
                "minItems" => !value.is_array() || items().len() as u64 >= number(),
                "maxItems" => items().len() as u64 <= number(),
                "pattern" => {
                    let pattern = Regex::new(rule.as_str().unwrap()).unwrap();
                    value.as_str().is_none_or(|text| pattern.is_match(text))
                }
                "required" => rule.as_array().unwrap().iter().all(|name| value.get(name.as_str().unwrap()).is_some()),
                "properties" => {
                    for (name, rule) in own {
                        value.get(name).map_or(Ok(()), |value| self.judge(rule, value, &format!("{at}/{name}")))?;
                    }
                    true
                }
                "additionalProperties" => {
                    let more = value.as_object().into_iter().flatten().filter(|(name, _)| !own.contains_key(*name));
                    for (name, value) in more {
                        self.judge(rule, value, &format!("{at}/{name}"))?;
                    }
                    true
                }
                "items" => {
                    for (n, value) in items().iter().enumerate() {
                        self.judge(rule, value, &format!("{at}/{n}"))?;
                    }
                    true
                }
                other => panic!("the schema has a keyword that this test does not know: {other}"),
            };
            if !holds {
                return Err(format!("{at}: {value} breaks {keyword}: {rule}"));
            }
        }
        Ok(())
    }
}

fn is_of(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("type {other}"),
    }
}

/// Manifests that real backups of real clusters have, by version.
fn real() -> Vec<Value> {
    let text = |version: &str| {
        let archive = format!("{}/tests/fixtures/backups/{version}.tar.gz", env!("CARGO_MANIFEST_DIR"));
        let out = Command::new("tar").args(["-xzOf", &archive, "real/manifest.json"]).output().unwrap();
        assert!(out.status.success(), "{out:?}");
        serde_json::from_slice(&out.stdout).unwrap()
    };
    ["2.2.19", "5.0.8"].map(text).into()
}

#[test]
fn manifests_of_real_backups_fit_the_schema_and_are_read() {
    let schema = Schema::read();
    for manifest in real() {
        schema.accepts(&manifest).unwrap();
        let read = parse(&manifest).unwrap();
        // and so does what is written of them again
        schema.accepts(&serde_json::to_value(&read).unwrap()).unwrap();
    }
}

/// A real manifest with all that later ones tell; with `unknown`, as far as it was known: nothing.
fn told(mut manifest: Value, unknown: bool) -> Value {
    let moment = if unknown { Value::Null } else { json!("2026-01-02T03:04:05.6Z") };
    let sessions = if unknown { Value::Null } else { json!(["f58cb0e0-c9a6-11e7-a9d0-b5b6a2d0a1b2"]) };
    manifest["source"] = json!({"started": moment, "hints": 3, "dropped": moment, "repair_sessions": sessions});
    let keyspace = manifest.pointer_mut("/keyspaces/0").unwrap();
    keyspace["last_full_repair"] = moment;
    keyspace["repaired_first"] = json!(!unknown);
    keyspace["may_lack"] = json!(["it was down"]);
    let dropped = if unknown { json!([]) } else { json!([{"name": "c", "time": "1767323045000000"}]) };
    manifest.pointer_mut("/keyspaces/0/tables/1").unwrap()["dropped"] = dropped;
    manifest
}

#[test]
fn all_that_a_reader_knows_is_named_in_the_schema() {
    let schema = Schema::read();
    for manifest in real() {
        for manifest in [told(manifest.clone(), false), told(manifest, true)] {
            schema.accepts(&manifest).unwrap();
            schema.accepts(&serde_json::to_value(parse(&manifest).unwrap()).unwrap()).unwrap();
        }
    }
    let named = |place: &str, key: &str| schema.0.pointer(place).unwrap().get(key).is_some();
    let full = serde_json::to_value(parse(&told(real().remove(1), false)).unwrap()).unwrap();
    for (found, place) in [
        ("", "/properties"),
        ("/source", "/properties/source/properties"),
        ("/keyspaces/0", "/$defs/keyspace/properties"),
        ("/keyspaces/0/tables/1", "/$defs/table/properties"),
        ("/keyspaces/0/tables/1/dropped/0", "/$defs/table/properties/dropped/items/properties"),
        ("/keyspaces/0/tables/1/files/0", "/$defs/file/properties"),
    ] {
        for key in full.pointer(found).unwrap().as_object().unwrap().keys() {
            assert!(named(place, key), "{found}/{key} is not in the schema");
        }
    }
}

#[test]
fn keys_that_nobody_knows_yet_are_allowed_everywhere() {
    let schema = Schema::read();
    for mut manifest in real() {
        let places = [
            "",
            "/keyspaces/0",
            "/keyspaces/0/tables/1",
            "/keyspaces/0/tables/1/files/0",
            "/keyspaces/0/tables/1/indexes/0",
        ];
        for place in places {
            let object = manifest.pointer_mut(place).and_then(Value::as_object_mut).unwrap();
            object.insert("of_a_later_reseed".to_owned(), json!({"any": ["thing", 1, null]}));
        }
        schema.accepts(&manifest).unwrap();
        parse(&manifest).unwrap();
    }
}

/// A real manifest, changed, that neither takes.
fn nobody_takes(change: impl Fn(&mut Value) -> bool, what: &str) {
    let schema = Schema::read();
    for mut manifest in real().into_iter().map(|manifest| told(manifest, false)) {
        if change(&mut manifest) {
            assert!(schema.accepts(&manifest).is_err(), "the schema takes {what}");
            assert!(parse(&manifest).is_err(), "the reader takes {what}");
        }
    }
}

const FILE: &str = "/keyspaces/0/tables/1/files/0";

#[test]
fn values_that_the_schema_refuses_the_reader_refuses_too() {
    for (place, value) in [
        ("/format", json!(2)),
        ("/format", json!("1")),
        ("/tag", json!("../x")),
        ("/tag", json!("-rf")),
        ("/cluster", json!("")),
        ("/cluster", json!("two\nlines")),
        ("/node", json!("a b")),
        ("/host_id", json!("x")),
        ("/version", json!("five")),
        ("/taken_at", json!("yesterday")),
        ("/keyspaces", json!({})),
        ("/keyspaces/0/name", json!("a/b")),
        ("/keyspaces/0/replication", json!({"replication_factor": "3"})),
        ("/keyspaces/0/tables/1/name", json!("../t")),
        ("/keyspaces/0/tables/1/id", json!("x")),
        ("/keyspaces/0/tables/1/indexes/0/name", json!("../x")),
        ("/keyspaces/0/tables/1/rows_estimate", json!(-1)),
        ("/keyspaces/0/tables/1/files/0/size", json!(-1)),
        ("/keyspaces/0/tables/1/files/0/size", json!(1.5)),
        ("/keyspaces/0/tables/1/files/0/sha256", json!("AB")),
        ("/source", json!("x")),
        ("/source/started", json!("yesterday")),
        ("/source/hints", json!(null)),
        ("/source/dropped", json!(1)),
        ("/source/repair_sessions", json!("x")),
        ("/keyspaces/0/last_full_repair", json!("never")),
        ("/keyspaces/0/repaired_first", json!(null)),
        ("/keyspaces/0/may_lack", json!([1])),
        ("/keyspaces/0/tables/1/dropped", json!(["c"])),
        ("/keyspaces/0/tables/1/dropped/0/time", json!(1)),
    ] {
        let change = |manifest: &mut Value| {
            *manifest.pointer_mut(place).unwrap() = value.clone();
            true
        };
        nobody_takes(change, &format!("{place} = {value}"));
    }
}

#[test]
fn what_the_schema_demands_the_reader_demands_too() {
    let names = "format tag cluster node host_id version partitioner taken_at reseed keyspaces name replication schema_cql tables id files path size sha256 kind";
    for place in ["", "/keyspaces/0", "/keyspaces/0/tables/1", FILE, "/keyspaces/0/tables/1/indexes/0"] {
        for name in names.split(' ') {
            let change = |manifest: &mut Value| {
                manifest.pointer_mut(place).and_then(Value::as_object_mut).unwrap().remove(name).is_some()
            };
            nobody_takes(change, &format!("{place} without {name}"));
        }
    }
}

#[test]
fn paths_that_the_reader_refuses_the_schema_refuses_too() {
    for path in UNFIT {
        let change = |manifest: &mut Value| {
            manifest.pointer_mut(FILE).unwrap()["path"] = json!(path);
            true
        };
        nobody_takes(change, &format!("path {path:?}"));
    }
}
