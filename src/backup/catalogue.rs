//! The catalogue: what lies below `backup.root`, entry by entry, and whether it can be counted on.
//!
//! Flow: `list.sh` prints a block of `key=value` lines per entry → [`parse`] → [`Backup`]s, newest
//! first. It sends the manifest without the hashes and names of files, which a list of a hundred
//! backups does not need, and beside it the hash of the whole text, made on the host: so a manifest that
//! was changed is known as such. Whoever needs all of a manifest reads it
//! ([`super::manifest::Manifest`]).
//!
//! Invariant: whatever stands in a damaged or foreign entry, it becomes a [`State`], never an error
//! that would hide the others.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::archived::Archived;
use super::layout::{self, Entry};
use super::manifest::FORMAT;
use super::verify::Verified;
use crate::name::{ClusterName, Keyspace, Tag};

/// One entry of the root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// Its directory's name: the tag, with a prefix while it is made or deleted.
    pub name: String,
    /// The tag.
    pub tag: Tag,
    /// What it is.
    pub state: State,
    /// Bytes of its files; without a manifest, what it takes on the disk.
    pub bytes: u64,
    /// When its directory was last changed.
    pub touched: Option<Timestamp>,
    /// What its manifest says.
    pub contents: Option<Contents>,
    /// What `backups verify` last found.
    pub verified: Option<Verified>,
    /// Its last archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived: Option<Archived>,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It has its name and its manifest is whole.
    Complete,
    /// It was never finished, or is being made.
    Partial,
    /// It is being deleted.
    Pruned,
    /// The layout of the written scripts, without a manifest.
    Written,
    /// Its manifest cannot be trusted; why.
    Damaged(String),
    /// No backup at all.
    Foreign,
}

impl State {
    /// In a table and for programs.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Partial => "partial",
            Self::Pruned => "pruned",
            Self::Written => "written",
            Self::Damaged(_) => "damaged",
            Self::Foreign => "foreign",
        }
    }

    /// What it means, for people; nothing when there is nothing to say.
    pub fn says(&self) -> String {
        match self {
            Self::Complete => String::new(),
            Self::Partial => "was never finished, or is being made".to_owned(),
            Self::Pruned => "half deleted: reseed backups prune ends it".to_owned(),
            Self::Written => "written layout, not imported: reseed backups import".to_owned(),
            Self::Damaged(why) => why.clone(),
            Self::Foreign => "no backup".to_owned(),
        }
    }
}

/// What a list tells of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    /// The SHA-256 of the manifest: the backup's identity.
    pub digest: String,
    /// The cluster that it was taken from.
    pub cluster: ClusterName,
    /// The node that it was taken from.
    pub node: String,
    /// That node's Cassandra.
    pub version: String,
    /// When the snapshot was made.
    pub taken_at: Timestamp,
    /// What it holds.
    pub keyspaces: Vec<Keyspace>,
    /// Tables and views.
    pub tables: usize,
    /// Files.
    pub files: usize,
    /// The directory that it was imported from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<String>,
}

impl Backup {
    /// When it was made: by its manifest, else by its directory.
    pub fn made(&self) -> Option<Timestamp> {
        self.contents.as_ref().map(|contents| contents.taken_at).or(self.touched)
    }

    /// Whether a restore can count on it, as far as is known without reading it.
    pub fn is_good(&self) -> bool {
        self.state == State::Complete && self.verified.as_ref().is_none_or(|verified| verified.sound)
    }
}

/// The part of a manifest that the host sends for a list.
#[derive(Deserialize)]
struct Head {
    format: u64,
    tag: Tag,
    cluster: ClusterName,
    node: String,
    version: String,
    taken_at: Timestamp,
    keyspaces: Vec<HeadKeyspace>,
    #[serde(default)]
    imported: Option<HeadImported>,
}

#[derive(Deserialize)]
struct HeadImported {
    from: String,
}

