//! `backups show`: what one backup holds, from its manifest.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use serde_json::json;

use super::super::exit::{ExitCode, Failure};
use super::super::printer::Printer;
use super::super::view::Look;
use super::super::{Ended, Global, reach};
use super::{asked, lines, table};
use crate::backup::manifest::{Manifest, TableEntry};
use crate::catalogue::Manifested;
use crate::name::Tag;
use crate::report::words;

/// Shows what a backup holds: keyspaces, replication, tables, files, indexes, rows
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The backup
    tag: Tag,
}

pub(super) fn run(global: &Global, printer: Printer, args: &Args) -> Ended {
    let inventory = reach::inventory(global)?;
    let tag = &args.tag;
    let (manifest, entry) = asked(printer, &inventory, "reading the manifest", async |catalogue, _| {
        let manifest = catalogue.manifest(tag).await?;
        let listed = catalogue.list().await?;
        Ok((manifest, listed.into_iter().find(|backup| backup.name == tag.as_str())))
    })?;
    let (manifest, doubt) = match manifest {
        Manifested::Whole(manifest, _) => (manifest, None),
        Manifested::Doubtful(manifest, why) => (manifest, Some(why)),
        Manifested::Useless(why) => {
            let failure = Failure::new(ExitCode::Damaged, format!("the manifest of backup {tag} is damaged"));
            return Err(failure.because(why).hint(format!("reseed backups verify {tag} says what its data are worth")));
        }
    };
    let verified = entry.as_ref().and_then(|entry| entry.verified.as_ref());
    let archived = entry.as_ref().and_then(|entry| entry.archived.as_ref());
    let mut out = io::stdout().lock();
    let _ = if printer.json {
        let document = json!({"v": 1, "kind": "backup", "tag": tag, "bytes": manifest.bytes(),
            "files": manifest.file_count(), "verified": verified, "archived": archived, "damage": doubt,
            "manifest": manifest});
        writeln!(out, "{document}")
    } else {
        let verified = verified.map(|v| format!("{} {}", v.at, if v.sound { "and sound" } else { "and DAMAGED" }));
        let archived = archived.map(|archived| format!("{}, {}", archived.at, archived.says()));
        let known = [("verified", verified), ("archived", archived)];
        let known = known.map(|(key, value)| (key, value.unwrap_or_else(|| "never".to_owned())));
        out.write_all(shown(&manifest, &known, printer.out).as_bytes())
    };
    if let Some(why) = doubt {
        return Err(
            Failure::new(ExitCode::Damaged, format!("the manifest of backup {tag} cannot be trusted")).because(why)
        );
    }
    Ok(ExitCode::Done)
}

fn shown(manifest: &Manifest, known: &[(&str, String)], look: Look) -> String {
    let mut text = String::new();
    let mut say = |key: &str, value: &str| {
        let _ = writeln!(text, "{key:<12} {}", words::line(value));
    };
    say("backup", manifest.tag.as_str());
    say("cluster", manifest.cluster.as_str());
    say("taken at", &manifest.taken_at.to_string());
    say("node", &format!("{} ({})", manifest.node, manifest.host_id));
    say("Cassandra", &format!("{}, {}", manifest.version, manifest.partitioner));
    say("holds", &format!("{} files, {}", manifest.file_count(), words::bytes(manifest.bytes())));
    for (key, value) in known {
        say(key, value);
    }
    if let Some(imported) = &manifest.imported {
        say("imported", &imported.from);
        for limit in &imported.limits {
            say("", &format!("- {limit}"));
        }
    }
    for keyspace in &manifest.keyspaces {
        let _ = writeln!(
            text,
            "\nkeyspace {}: replication {}, {}, {} user types",
            keyspace.name,
            keyspace.replication,
            words::bytes(keyspace.bytes()),
            keyspace.types.as_ref().map_or(0, Vec::len)
        );
        let mut table = table(look, ["table", "id", "files", "size", "rows", "columns", "indexes"]);
        for entry in &keyspace.tables {
            table.add_row(row(entry));
        }
        text.push_str(&lines(&table));
    }
    text
}

fn row(table: &TableEntry) -> [String; 7] {
    let indexes = table.indexes.iter().map(|index| format!("{} ({})", index.name, index.kind.to_lowercase()));
    let views = table.views.iter().map(|view| format!("view {view}"));
    let more: Vec<String> = indexes.chain(views).collect();
    [
        table.name.to_string(),
        table.id.to_string(),
        table.files.len().to_string(),
        words::bytes(table.bytes()),
        format!("~{}", table.rows_estimate),
        table.columns.len().to_string(),
        more.join("\n"),
    ]
}
