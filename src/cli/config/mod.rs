//! `config`: backups of configuration, kept on this machine.

mod backup;
mod diff;
mod list;
mod restore;

use std::path::PathBuf;

use clap::Subcommand;

use super::printer::Printer;
use super::{Ended, Failure, Global, reach};
use crate::cli::exit::ExitCode;
use crate::config::Store;
use crate::inventory::Inventory;
use crate::name::ClusterName;

/// Configuration of every node and gateway: backs it up, compares it, puts it back
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Backup(backup::Args),
    List(list::Args),
    Diff(diff::Args),
    Restore(restore::Args),
}

impl Args {
    /// Whether it is a run.
    pub(super) fn changes(&self) -> bool {
        match &self.command {
            Command::Backup(_) => true,
            Command::Restore(args) => !args.dry_run,
            Command::List(_) | Command::Diff(_) => false,
        }
    }
}

pub(super) fn run(global: &Global, printer: Printer, args: &Args) -> Ended {
    match &args.command {
        Command::Backup(args) => backup::run(global, printer, args),
        Command::List(args) => list::run(global, printer, args),
        Command::Diff(args) => diff::run(global, printer, args),
        Command::Restore(args) => restore::run(global, printer, args),
    }
}

/// `--to`: where they are.
#[derive(Debug, Clone, Default, clap::Args)]
struct Place {
    /// Where backups of configuration are kept on this machine [default: CLUSTER/config in the state directory]
    #[arg(long, value_name = "DIR", env = "RESEED_CONFIG_DIR", hide_env_values = true)]
    to: Option<PathBuf>,
}

impl Place {
    /// As an absolute path: a run may be gone on with from another directory.
    fn dir(&self, global: &Global, cluster: &ClusterName) -> Result<String, Failure> {
        let dir = self.to.clone().unwrap_or_else(|| reach::state(global).cluster(cluster).join("config"));
        let dir = std::path::absolute(&dir).map_err(|error| Failure::of(ExitCode::Usage, &error))?;
        let text = dir.to_str().filter(|text| !text.chars().any(char::is_control));
        let unfit = || Failure::new(ExitCode::Usage, format!("{} is no directory that can be named", dir.display()));
        Ok(text.ok_or_else(unfit)?.to_owned())
    }

    fn store(&self, global: &Global, inventory: &Inventory) -> Result<Store, Failure> {
        Ok(Store::at(self.dir(global, &inventory.cluster)?))
    }
}