#[derive(Deserialize)]
struct HeadKeyspace {
    name: Keyspace,
    tables: Vec<HeadTable>,
}

#[derive(Deserialize)]
struct HeadTable {
    files: Vec<HeadFile>,
}

#[derive(Deserialize)]
struct HeadFile {
    size: u64,
}

/// Reads what `list.sh` prints; newest first.
pub fn parse(text: &str) -> Vec<Backup> {
    let mut blocks: Vec<Vec<(&str, &str)>> = vec![];
    for (key, value) in text.lines().filter_map(|line| line.split_once('=')) {
        if key == "entry" {
            blocks.push(vec![]);
        }
        if let Some(block) = blocks.last_mut() {
            block.push((key, value));
        }
    }
    let mut backups: Vec<Backup> = blocks.iter().filter_map(|block| entry(block)).collect();
    backups.sort_by(|a, b| b.made().cmp(&a.made()).then_with(|| a.name.cmp(&b.name)));
    backups
}

fn entry(block: &[(&str, &str)]) -> Option<Backup> {
    let get = |key: &str| block.iter().find(|(k, _)| *k == key).map(|(_, value)| *value);
    let number = |key: &str| get(key).and_then(|value| value.parse().ok());
    let name = get("entry")?;
    let (tag, state, found) = match layout::entry(name) {
        Entry::Other => return None,
        Entry::Partial(tag) => (tag, State::Partial, None),
        Entry::Pruned(tag) => (tag, State::Pruned, None),
        Entry::Backup(tag) if get("sum").is_some() || get("manifest").is_some() => match contents(&tag, &get) {
            Ok((contents, bytes)) => (tag, State::Complete, Some((contents, bytes))),
            Err(why) => (tag, State::Damaged(why), None),
        },
        Entry::Backup(tag) => (tag, if get("written").is_some() { State::Written } else { State::Foreign }, None),
    };
    let verified = get("verified").and_then(decoded).and_then(|text| serde_json::from_str::<Verified>(&text).ok());
    let archived = get("archived").and_then(decoded).and_then(|text| serde_json::from_str::<Archived>(&text).ok());
    let digest = found.as_ref().map(|(contents, _)| contents.digest.as_str());
    Some(Backup {
        name: name.to_owned(),
        tag,
        state,
        bytes: found.as_ref().map_or_else(|| number("kib").unwrap_or(0) * 1024, |(_, bytes)| *bytes),
        touched: get("touched").and_then(|seconds| Timestamp::from_second(seconds.parse().ok()?).ok()),
        // one of another manifest says nothing about this one
        verified: verified.filter(|verified| digest == Some(verified.manifest_sha256.as_str())),
        archived: archived.filter(|archived| digest == Some(archived.manifest_sha256.as_str())),
        contents: found.map(|(contents, _)| contents),
    })
}

/// What the manifest says and the bytes of its files; or why it cannot be trusted.
fn contents<'a>(tag: &Tag, get: &impl Fn(&str) -> Option<&'a str>) -> Result<(Contents, u64), String> {
    let sum = get("sum").and_then(|line| line.split_whitespace().next()).unwrap_or("").to_ascii_lowercase();
    let digest = get("found").unwrap_or("").to_owned();
    if get("manifest").is_none() {
        return Err("its manifest.json is gone".to_owned());
    }
    if sum.is_empty() {
        return Err("its manifest.json.sha256 is gone or empty".to_owned());
    }
    if sum != digest {
        return Err("its manifest.json is not the one that manifest.json.sha256 was made of".to_owned());
    }
    let text = get("manifest").and_then(decoded).ok_or("its manifest.json is no text")?;
    let head: Head = serde_json::from_str(&text).map_err(|why| format!("its manifest.json cannot be read: {why}"))?;
    if head.format != u64::from(FORMAT) {
        return Err(format!("its manifest.json has format {}, this reseed reads {FORMAT}", head.format));
    }
    if head.tag != *tag {
        return Err(format!("its manifest.json is that of backup {}", head.tag));
    }
    let files = || head.keyspaces.iter().flat_map(|k| &k.tables).flat_map(|t| &t.files);
    let (count, bytes) = (files().count(), files().map(|file| file.size).sum());
    let contents = Contents {
        digest,
        cluster: head.cluster,
        node: head.node,
        version: head.version,
        taken_at: head.taken_at,
        tables: head.keyspaces.iter().map(|keyspace| keyspace.tables.len()).sum(),
        files: count,
        keyspaces: head.keyspaces.into_iter().map(|keyspace| keyspace.name).collect(),
        imported: head.imported.map(|imported| imported.from),
    };
    Ok((contents, bytes))
}

