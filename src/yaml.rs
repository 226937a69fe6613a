//! The one place that reads YAML; nothing else names `serde_yaml`, which is unmaintained since 2024
//! and may have to be replaced.
//!
//! - [`load`]: typed, strict: unknown and duplicate keys are refused with their line, with a
//!   suggestion. The shapes must say `#[serde(deny_unknown_fields)]`.
//! - [`loose`]: files of others, such as cassandra.yaml, as JSON; the last duplicate wins, as in
//!   Cassandra's own reader.
//! - [`line_of`]: the line of `nodes[1].host`, for errors found after loading.
//!
//! `serde_yaml` keeps no positions in its values. Searching the text by indentation was rejected: it
//! fails on flow style, quotes and anchors. Instead [`line_of`] parses again with a visitor that
//! raises an error at the wanted place, since errors are what `serde_yaml` puts positions on.

mod loose;
mod seek;

use std::fmt;
use std::path::Path;

use serde::de::DeserializeOwned;

pub use loose::loose;
pub use seek::line_of;

/// What is wrong with a YAML text, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YamlError {
    /// Line, from 1; `None` when the text as a whole is meant.
    pub line: Option<usize>,
    /// Column, from 1.
    pub column: Option<usize>,
    /// What is wrong, in one sentence.
    pub what: String,
    /// What to do about it, when that is known.
    pub cure: Option<String>,
}

impl YamlError {
    /// The message with its place, `FILE:LINE: what; cure`.
    pub fn in_file(&self, file: &Path) -> String {
        match self.line {
            Some(line) => format!("{}:{line}: {self}", file.display()),
            None => format!("{}: {self}", file.display()),
        }
    }
}

impl fmt::Display for YamlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match &self.cure {
            Some(cure) => write!(f, "; {cure}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for YamlError {}

/// Advice on an unknown key: (place such as `nodes[0]`, key) → what to do instead.
pub type Advice = fn(&str, &str) -> Option<String>;

/// Loads a typed value.
pub fn load<T: DeserializeOwned>(text: &str) -> Result<T, YamlError> {
    load_with(text, |_, _| None)
}

/// Loads a typed value; `advice` knows more about wrong keys than their spelling.
pub fn load_with<T: DeserializeOwned>(text: &str, advice: Advice) -> Result<T, YamlError> {
    serde_yaml::from_str(text).map_err(|error| explain(&error, text, advice))
}

fn explain(error: &serde_yaml::Error, text: &str, advice: Advice) -> YamlError {
    let line = error.location().map(|l| l.line());
    let column = error.location().map(|l| l.column());
    let message = bare(error);
    let (what, cure) = reword(&message, text, line, advice);
    // serde reports a duplicate at the start of its map.
    let again = split(&message, "duplicate field `")
        .and_then(|(place, key)| seek::second_line_of(text, &format!("{place}.{}", key.trim_end_matches('`'))));
    YamlError { line: again.or(line), column: column.filter(|_| again.is_none()), what, cure }
}

/// The message without the position that `serde_yaml` appends.
fn bare(error: &serde_yaml::Error) -> String {
    let full = error.to_string();
    let Some(place) = error.location() else { return full };
    let suffix = format!(" at line {} column {}", place.line(), place.column());
    full.strip_suffix(&suffix).unwrap_or(&full).to_owned()
}

fn reword(message: &str, text: &str, line: Option<usize>, advice: Advice) -> (String, Option<String>) {
    if let Some((place, rest)) = split(message, "unknown field `") {
        let mut quoted = rest.split('`').step_by(2);
        let key = quoted.next().unwrap_or_default();
        let allowed: Vec<&str> = quoted.filter(|k| !k.is_empty()).collect();
        let cure = advice(place, key).unwrap_or_else(|| suggest(key, &allowed));
        return (format!("unknown key `{}`{}", shown(key), inside(place)), Some(cure));
    }
    if let Some((place, rest)) = split(message, "missing field `") {
        let key = rest.trim_end_matches('`');
        return (format!("key `{key}` is missing{}", inside(place)), None);
    }
    if let Some((place, rest)) = split(message, "duplicate field `") {
        let key = rest.trim_end_matches('`');
        return (format!("key `{key}` is given twice{}", inside(place)), Some("keep one of them".to_owned()));
    }
    if let Some((place, rest)) = split(message, "duplicate entry with key ") {
        return (format!("key {rest} is given twice{}", inside(place)), Some("keep one of them".to_owned()));
    }
    for kind in ["invalid type: ", "invalid value: ", "unknown variant "] {
        let Some((place, rest)) = split(message, kind) else { continue };
        let Some((found, expected)) = rest.rsplit_once(", expected ") else { continue };
        let place = if place.is_empty() { String::new() } else { format!("{place}: ") };
        let expected = match expected {
            "a string" => "text",
            "a boolean" => "true or false",
            "i64" | "u64" | "u32" | "u16" | "usize" => "a whole number",
            "a sequence" => "a list",
            other => other,
        };
        let found = if found == "unit value" { "nothing" } else { found };
        return (format!("{place}expected {expected}, found {}", shown(found)), None);
    }
    if line.and_then(|l| text.lines().nth(l - 1)).is_some_and(|l| l.trim_start_matches(' ').starts_with('\t')) {
        let what = "this line is indented with a tab".to_owned();
        return (what, Some("YAML takes spaces only: replace it by spaces".to_owned()));
    }
    if message.contains("EOF while parsing") {
        return ("the file is empty".to_owned(), None);
    }
    (format!("not valid YAML: {message}"), None)
}

/// Splits `nodes[0].ssh: unknown field ...` at the phrase, into place and the rest after it.
fn split<'m>(message: &'m str, phrase: &str) -> Option<(&'m str, &'m str)> {
    let at = message.find(phrase)?;
    let place = message[..at].trim_end_matches(": ");
    // A phrase further in is a quotation of the file, such as a value that holds these words.
    (at == 0 || (message[..at].ends_with(": ") && !place.contains([' ', '`', '"'])))
        .then(|| (place, &message[at + phrase.len()..]))
}

fn inside(place: &str) -> String {
    if place.is_empty() { String::new() } else { format!(" in {place}") }
}

/// Text of the file as it may be printed on a terminal.
fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(120).collect()
}

