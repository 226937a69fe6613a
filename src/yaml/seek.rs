//! The line of a place such as `nodes[1].host`: the text is parsed once more, and the visitor that
//! arrives there raises an error, on which `serde_yaml` puts the position.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The marker error; the characters cannot come out of a message about the file.
const HERE: &str = "\u{1}here";

/// The line (from 1) of the key or list item at `place`; where it does not exist, of the nearest
/// thing around it, so that "host is missing" points at its node. The empty place is the file.
pub fn line_of(text: &str, place: &str) -> usize {
    let steps = parse(place);
    (1..=steps.len()).rev().find_map(|n| line(text, &steps[..n])).unwrap_or(1)
}

/// The line where the key at `place` is written for the second time.
pub fn second_line_of(text: &str, place: &str) -> Option<usize> {
    let mut steps = parse(place);
    let Some(Step::Key(key)) = steps.pop() else { return None };
    steps.push(Step::Again(key));
    line(text, &steps)
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Step<'p> {
    Key(&'p str),
    /// The second key of that name.
    Again(&'p str),
    Item(usize),
}

fn parse(place: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    for part in place.split('.').filter(|part| !part.is_empty()) {
        let mut pieces = part.split('[');
        steps.extend(pieces.next().filter(|key| !key.is_empty()).map(Step::Key));
        steps.extend(pieces.filter_map(|p| p.trim_end_matches(']').parse().ok()).map(Step::Item));
    }
    steps
}

fn line(text: &str, steps: &[Step]) -> Option<usize> {
    let error = Seek(steps).deserialize(serde_yaml::Deserializer::from_str(text)).err()?;
    error.to_string().contains(HERE).then(|| error.location().map(|l| l.line()))?
}

/// Walks down; an empty rest of the way means: here.
#[derive(Clone, Copy)]
struct Seek<'s, 'p>(&'s [Step<'p>]);

impl<'de> DeserializeSeed<'de> for Seek<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seek<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any YAML")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.arrive()
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.arrive()
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        self.arrive()
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.arrive()
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        self.arrive()
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.arrive()
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        self.arrive()
    }

    fn visit_enum<A: EnumAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Err(A::Error::custom(if self.0.is_empty() { HERE } else { "a tag" }))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        self.arrive()?;
        let mut index = 0;
        loop {
            let wanted = self.0.first() == Some(&Step::Item(index));
            let more = if wanted {
                seq.next_element_seed(Seek(&self.0[1..]))?.is_some()
            } else {
                seq.next_element::<IgnoredAny>()?.is_some()
            };
            if !more {
                return Ok(());
            }
            index += 1;
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.arrive()?;
        let mut seen = false;
        while let Some(found) = map.next_key_seed(KeySeek(self.0, seen))? {
            if found && self.0.len() > 1 {
                map.next_value_seed(Seek(&self.0[1..]))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
            seen |= found;
        }
        Ok(())
    }
}

impl Seek<'_, '_> {
    fn arrive<E: Error>(self) -> Result<(), E> {
        if self.0.is_empty() { Err(E::custom(HERE)) } else { Ok(()) }
    }
}

/// Compares a key with the first step; a last step is met at the key, not at its value, because
/// a block's value starts on a later line. The flag says that the key has been met once.
struct KeySeek<'s, 'p>(&'s [Step<'p>], bool);

impl<'de> DeserializeSeed<'de> for KeySeek<'_, '_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeek<'_, '_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<bool, E> {
        match self.0 {
            [Step::Key(wanted)] if *wanted == key => Err(E::custom(HERE)),
            [Step::Again(wanted)] if *wanted == key && self.1 => Err(E::custom(HERE)),
            [Step::Key(wanted) | Step::Again(wanted), ..] => Ok(*wanted == key),
            _ => Ok(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# head
cluster: Lab
nodes:
  - name: a
    ssh:
      port: 1
  - {name: b, host: h,
     ssh: {port: 2}}
plain: [1, 2]
";

    #[test]
    fn every_place_is_found_in_block_and_in_flow_style() {
        for (place, line) in [
            ("cluster", 2),
            ("nodes", 3),
            ("nodes[0]", 4),
            ("nodes[0].ssh", 5),
            ("nodes[0].ssh.port", 6),
            ("nodes[1]", 7),
            ("nodes[1].ssh.port", 8),
            ("plain[1]", 9),
        ] {
            assert_eq!(line_of(TEXT, place), line, "{place}");
        }
    }

    #[test]
    fn what_is_missing_points_at_what_is_around_it() {
        assert_eq!(line_of(TEXT, "nodes[0].host"), 4);
        assert_eq!(line_of(TEXT, "nodes[1].cassandra.home"), 7);
        assert_eq!(line_of(TEXT, "backup.root"), 1);
        assert_eq!(line_of(TEXT, ""), 1);
    }

    #[test]
    fn a_duplicate_points_at_its_second_place() {
        assert_eq!(second_line_of("a:\n  b: 1\n  c: 2\n  b: 3\n", "a.b"), Some(4));
        assert_eq!(second_line_of("a: 1\n", "a"), None);
    }
}
