//! Reads what `list.sh` prints. Pure. What a host says becomes paths here, so it is checked.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::manifest::{Entry, Kept, What};
use crate::facts::Fields;

/// A host's configuration as it is now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// What is there.
    pub kept: Kept,
    /// What was asked for and is not there.
    pub missing: Vec<String>,
    /// Files that cannot be read.
    pub unreadable: Vec<String>,
    /// cassandra.yaml, when it was asked for and can be read.
    pub yaml: Option<String>,
}

impl Listing {
    /// Reads it; `hashed`: every file has to have a hash.
    pub fn parse(text: &str, address: &str, hashed: bool) -> Self {
        let fields = Fields::parse(text);
        let all = |key: &'static str| fields.all(key).map(str::to_owned).collect::<Vec<_>>();
        let mut listing = Self {
            missing: all("missing"),
            unreadable: all("unreadable"),
            yaml: fields.decoded("yaml").ok(),
            kept: Kept { address: address.to_owned(), roots: all("root"), ..Kept::default() },
        };
        let skipped = &mut listing.kept.skipped;
        skipped.extend(fields.all("odd").map(|root| format!("{root}: names with a line break")));
        skipped.extend(fields.all("beyond").filter_map(|line| line.split_once('\t')).map(|(link, to)| {
            format!("{link}: it leads to the directory {to}, of which nothing is kept: name another conf, or copy it")
        }));
        let sums: BTreeMap<&str, &str> =
            fields.all("sum").filter_map(|l| l.split_once("  ").map(|(s, p)| (p, s))).collect();
        let links: BTreeMap<&str, &str> =
            fields.all("link").filter_map(|l| l.split_once('\t').map(|(t, p)| (p, t))).collect();
        let mut seen = BTreeSet::new();
        for line in fields.all("stat") {
            let Some((head, path)) = stat(line) else { continue };
            if !is_safe(path) {
                skipped.push(format!("{path:?}: such a name cannot be kept"));
                continue;
            }
            if !seen.insert(path.to_owned()) {
                continue;
            }
            let what = match head.kind {
                0x4 => What::Directory,
                0xa => {
                    let Some(to) = links.get(path).and_then(|to| target(to)) else {
                        skipped.push(format!("{path}: where it leads cannot be kept"));
                        continue;
                    };
                    What::Link { to }
                }
                0x8 => {
                    let sum = sums.get(path).filter(|sum| is_sum(sum)).copied().unwrap_or_default();
                    if hashed && sum.is_empty() {
                        listing.unreadable.push(path.to_owned());
                    }
                    What::File { size: head.size, sha256: sum.to_owned() }
                }
                _ => {
                    skipped.push(format!("{path}: neither a file nor a directory nor a link"));
                    continue;
                }
            };
            listing.kept.entries.push(head.entry(path, what));
        }
        listing.kept.entries.sort_by(|a, b| a.path.cmp(&b.path));
        listing
    }
}

/// What `stat` told before the name.
struct Head<'a> {
    kind: u32,
    mode: u32,
    ids: (u32, u32),
    names: (&'a str, &'a str),
    mtime: i64,
    size: u64,
    label: &'a str,
}

impl Head<'_> {
    fn entry(&self, path: &str, what: What) -> Entry {
        Entry {
            path: path.to_owned(),
            mode: format!("{:o}", self.mode),
            uid: self.ids.0,
            user: self.names.0.to_owned(),
            gid: self.ids.1,
            group: self.names.1.to_owned(),
            mtime: self.mtime,
            label: Some(self.label.to_owned()).filter(|label| !matches!(label.as_str(), "-" | "?" | "")),
            what,
        }
    }
}

fn stat(line: &str) -> Option<(Head<'_>, &str)> {
    let mut words = line.splitn(9, '\t');
    let raw = u32::from_str_radix(words.next()?, 16).ok()?;
    let ids = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let names = (words.next()?, words.next()?);
    let (mtime, size) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let label = words.next()?;
    Some((Head { kind: raw >> 12, mode: raw & 0o7777, ids, names, mtime, size, label }, words.next()?))
}

fn target(base64: &str) -> Option<String> {
    let text = String::from_utf8(BASE64_STANDARD.decode(base64).ok()?).ok()?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    (!text.is_empty() && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

fn is_sum(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase())
}

/// Absolute, plain parts, one line, and text: what is replaced when it is no UTF-8 is another name.
pub(super) fn is_safe(path: &str) -> bool {
    let parts = || path.split('/').skip(1);
    path.starts_with('/')
        && path.len() < 3000
        && !path.chars().any(|c| c.is_control() || c == char::REPLACEMENT_CHARACTER)
        && parts().all(|part| !matches!(part, "" | "." | ".."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_holds_files_directories_and_links_and_says_what_it_leaves_out() {
        let sum = "ab".repeat(32);
        let head = |kind: &str, size: u32| format!("stat={kind}\t0\t7\troot\tops\t99\t{size}\t-\t");
        let text = [
            "root=/etc/c".to_owned(),
            "missing=/opt/ext".to_owned(),
            head("41ed", 0) + "/etc/c",
            head("81a0", 5) + "/etc/c/a b.yaml",
            format!("sum={sum}  /etc/c/a b.yaml"),
            head("8180", 5) + "/etc/c/unread",
            head("a1ff", 3) + "/etc/c/link",
            format!("link={}\t/etc/c/link", BASE64_STANDARD.encode("../x y\n")),
            head("11b6", 0) + "/etc/c/fifo",
            head("81a0", 5) + "/etc/c/../../root/.ssh/authorized_keys",
            head("81a0", 5) + "/etc/c/tab\tin it",
            head("81a0", 5) + "/etc/c/\u{fffd}",
            "odd=/etc/c".to_owned(),
            "beyond=/etc/c/link\t/srv/x y".to_owned(),
        ]
        .join("\n");
        let listing = Listing::parse(&text, "10.0.0.1", true);
        let told: Vec<_> = listing.kept.entries.iter().map(|e| (e.path.as_str(), e.mode.as_str(), &e.what)).collect();
        let file = |sum: &str| What::File { size: 5, sha256: sum.to_owned() };
        let expected = [
            ("/etc/c", "755", &What::Directory),
            ("/etc/c/a b.yaml", "640", &file(&sum)),
            ("/etc/c/link", "777", &What::Link { to: "../x y".into() }),
            ("/etc/c/unread", "600", &file("")),
        ];
        assert_eq!(told, expected);
        assert_eq!(
            (listing.missing, listing.unreadable),
            (vec!["/opt/ext".to_owned()], vec!["/etc/c/unread".to_owned()])
        );
        assert_eq!(listing.kept.skipped.len(), 6, "{:?}", listing.kept.skipped);
        assert!(listing.kept.skipped[1].contains("it leads to the directory /srv/x y"), "{:?}", listing.kept.skipped);
        assert_eq!(listing.kept.entries[1].group, "ops");
    }
}
