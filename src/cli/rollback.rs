//! `rollback`: back to the data of before a restore.

use std::io::{self, Write};

use super::exit::ExitCode;
use super::printer::Printer;
use super::selection::Overriding;
use super::view::json;
use super::{Ended, Global, before, confirm, detach, reach, session};
use crate::event::RunOutcome;
use crate::run::conduct::Confirm;
use crate::run::{Ask, OfError, Order, StateError, Verb, find_earlier};

/// Goes back from a restore: what each node had before it is live again
///
/// Works from any point of the restore, also when nodes are down: stops clients and nodes, puts back
/// the tables and hints that it set aside (what took their place goes to a quarantine of its own),
/// starts, repairs, verifies, starts clients.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The restore, or the beginning of its id [default: the newest that can be rolled back]
    run: Option<String>,
    #[command(flatten)]
    overriding: Overriding,
    /// Prints the resolved plan and changes nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// The cluster's name, typed: data will be replaced
    #[arg(long, value_name = "NAME")]
    confirm: Option<String>,
    #[command(flatten)]
    detach: detach::Flag,
}

pub(super) fn run(global: &Global, printer: Printer, args: &Args) -> Ended {
    let inventory = reach::inventory(global)?;
    let verb = Verb::Rollback;
    let find = || find_earlier(&reach::state(global), &inventory.cluster, verb, args.run.as_deref());
    let of = match find() {
        // what this machine does not know the hosts may
        Err(OfError::State(error @ StateError::Unknown { .. })) => {
            session::recovered(global, printer, &inventory, args.run.as_deref())?.ok_or(error)?;
            find()?
        }
        Err(error @ OfError::NoPlan(_)) => {
            let told = format!("nothing to undo: {error}");
            let _ = writeln!(io::stderr(), "{told}");
            if printer.json && !args.dry_run {
                let _ = writeln!(io::stdout(), "{}", json::nothing_to_do(RunOutcome::Done, &told));
            }
            return Ok(ExitCode::Done);
        }
        other => other?,
    };
    let changed = of.changed;
    let ask = Ask::about(verb, of, args.overriding.overrides()?);
    if args.dry_run {
        return before::dry_run(printer, &inventory, &ask);
    }
    // where there is nothing to undo, there is nothing to confirm
    let name =
        if changed { confirm::asked(args.confirm.as_deref(), &inventory, "puts back the old data") } else { None };
    if args.detach.wanted(!changed || name.as_deref() == Some(inventory.cluster.as_str())) {
        let typed = name.as_deref().filter(|_| args.confirm.is_none());
        return detach::run(global, printer, &inventory.cluster, typed);
    }
    let confirm = changed.then_some(Confirm(name));
    let (command, args) = (verb.name().to_owned(), crate::cli::command_line());
    session::conduct(global, printer, Order { inventory, ask, command, args, confirm })
}