/// Text that came in base64.
pub fn decoded(text: &str) -> Option<String> {
    String::from_utf8(BASE64_STANDARD.decode(text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(name: &str, tag: &str, sum: &str) -> String {
        let manifest = format!(
            r#"{{"format":1,"tag":"{tag}","cluster":"Lab","node":"n","version":"5.0.8","taken_at":"2026-01-01T00:00:00Z","keyspaces":[{{"name":"ks","tables":[{{"files":[{{"size":3}},{{"size":4}}]}}]}}]}}"#
        );
        let manifest = BASE64_STANDARD.encode(manifest);
        format!("entry={name}\ntouched=1000\nkib=9\nsum={sum}  manifest.json\nfound=aa\nmanifest={manifest}\n")
    }

    fn states(text: &str) -> Vec<(String, String)> {
        parse(text).into_iter().map(|b| (b.name, format!("{} {}", b.state.word(), b.state.says()))).collect()
    }

    #[test]
    fn entries_are_told_apart_and_none_hides_another() {
        let text = [
            &block("good", "good", "aa"),
            &block("changed", "changed", "bb"),
            &block("moved", "elsewhere", "aa"),
            "entry=bare\ntouched=900\nkib=2\nwritten=yes\nentry=odd\ntouched=800\nentry=.partial-x\ntouched=700\n",
            "entry=.pruned-y\ntouched=600\nentry=gone\ntouched=500\nsum=aa\nentry=nosum\ntouched=400\nfound=aa\nmanifest=e30=\n",
            "entry=lost+found\ntouched=9\n",
        ]
        .concat();
        let told: Vec<_> = states(&text).into_iter().map(|(name, state)| format!("{name}: {}", state.trim())).collect();
        insta::assert_snapshot!(told.join("\n"), @"
        good: complete
        changed: damaged its manifest.json is not the one that manifest.json.sha256 was made of
        moved: damaged its manifest.json is that of backup elsewhere
        bare: written written layout, not imported: reseed backups import
        odd: foreign no backup
        .partial-x: partial was never finished, or is being made
        .pruned-y: pruned half deleted: reseed backups prune ends it
        gone: damaged its manifest.json is gone
        nosum: damaged its manifest.json.sha256 is gone or empty
        ");
        let good = &parse(&text)[0];
        assert_eq!((good.bytes, good.contents.as_ref().unwrap().files), (7, 2));
        assert!(good.is_good());
    }

    #[test]
    fn a_verification_counts_only_for_the_manifest_that_it_was_of() {
        let verified = |digest: &str, sound: bool| {
            let text = format!(
                r#"{{"v":1,"at":"2026-01-02T00:00:00Z","sound":{sound},"manifest_sha256":"{digest}","files":2,"bytes":7}}"#
            );
            format!("{}verified={}\n", block("good", "good", "aa"), BASE64_STANDARD.encode(text))
        };
        assert!(parse(&verified("aa", true))[0].verified.as_ref().is_some_and(|v| v.sound));
        assert!(parse(&verified("bb", true))[0].verified.is_none());
        assert!(!parse(&verified("aa", false))[0].is_good());
    }
}
