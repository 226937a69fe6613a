//! Remote scripts: POSIX sh files, embedded, with values that reach them only as a header of
//! quoted assignments. [`quote`] is the one place where a value becomes shell text; nothing else
//! in the program formats shell.
//!
//! A rendered script is: the header, `prelude.sh` (what every script relies on), the body.
//! A [`Script`] is a pure value (name and variables); its text is looked up in a [`Library`], so
//! that a plan holds each body once and a journaled plan can be run as it was approved.
//!
//! Invariant: no passing fact, run id, epoch or secret in a variable; these reach a script as
//! `$RESEED_RUN` and `$RESEED_SECRET`, set by whoever runs it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A script's file: its name (`node.drain.act`) and its body.
pub type Embedded = (&'static str, &'static str);

/// What every script relies on: locale, umask, and the functions that several scripts use.
const PRELUDE: &str = include_str!("script/prelude.sh");

/// One script with the values that it gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    /// The body's name in the [`Library`].
    pub name: String,
    /// Variables; names match `[A-Z][A-Z0-9_]*`, values are any text without NUL.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub vars: BTreeMap<String, String>,
}

impl Script {
    /// A script without variables yet.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), vars: BTreeMap::new() }
    }

    /// Adds one variable.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "callers pass numbers and references alike")]
    pub fn var(mut self, name: &str, value: impl ToString) -> Self {
        debug_assert!(name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_'));
        self.vars.insert(name.to_owned(), value.to_string());
        self
    }

    /// Adds a list: one item per line. Items with a line break never get here, since all names
    /// and paths are refused at the door when they hold one.
    #[must_use]
    pub fn list<I: IntoIterator<Item: ToString>>(self, name: &str, items: I) -> Self {
        let lines: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
        self.var(name, lines.join("\n"))
    }
}

/// A script with its body: what can be sent to a host. Hundreds of them share one body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The script's name.
    pub name: String,
    /// Its variables.
    pub vars: BTreeMap<String, String>,
    /// Its body.
    pub body: Arc<str>,
}

impl Rendered {
    /// The whole text: header, prelude, body.
    pub fn text(&self) -> String {
        [&header(&self.vars), PRELUDE, &self.body].concat()
    }
}

/// Script bodies by name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Library(BTreeMap<String, Arc<str>>);

impl Library {
    /// A library of the given files.
    pub fn of<'a>(files: impl IntoIterator<Item = &'a Embedded>) -> Self {
        Self(files.into_iter().map(|(name, body)| ((*name).to_owned(), (*body).into())).collect())
    }

    /// Adds files.
    pub fn extend<'a>(&mut self, files: impl IntoIterator<Item = &'a Embedded>) {
        self.0.extend(files.into_iter().map(|(name, body)| ((*name).to_owned(), (*body).into())));
    }

    /// Whether a body of that name is here.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Names and bodies.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, body)| (name.as_str(), &**body))
    }

    /// Keeps only the bodies that `wanted` names: what a plan carries.
    #[must_use]
    pub fn only<'a>(&self, wanted: impl IntoIterator<Item = &'a str>) -> Self {
        Self(wanted.into_iter().filter_map(|n| Some((n.to_owned(), self.0.get(n)?.clone()))).collect())
    }

    /// The script with its body.
    pub fn render(&self, script: &Script) -> Result<Rendered, UnknownScript> {
        let body = self.0.get(&script.name).ok_or_else(|| UnknownScript(script.name.clone()))?;
        Ok(Rendered { name: script.name.clone(), vars: script.vars.clone(), body: Arc::clone(body) })
    }
}

/// A script was named that the library does not hold: a journal of another version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("script {0} is not in this version of reseed")]
pub struct UnknownScript(pub String);

/// One quoted assignment per line.
pub fn header(vars: &BTreeMap<String, String>) -> String {
    let line = |(name, value): (&String, &String)| [name.as_str(), "=", &quote(value), "\n"].concat();
    vars.iter().map(line).collect()
}

/// `value` as one word of POSIX shell.
pub fn quote(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_quoted_value_comes_out_of_a_real_shell_unchanged(value in "[^\0]{0,40}") {
            let text = header(&BTreeMap::from([("V".to_owned(), value.clone())])) + "printf %s \"$V\"";
            let out = std::process::Command::new("sh").arg("-c").arg(text).output().unwrap();
            proptest::prop_assert_eq!(String::from_utf8(out.stdout).unwrap(), value);
        }
    }

    #[test]
    fn hundredths_are_told_in_the_first_second_since_boot_too_and_counted_where_nothing_tells() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("uptime");
        for (uptime, expected) in [
            ("0.08 0.01", "8 8"),
            ("0.00 0", "0 0"),
            ("12.30 5.00", "1230 1230"),
            ("100.07 1", "10007 10007"),
            ("", "10 20"),
        ] {
            let _ = std::fs::remove_file(&file);
            if !uptime.is_empty() {
                std::fs::write(&file, format!("{uptime}\n")).unwrap();
            }
            let prelude = PRELUDE.replace("/proc/uptime", file.to_str().unwrap());
            let text = prelude + "hundredths; first=$now; hundredths; echo \"$first $now\"";
            let out = std::process::Command::new("sh").arg("-c").arg(text).output().unwrap();
            let said = [out.stdout, out.stderr].concat();
            assert_eq!(String::from_utf8_lossy(&said).trim(), expected, "{uptime:?}");
        }
    }

    #[test]
    fn rendering_puts_header_before_prelude_before_body() {
        let library = Library::of(&[("x.act", "echo body\n")]);
        let text = library.render(&Script::new("x.act").var("A", "it's")).unwrap().text();
        assert!(text.starts_with("A='it'\\''s'\n"));
        assert!(text.ends_with("echo body\n"));
        assert!(library.render(&Script::new("y")).is_err());
    }
}
