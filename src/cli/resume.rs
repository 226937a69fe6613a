//! `resume`: goes on with a paused run.

use std::io::{self, Write};

use super::exit::{ExitCode, Failure};
use super::printer::Printer;
use super::{Ended, Global, session};
use crate::event::{RunOutcome, RunState};

/// Goes on with a paused run: its own plan, from the first step that is not proven
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run, or the beginning of its id [default: the newest]
    run: Option<String>,
    /// The cluster's name, typed
    #[arg(long, value_name = "NAME")]
    confirm: Option<String>,
}

pub(super) fn run(global: &Global, printer: Printer, args: &Args) -> Ended {
    let inventory = session::inventory(global)?;
    let dir = session::state(global).find(&inventory.cluster, args.run.as_deref(), |dir| {
        dir.history().is_ok_and(|history| history.plan().is_some())
    })?;
    let history = dir.history()?;
    let state = RunState::of(history.events());
    if state.finished.as_ref().is_some_and(|end| end.outcome == RunOutcome::Done) {
        let _ = writeln!(io::stderr(), "run {} is done already", dir.id);
        return Ok(ExitCode::Done);
    }
    if history.header().command != "backup" && args.confirm.as_deref() != Some(inventory.cluster.as_str()) {
        return Err(Failure::new(ExitCode::Refused, "it replaces data and the cluster's name was not confirmed")
            .hint(format!("add --confirm '{}'", inventory.cluster)));
    }
    session::resume(global, printer, dir, inventory)
}
