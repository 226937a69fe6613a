//! `report`: the evidence of a run, made from its journal.

use std::io::{self, Write};
use std::path::PathBuf;

use serde_json::Value;

use super::exit::{ExitCode, Failure};
use super::printer::Printer;
use super::view::summary;
use super::{Ended, Global, reach};
use crate::event::RunState;
use crate::journal::History;
use crate::report;
use crate::run::RunDir;

/// Shows the evidence of a run: timeline, commands, proofs, downtime
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run, or the beginning of its id [default: the newest]
    run: Option<String>,
    /// Writes the page to this file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Prints the document as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(global: &Global, printer: Printer, args: &Args) -> Ended {
    let inventory = reach::inventory(global)?;
    let dir = reach::state(global).find(&inventory.cluster, args.run.as_deref(), RunDir::tells)?;
    let history = dir.history()?;
    let state = RunState::of(history.events());
    if let Some(path) = &args.html {
        let events: Vec<_> = history.events().cloned().collect();
        let page =
            report::html(history.plan().map(|(plan, _)| plan), &events, &state).map_err(|error| unwritten(&error))?;
        std::fs::write(path, page).map_err(|error| unwritten(&error).because(path.display().to_string()))?;
        return Ok(ExitCode::Done);
    }
    if args.json || printer.json {
        let _ = writeln!(io::stdout().lock(), "{:#}", document(&history)?);
        return Ok(ExitCode::Done);
    }
    let _ = summary::write(&mut io::stdout().lock(), &state, printer.out);
    Ok(ExitCode::Done)
}

/// A run's document.
pub(super) fn document(history: &History) -> Result<Value, Failure> {
    let events: Vec<_> = history.events().cloned().collect();
    let state = RunState::of(history.events());
    let text = report::json(history.plan().map(|(plan, _)| plan), &events, &state);
    let document = text.and_then(|text| Ok(serde_json::from_str(&text)?));
    document.map_err(|error| unwritten(&error))
}

fn unwritten(error: &io::Error) -> Failure {
    Failure::of(ExitCode::Internal, error)
}
