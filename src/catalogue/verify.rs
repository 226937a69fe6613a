//! Reads every byte of one backup.
//!
//! It is cut into calls of some hundred MiB, two at a time: a connection that is lost costs one of
//! them, which is asked again, and progress falls out of it. A job of its own was rejected: it would need
//! the cluster's lease, and for the hours that it takes nobody could restore (docs/adr/0013).

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;

use super::{Catalogue, CatalogueError, PATIENCE};
use crate::backup::layout;
use crate::backup::manifest::{Manifest, ManifestError};
use crate::backup::verify::{self, Damage, Expected, Hashed, Verified};
use crate::digest::sha256;
use crate::name::Tag;
use crate::remote::Transport;
use crate::script::Script;

/// One call reads at most so much, or one file;
const BYTES: u64 = 256 << 20;
/// and so many files.
const FILES: usize = 500;
/// Calls at once.
const AT_ONCE: usize = 2;
/// Even a slow disk that others use reads so much in a second.
const SLOWEST: u64 = 1 << 20;
/// What `verified.json` keeps of what is wrong.
const KEPT: usize = 100;

/// A backup's manifest as found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Manifested {
    /// Whole, with its SHA-256.
    Whole(Box<Manifest>, String),
    /// Readable, but it or its checksum file was changed: why.
    Doubtful(Box<Manifest>, String),
    /// No manifest that says anything: why.
    Useless(String),
}

/// What was looked at, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// The manifest.
    pub manifest: Manifested,
    /// What was found, ready to be kept.
    pub verified: Verified,
    /// All that is wrong with the files.
    pub damage: Vec<Damage>,
    /// Why it could not be kept beside the backup.
    pub unkept: Option<String>,
}

impl Looked {
    /// Whether files and manifest are as they were made.
    pub fn sound(&self) -> bool {
        self.verified.sound
    }
}

impl<T: Transport> Catalogue<T> {
    /// The manifest of a backup; unknown when there is none, or none of ours.
    pub async fn manifest(&self, tag: &Tag) -> Result<Manifested, CatalogueError> {
        let final_dir = layout::dir(&self.root, tag);
        let partial = layout::partial_dir(&self.root, tag);
        let script = Script::new("facts.backup").var("FINAL", &final_dir).var("PARTIAL", partial).var("LISTED", "");
        let fields = self.fields(script).await?;
        let unknown = |why: &str| CatalogueError::Unknown {
            tag: tag.clone(),
            root: self.root.clone(),
            host: self.host.clone(),
            why: why.to_owned(),
        };
        match fields.get("state") {
            Some("whole") => {}
            Some("missing") | None => return Err(unknown("")),
            Some(_) if fields.get("sum").is_some() => {
                return Ok(Manifested::Useless("its manifest.json is gone".to_owned()));
            }
            Some(other) => return Err(unknown(&format!(": {other}"))),
        }
        let text = match fields.decoded("manifest") {
            Ok(text) => text,
            Err(why) => return Ok(Manifested::Useless(format!("manifest.json is no text: {why}"))),
        };
        Ok(match Manifest::parse(&text, fields.get("sum").unwrap_or("")) {
            Ok(manifest) if manifest.tag == *tag => Manifested::Whole(Box::new(manifest), sha256(&text)),
            Ok(manifest) => {
                let why = format!("it is that of backup {}", manifest.tag);
                Manifested::Doubtful(Box::new(manifest), why)
            }
            Err(why @ (ManifestError::Checksum { .. } | ManifestError::Damaged { .. })) => {
                match Manifest::parse(&text, &sha256(&text)) {
                    Ok(manifest) => Manifested::Doubtful(Box::new(manifest), why.to_string()),
                    Err(_) => Manifested::Useless(why.to_string()),
                }
            }
            Err(why) => Manifested::Useless(why.to_string()),
        })
    }

