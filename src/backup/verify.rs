//! Whether a backup is what its manifest says: the pure half of `backups verify`.
//!
//! ```text
//!  manifest ─┐              ┌─> harms that names and sizes show (missing, extra, no file, truncated)
//!  listing  ─┴─ [`compare`] ┴─> files to hash, in [`chunks`] ─> hosts ─> [`judge`] ─> harms that only bytes show
//! ```
//! The digests that Cassandra wrote itself (`Digest.crc32` beside each `Data.db`) are compared too:
//! they are older than the manifest, so they also find data that was bad before it was backed up.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::layout;
use super::manifest::Manifest;
use crate::cassandra::sstable::Component;
use crate::units::bytes;

/// What `backups verify` found, as kept in `verified.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// Format of this record.
    pub v: u32,
    /// When.
    pub at: Timestamp,
    /// Whether all is as the manifest says.
    pub sound: bool,
    /// Of which manifest.
    pub manifest_sha256: String,
    /// Files that the manifest names.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Cassandra's own digests that were compared; 0: none, as no tool was there.
    #[serde(default)]
    pub digests: usize,
    /// Those that nothing on the host could compare.
    #[serde(default)]
    pub undigested: usize,
    /// What compared them.
    #[serde(default)]
    pub digest_tool: String,
    /// What made the SHA-256.
    #[serde(default)]
    pub hash_tool: String,
    /// The first of what is wrong.
    #[serde(default)]
    pub damage: Vec<String>,
}

/// One file that the backup should hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// Below the backup's directory: `keyspace/table/file`.
    pub path: String,
    /// In bytes.
    pub size: u64,
    /// 64 hexadecimal digits; none when there is no manifest to be trusted.
    pub sha256: Option<String>,
}

/// One thing that it holds; directories are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Below the backup's directory.
    pub path: String,
    /// In bytes.
    pub size: u64,
    /// `regular file`, `symbolic link`, … as `stat` says.
    pub kind: String,
}

/// What is wrong with one file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Damage {
    /// Below the backup's directory.
    pub path: String,
    /// What.
    pub harm: Harm,
}

/// What can be wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Harm {
    /// The manifest names it and it is not there.
    Missing,
    /// It is there and the manifest does not name it.
    Extra,
    /// It is no regular file but this.
    Odd(String),
    /// It has another size: expected, found.
    Size(u64, u64),
    /// It has other bytes.
    Bytes,
    /// The host cannot read it.
    Unreadable,
    /// `Data.db` is not what Cassandra's own digest says: that, and what was found.
    Digest(String, String),
}

impl Harm {
    /// In one word, for programs.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Extra => "extra",
            Self::Odd(_) => "no-file",
            Self::Size(..) => "size",
            Self::Bytes => "bytes",
            Self::Unreadable => "unreadable",
            Self::Digest(..) => "digest",
        }
    }

    /// For people.
    pub fn says(&self) -> String {
        match self {
            Self::Missing => "missing".to_owned(),
            Self::Extra => "not in the manifest".to_owned(),
            Self::Odd(kind) => format!("a {kind}, not a file"),
            Self::Size(expected, found) if found < expected => {
                format!("truncated: {found} of {expected} bytes")
            }
            Self::Size(expected, found) => format!("too long: {found} bytes instead of {expected}"),
            Self::Bytes => "other bytes than when it was backed up (its sha256 differs)".to_owned(),
            Self::Unreadable => "cannot be read".to_owned(),
            Self::Digest(wanted, found) => {
                format!("not what Cassandra wrote: its digest file says {wanted}, the data give {found}")
            }
        }
    }
}

/// The files of a manifest.
pub fn expected(manifest: &Manifest) -> Vec<Expected> {
    let files = manifest.files();
    let each = files.map(|(keyspace, table, file)| Expected {
        path: format!("{}/{}/{}", keyspace.name, table.name, file.path),
        size: file.size,
        sha256: Some(file.sha256.clone()),
    });
    each.collect()
}

