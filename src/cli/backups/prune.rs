//! `backups prune`: old backups go.

use std::io::{self, Write};

use serde_json::json;

use super::super::exit::{ExitCode, Failure};
use super::super::printer::Printer;
use super::super::view::Look;
use super::super::{Ended, Global, confirm, reach, session};
use super::{asked, lines, table};
use crate::backup::catalogue::Backup;
use crate::backup::prune::Fate;
use crate::journal::Errand;
use crate::report::words;
use crate::run::conduct::Confirm;
use crate::run::{Ask, Order, errand};

/// Deletes old backups; without --confirm it shows what would go and what stays, and why
///
/// Never the newest good one, never one that a restore still counts on (discard that first), never one of another
/// cluster, never what is damaged or not ours.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("which").required(true).multiple(true))]
pub struct Args {
    /// Keeps so many good ones, the newest
    #[arg(long, value_name = "N", group = "which", value_parser = clap::value_parser!(u32).range(1..))]
    keep: Option<u32>,
    /// Takes only those that are older: 12h, 30d, 4w, 6mo, 1y; with --keep both must allow it
    #[arg(long, value_name = "AGE", group = "which")]
    older_than: Option<String>,
    /// Takes unfinished ones (.partial-TAG) whatever their age
    #[arg(long, group = "which")]
    partial: bool,
    /// The cluster's name, typed: backups will be deleted
    #[arg(long, value_name = "NAME")]
    pub(super) confirm: Option<String>,
}

pub(super) fn run(global: &Global, printer: Printer, args: &Args) -> Ended {
    let inventory = reach::inventory(global)?;
    let keep = match (args.keep, &args.older_than) {
        // --partial alone is about nothing else
        (None, None) => Some(usize::MAX),
        (keep, _) => keep.map(|keep| keep as usize),
    };
    let policy = errand::policy(keep, args.older_than.as_deref(), args.partial);
    let policy = policy.map_err(|why| Failure::new(ExitCode::Usage, why))?;
    let used = errand::used(&reach::state(global), &inventory.cluster)?;
    if args.confirm.is_some() {
        confirm::demanded(args.confirm.as_deref(), &inventory, "deletes backups")?;
        let ask = Ask { errand: Some(Errand::Prune { policy, used }), ..Ask::to("prune") };
        let (command, confirm) = ("prune".to_owned(), Some(Confirm(args.confirm.clone())));
        let order = Order { inventory, ask, command, args: crate::cli::command_line(), confirm };
        return session::conduct(global, printer, order);
    }
    let decided = asked(printer, &inventory, "reading the catalogue", async |catalogue, _| {
        Ok(errand::preview(catalogue, &inventory, &policy, used).await?)
    })?;
    let goes = |fate: &Fate| matches!(fate, Fate::Goes(_));
    let (number, size) = decided
        .iter()
        .filter(|(_, fate)| goes(fate))
        .fold((0, 0), |(number, size), (backup, _)| (number + 1, size + backup.bytes));
    let mut out = io::stdout().lock();
    let _ = if printer.json {
        let rows: Vec<_> = decided
            .iter()
            .map(|(backup, fate)| {
                let (Fate::Goes(why) | Fate::Stays(why)) = fate;
                json!({"name": backup.name, "tag": backup.tag, "bytes": backup.bytes, "made": backup.made(),
                    "goes": goes(fate), "why": why})
            })
            .collect();
        writeln!(
            out,
            "{}",
            json!({"v": 1, "kind": "prune", "cluster": inventory.cluster, "number": number, "bytes": size, "backups": rows})
        )
    } else {
        out.write_all(shown(&decided, printer.out).as_bytes()).and_then(|()| match number {
            0 => writeln!(out, "Nothing would be deleted."),
            _ => writeln!(
                out,
                "{} would be deleted, {}. Nothing is changed: add --confirm '{}' to do it.",
                words::count(number, "backup"),
                words::bytes(size),
                inventory.cluster
            ),
        })
    };
    Ok(ExitCode::Done)
}

fn shown(decided: &[(Backup, Fate)], look: Look) -> String {
    let mut table = table(look, ["", "backup", "made", "size", "why"]);
    for (backup, fate) in decided {
        let (word, why) = match fate {
            Fate::Goes(why) => ("goes", why),
            Fate::Stays(why) => ("stays", why),
        };
        let made = backup.made().map_or_else(String::new, |made| made.strftime("%Y-%m-%d %H:%M").to_string());
        table.add_row([word, &backup.name, &made, &words::bytes(backup.bytes), &words::line(why)]);
    }
    lines(&table)
}
