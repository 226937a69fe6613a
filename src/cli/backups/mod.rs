//! `backups`: the catalogue on the backup node.

mod archive;
mod fetch;
mod import;
mod list;
mod prune;
mod show;
mod verify;

pub(super) use list::age;

use std::sync::Arc;

use clap::Subcommand;
use comfy_table::{ContentArrangement, Table, presets};

use super::printer::Printer;
use super::screen::Screen;
use super::view::Look;
use super::{Ended, Failure, Global, reach};
use crate::catalogue::Catalogue;
use crate::inventory::Inventory;
use crate::remote::Transport;
use crate::remote::ssh::SshTransport;

/// The backups below `backup.root`: lists, shows, verifies, archives, fetches, imports and prunes them
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::Args),
    Show(show::Args),
    Verify(verify::Args),
    Archive(archive::Args),
    Fetch(fetch::Args),
    Import(import::Args),
    Prune(prune::Args),
}

impl Args {
    /// Whether it is a run.
    pub(super) fn changes(&self) -> bool {
        match &self.command {
            Command::Archive(args) => !args.dry_run,
            Command::Fetch(args) => !args.dry_run,
            Command::Import(args) => !args.dry_run,
            Command::Prune(args) => args.confirm.is_some(),
            Command::List(_) | Command::Show(_) | Command::Verify(_) => false,
        }
    }
}

pub(super) fn run(global: &Global, printer: Printer, args: &Args) -> Ended {
    match &args.command {
        Command::List(args) => list::run(global, printer, args),
        Command::Show(args) => show::run(global, printer, args),
        Command::Verify(args) => verify::run(global, printer, args),
        Command::Archive(args) => archive::run(global, printer, args),
        Command::Fetch(args) => fetch::run(global, printer, args),
        Command::Import(args) => import::run(global, printer, args),
        Command::Prune(args) => prune::run(global, printer, args),
    }
}

/// An operator's own command: shell text, which reaches the host as it is.
pub fn shell(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("it is empty".to_owned());
    }
    Ok(text.to_owned())
}

/// Asks the backup node something, and shows meanwhile what is waited for.
fn asked<A, F>(printer: Printer, inventory: &Inventory, what: &str, work: F) -> Result<A, Failure>
where
    F: AsyncFnOnce(&Arc<Catalogue<SshTransport>>, &Screen) -> Result<A, Failure>,
{
    let transport = Arc::new(reach::transport(inventory)?);
    let screen = Screen::new(printer);
    screen.pulse(what);
    let catalogue = Arc::new(Catalogue::of(inventory, &transport));
    let answer = reach::look_on(async {
        let answer = match transport.connect(&catalogue.host).await {
            Ok(()) => work(&catalogue, &screen).await,
            Err(error) => Err(error.into()),
        };
        transport.close().await;
        answer
    });
    screen.finish();
    answer?
}

/// An empty table in the look of all others.
pub(super) fn table(look: Look, header: impl IntoIterator<Item = &'static str>) -> Table {
    let mut table = Table::new();
    table.load_style(if look.ascii { presets::ASCII_HORIZONTAL_ONLY } else { presets::UTF8_HORIZONTAL_ONLY });
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(look.columns()).unwrap_or(110));
    table.set_header(header);
    table
}

/// The table's lines without blanks at their ends.
pub(super) fn lines(table: &Table) -> String {
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}