/// Without a manifest that can be trusted, what is there is all that is expected.
pub fn taken_as_is(found: &[Found]) -> Vec<Expected> {
    let files = found.iter().filter(|found| found.kind == REGULAR && !own(&found.path));
    files.map(|found| Expected { path: found.path.clone(), size: found.size, sha256: None }).collect()
}

const REGULAR: &str = "regular file";

fn own(path: &str) -> bool {
    layout::OWN.contains(&path)
}

/// Reads what `files.sh` prints: `kind<tab>size<tab>path`.
pub fn listed(text: &str) -> Vec<Found> {
    let each = |line: &str| {
        let mut cells = line.splitn(3, '\t');
        let (kind, size, path) = (cells.next()?, cells.next()?, cells.next()?);
        // an empty file is one too
        let kind = if kind.starts_with("regular") { REGULAR } else { kind };
        let path = path.strip_prefix("./").unwrap_or(path).to_owned();
        Some(Found { path, size: size.parse().ok()?, kind: kind.to_owned() })
    };
    text.lines().filter_map(each).collect()
}

/// What names, kinds and sizes show, and the files whose bytes are still to be looked at.
pub fn compare<'a>(expected: &'a [Expected], found: &[Found]) -> (Vec<Damage>, Vec<&'a Expected>) {
    let mut there: BTreeMap<&str, &Found> = found.iter().map(|found| (found.path.as_str(), found)).collect();
    let (mut damage, mut rest) = (vec![], vec![]);
    for file in expected {
        let harm = match there.remove(file.path.as_str()) {
            None => Harm::Missing,
            Some(found) if found.kind != REGULAR => Harm::Odd(found.kind.clone()),
            Some(found) if found.size != file.size => Harm::Size(file.size, found.size),
            Some(_) => {
                rest.push(file);
                continue;
            }
        };
        damage.push(Damage { path: file.path.clone(), harm });
    }
    let more = there.into_values().filter(|found| !own(&found.path) || found.kind != REGULAR);
    damage.extend(more.map(|found| {
        let harm = if found.kind == REGULAR { Harm::Extra } else { Harm::Odd(found.kind.clone()) };
        Damage { path: found.path.clone(), harm }
    }));
    (damage, rest)
}

/// Files that one call hashes: at most so many bytes or one file, and so many files.
pub fn chunks<'a>(files: &[&'a Expected], most_bytes: u64, most_files: usize) -> Vec<Vec<&'a Expected>> {
    let mut chunks: Vec<Vec<&Expected>> = vec![];
    let mut bytes = 0;
    for file in files {
        match chunks.last_mut() {
            Some(chunk) if bytes + file.size <= most_bytes && chunk.len() < most_files => {
                chunk.push(file);
                bytes += file.size;
            }
            _ => {
                chunks.push(vec![file]);
                bytes = file.size;
            }
        }
    }
    chunks
}

/// Each `Data.db` with the algorithm and the path of the digest beside it.
pub fn digests<'a>(files: &[&'a Expected]) -> BTreeMap<&'a str, (&'static str, &'a str)> {
    let there: BTreeMap<&str, &Expected> = files.iter().map(|file| (file.path.as_str(), *file)).collect();
    let each = files.iter().filter_map(|file| {
        let (algorithm, digest) = digest_of(&file.path, &there)?;
        Some((file.path.as_str(), (algorithm, digest.path.as_str())))
    });
    each.collect()
}

/// The digest file of a `Data.db` and its algorithm, where the backup has one of those that can be
/// compared.
fn digest_of<'a>(data: &str, there: &BTreeMap<&str, &'a Expected>) -> Option<(&'static str, &'a Expected)> {
    let (dir, name) = data.rsplit_once('/')?;
    if !Component::parse(name)?.is_data() {
        return None;
    }
    let stem = name.strip_suffix("Data.db")?;
    // sha1 is of before 2.2
    ["crc32", "adler32"]
        .into_iter()
        .find_map(|algorithm| Some((algorithm, *there.get(format!("{dir}/{stem}Digest.{algorithm}").as_str())?)))
}

