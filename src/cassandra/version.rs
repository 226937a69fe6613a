//! [`Version`]: Cassandra's release, its order, and what a release can do.
//!
//! Predicates are named by what they mean, so that no other file compares versions.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Unreadable;

/// A release such as `2.2.19`, `4.0-beta4`, `5.0.8-SNAPSHOT`; printed as it was read.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version {
    text: String,
    numbers: [u32; 3],
    /// Empty for a release.
    pre: String,
}

impl Version {
    /// Reads a version; `ReleaseVersion: 5.0.8`, as nodetool prints it, will do too.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        let bad = || Unreadable::new("a Cassandra version", format!("{:?}", super::excerpt(text)));
        let text = text.trim();
        let text = text.strip_prefix("ReleaseVersion:").unwrap_or(text).trim();
        let (numbers, pre) = match text.find(['-', '+', '~']) {
            Some(at) => (&text[..at], text[at + 1..].to_owned()),
            None => (text, String::new()),
        };
        let printable = |b: u8| b.is_ascii_alphanumeric() || b"-+~._".contains(&b);
        if text.len() > 60 || !text.bytes().all(printable) {
            return Err(bad());
        }
        let mut parsed = [0; 3];
        let parts: Vec<&str> = numbers.split('.').collect();
        if parts.len() < 2 {
            return Err(bad());
        }
        // A fourth number (vendors' builds such as 4.0.11.4) does not matter here.
        for (slot, part) in parsed.iter_mut().zip(&parts) {
            *slot = part.parse().map_err(|_| bad())?;
        }
        if parts.iter().any(|p| p.is_empty() || !p.bytes().all(|b| b.is_ascii_digit())) {
            return Err(bad());
        }
        Ok(Self { text: text.to_owned(), numbers: parsed, pre })
    }

    /// The version as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Major and minor, such as `(4, 1)`: releases that share these can be mixed.
    pub fn line(&self) -> (u32, u32) {
        (self.numbers[0], self.numbers[1])
    }

    fn from(&self, major: u32, minor: u32) -> bool {
        self.line() >= (major, minor)
    }

    /// Whether reseed knows this release: 2.2 and 3.0 to 5.0.
    pub fn is_supported(&self) -> bool {
        self.from(2, 2) && !self.from(5, 1)
    }

    /// Commit log positions in sstables of another node are not taken for its own (CASSANDRA-16619: 3.0.25, 3.11.11,
    /// 4.0-rc2).
    pub fn knows_where_sstables_are_from(&self) -> bool {
        match self.numbers {
            [3, 0, patch] => patch >= 25,
            [3, 11, patch] => patch >= 11,
            [4, 0, 0] => self.pre.is_empty() || self.pre.starts_with("rc") && self.pre != "rc1",
            [major, ..] => major >= 4,
        }
    }

    /// The schema is in `system_schema` (3.0+); before, in `system.schema_*`.
    pub fn has_system_schema(&self) -> bool {
        self.from(3, 0)
    }

    /// Hints are files in `hints_directory` (3.0+); before, the table `system.hints`.
    pub fn hints_are_files(&self) -> bool {
        self.from(3, 0)
    }

    /// Incremental repairs are sessions that `system.repairs` keeps (4.0+).
    pub fn has_repair_sessions(&self) -> bool {
        self.from(4, 0)
    }

    /// The history of repairs keeps their options (3.0+; before, a repair of some replicas looks like any).
    pub fn tells_repair_options(&self) -> bool {
        self.from(3, 0)
    }

    /// `repair --preview` compares replicas and changes nothing (4.0+).
    pub fn previews_repairs(&self) -> bool {
        self.from(4, 0)
    }

    /// sstables may have UUIDs for ids (4.1+).
    pub fn has_uuid_sstables(&self) -> bool {
        self.from(4, 1)
    }

    /// Tables of `system` whose rows a node may send to others again after a restart: hints and
    /// logged batches where these are tables, and what is agreed by Paxos. Their names on disk carry
    /// an id behind these.
    pub fn resending_tables(&self) -> &'static [&'static str] {
        if self.hints_are_files() { &["batches", "paxos"] } else { &["hints", "batchlog", "paxos"] }
    }

    /// The server answers `DESCRIBE` (4.0+); before, cqlsh did it itself, and later ones do not.
    pub fn describes(&self) -> bool {
        self.from(4, 0)
    }

    /// A drain waits for messages that are still to be sent (4.0+).
    pub fn waits_for_messages(&self) -> bool {
        self.from(4, 0)
    }

    /// A full repair of all ranges of a node leaves its sstables whole (4.0+); before, it splits them into repaired and
    /// not, unless it is one of primary ranges only.
    pub fn repairs_all_ranges_whole(&self) -> bool {
        self.from(4, 0)
    }

    /// How `nodetool getstreamthroughput` can be asked, as its option: from 4.1 on in MiB/s or in megabits with what is behind
    /// the point (that of its default has such a part, and without an option it fails on that); before, `mbit` stands for none.
    pub fn stream_rate_units(&self) -> &'static [&'static str] {
        if self.from(4, 1) { &["-m", "-d"] } else { &["mbit"] }
    }

    /// Clients may also come by Thrift (before 4.0).
    pub fn has_thrift(&self) -> bool {
        !self.from(4, 0)
    }

    /// SAI and the bti format exist (5.0+).
    pub fn has_sai(&self) -> bool {
        self.from(5, 0)
    }

    /// Rank of the suffix: snapshots and named pre-releases come before the release.
    fn rank(&self) -> (u8, u32) {
        let digits: String = self.pre.chars().filter(char::is_ascii_digit).collect();
        let number = digits.parse().unwrap_or(0);
        let name = self.pre.to_ascii_lowercase();
        let rank = match name.trim_start_matches(|c: char| !c.is_ascii_alphabetic()) {
            "" => 5,
            n if n.starts_with("alpha") => 1,
            n if n.starts_with("beta") => 2,
            n if n.starts_with("rc") => 3,
            n if n.starts_with("snapshot") => 4,
            // Packagers' suffixes (`-1`, `-dse`) are of the release itself.
            _ => 5,
        };
        (rank, if rank < 5 { number } else { 0 })
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |v: &Self| (v.numbers, v.rank());
        key(self).cmp(&key(other)).then_with(|| self.text.cmp(&other.text))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Version {}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl FromStr for Version {
    type Err = Unreadable;
    fn from_str(text: &str) -> Result<Self, Unreadable> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Version {
    type Error = Unreadable;
    fn try_from(text: String) -> Result<Self, Unreadable> {
        Self::parse(&text)
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    #[test]
    fn releases_are_ordered_as_they_came_out() {
        let mut all: Vec<Version> = [
            "5.0.8",
            "4.0-rc1",
            "2.2.19",
            "4.0.0",
            "4.0-beta4",
            "5.0.8-SNAPSHOT",
            "4.0-alpha2",
            "3.11.19",
            "4.0-beta10",
        ]
        .map(v)
        .to_vec();
        all.sort();
        let order: Vec<&str> = all.iter().map(Version::as_str).collect();
        assert_eq!(
            order,
            [
                "2.2.19",
                "3.11.19",
                "4.0-alpha2",
                "4.0-beta4",
                "4.0-beta10",
                "4.0-rc1",
                "4.0.0",
                "5.0.8-SNAPSHOT",
                "5.0.8"
            ]
        );
    }

    #[test]
    fn what_nodetool_prints_is_read_and_kept_as_text() {
        assert_eq!(v("ReleaseVersion: 4.1.10\n").to_string(), "4.1.10");
        assert_eq!(v("4.0.11.4").line(), (4, 0));
        for bad in ["", "5", "x.y", "4.", "4.0 beta", "4.0-\"$(x)\"", "nodetool: Failed to connect"] {
            assert!(Version::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn what_a_release_can_do_follows_its_line() {
        assert!(!v("2.2.19").has_system_schema() && !v("2.2.19").hints_are_files());
        assert!(v("3.11.19").has_thrift() && !v("4.0.19").has_thrift());
        assert!(!v("3.11.19").previews_repairs() && v("4.0.19").previews_repairs());
        assert!(!v("3.11.19").repairs_all_ranges_whole() && v("4.0.19").repairs_all_ranges_whole());
        assert!(!v("3.11.19").waits_for_messages() && v("4.0.19").waits_for_messages());
        assert!(v("4.0.19").stream_rate_units() == ["mbit"] && v("4.1.10").stream_rate_units() == ["-m", "-d"]);
        assert!(v("2.2.19").resending_tables().contains(&"hints") && !v("3.0.1").resending_tables().contains(&"hints"));
        assert!(v("3.11.19").hints_are_files() && !v("4.1.10").has_sai() && v("5.0.8").has_sai());
        assert!(v("5.0.8-SNAPSHOT").is_supported() && !v("5.1-alpha1").is_supported() && !v("2.1.22").is_supported());
    }
}
