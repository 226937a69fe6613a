//! Carries configuration between hosts and this machine, in pieces: an answer of a host has a limit of size.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::listing::Listing;
use super::manifest::{Entry, Kept};
use super::store::Store;
use super::{ConfigError, SCRIPTS};
use crate::name::{HostName, Tag};
use crate::remote::{Call, Reply, Secret, Transport, retry};
use crate::script::{Library, Script};
use crate::units;

/// What one question may take.
const PATIENCE: Duration = Duration::from_mins(5);
/// Bytes that one answer brings.
const PIECE: u64 = 2 << 20;
/// Files that one answer brings of.
const FILES: usize = 500;
/// Bytes that one call takes along: the host's shell reads them one by one.
const PART: usize = 192 << 10;
/// So often a host is listed and read before its files are said to change all the time.
const TRIES: usize = 3;

/// Told of bytes done and in total.
pub type Told<'a> = &'a (dyn Fn(u64, u64) + Send + Sync);

/// Carries.
pub struct Porter<T> {
    transport: Arc<T>,
    library: Library,
    silence: Duration,
    run: String,
}

/// One host to be read.
pub struct Source<'a> {
    /// It.
    pub host: &'a HostName,
    /// Where ssh goes.
    pub address: &'a str,
    /// The script that lists it, with hashes.
    pub list: &'a Script,
    /// Bytes that it may take.
    pub limit: u64,
}

impl<T: Transport> Porter<T> {
    /// For hosts that may be out of reach for `silence`; `run`: empty when there is none.
    pub fn new(transport: &Arc<T>, silence: Duration, run: &str) -> Self {
        Self { transport: Arc::clone(transport), library: Library::of(SCRIPTS), silence, run: run.to_owned() }
    }

    /// With the scripts of a plan.
    #[must_use]
    pub fn with(self, library: &Library) -> Self {
        Self { library: library.clone(), ..self }
    }

    async fn ask(&self, host: &HostName, script: &Script, secret: Option<Secret>) -> Result<Reply, ConfigError> {
        let script = self.library.render(script)?;
        let call = Call { secret, ..Call::new(script, &self.run, PATIENCE) };
        let reply = retry::exec(&*self.transport, host, call, self.silence).await?;
        if reply.rc == 0 {
            return Ok(reply);
        }
        Err(ConfigError::Host { host: host.clone(), why: reply.reason() })
    }

    /// What is there now.
    pub async fn list(&self, host: &HostName, address: &str, list: &Script) -> Result<Listing, ConfigError> {
        let hashed = list.vars.get("HASHED").is_some_and(|said| !said.is_empty());
        Ok(Listing::parse(&self.ask(host, list, None).await?.stdout, address, hashed))
    }

    /// The host's configuration comes here.
    pub async fn take(&self, from: &Source<'_>, store: &Store, tag: &Tag, told: Told<'_>) -> Result<Kept, ConfigError> {
        let failed = |why| ConfigError::Host { host: from.host.clone(), why };
        let mut changed = String::new();
        for _ in 0..TRIES {
            let listing = self.list(from.host, from.address, from.list).await?;
            if let Some(path) = listing.unreadable.first() {
                return Err(failed(format!("cannot read {path}")));
            }
            let kept = listing.kept;
            if kept.bytes() > from.limit {
                return Err(failed(over(&kept, from.limit)));
            }
            store.begin(tag, from.host)?;
            match self.copy(from.host, &kept, store, tag, told).await? {
                None => {
                    store.keep(tag, from.host, &kept)?;
                    return Ok(kept);
                }
                Some(path) => changed = path,
            }
        }
        Err(failed(format!("{changed} changes while it is read")))
    }

    /// The path of a file that is not what the list says.
    async fn copy(
        &self,
        host: &HostName,
        kept: &Kept,
        store: &Store,
        tag: &Tag,
        told: Told<'_>,
    ) -> Result<Option<String>, ConfigError> {
        let (mut done, total) = (0, kept.bytes());
        let mut open = None;
        let pieces: Vec<Piece> = kept.files().flat_map(|(entry, size, _)| pieces(entry, size)).collect();
        let mut rest = &pieces[..];
        while !rest.is_empty() {
            let batch;
            (batch, rest) = rest.split_at(batch_of(rest));
            let answers = self.read(host, batch).await?;
            for (piece, bytes) in batch.iter().zip(answers) {
                if piece.offset == 0 {
                    open = Some(store.create(tag, host, &piece.entry.path)?);
                }
                let Some(mut file) = open.take() else { continue };
                file.add(&bytes)?;
                done += bytes.len() as u64;
                if !piece.last {
                    open = Some(file);
                    continue;
                }
                // a disk that is full here is not a file that changes there
                let Some((size, sum)) = piece.entry.file() else { continue };
                if !file.finish(size, sum)? {
                    return Ok(Some(piece.entry.path.clone()));
                }
            }
            told(done, total);
        }
        Ok(None)
    }

