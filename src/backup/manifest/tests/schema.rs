//! The JSON schema beside the reader: real manifests pass both, broken ones neither.
//!
//! The validator knows the keywords that our schema uses and panics at any other, so that none is passed over. A
//! crate for it was rejected: the well-kept ones bring forty others (Unicode tables, URLs) into every build.

use std::process::Command;

use regex_lite::Regex;
use serde_json::{Value, json};

use super::{Manifest, ManifestError, SCHEMA};
use crate::digest::sha256;

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

fn reads(manifest: &Value) -> Result<Manifest, ManifestError> {
    let text = manifest.to_string();
    Manifest::parse(&text, &sha256(&text))
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
        let read = reads(&manifest).unwrap();
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
            schema.accepts(&serde_json::to_value(reads(&manifest).unwrap()).unwrap()).unwrap();
        }
    }
    let named = |place: &str, key: &str| schema.0.pointer(place).unwrap().get(key).is_some();
    let full = serde_json::to_value(reads(&told(real().remove(1), false)).unwrap()).unwrap();
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
        reads(&manifest).unwrap();
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a list of cases")]
fn what_the_schema_refuses_the_reader_refuses_too() {
    let schema = Schema::read();
    let file = "/keyspaces/0/tables/1/files/0";
    let broken = [
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
    ];
    for manifest in real().into_iter().map(|manifest| told(manifest, false)) {
        let refused = |manifest: &Value, what: &str| {
            assert!(schema.accepts(manifest).is_err(), "the schema takes {what}");
            assert!(reads(manifest).is_err(), "the reader takes {what}");
        };
        for (place, value) in &broken {
            let mut manifest = manifest.clone();
            *manifest.pointer_mut(place).unwrap() = value.clone();
            refused(&manifest, &format!("{place} = {value}"));
        }
        for place in ["", "/keyspaces/0", "/keyspaces/0/tables/1", file, "/keyspaces/0/tables/1/indexes/0"] {
            let names = [
                "format",
                "tag",
                "cluster",
                "node",
                "host_id",
                "version",
                "partitioner",
                "taken_at",
                "reseed",
                "keyspaces",
                "name",
                "replication",
                "schema_cql",
                "tables",
                "id",
                "files",
                "path",
                "size",
                "sha256",
                "kind",
            ];
            for name in names {
                let mut manifest = manifest.clone();
                if manifest.pointer_mut(place).and_then(Value::as_object_mut).unwrap().remove(name).is_some() {
                    refused(&manifest, &format!("{place} without {name}"));
                }
            }
        }
        let paths = [
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
            "a;b",
            "$(x)",
            "é",
            "snapshots/x",
            "..x/y",
            "a\n",
        ];
        for path in paths {
            let mut manifest = manifest.clone();
            manifest.pointer_mut(file).unwrap()["path"] = json!(path);
            refused(&manifest, &format!("path {path:?}"));
        }
    }
}

#[test]
fn a_later_format_is_refused_with_what_to_do() {
    let mut manifest = real().remove(0);
    manifest["format"] = json!(2);
    let error = reads(&manifest).unwrap_err();
    insta::assert_snapshot!(error, @"manifest.json has format 2, this reseed reads format 1; use the version of reseed that made the backup, or a later one");
}
