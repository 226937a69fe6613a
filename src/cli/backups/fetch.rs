//! `backups fetch`: an archived backup comes back by the operator's own command.

use super::super::printer::Printer;
use super::super::selection::Overriding;
use super::super::{Ended, Global, before, reach, session};
use super::shell;
use crate::journal::Errand;
use crate::name::Tag;
use crate::run::{Ask, Order};

/// Fetches an archived backup, verifies every byte of it by its own manifest, and publishes it
///
/// The command runs on the backup node with `RESEED_TAG` and `RESEED_CLUSTER` in its environment and prints the tar that
/// `backup --archive` sent; docs/archives.md has some for a directory, S3 and encryption. Nothing is published unless all of it
/// is right, and of this tag and cluster.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The backup
    tag: Tag,
    /// Runs in sh on the backup node; prints the tar, ends with 0 when that was all
    #[arg(long, value_name = "CMD", value_parser = shell)]
    from: String,
    #[command(flatten)]
    overriding: Overriding,
    /// Prints the resolved plan and changes nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}

pub(super) fn run(global: &Global, printer: Printer, args: &Args) -> Ended {
    let inventory = reach::inventory(global)?;
    let ask = Ask {
        tag: Some(args.tag.clone()),
        overrides: args.overriding.overrides()?,
        errand: Some(Errand::Fetch(args.from.clone())),
        ..Ask::to("fetch")
    };
    if args.dry_run {
        return before::dry_run(printer, &inventory, &ask);
    }
    let order = Order { inventory, ask, command: "fetch".to_owned(), args: crate::cli::command_line(), confirm: None };
    session::conduct(global, printer, order)
}