/// What came of hashing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hashed {
    /// Path → SHA-256.
    pub sums: BTreeMap<String, String>,
    /// `Data.db` → what its digest file says, what its bytes give.
    pub digests: BTreeMap<String, (String, String)>,
    /// What made the digests; empty: nothing could.
    pub tool: String,
    /// What made the SHA-256.
    pub hasher: String,
}

impl Hashed {
    /// Adds what one call of `hash.sh` printed.
    pub fn read(&mut self, text: &str) {
        for line in text.lines() {
            if let Some(tool) = line.strip_prefix("tool=") {
                tool.clone_into(&mut self.tool);
            } else if let Some(tool) = line.strip_prefix("hasher=") {
                tool.clone_into(&mut self.hasher);
            } else if let Some(rest) = line.strip_prefix("digest=") {
                let cells: Vec<&str> = rest.split('\t').collect();
                if let [path, wanted, found] = cells[..] {
                    self.digests.insert(path.to_owned(), (wanted.trim().to_owned(), found.trim().to_owned()));
                }
            } else if let Some((sum, path)) = line.split_once("  ") {
                self.sums.insert(path.to_owned(), sum.to_owned());
            }
        }
    }
}

/// What the bytes show.
pub fn judge(files: &[&Expected], hashed: &Hashed) -> Vec<Damage> {
    let mut damage = vec![];
    for file in files {
        let harm = match (hashed.sums.get(&file.path), &file.sha256) {
            (None, _) => Harm::Unreadable,
            (Some(found), Some(wanted)) if found != wanted => Harm::Bytes,
            _ => match hashed.digests.get(&file.path) {
                Some((wanted, found)) if wanted != found => Harm::Digest(wanted.clone(), found.clone()),
                _ => continue,
            },
        };
        damage.push(Damage { path: file.path.clone(), harm });
    }
    damage
}

