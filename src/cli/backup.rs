//! `backup`: snapshot, copy, verify, clear the snapshot, publish, and archive if that is wanted.

use jiff::Timestamp;

use super::printer::Printer;
use super::session::{self, Selection};
use super::{Ended, ExitCode, Failure, Global};
use crate::name::{NameError, Tag};
use crate::plan::Choices;
use crate::run::{Ask, Order};

/// Backs up keyspaces of one node, which holds all the data; the cluster serves meanwhile
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The backup's name [default: CLUSTER-TIME]
    #[arg(long)]
    tag: Option<Tag>,
    /// Then runs this in sh on the backup node, with a tar of the backup on its standard input and `RESEED_TAG` and
    /// `RESEED_CLUSTER` in its environment; when it fails, the backup is kept and the run is paused (5)
    #[arg(long, value_name = "CMD", value_parser = super::backups::shell)]
    archive: Option<String>,
    #[command(flatten)]
    selection: Selection,
}

pub(super) fn run(global: &Global, printer: Printer, args: &Args) -> Ended {
    let inventory = session::inventory(global)?;
    let overrides = args.selection.overrides()?;
    let tag = if let Some(tag) = &args.tag {
        tag.clone()
    } else {
        let time = Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
        let name = format!("{}-{time}", inventory.cluster.slug());
        let unfit = |why: NameError| Failure::new(ExitCode::Usage, why.to_string()).hint("give one with --tag");
        Tag::parse(name).map_err(unfit)?
    };
    let choices = Choices { archive: args.archive.clone(), ..Choices::default() };
    let keyspaces = args.selection.keyspaces.clone();
    let ask = Ask { tag: Some(tag), keyspaces, overrides, choices, ..Ask::to("backup") };
    let order = Order { inventory, ask, command: "backup".to_owned(), args: std::env::args().collect(), confirm: None };
    session::conduct(global, printer, order)
}
