//! YAML of others as JSON: nothing is known about its shape.

use std::fmt;

use serde::de::{Deserialize, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};
use serde_json::{Map, Value};

use super::YamlError;

/// Reads any YAML as JSON. An empty text is null, keys become text, tags are dropped, the last of
/// duplicate keys wins (what `SnakeYAML`, Cassandra's reader, does).
pub fn loose(text: &str) -> Result<Value, YamlError> {
    let empty = text.lines().map(str::trim).all(|line| line.is_empty() || line.starts_with('#') || line == "---");
    if empty {
        return Ok(Value::Null);
    }
    super::load::<Loose>(text).map(|loose| loose.0)
}

struct Loose(Value);

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue).map(Self)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any YAML")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Loose(item)) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((Loose(key), Loose(value))) = map.next_entry()? {
            let key = match key {
                Value::String(text) => text,
                other => other.to_string(),
            };
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<Value, A::Error> {
        let (Loose(_tag), variant) = tagged.variant()?;
        variant.newtype_variant::<Loose>().map(|loose| loose.0)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_file_of_unknown_shape_becomes_json() {
        let text = "# head\na: 1\nb: [x, {c: null}]\n? 7\n: true\nd: &x 'text'\ne: *x\nf: !tag 1.5\ng:\n";
        assert_eq!(
            loose(text).unwrap(),
            json!({"a": 1, "b": ["x", {"c": null}], "7": true, "d": "text", "e": "text", "f": 1.5, "g": null})
        );
    }

    #[test]
    fn the_last_duplicate_wins_and_an_empty_file_is_null() {
        assert_eq!(loose("a: 1\na: 2\n").unwrap(), json!({"a": 2}));
        assert_eq!(loose("---\n# nothing\n").unwrap(), Value::Null);
    }

    #[test]
    fn broken_yaml_is_told_with_its_line() {
        assert_eq!(loose("a: 1\nb: [1\n").unwrap_err().line, Some(3));
    }
}
