//! `backup`: snapshot, copy, verify, clear the snapshot, publish.

use jiff::Timestamp;

use super::printer::Printer;
use super::session::{self, Selection};
use super::{Ended, ExitCode, Failure, Global};
use crate::name::{NameError, Tag};
use crate::run::{Ask, Order};

/// Backs up keyspaces of one node, which holds all the data; the cluster serves meanwhile
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The backup's name [default: CLUSTER-TIME]
    #[arg(long)]
    tag: Option<Tag>,
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
    let ask = Ask { tag: Some(tag), keyspaces: args.selection.keyspaces.clone(), overrides, ..Ask::to("backup") };
    let order = Order { inventory, ask, command: "backup".to_owned(), args: std::env::args().collect(), confirm: None };
    session::conduct(global, printer, order)
}
