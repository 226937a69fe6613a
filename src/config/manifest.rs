//! What a backup of configuration holds. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::name::{ClusterName, HostName, Tag};

/// Format of `manifest.json`.
pub const FORMAT: u32 = 1;

/// A whole backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Format of this value.
    pub format: u32,
    /// Its name.
    pub tag: Tag,
    /// Of which cluster.
    pub cluster: ClusterName,
    /// When.
    pub taken_at: Timestamp,
    /// Version of reseed.
    pub reseed: String,
    /// What each host had.
    pub hosts: BTreeMap<HostName, Kept>,
}

/// What one host had.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Where ssh went.
    pub address: String,
    /// Directories and files that were asked for and there.
    pub roots: Vec<String>,
    /// Everything, by path.
    pub entries: Vec<Entry>,
    /// What was left out, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<String>,
}

/// A file, directory or link as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Where.
    pub path: String,
    /// Permissions, in octal.
    pub mode: String,
    /// Its owner: by number,
    pub uid: u32,
    /// and by name.
    pub user: String,
    /// Its group: by number,
    pub gid: u32,
    /// and by name.
    pub group: String,
    /// When it was changed last, in seconds.
    pub mtime: i64,
    /// Its `SELinux` label, where there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What it is.
    #[serde(flatten)]
    pub what: What,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum What {
    /// A regular file.
    File {
        /// In bytes.
        size: u64,
        /// Of its bytes.
        sha256: String,
    },
    /// A directory.
    Directory,
    /// A symbolic link.
    Link {
        /// Where it leads, as written.
        to: String,
    },
}

impl Entry {
    /// The size and the hash of a file.
    pub fn file(&self) -> Option<(u64, &str)> {
        match &self.what {
            What::File { size, sha256 } => Some((*size, sha256)),
            _ => None,
        }
    }

    /// Whether the other is the same but for its time, and for numbers of owners whose names are the same. Numbers count
    /// where one of the names is unknown.
    pub fn is_like(&self, other: &Self) -> bool {
        let same = |a: (&str, u32), b: (&str, u32)| {
            let named = [a.0, b.0].iter().all(|name| !matches!(*name, "" | "UNKNOWN" | "-" | "?"));
            if named { a.0 == b.0 } else { a.1 == b.1 }
        };
        same((&self.user, self.uid), (&other.user, other.uid))
            && same((&self.group, self.gid), (&other.group, other.gid))
            && (&self.path, &self.mode, &self.label, &self.what)
                == (&other.path, &other.mode, &other.label, &other.what)
    }

    /// Whether `wanted` names it: its whole path, a directory above it, or the end of its path.
    pub fn is_named(&self, wanted: &str) -> bool {
        let wanted = wanted.trim_end_matches('/');
        let below = |rest: &str| rest.is_empty() || rest.starts_with('/');
        if wanted.starts_with('/') {
            return self.path.strip_prefix(wanted).is_some_and(below);
        }
        self.path.strip_suffix(wanted).is_some_and(|rest| rest.ends_with('/'))
    }
}

impl Kept {
    /// Its files with size and hash.
    pub fn files(&self) -> impl Iterator<Item = (&Entry, u64, &str)> {
        self.entries.iter().filter_map(|entry| entry.file().map(|(size, sum)| (entry, size, sum)))
    }

    /// All its files' bytes.
    pub fn bytes(&self) -> u64 {
        self.files().map(|(_, size, _)| size).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_are_the_same_by_name_and_by_number_only_where_there_is_no_name() {
        let of = |user: &str, uid, group: &str, gid| Entry {
            path: "/c".into(),
            mode: "640".into(),
            uid,
            user: user.into(),
            gid,
            group: group.into(),
            mtime: 0,
            label: None,
            what: What::Directory,
        };
        let was = of("cassandra", 7, "ops", 8);
        assert!(was.is_like(&of("cassandra", 107, "ops", 108)));
        assert!(!was.is_like(&of("postgres", 7, "ops", 8)), "the number belongs to somebody else");
        assert!(!was.is_like(&of("cassandra", 7, "adm", 8)));
        assert!(was.is_like(&of("UNKNOWN", 7, "ops", 8)) && !was.is_like(&of("UNKNOWN", 9, "ops", 8)));
        let labelled = Entry { label: Some("system_u:object_r:etc_t:s0".into()), ..was.clone() };
        assert!(!was.is_like(&labelled));
    }

    #[test]
    fn a_file_is_named_by_its_path_a_directory_above_it_or_the_end_of_its_path() {
        let entry = Entry {
            path: "/etc/cassandra/cassandra.yaml".into(),
            mode: "640".into(),
            uid: 1,
            user: "c".into(),
            gid: 1,
            group: "c".into(),
            mtime: 0,
            label: None,
            what: What::Directory,
        };
        for yes in
            ["/etc/cassandra/cassandra.yaml", "/etc/cassandra", "/etc/", "cassandra.yaml", "cassandra/cassandra.yaml"]
        {
            assert!(entry.is_named(yes), "{yes}");
        }
        for no in ["/etc/cass", "yaml", "a.yaml", "/cassandra.yaml", ""] {
            assert!(!entry.is_named(no), "{no}");
        }
    }
}