impl Verified {
    /// What was looked at and with what, in a sentence.
    pub fn looked_at(&self) -> String {
        let Self { files, digests, undigested, digest_tool, hash_tool, .. } = self;
        let compared = format!("{digests} digests of Cassandra's own (crc32, adler32) compared with {digest_tool}");
        let digests = match (digests, undigested, digest_tool.as_str()) {
            (0, 0, _) => "there are no digests of Cassandra's own".to_owned(),
            (_, n, "") => {
                format!(
                    "Cassandra's own {n} digests were not looked at: the host has neither python3, perl nor gzip for them"
                )
            }
            (0, n, tool) => format!("Cassandra's own {n} digests were not looked at: {tool} makes no adler32"),
            (_, 0, _) => compared,
            (_, n, tool) => format!("{compared}, {n} not: {tool} makes no adler32, or they cannot be read"),
        };
        format!("{files} files, {}, sha256 by {hash_tool}; {digests}", bytes(self.bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, size: u64) -> Expected {
        Expected { path: path.to_owned(), size, sha256: Some("aa".to_owned()) }
    }

    #[test]
    fn names_kinds_and_sizes_show_what_is_missing_extra_odd_and_truncated() {
        let expected = [file("k/t/a", 3), file("k/t/b", 3), file("k/t/c", 3), file("k/t/d", 3), file("k/t/e", 0)];
        let listing = "regular file\t3\t./k/t/a\nregular file\t2\t./k/t/b\nsymbolic link\t9\t./k/t/c\nregular empty file\t0\t./k/t/e\n\
                       regular file\t1\t./manifest.json\nregular file\t1\t./verified.json\nfifo\t0\t./k/t/f\nregular file\t7\t./k/t/g\n\
                       regular file\t7\t./k/t/manifest.json\n";
        let (damage, rest) = compare(&expected, &listed(listing));
        let told: Vec<_> = damage.iter().map(|d| format!("{}: {}", d.path, d.harm.says())).collect();
        insta::assert_snapshot!(told.join("\n"), @"
        k/t/b: truncated: 2 of 3 bytes
        k/t/c: a symbolic link, not a file
        k/t/d: missing
        k/t/f: a fifo, not a file
        k/t/g: not in the manifest
        k/t/manifest.json: not in the manifest
        ");
        assert_eq!(rest.iter().map(|f| f.path.as_str()).collect::<Vec<_>>(), ["k/t/a", "k/t/e"]);
    }

    #[test]
    fn what_was_hashed_is_judged_by_the_manifest_and_by_cassandras_own_digest() {
        let files = [file("k/t/a", 1), file("k/t/b", 1), file("k/t/nb-1-big-Data.db", 1), file("k/t/d", 1)];
        let mut hashed = Hashed::default();
        hashed.read("hasher=openssl\ntool=python3\naa  k/t/a\nbb  k/t/b\naa  k/t/nb-1-big-Data.db\n");
        hashed.read("digest=k/t/nb-1-big-Data.db\t12\t13\n");
        let files: Vec<&Expected> = files.iter().collect();
        let harms: Vec<_> = judge(&files, &hashed).into_iter().map(|d| d.harm.word()).collect();
        assert_eq!(harms, ["bytes", "digest", "unreadable"]);
        assert_eq!((hashed.tool.as_str(), hashed.hasher.as_str()), ("python3", "openssl"));
    }

    #[test]
    fn it_is_said_what_was_looked_at_with_which_tool_and_what_was_not() {
        let said = |digests: usize, undigested: usize, digest_tool: &str| {
            let record = format!(
                r#"{{"v":1,"at":"2026-01-01T00:00:00Z","sound":true,"manifest_sha256":"aa","files":9,"bytes":2048,"digests":{digests},"undigested":{undigested},"digest_tool":"{digest_tool}","hash_tool":"openssl"}}"#
            );
            serde_json::from_str::<Verified>(&record).unwrap().looked_at()
        };
        insta::assert_snapshot!([said(4, 0, "perl"), said(0, 4, ""), said(0, 4, "gzip"), said(3, 1, "gzip"), said(0, 0, "perl")].join("\n"), @"
        9 files, 2.0 KiB, sha256 by openssl; 4 digests of Cassandra's own (crc32, adler32) compared with perl
        9 files, 2.0 KiB, sha256 by openssl; Cassandra's own 4 digests were not looked at: the host has neither python3, perl nor gzip for them
        9 files, 2.0 KiB, sha256 by openssl; Cassandra's own 4 digests were not looked at: gzip makes no adler32
        9 files, 2.0 KiB, sha256 by openssl; 3 digests of Cassandra's own (crc32, adler32) compared with gzip, 1 not: gzip makes no adler32, or they cannot be read
        9 files, 2.0 KiB, sha256 by openssl; there are no digests of Cassandra's own
        ");
    }

    #[test]
    fn work_is_cut_by_bytes_and_by_files_and_a_large_file_goes_alone() {
        let sizes = [1, 1, 50, 1, 1, 1, 1];
        let files: Vec<Expected> = sizes.iter().enumerate().map(|(n, size)| file(&n.to_string(), *size)).collect();
        let files: Vec<&Expected> = files.iter().collect();
        let cut: Vec<usize> = chunks(&files, 10, 3).iter().map(Vec::len).collect();
        assert_eq!(cut, [2, 1, 3, 1]);
    }

    #[test]
    fn the_digest_of_a_data_file_is_found_beside_it_also_in_an_index() {
        let files = [file("k/t/nb-1-big-Digest.crc32", 1), file("k/t/.i/la-1-big-Digest.adler32", 1)];
        let there: BTreeMap<&str, &Expected> = files.iter().map(|f| (f.path.as_str(), f)).collect();
        let of = |data: &str| digest_of(data, &there).map(|(algorithm, _)| algorithm);
        assert_eq!(of("k/t/nb-1-big-Data.db"), Some("crc32"));
        assert_eq!(of("k/t/.i/la-1-big-Data.db"), Some("adler32"));
        assert_eq!(of("k/t/nb-2-big-Data.db"), None);
        assert_eq!(of("k/t/nb-1-big-Index.db"), None);
    }
}
