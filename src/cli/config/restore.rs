//! `config restore`: files of a backup of configuration are put back.

use super::super::printer::Printer;
use super::super::selection::Overriding;
use super::super::{Ended, Global, before, confirm, reach, session};
use super::Place;
use crate::config::{self, ConfigError};
use crate::journal::Errand;
use crate::name::{HostName, Tag};
use crate::run::conduct::Confirm;
use crate::run::{Ask, Order};

/// Puts configuration back; what it replaces is kept on the host, and nothing is restarted
///
/// Each file by one rename, with owner, mode and label as they were. Files that the backup does not hold stay.
/// Restart what reads the files when you are ready.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The backup
    tag: Tag,
    /// Only on this host; may be given several times
    #[arg(long = "host", value_name = "HOST")]
    hosts: Vec<HostName>,
    /// Only this file: its path, a directory above it, or the end of its path; may be given several times
    #[arg(long = "file", value_name = "PATH")]
    files: Vec<String>,
    #[command(flatten)]
    place: Place,
    /// The cluster's name, typed: configuration will be replaced
    #[arg(long, value_name = "NAME")]
    confirm: Option<String>,
    /// Prints the resolved plan and changes nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    #[command(flatten)]
    overriding: Overriding,
}

pub(super) fn run(global: &Global, printer: Printer, args: &Args) -> Ended {
    let inventory = reach::inventory(global)?;
    let store = args.place.store(global, &inventory)?;
    // what cannot be put back is told before the operator is asked for his word
    let manifest = store.read(&args.tag)?;
    let there: Vec<HostName> = config::hosts(&inventory).map(|(host, _)| host.clone()).collect();
    let (tag, hosts, files) = (args.tag.clone(), args.hosts.clone(), args.files.clone());
    config::select(&manifest, &there, &hosts, &files).map_err(|why| ConfigError::Nothing { tag: tag.clone(), why })?;
    let errand = Some(Errand::ConfigRestore { tag, dir: store.dir(), hosts, files });
    let ask = Ask { errand, overrides: args.overriding.overrides()?, ..Ask::to("config-restore") };
    if args.dry_run {
        return before::dry_run(printer, &inventory, &ask);
    }
    let name = confirm::asked(args.confirm.as_deref(), &inventory, "replaces configuration");
    let (command, args) = ("config-restore".to_owned(), crate::cli::command_line());
    session::conduct(global, printer, Order { inventory, ask, command, args, confirm: Some(Confirm(name)) })
}