    async fn read(&self, host: &HostName, batch: &[Piece<'_>]) -> Result<Vec<Vec<u8>>, ConfigError> {
        let lines = batch.iter().map(|piece| format!("{}\t{}\t{}", piece.offset, piece.count, piece.entry.path));
        let reply = self.ask(host, &Script::new("config.read").list("PIECES", lines), None).await?;
        let garbled = || ConfigError::Host { host: host.clone(), why: "what it sent is no base64".to_owned() };
        let told = reply.stdout.lines().filter_map(|line| line.strip_prefix("piece="));
        let read =
            told.map(|line| BASE64_STANDARD.decode(line).map_err(|_| garbled())).collect::<Result<Vec<_>, _>>()?;
        if read.len() == batch.len() { Ok(read) } else { Err(garbled()) }
    }

    /// A file's bytes as they are now; `None`: they are not what the list says.
    pub async fn bytes(&self, host: &HostName, entry: &Entry) -> Result<Option<Vec<u8>>, ConfigError> {
        let Some((size, sum)) = entry.file() else { return Ok(None) };
        let mut bytes = vec![];
        for piece in pieces(entry, size) {
            bytes.extend(self.read(host, &[piece]).await?.concat());
        }
        Ok((crate::digest::sha256(&bytes) == sum).then_some(bytes))
    }

    /// Files that are kept here go to a stage on the host, each under its hash.
    pub async fn send(
        &self,
        host: &HostName,
        put: &Script,
        (store, tag): (&Store, &Tag),
        entries: &[Entry],
        told: Told<'_>,
    ) -> Result<u64, ConfigError> {
        let total = entries.iter().filter_map(Entry::file).map(|(size, _)| size).sum();
        let mut done = 0;
        for entry in entries {
            let Some((_, sum)) = entry.file() else { continue };
            let bytes = store.bytes(tag, host, entry)?;
            // an empty file is one part too
            let parts: Vec<&[u8]> = if bytes.is_empty() { vec![&[]] } else { bytes.chunks(PART).collect() };
            for (number, part) in parts.into_iter().enumerate() {
                let script = put.clone().var("SUM", sum).var("NUMBER", number).var("SIZE", PART);
                let secret = Secret::new(BASE64_STANDARD.encode(part));
                self.ask(host, &script, secret).await?;
                done += part.len() as u64;
                told(done, total);
            }
        }
        Ok(done)
    }
}

/// Part of a file.
struct Piece<'a> {
    entry: &'a Entry,
    offset: u64,
    count: u64,
    last: bool,
}

fn pieces(entry: &Entry, size: u64) -> Vec<Piece<'_>> {
    let number = size.div_ceil(PIECE).max(1);
    let piece = |n| Piece { entry, offset: n * PIECE, count: PIECE.min(size - n * PIECE), last: n + 1 == number };
    (0..number).map(piece).collect()
}

/// How many of these one answer may bring.
fn batch_of(pieces: &[Piece]) -> usize {
    let mut bytes = 0;
    let fits = |piece: &&Piece| {
        bytes += piece.count;
        bytes <= PIECE
    };
    pieces.iter().take(FILES).take_while(fits).count().max(1)
}

/// Why it is too much, and what makes it so.
pub fn over(kept: &Kept, limit: u64) -> String {
    let below = |root: &str| -> u64 {
        let own = kept.files().filter(|(entry, ..)| Path::new(&entry.path).starts_with(root));
        own.map(|(_, size, _)| size).sum()
    };
    let mut roots: Vec<_> = kept.roots.iter().map(|root| (below(root), root)).collect();
    roots.sort_by(|a, b| b.cmp(a));
    let largest = roots
        .first()
        .map_or_else(String::new, |(bytes, root)| format!(", {} of it below {root}", units::bytes(*bytes)));
    format!(
        "its configuration takes {}, more than {}{largest}; allow more with --limit MIB",
        units::bytes(kept.bytes()),
        units::bytes(limit)
    )
}

#[cfg(test)]
mod tests {
    use super::super::manifest::What;
    use super::*;

    fn entry(path: &str, size: u64) -> Entry {
        let what = What::File { size, sha256: "00".repeat(32) };
        let (user, group) = ("root".to_owned(), "root".to_owned());
        Entry { path: path.into(), mode: "600".into(), uid: 0, user, gid: 0, group, mtime: 0, label: None, what }
    }

    #[test]
    fn large_files_come_in_pieces_and_small_ones_together() {
        let entries = [entry("/a", 0), entry("/b", 2 * PIECE + 1), entry("/c", 7), entry("/d", PIECE)];
        let all: Vec<Piece> = entries.iter().flat_map(|e| pieces(e, e.file().unwrap().0)).collect();
        let told: Vec<_> = all.iter().map(|p| (p.entry.path.as_str(), p.offset / PIECE, p.count, p.last)).collect();
        let expected = [
            ("/a", 0, 0, true),
            ("/b", 0, PIECE, false),
            ("/b", 1, PIECE, false),
            ("/b", 2, 1, true),
            ("/c", 0, 7, true),
            ("/d", 0, PIECE, true),
        ];
        assert_eq!(told, expected);
        let mut rest = &all[..];
        let mut batches = vec![];
        while !rest.is_empty() {
            batches.push(batch_of(rest));
            rest = &rest[batches.last().copied().unwrap()..];
        }
        assert_eq!(batches, [2, 1, 2, 1]);
    }

    #[test]
    fn what_is_too_much_is_told_with_what_makes_it_so() {
        let roots = vec!["/opt/conf".to_owned(), "/opt/ext".to_owned()];
        let entries = vec![entry("/opt/conf/a", 10), entry("/opt/ext/big.jar", 3 << 20)];
        let why = over(&Kept { roots, entries, ..Kept::default() }, 1 << 20);
        assert_eq!(
            why,
            "its configuration takes 3.0 MiB, more than 1.0 MiB, 3.0 MiB of it below /opt/ext; allow more with --limit MIB"
        );
    }
}
