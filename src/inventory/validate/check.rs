//! [`Check`]: judges single values, and keeps what is wrong with its line.
//!
//! Every judge returns the value unchanged or nothing: values are data, they are refused or passed
//! on, never repaired. The exceptions: a path loses trailing slashes, a command its last line break.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::raw::Key;
use super::super::{InventoryError, Problem};
use crate::name::NameError;
use crate::units;
use crate::yaml;

/// Collects problems.
pub struct Check<'t> {
    text: &'t str,
    path: &'t Path,
    home: Option<PathBuf>,
    problems: Vec<Problem>,
}

impl<'t> Check<'t> {
    pub fn new(text: &'t str, path: &'t Path, home: Option<PathBuf>) -> Self {
        Self { text, path, home, problems: Vec::new() }
    }

    /// Notes a problem; `place` (such as `nodes[1].host`) becomes the line. An inherited default
    /// is judged once per node, hence the same problem may come again.
    pub fn problem(&mut self, place: &str, what: impl Into<String>) {
        let problem = Problem { line: yaml::line_of(self.text, place), what: what.into() };
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// Notes a problem of the value at `place`: the message begins with the place.
    fn refuse<T>(&mut self, place: &str, why: impl AsRef<str>) -> Option<T> {
        self.problem(place, format!("{place}: {}", why.as_ref()));
        None
    }

    /// All problems, in the order of the file.
    pub fn finish(mut self) -> Result<(), InventoryError> {
        if self.problems.is_empty() {
            return Ok(());
        }
        self.problems.sort_by_key(|problem| problem.line);
        Err(InventoryError::Invalid { path: self.path.to_owned(), problems: self.problems })
    }

    /// A key that must be given; `why` tells what it is for.
    pub fn required<'k, T>(&mut self, place: &str, key: &str, value: &'k Key<T>, why: &str) -> Option<&'k T> {
        if value.get().is_none() {
            let what = if place.is_empty() {
                format!("`{key}` is missing: {why}")
            } else {
                format!("{place} has no `{key}`: {why}")
            };
            self.problem(&join(place, key), what);
        }
        value.get()
    }

    /// A validated name.
    pub fn name<T>(&mut self, place: &str, parsed: Result<T, NameError>) -> Option<T> {
        parsed.map_err(|error| self.problem(place, format!("{place}: {error}"))).ok()
    }

    /// An absolute path on a host.
    pub fn path(&mut self, place: &str, text: &str) -> Option<String> {
        let trimmed = text.trim_end_matches('/');
        if text.is_empty() {
            self.refuse(place, "it is empty; give an absolute path")
        } else if text.chars().any(char::is_control) {
            self.refuse(place, "a path may not hold line breaks, NUL or other control characters")
        } else if text.starts_with('~') {
            self.refuse(place, format!("{text:?} is a path on a host, where `~` is not expanded; give it in full"))
        } else if !text.starts_with('/') {
            self.refuse(place, format!("{text:?} is relative; give an absolute path"))
        } else if trimmed.is_empty() {
            self.refuse(place, "it is the root directory; give a directory of its own")
        } else if trimmed[1..].split('/').any(|part| matches!(part, "" | "." | "..")) {
            self.refuse(place, format!("{text:?} has an empty, `.` or `..` part; give the plain path"))
        } else {
            Some(trimmed.to_owned())
        }
    }

    /// An absolute path on a host, with a default.
    pub fn path_or(&mut self, place: &str, key: &str, value: &Key<String>, default: &str) -> Option<String> {
        match value.get() {
            Some(text) => self.path(&join(place, key), text),
            None => Some(default.to_owned()),
        }
    }

    /// A path on this machine: `~` is the home directory, relative means beside the inventory.
    ///
    /// It may end up in a generated `ssh_config`, where a quote cannot be escaped and where `Include`
    /// expands patterns.
    pub fn local_path(&mut self, place: &str, text: &str) -> Option<PathBuf> {
        if text.is_empty() {
            return self.refuse(place, "it is empty; give a path on this machine, or leave the key out");
        }
        if text.chars().any(|c| c.is_control() || "\"*?[".contains(c)) {
            return self.refuse(place, format!("{text:?} may not hold quotes, `*`, `?`, `[` or control characters"));
        }
        let path = match text.strip_prefix('~') {
            None => PathBuf::from(text),
            Some(rest) if rest.is_empty() || rest.starts_with('/') => match &self.home {
                Some(home) => home.join(rest.trim_start_matches('/')),
                None => return self.refuse(place, "`~` has no meaning here, since you have none; give it in full"),
            },
            Some(_) => return self.refuse(place, format!("{text:?}: only `~/…`, your own home, is expanded")),
        };
        let beside = self.path.parent().unwrap_or(Path::new("")).join(path);
        // Fails only without a working directory.
        std::path::absolute(&beside).ok().or(Some(beside))
    }

    /// Where ssh (or cqlsh) goes. Strict, since it stands on ssh's command line and may reach the
    /// shell of a `ProxyCommand`.
    pub fn host(&mut self, place: &str, text: &str) -> Option<String> {
        let port = text.split_once(':').filter(|(_, p)| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
        let why = if text.is_empty() {
            "it is empty; give an address or a name that ssh knows".to_owned()
        } else if text.starts_with('-') {
            format!("{text:?} starts with `-`, so ssh would take it for an option")
        } else if text.contains('@') {
            format!("{text:?} names a user; give the user under `ssh: {{user: …}}`")
        } else if let Some((host, port)) = port {
            format!("{text:?} names a port; write `host: {host}` and `ssh: {{port: {port}}}`")
        } else if text.contains(['[', ']']) {
            format!("{text:?}: write an IPv6 address without brackets")
        } else if text.len() > 255 || !text.chars().all(|c| c.is_ascii_alphanumeric() || "._:%-".contains(c)) {
            format!("{text:?} is no address or host name; only letters, digits and . _ - : % are allowed")
        } else if text.contains('%') && !text.contains(':') {
            format!("{text:?}: `%` is for the zone of an IPv6 address only")
        } else {
            return Some(text.to_owned());
        };
        self.refuse(place, why)
    }

    /// A login name on a host: what ssh itself accepts, without blanks.
    pub fn user(&mut self, place: &str, text: &str) -> Option<String> {
        let bad = |c: char| c.is_control() || c.is_whitespace() || "'`\";&<>|(){}$*?[]!#~%".contains(c);
        if text.is_empty() || text.starts_with('-') || text.ends_with('\\') || text.len() > 255 || text.contains(bad) {
            return self.refuse(place, format!("{text:?} is no user name"));
        }
        Some(text.to_owned())
    }

    /// A port.
    pub fn port(&mut self, place: &str, port: i64) -> Option<u16> {
        match u16::try_from(port) {
            Ok(port) if port > 0 => Some(port),
            _ => self.refuse(place, format!("{port} is no port; ports go from 1 to 65535")),
        }
    }

    /// One line of text that is not empty and is no option.
    pub fn word(&mut self, place: &str, text: &str) -> Option<String> {
        if text.trim().is_empty() {
            self.refuse(place, "it is empty")
        } else if text.chars().any(char::is_control) {
            self.refuse(place, format!("{text:?} holds a line break or another control character"))
        } else if text.starts_with('-') {
            self.refuse(place, format!("{text:?} starts with `-`, so it would be taken for an option"))
        } else {
            Some(text.to_owned())
        }
    }

    /// A shell command of the operator, on one line.
    pub fn command(&mut self, place: &str, text: &str) -> Option<String> {
        // A YAML block ends with a line break that nobody means.
        let command = text.trim_end_matches('\n');
        if command.trim().is_empty() {
            self.refuse(place, "it is empty; give the shell command that does it")
        } else if command.chars().any(|c| c.is_control() && c != '\t') {
            self.refuse(place, "a command is one line; put more into a script on the host and name that")
        } else {
            Some(command.to_owned())
        }
    }

    /// A program: a bare name or an absolute path.
    pub fn program(&mut self, place: &str, text: &str) -> Option<String> {
        if text.starts_with('/') {
            return self.path(place, text);
        }
        let word = self.word(place, text)?;
        if word.contains('/') || word.starts_with('~') {
            return self.refuse(place, format!("{text:?}: give the absolute path, or a bare name that is on the PATH"));
        }
        if word.contains(char::is_whitespace) {
            return self.refuse(place, format!("{text:?} holds a blank; arguments go to `args`, one by one"));
        }
        Some(word)
    }

    /// A CQL statement.
    pub fn statement(&mut self, place: &str, text: &str) -> Option<String> {
        if text.trim().is_empty() {
            self.refuse(place, "it is empty; give a CQL query")
        } else if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
            self.refuse(place, "it holds a control character")
        } else {
            Some(text.to_owned())
        }
    }

    /// How many at once: at least one.
    pub fn count(&mut self, place: &str, value: &Key<i64>, default: usize) -> Option<usize> {
        match value.get() {
            None => Some(default),
            Some(n @ 1..=1000) => usize::try_from(*n).ok(),
            Some(n) => self.refuse(place, format!("{n} is out of range; give 1 to 1000")),
        }
    }

    /// `20s`, `15m`, `2h` or `0`; `none`: zero is allowed and means no limit (or no waiting).
    pub fn duration(&mut self, place: &str, value: &Key<String>, default: u64, none: bool) -> Option<Duration> {
        let Some(text) = value.get() else { return Some(Duration::from_secs(default)) };
        let digits = text.trim_end_matches(['s', 'm', 'h']);
        let factor = match &text[digits.len()..] {
            "s" => Some(1),
            "m" => Some(60),
            "h" => Some(3600),
            "" if digits == "0" => Some(1),
            _ => None,
        };
        match number(digits).zip(factor).and_then(|(n, factor)| n.checked_mul(factor)) {
            Some(0) if !none => self.refuse(place, "it must be more than 0"),
            Some(seconds) if seconds <= 366 * 24 * 3600 => Some(Duration::from_secs(seconds)),
            Some(_) => self.refuse(place, format!("{text:?} is longer than a year")),
            None if number(text).is_some() => {
                self.refuse(place, format!("{text:?} has no unit; write `{text}s`, `{text}m` or `{text}h`"))
            }
            None => self.refuse(place, format!("{text:?} is no duration; write it like 20s, 15m or 2h")),
        }
    }

    /// Bytes per second: a number, with K, M or G (powers of 1024) if wanted.
    pub fn rate(&mut self, place: &str, value: &Key<String>) -> Option<u64> {
        let Some(text) = value.get() else { return Some(0) };
        units::rate(text).or_else(|| {
            self.refuse(
                place,
                format!("{text:?} is no rate in bytes per second; write it like 0 (no limit), 800K or 50M"),
            )
        })
    }
}

/// Digits only: no sign, no blanks.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}

/// `nodes[0]` and `host` as `nodes[0].host`.
pub fn join(place: &str, key: &str) -> String {
    if place.is_empty() { key.to_owned() } else { format!("{place}.{key}") }
}
