//! `backups list`: every entry of the backup root.

use std::io::{self, Write};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::exit::ExitCode;
use super::super::printer::Printer;
use super::super::view::Look;
use super::super::{Ended, Global, reach};
use super::{asked, lines, table};
use crate::backup::catalogue::{Backup, State};
use crate::name::Keyspace;
use crate::report::words;

/// Lists what lies below `backup.root`, newest first: complete or not, verified when
#[derive(Debug, clap::Args)]
pub struct Args {}

pub(super) fn run(global: &Global, printer: Printer, _: &Args) -> Ended {
    let inventory = reach::inventory(global)?;
    let backups =
        asked(printer, &inventory, "reading the catalogue", async |catalogue, _| Ok(catalogue.list().await?))?;
    let (node, root) = (&inventory.backup.node, &inventory.backup.root);
    let mut out = io::stdout().lock();
    // a closed pipe is the reader's business
    let _ = if printer.json {
        let list: Vec<Value> = backups.iter().map(document).collect();
        writeln!(
            out,
            "{}",
            json!({"v": 1, "kind": "backups", "cluster": inventory.cluster, "node": node, "root": root, "backups": list})
        )
    } else if backups.is_empty() {
        writeln!(out, "there is no backup below {root} on {node}")
    } else {
        out.write_all(listed(&backups, Timestamp::now(), printer.out).as_bytes())
    };
    Ok(ExitCode::Done)
}

/// One entry for programs.
pub fn document(backup: &Backup) -> Value {
    let why = match &backup.state {
        State::Damaged(why) => Some(why),
        _ => None,
    };
    let verified = backup.verified.as_ref().map(|v| json!({"at": v.at, "sound": v.sound, "digests": v.digests}));
    let archived = backup.archived.as_ref().map(|a| json!({"at": a.at, "bytes": a.bytes, "sha256": a.sha256}));
    let mut document = json!({"name": backup.name, "tag": backup.tag, "state": backup.state.word(), "why": why,
        "good": backup.is_good(), "bytes": backup.bytes, "made": backup.made(), "verified": verified,
        "archived": archived});
    if let Some(contents) = &backup.contents {
        let more = json!({"cluster": contents.cluster, "node": contents.node, "version": contents.version,
            "keyspaces": contents.keyspaces, "tables": contents.tables, "files": contents.files,
            "manifest_sha256": contents.digest, "imported": contents.imported});
        let more = more.as_object().cloned().unwrap_or_default();
        document.as_object_mut().expect("it was made as one").extend(more);
    }
    document
}

fn listed(backups: &[Backup], now: Timestamp, look: Look) -> String {
    let mut table = table(look, ["backup", "made", "size", "keyspaces", "Cassandra", "verified", ""]);
    for backup in backups {
        let contents = backup.contents.as_ref();
        let keyspaces: Vec<&str> = contents.iter().flat_map(|c| &c.keyspaces).map(Keyspace::as_str).collect();
        let made = backup.made().map_or_else(String::new, |made| format!("{} ago", age(now, made)));
        let mut state = vec![backup.state.says()];
        if contents.is_some_and(|contents| contents.imported.is_some()) {
            state = vec!["imported".to_owned()];
        }
        state.extend(backup.archived.as_ref().map(|archived| format!("archived {} ago", age(now, archived.at))));
        state.retain(|words| !words.is_empty());
        table.add_row([
            backup.name.clone(),
            made,
            words::bytes(backup.bytes),
            keyspaces.join("\n"),
            contents.map_or_else(String::new, |contents| words::line(&contents.version)),
            verified(backup, now),
            words::line(&state.join(", ")),
        ]);
    }
    lines(&table)
}

fn verified(backup: &Backup, now: Timestamp) -> String {
    match &backup.verified {
        Some(verified) if verified.sound => format!("{} ago", age(now, verified.at)),
        Some(verified) => format!("DAMAGED, {} ago", age(now, verified.at)),
        None if backup.state == State::Complete => "never".to_owned(),
        None => String::new(),
    }
}

/// How long ago, to one figure that matters.
pub fn age(now: Timestamp, then: Timestamp) -> String {
    let seconds = now.duration_since(then).as_secs().max(0);
    let (number, unit) = match seconds {
        0..120 => (seconds, "s"),
        120..7200 => (seconds / 60, "min"),
        7200..172_800 => (seconds / 3600, "h"),
        _ => (seconds / 86400, "days"),
    };
    format!("{number} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::archived::Archived;
    use crate::backup::catalogue::Contents;
    use crate::backup::verify::Verified;
    use crate::name::{ClusterName, Tag};

    fn backup(name: &str, state: State, keyspaces: &[&str], verified: Option<bool>) -> Backup {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let contents = (!keyspaces.is_empty()).then(|| Contents {
            digest: "aa".into(),
            cluster: ClusterName::parse("Lab").unwrap(),
            node: "cass1".into(),
            version: "5.0.8".into(),
            taken_at: at("2026-01-01T00:00:00Z"),
            keyspaces: keyspaces.iter().map(|k| Keyspace::parse(*k).unwrap()).collect(),
            tables: 3,
            files: 40,
            imported: None,
        });
        let verified = verified.map(|sound| Verified {
            v: 1,
            at: at("2026-01-02T00:00:00Z"),
            sound,
            manifest_sha256: "aa".into(),
            files: 40,
            bytes: 5_000_000,
            digests: 4,
            undigested: 0,
            digest_tool: "python3".into(),
            hash_tool: "openssl".into(),
            damage: vec![],
        });
        let tag = Tag::parse(name.trim_start_matches(".partial-")).unwrap();
        Backup {
            name: name.into(),
            tag,
            state,
            bytes: 5_000_000,
            touched: Some(at("2026-01-03T00:00:00Z")),
            contents,
            verified,
            archived: None,
        }
    }

    #[test]
    fn the_list_says_of_each_entry_what_it_is_and_when_it_was_verified() {
        let mut backups = [
            backup("daily-2", State::Complete, &["shop", "stock"], Some(true)),
            backup("daily-1", State::Complete, &["shop"], Some(false)),
            backup("daily-0", State::Complete, &["shop"], None),
            backup("theirs", State::Written, &[], None),
            backup("broken", State::Damaged("its manifest.json is gone".into()), &[], None),
            backup(".partial-daily-3", State::Partial, &[], None),
        ];
        backups[0].archived = Some(Archived {
            v: 1,
            at: "2026-01-02T22:00:00Z".parse().unwrap(),
            bytes: 5_200_000,
            sha256: "bb".into(),
            manifest_sha256: "aa".into(),
        });
        let now = "2026-01-03T00:10:00Z".parse().unwrap();
        insta::assert_snapshot!(listed(&backups, now, Look::default()));
    }

    #[test]
    fn ages_are_told_in_the_unit_that_matters() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = at("2026-01-10T00:00:00Z");
        let ages = ["2026-01-09T23:59:00Z", "2026-01-09T23:00:00Z", "2026-01-09T00:00:00Z", "2026-01-01T00:00:00Z"];
        assert_eq!(ages.map(|then| age(now, at(then))), ["60 s", "60 min", "24 h", "9 days"]);
        assert_eq!(age(now, at("2027-01-01T00:00:00Z")), "0 s", "clocks differ");
    }
}
