//! `resume`: goes on with a paused run.

use std::io::{self, Write};

use super::exit::{ExitCode, Failure};
use super::printer::Printer;
use super::view::json;
use super::{Ended, Global, confirm, detach, reach, session};
use crate::event::RunState;
use crate::inventory::Inventory;
use crate::report::words;
use crate::run::{RunDir, StateError};

/// Goes on with a paused run: its own plan, from the first step that is not proven
///
/// From another machine too: with a copy of the state directory, or, when that is lost, with what
/// the hosts keep of the run.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run, or the beginning of its id [default: the newest that is not over]
    run: Option<String>,
    /// The cluster's name, typed
    #[arg(long, value_name = "NAME")]
    confirm: Option<String>,
    #[command(flatten)]
    detach: detach::Flag,
}

pub(super) fn run(global: &Global, printer: Printer, args: &Args) -> Ended {
    let inventory = reach::inventory(global)?;
    let dir = found(global, printer, &inventory, args)?;
    let history = dir.history()?;
    if let Some(closed) = history.closed() {
        let how = format!("run {} was {} by {}", dir.id, closed.how, closed.operator);
        return Err(Failure::new(ExitCode::Usage, how).hint("reseed runs"));
    }
    let past = RunState::of(history.events());
    if past.is_over() {
        let told = format!("run {} is {} already: nothing is left to do", dir.id, words::outcome(&past));
        let _ = writeln!(io::stderr(), "{told}");
        if let (true, Some(end)) = (printer.json, &past.finished) {
            let _ = writeln!(io::stdout(), "{}", json::nothing_to_do(end.outcome, &told));
        }
        return Ok(ExitCode::Done);
    }
    let command = history.header().command.as_str();
    if !matches!(command, "backup" | "import" | "archive" | "fetch" | "config-backup") {
        let what = match command {
            "prune" => "deletes backups",
            "config-restore" => "replaces configuration",
            _ => "replaces data",
        };
        let name = confirm::demanded(args.confirm.as_deref(), &inventory, what)?;
        if args.detach.wanted(true) {
            let typed = Some(name.as_str()).filter(|_| args.confirm.is_none());
            return detach::run(global, printer, &inventory.cluster, typed);
        }
    }
    session::resume(global, printer, dir, inventory)
}

/// The run's directory: here, or made from what the hosts keep.
fn found(global: &Global, printer: Printer, inventory: &Inventory, args: &Args) -> Result<RunDir, Failure> {
    let state = reach::state(global);
    let wanted = args.run.as_deref();
    let open = |dir: &RunDir| dir.history().is_ok_and(|history| !history.is_over());
    let unknown = match state.find(&inventory.cluster, wanted, open) {
        Err(error @ StateError::Unknown { .. }) => error,
        // without an id, a run that is over is named rather than searched for elsewhere
        other => return Ok(other?),
    };
    match session::recovered(global, printer, inventory, wanted)? {
        Some(dir) => Ok(dir),
        None if wanted.is_none() => Ok(state.find(&inventory.cluster, None, RunDir::tells)?),
        None => Err(unknown.into()),
    }
}
