//! `backup`: snapshot, copy, verify, clear the snapshot, publish, and archive if that is wanted.

use jiff::Timestamp;

use super::printer::Printer;
use super::selection::Selection;
use super::{Ended, ExitCode, Failure, Global, reach, session};
use crate::name::{NameError, Tag};
use crate::run::{Ask, Order};
use crate::{plan, units};

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
    /// Whether the node is repaired before its data are taken
    ///
    /// A write that was acknowledged by the other nodes may have missed this one; a backup without it would lose it
    /// everywhere. auto: when hints, its log or the history of repairs say so; never: refused then (source-whole).
    #[arg(long, value_enum, default_value_t)]
    repair_first: RepairFirst,
    /// Bytes per second that are copied at most: 0 (no limit), 800K, 50M [default: the inventory's]
    #[arg(long, value_parser = rate)]
    rate: Option<u64>,
    /// Also saves roles, hashes of passwords and grants, encrypted by this command on the node (stdin to stdout)
    ///
    /// Such as: age -r age1… ; the command is kept in the journal, so a key that must stay secret has no place in it.
    #[arg(long, value_name = "COMMAND", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    with_roles: Option<String>,
}

/// Whether a backup repairs its source before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum RepairFirst {
    /// When something says that it may lack acknowledged writes
    #[default]
    Auto,
    /// In any case
    Always,
    /// Refused when something says so
    Never,
}

impl RepairFirst {
    fn plan(self) -> plan::RepairFirst {
        match self {
            Self::Auto => plan::RepairFirst::Auto,
            Self::Always => plan::RepairFirst::Always,
            Self::Never => plan::RepairFirst::Never,
        }
    }
}

fn rate(text: &str) -> Result<u64, String> {
    units::rate(text).ok_or_else(|| "write it like 0 (no limit), 800K or 50M".to_owned())
}

pub(super) fn run(global: &Global, printer: Printer, args: &Args) -> Ended {
    let inventory = reach::inventory(global)?;
    let overrides = args.selection.overrides()?;
    let tag = if let Some(tag) = &args.tag {
        tag.clone()
    } else {
        let time = Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
        let name = format!("{}-{time}", inventory.cluster.slug());
        let unfit = |why: NameError| Failure::new(ExitCode::Usage, why.to_string()).hint("give one with --tag");
        Tag::parse(name).map_err(unfit)?
    };
    let choices = plan::Choices {
        archive: args.archive.clone(),
        repair_first: args.repair_first.plan(),
        rate: args.rate,
        with_roles: args.with_roles.clone(),
        ..plan::Choices::default()
    };
    let keyspaces = args.selection.keyspaces.clone();
    let ask = Ask { tag: Some(tag), keyspaces, choices, overrides, ..Ask::to("backup") };
    let order = Order { inventory, ask, command: "backup".to_owned(), args: crate::cli::command_line(), confirm: None };
    session::conduct(global, printer, order)
}
