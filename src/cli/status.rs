//! `status`: where a run stands, from its journal.

use std::io::{self, Write};

use super::exit::ExitCode;
use super::printer::Printer;
use super::view::summary;
use super::{Ended, Global, session};
use crate::event::RunState;
use crate::run::RunLock;

/// Tells where a run stands: also while it runs, from another terminal
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run, or the beginning of its id [default: the newest]
    run: Option<String>,
    /// Shows the run as it goes on, until it ends
    #[arg(long)]
    follow: bool,
}

pub(super) fn run(global: &Global, printer: Printer, args: &Args) -> Ended {
    let inventory = session::inventory(global)?;
    let dir = session::state(global).find(&inventory.cluster, args.run.as_deref(), |_| true)?;
    if args.follow {
        return super::follow::follow(&dir, &session::state(global).cluster(&inventory.cluster), printer);
    }
    let history = dir.history()?;
    if printer.json {
        return super::report::document(&history);
    }
    let state = RunState::of(history.events());
    let mut out = io::stdout().lock();
    let header = history.header();
    let _ = writeln!(out, "run {}: {} of {}, started by {}", dir.id, header.command, header.cluster, header.operator);
    let cluster = session::state(global).cluster(&inventory.cluster);
    match RunLock::holder(&cluster).filter(|holder| holder.starts_with(&format!("run {} ", dir.id))) {
        Some(_) => {
            let running: Vec<_> = state.running().map(|view| format!("{} on {}", view.step, view.host)).collect();
            let (proven, total) = (state.proven(), state.total_steps);
            let _ = writeln!(out, "it runs now: {proven} of {total} steps proven; {}", running.join(", "));
        }
        None => {
            let _ = summary::write(&mut out, &state, printer.out);
        }
    }
    Ok(ExitCode::Done)
}
