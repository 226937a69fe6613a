//! `status`: where a run stands, from its journal.

use std::io;

use super::exit::ExitCode;
use super::printer::Printer;
use super::view::summary;
use super::{Ended, Global, session};
use crate::event::RunState;

/// Tells where a run stands: also while it runs, from another terminal
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run, or the beginning of its id [default: the newest]
    run: Option<String>,
}

pub(super) fn run(global: &Global, printer: Printer, args: &Args) -> Ended {
    let inventory = session::inventory(global)?;
    let dir = session::state(global).find(&inventory.cluster, args.run.as_deref(), |_| true)?;
    let history = dir.history()?;
    if printer.json {
        return super::report::document(&history);
    }
    let state = RunState::of(history.events());
    let _ = summary::write(&mut io::stdout().lock(), &state, printer.out);
    Ok(ExitCode::Done)
}
