//! What differs between two states of a cluster's configuration. Pure. No secret is in what it says.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::lines::{self, Line};
use super::manifest::{Entry, Kept, What};
use super::mask;
use crate::name::HostName;
use crate::units;

/// Lines that are told of one file.
const SHOWN: usize = 200;
/// Files larger than this are told by size and hash.
pub const TEXT: u64 = 1 << 20;

/// One path of one host that is not the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The host.
    pub host: HostName,
    /// The path.
    pub path: String,
    /// What became of it.
    pub change: Change,
    /// What is different about it, in words.
    pub what: Vec<String>,
    /// Lines that only one of the two has; `None`: they are not shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines: Option<Vec<Shown>>,
    /// How many more of these there are.
    #[serde(skip_serializing_if = "is_zero")]
    pub more: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it")]
fn is_zero(n: &usize) -> bool {
    *n == 0
}

/// What became of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// Only the first has it.
    Gone,
    /// Only the second has it.
    New,
    /// Its bytes, its target, or its kind.
    Changed,
    /// Only owner, mode or label.
    Attributes,
}

impl Change {
    /// As one word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::New => "new",
            Self::Changed => "changed",
            Self::Attributes => "attributes",
        }
    }
}

/// A line that only one of the two has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// `-` or `+`.
    pub sign: char,
    /// Its number, from 1.
    pub number: usize,
    /// The line, with secrets hidden.
    pub text: String,
}

/// All of one host, by path.
pub fn of(host: &HostName, old: &Kept, new: &Kept) -> Vec<Difference> {
    let index = |kept: &'_ Kept| -> BTreeMap<String, Entry> {
        kept.entries.iter().map(|entry| (entry.path.clone(), entry.clone())).collect()
    };
    let (old, new) = (index(old), index(new));
    let paths: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let each = paths.into_iter().filter_map(|path| {
        let (change, what) = match (old.get(path), new.get(path)) {
            (Some(a), None) => (Change::Gone, vec![words(a)]),
            (None, Some(b)) => (Change::New, vec![words(b)]),
            (Some(a), Some(b)) => compared(a, b)?,
            (None, None) => return None,
        };
        Some(Difference { host: host.clone(), path: path.clone(), change, what, lines: None, more: 0 })
    });
    each.collect()
}

fn compared(a: &Entry, b: &Entry) -> Option<(Change, Vec<String>)> {
    let mut what = vec![];
    let changed = a.what != b.what;
    if changed {
        what.push(format!("{} → {}", words(a), words(b)));
    }
    let (owner, group) = ((&a.user, &a.group), (&b.user, &b.group));
    if owner != group {
        what.push(format!("owner {}:{} → {}:{}", a.user, a.group, b.user, b.group));
    }
    if a.mode != b.mode {
        what.push(format!("mode {} → {}", a.mode, b.mode));
    }
    if a.label != b.label {
        let label = |entry: &Entry| entry.label.clone().unwrap_or_else(|| "none".to_owned());
        what.push(format!("label {} → {}", label(a), label(b)));
    }
    let change = if changed { Change::Changed } else { Change::Attributes };
    (!what.is_empty()).then_some((change, what))
}

fn words(entry: &Entry) -> String {
    match &entry.what {
        What::File { size, sha256 } => format!("{} sha256 {}", units::bytes(*size), &sha256[..sha256.len().min(12)]),
        What::Directory => "directory".to_owned(),
        What::Link { to } => format!("link to {to}"),
    }
}

