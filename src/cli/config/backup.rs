//! `config backup`: the configuration of all hosts comes to this machine.

use jiff::Timestamp;

use super::super::exit::{ExitCode, Failure};
use super::super::printer::Printer;
use super::super::{Ended, Global, reach, session};
use super::Place;
use crate::journal::Errand;
use crate::name::{NameError, Tag};
use crate::run::{Ask, Order};

/// Backs up the configuration of every node and gateway to this machine; nothing changes on a host
///
/// Of a node the directory `cassandra.conf` of the inventory; of a gateway `groups`, `conf`, `system/conf/nodemanager.xml`,
/// `ext` and /etc/init.d/vshell-*, without logs and traces. What is kept holds passwords: it is readable by you alone.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The backup's name [default: config-TIME]
    tag: Option<Tag>,
    #[command(flatten)]
    place: Place,
    /// Refuses when the configuration of one host takes more than so many MiB
    #[arg(long, value_name = "MIB", default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=65_536))]
    limit: u64,
}

pub(super) fn run(global: &Global, printer: Printer, args: &Args) -> Ended {
    let inventory = reach::inventory(global)?;
    let tag = if let Some(tag) = &args.tag {
        tag.clone()
    } else {
        let unfit = |why: NameError| Failure::new(ExitCode::Usage, why.to_string());
        Tag::parse(format!("config-{}", Timestamp::now().strftime("%Y%m%dT%H%M%SZ"))).map_err(unfit)?
    };
    let dir = args.place.dir(global, &inventory.cluster)?;
    let errand = Some(Errand::ConfigBackup { tag, dir, limit: args.limit << 20 });
    let ask = Ask { errand, ..Ask::to("config-backup") };
    let (command, args) = ("config-backup".to_owned(), crate::cli::command_line());
    session::conduct(global, printer, Order { inventory, ask, command, args, confirm: None })
}