/// `did you mean …`, and what is allowed.
fn suggest(key: &str, allowed: &[&str]) -> String {
    let list = allowed.join(", ");
    let near = allowed
        .iter()
        .map(|a| (strsim::jaro_winkler(&key.to_lowercase(), a), a))
        .filter(|(score, _)| *score > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match near {
        Some((_, near)) => format!("did you mean `{near}`? allowed here: {list}"),
        None if list.is_empty() => "no key is allowed here".to_owned(),
        None => format!("allowed here: {list}"),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        name: String,
        #[serde(default)]
        list: Vec<Inner>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        host: String,
        #[serde(default)]
        port: u16,
    }

    fn refusal(text: &str) -> String {
        load::<Outer>(text).unwrap_err().in_file(Path::new("f.yaml"))
    }

    #[test]
    fn a_mistyped_key_is_shown_with_its_line_and_the_likely_one() {
        insta::assert_snapshot!(refusal("name: x\nlist:\n  - host: a\n    prot: 1\n"),
            @"f.yaml:4: unknown key `prot` in list[0]; did you mean `port`? allowed here: host, port");
        insta::assert_snapshot!(refusal("nmae: x\n"), @"f.yaml:1: unknown key `nmae`; did you mean `name`? allowed here: name, list");
        insta::assert_snapshot!(refusal("name: x\nzzz: 1\n"), @"f.yaml:2: unknown key `zzz`; allowed here: name, list");
    }

    #[test]
    fn duplicates_missing_keys_and_wrong_types_are_told_in_plain_words() {
        insta::assert_snapshot!(refusal("name: x\nname: y\n"), @"f.yaml:2: key `name` is given twice; keep one of them");
        insta::assert_snapshot!(refusal("list: []\n"), @"f.yaml:1: key `name` is missing");
        insta::assert_snapshot!(refusal("name: x\nlist: [{host: a, port: 70000}]\n"),
            @"f.yaml:2: list[0].port: expected a whole number, found integer `70000`");
        insta::assert_snapshot!(refusal("name: x\nlist:\n\t- host: a\n"), @r#"f.yaml:3: this line is indented with a tab; YAML takes spaces only: replace it by spaces"#);
        insta::assert_snapshot!(refusal("name: [x\n"), @r#"f.yaml:1: name: expected text, found sequence"#);
        insta::assert_snapshot!(refusal(""), @r#"f.yaml:1: key `name` is missing"#);
    }

    #[test]
    fn a_value_that_quotes_an_error_message_does_not_confuse_the_report() {
        insta::assert_snapshot!(refusal("name: x\nlist: \"a: unknown field `b`, expected `c`\"\n"), @r#"f.yaml:2: list: expected a list, found string "a: unknown field `b`, expected `c`""#);
    }
}