/// Adds the lines, where both are text that may be shown.
pub fn add_lines(difference: &mut Difference, old: &[u8], new: &[u8]) {
    let text = |bytes| std::str::from_utf8(bytes).ok().filter(|text| !text.contains('\0'));
    let (Some(old), Some(new)) = (text(old), text(new)) else { return };
    let masked = |text| mask::lines(&difference.path, text);
    let (Some(masked_old), Some(masked_new)) = (masked(old), masked(new)) else { return };
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let told = lines::differing(&old, &new);
    difference.more = told.len().saturating_sub(SHOWN);
    let shown = told.into_iter().take(SHOWN).map(|line| match line {
        Line::Old(at) => Shown { sign: '-', number: at + 1, text: masked_old[at].clone() },
        Line::New(at) => Shown { sign: '+', number: at + 1, text: masked_new[at].clone() },
    });
    difference.lines = Some(shown.collect());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::sha256;

    fn entry(path: &str, what: What, mode: &str) -> Entry {
        let (user, group) = ("cassandra".to_owned(), "ops".to_owned());
        Entry { path: path.into(), mode: mode.into(), uid: 1, user, gid: 1, group, mtime: 0, label: None, what }
    }

    fn file(path: &str, text: &str) -> Entry {
        entry(path, What::File { size: text.len() as u64, sha256: sha256(text) }, "640")
    }

    #[test]
    fn what_is_the_same_is_not_told_and_everything_else_is() {
        let host = HostName::parse("cass1").unwrap();
        let link = |to: &str| entry("/c/link", What::Link { to: to.into() }, "777");
        let old = [
            file("/c/a", "x"),
            file("/c/gone", "x"),
            file("/c/same", "x"),
            link("a"),
            entry("/c", What::Directory, "755"),
        ];
        let touched = Entry { mtime: 9, ..file("/c/same", "x") };
        let new = [file("/c/a", "y"), file("/c/new", "x"), touched, link("b"), entry("/c", What::Directory, "750")];
        let kept = |entries: &[Entry]| Kept { entries: entries.to_vec(), ..Kept::default() };
        let found = of(&host, &kept(&old), &kept(&new));
        let told: Vec<_> = found.iter().map(|d| format!("{} {} {:?}", d.path, d.change.word(), d.what)).collect();
        insta::assert_snapshot!(told.join("\n"));
    }

    #[test]
    fn lines_are_told_with_their_numbers_and_secrets_hidden() {
        let host = HostName::parse("cass1").unwrap();
        let (old, new) = ("a: 1\nkeystore_password: old\nb: 2\n", "a: 1\nkeystore_password: new\nb: 2\nc: 3\n");
        let kept = |text: &str| Kept { entries: vec![file("/c/cassandra.yaml", text)], ..Kept::default() };
        let mut found = of(&host, &kept(old), &kept(new)).remove(0);
        add_lines(&mut found, old.as_bytes(), new.as_bytes());
        let told: Vec<_> = found.lines.iter().flatten().map(|l| format!("{}{} {}", l.sign, l.number, l.text)).collect();
        assert_eq!(told, ["-2 keystore_password: ***", "+2 keystore_password: ***", "+4 c: 3"]);
        let mut binary = of(&host, &kept(old), &kept(new)).remove(0);
        add_lines(&mut binary, b"\xff\xfe", b"x");
        assert_eq!(binary.lines, None);
    }

    #[test]
    fn no_line_that_is_told_shows_a_secret_also_when_only_the_value_or_only_its_neighbour_changed() {
        let host = HostName::parse("n1").unwrap();
        let pair = |name: &str, value: &str, more: &str| {
            [
                format!("a: 1\n<p>\n  <name>{name}</name>\n  <value>{value}</value>\n  <x>{more}</x>\n</p>\n"),
                format!("a: 1\n<p>\n  <value>{value}</value>\n  <x>{more}</x>\n  <name>{name}</name>\n</p>\n"),
                format!("{{\n  \"name\": \"{name}\",\n  \"value\": \"{value}\",\n  \"x\": \"{more}\"\n}}\n"),
                format!("e:\n- name: {name}\n  value: {value}\n  x: {more}\nb: 1\n"),
                format!("e:\n- value: {value}\n  x: {more}\n  name: {name}\nb: 1\n"),
            ]
        };
        let old = pair("db.password", "hunter1", "1");
        for new in
            [pair("db.password", "hunter2", "1"), pair("db.port", "hunter1", "1"), pair("db.password", "hunter1", "2")]
        {
            for (old, new) in old.iter().zip(&new) {
                let (a, b) = (file("/c/x", old), file("/c/x", new));
                let kept = |entry: &Entry| Kept { entries: vec![entry.clone()], ..Kept::default() };
                let mut found = of(&host, &kept(&a), &kept(&b));
                add_lines(&mut found[0], old.as_bytes(), new.as_bytes());
                let lines = found[0].lines.as_ref().unwrap();
                assert!(!lines.is_empty(), "{old} {new}");
                let told = serde_json::to_string(&found).unwrap();
                // of what is a secret in one of the two
                let leaks =
                    told.contains("hunter2") || lines.iter().any(|l| l.sign == '-' && l.text.contains("hunter"));
                assert!(!leaks, "{old} {new} {told}");
            }
        }
    }
}
