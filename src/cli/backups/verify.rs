//! `backups verify`: every byte of a backup against its manifest.

use std::io::{self, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::json;

use super::super::exit::{ExitCode, Failure};
use super::super::printer::Printer;
use super::super::{Ended, Global, after, reach};
use super::asked;
use crate::catalogue::{Looked, Manifested};
use crate::name::Tag;
use crate::report::words;

/// Reads every byte of a backup and compares it with the manifest, and with Cassandra's own digests
///
/// Finds missing, extra, truncated and changed files, and tells a damaged manifest from damaged data. Gives way to
/// whatever else the host does. What was found is kept beside the backup, for `backups list`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The backup
    tag: Tag,
}

/// How often a log, or a line that is redrawn, tells how far it is.
const PAUSE: Duration = Duration::from_secs(1);

pub(super) fn run(global: &Global, printer: Printer, args: &Args) -> Ended {
    let inventory = reach::inventory(global)?;
    let tag = &args.tag;
    let looked = asked(printer, &inventory, &format!("verifying backup {tag}"), async |catalogue, screen| {
        let last = Mutex::new(Instant::now());
        let progress = |done: u64, total: u64| {
            let mut last = last.lock().expect("no view panics");
            if last.elapsed() >= PAUSE {
                *last = Instant::now();
                screen.pulse(&format!("verifying backup {tag}: {}", words::progress(done, total, "bytes")));
            }
        };
        Ok(catalogue.verify(tag, &progress).await?)
    })?;
    if let Some(why) = &looked.unkept {
        let _ = writeln!(io::stderr(), "what was found could not be kept beside the backup: {why}");
    }
    after::looked(global, &inventory);
    let mut out = io::stdout().lock();
    let _ = if printer.json { writeln!(out, "{}", document(tag, &looked)) } else { told(&mut out, tag, &looked) };
    if looked.sound() {
        return Ok(ExitCode::Done);
    }
    let message = match &looked.manifest {
        Manifested::Whole(..) => format!("backup {tag} is damaged: {}", words::count(looked.damage.len(), "file")),
        Manifested::Doubtful(..) | Manifested::Useless(_) => format!("the manifest of backup {tag} is damaged"),
    };
    let keyspaces = "a restore of the keyspaces that are not named above (restore -k) does not need these files";
    Err(Failure::new(ExitCode::Damaged, message)
        .hint(format!("restore from another backup (reseed backups list); {keyspaces}")))
}

fn document(tag: &Tag, looked: &Looked) -> serde_json::Value {
    let manifest = match &looked.manifest {
        Manifested::Whole(..) => json!({"sound": true}),
        Manifested::Doubtful(_, why) | Manifested::Useless(why) => json!({"sound": false, "why": why}),
    };
    let damage: Vec<_> = looked
        .damage
        .iter()
        .map(|damage| json!({"path": damage.path, "harm": damage.harm.word(), "why": damage.harm.says()}))
        .collect();
    let verified = &looked.verified;
    json!({"v": 1, "kind": "verification", "tag": tag, "at": verified.at, "sound": looked.sound(),
        "manifest": manifest, "files": verified.files, "bytes": verified.bytes, "digests": verified.digests,
        "undigested": verified.undigested, "digest_tool": verified.digest_tool, "hash_tool": verified.hash_tool,
        "damage": damage})
}

fn told(out: &mut impl Write, tag: &Tag, looked: &Looked) -> io::Result<()> {
    for damage in &looked.damage {
        writeln!(out, "{}: {}", words::line(&damage.path), words::line(&damage.harm.says()))?;
    }
    let at = looked.verified.looked_at();
    match (&looked.manifest, looked.damage.len()) {
        (Manifested::Whole(..), 0) => writeln!(out, "backup {tag} is sound: {at}"),
        (Manifested::Whole(..), n) => writeln!(out, "{} of backup {tag} is wrong: {at}", words::count(n, "file")),
        (Manifested::Doubtful(_, why), 0) => {
            writeln!(out, "{}\nall files are as the manifest's text says: {at}", words::line(why))
        }
        (Manifested::Doubtful(_, why), n) => {
            writeln!(out, "{}\n{} are not as its text says either: {at}", words::line(why), words::count(n, "file"))
        }
        (Manifested::Useless(why), n) => {
            let data = if n == 0 { "no damage of the data was found by" } else { "data are damaged, by" };
            let what = "Cassandra's own digests alone, which cover Data.db and do not tell what is missing";
            writeln!(out, "{}\n{data} {what}: {at}", words::line(why))
        }
    }
}
