//! `discard`: what a restore set aside is deleted.

use std::io::{self, IsTerminal};

use super::printer::Printer;
use super::selection::Overriding;
use super::{Ended, Global, before, confirm, reach, session};
use crate::run::conduct::Confirm;
use crate::run::{Ask, Order, Verb, find_earlier};

/// Deletes what a restore set aside, for good: frees the space, and ends the way back
///
/// For a restore that ended well, was rolled back or given up: its stage, its quarantine and those of
/// its rollbacks, on every node. Shows first what and how much. Snapshots of others are never deleted.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The restore, or the beginning of its id [default: the newest that can be discarded]
    run: Option<String>,
    #[command(flatten)]
    overriding: Overriding,
    /// Shows what would be deleted and changes nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// The cluster's name, typed: data will be deleted
    #[arg(long, value_name = "NAME")]
    confirm: Option<String>,
}

pub(super) fn run(global: &Global, printer: Printer, args: &Args) -> Ended {
    let inventory = reach::inventory(global)?;
    let verb = Verb::Discard;
    let of = find_earlier(&reach::state(global), &inventory.cluster, verb, args.run.as_deref())?;
    let ask = Ask::about(verb, of, args.overriding.overrides()?);
    if args.dry_run {
        return before::dry_run(printer, &inventory, &ask);
    }
    let mut word = args.confirm.clone();
    if word.is_none() && io::stdin().is_terminal() && io::stderr().is_terminal() {
        // whoever is asked must see what it is about
        before::preview(printer, &inventory, &ask, false)?;
        word = confirm::asked(None, &inventory, "deletes the old data");
    }
    let (command, args) = (verb.name().to_owned(), crate::cli::command_line());
    session::conduct(global, printer, Order { inventory, ask, command, args, confirm: Some(Confirm(word)) })
}