    /// Compares every file with the manifest, tells `progress` bytes done and in all, and keeps what
    /// was found beside the backup.
    pub async fn verify(
        self: &Arc<Self>,
        tag: &Tag,
        progress: &(dyn Fn(u64, u64) + Send + Sync),
    ) -> Result<Looked, CatalogueError> {
        let manifest = self.manifest(tag).await?;
        let final_dir = layout::dir(&self.root, tag);
        let listing = self.ask(Script::new("catalogue.files").var("FINAL", &final_dir), 5 * PATIENCE).await?;
        let found = verify::listed(&listing);
        let expected = match &manifest {
            Manifested::Whole(manifest, _) | Manifested::Doubtful(manifest, _) => verify::expected(manifest),
            Manifested::Useless(_) => verify::taken_as_is(&found),
        };
        let (mut damage, rest) = verify::compare(&expected, &found);
        let hashed = self.hash(&final_dir, &rest, progress).await?;
        damage.extend(verify::judge(&rest, &hashed));
        damage.sort();
        let first = damage.iter().take(KEPT).map(|damage| format!("{}: {}", damage.path, damage.harm.says()));
        let whole = matches!(manifest, Manifested::Whole(..));
        let verified = Verified {
            v: 1,
            at: Timestamp::now(),
            sound: whole && damage.is_empty(),
            manifest_sha256: match &manifest {
                Manifested::Whole(_, digest) => digest.clone(),
                _ => String::new(),
            },
            files: expected.len(),
            bytes: expected.iter().map(|file| file.size).sum(),
            digests: hashed.digests.len(),
            undigested: verify::digests(&rest).len().saturating_sub(hashed.digests.len()),
            digest_tool: hashed.tool.clone(),
            hash_tool: hashed.hasher.clone(),
            damage: first.collect(),
        };
        let text = serde_json::to_string(&verified).expect("it is plain data");
        let note = Script::new("catalogue.note").var("FINAL", &final_dir).var("TEXT", text);
        let unkept = match self.ask(note, PATIENCE).await {
            Ok(_) => None,
            Err(CatalogueError::Script { why, .. }) => Some(why),
            Err(error) => return Err(error),
        };
        Ok(Looked { manifest, verified, damage, unkept })
    }

    async fn hash(
        self: &Arc<Self>,
        dir: &str,
        files: &[&Expected],
        progress: &(dyn Fn(u64, u64) + Send + Sync),
    ) -> Result<Hashed, CatalogueError> {
        let total: u64 = files.iter().map(|file| file.size).sum();
        let digests = verify::digests(files);
        let calls: VecDeque<(Script, u64)> = verify::chunks(files, BYTES, FILES)
            .into_iter()
            .map(|chunk| {
                let digests = chunk.iter().filter_map(|file| {
                    let (algorithm, digest) = digests.get(file.path.as_str())?;
                    Some(format!("{algorithm}\t{}\t{digest}", file.path))
                });
                let script = Script::new("catalogue.hash")
                    .var("FINAL", dir)
                    .list("DIGESTS", digests)
                    .list("FILES", chunk.iter().map(|file| &file.path));
                (script, chunk.iter().map(|file| file.size).sum())
            })
            .collect();
        let waiting = Arc::new(Mutex::new(calls));
        let (told, mut hear) = tokio::sync::mpsc::unbounded_channel();
        let mut workers = JoinSet::new();
        for _ in 0..AT_ONCE {
            let (catalogue, waiting, told) = (Arc::clone(self), Arc::clone(&waiting), told.clone());
            workers.spawn(async move {
                loop {
                    let next = waiting.lock().expect("nobody panics with it").pop_front();
                    let Some((script, size)) = next else { return Ok(()) };
                    // twice read: for the hash, and for Cassandra's digest
                    let limit = PATIENCE + Duration::from_secs(2 * size / SLOWEST);
                    let text = catalogue.ask(script, limit).await?;
                    // nobody listens any more when another one failed
                    let _ = told.send((text, size));
                }
            });
        }
        drop(told);
        let (mut hashed, mut done) = (Hashed::default(), 0);
        while let Some((text, size)) = hear.recv().await {
            hashed.read(&text);
            done += size;
            progress(done, total);
        }
        for ended in workers.join_all().await {
            let ended: Result<(), CatalogueError> = ended;
            ended?;
        }
        Ok(hashed)
    }
}
