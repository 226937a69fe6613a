//! `backups archive`: a backup goes elsewhere by the operator's own command.

use super::super::printer::Printer;
use super::super::{Ended, Global, before, reach, session};
use super::shell;
use crate::journal::Errand;
use crate::name::Tag;
use crate::run::{Ask, Order};

/// Sends a backup elsewhere as a tar, by a command of your own; the backup stays
///
/// Every byte is compared with the manifest first. The command runs on the backup node with the tar on its standard input
/// and `RESEED_TAG` and `RESEED_CLUSTER` in its environment; docs/archives.md has some for a directory, S3 and encryption.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The backup
    tag: Tag,
    /// Runs in sh on the backup node; reads the tar, ends with 0 when it is safe
    #[arg(long, value_name = "CMD", value_parser = shell)]
    to: String,
    /// Prints the resolved plan and changes nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}

pub(super) fn run(global: &Global, printer: Printer, args: &Args) -> Ended {
    let inventory = reach::inventory(global)?;
    let ask = Ask { tag: Some(args.tag.clone()), errand: Some(Errand::Archive(args.to.clone())), ..Ask::to("archive") };
    if args.dry_run {
        return before::dry_run(printer, &inventory, &ask);
    }
    let order =
        Order { inventory, ask, command: "archive".to_owned(), args: crate::cli::command_line(), confirm: None };
    session::conduct(global, printer, order)
}
