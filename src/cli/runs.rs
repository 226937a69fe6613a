//! `runs`: what was done to this cluster from here.

use std::io::{self, Write};

use serde_json::json;

use super::exit::ExitCode;
use super::printer::Printer;
use super::{Ended, Global, session};
use crate::event::RunState;
use crate::report::words;

/// Lists the runs of this cluster, oldest first
#[derive(Debug, clap::Args)]
pub struct Args {}

pub(super) fn run(global: &Global, printer: Printer, _: &Args) -> Ended {
    let inventory = session::inventory(global)?;
    let mut rows = vec![];
    for dir in session::state(global).runs(&inventory.cluster)? {
        let history = dir.history()?;
        let state = RunState::of(history.events());
        rows.push((dir.id, history.header().command.clone(), history.header().operator.clone(), state));
    }
    let mut out = io::stdout().lock();
    let _ = if printer.json {
        let list: Vec<_> = rows
            .iter()
            .map(|(id, command, operator, state)| {
                let end = state.finished.as_ref();
                json!({"run": id, "command": command, "operator": operator, "outcome": end.map(|e| e.outcome),
                    "exit": end.map(|e| e.exit)})
            })
            .collect();
        writeln!(out, "{}", json!({"v": 1, "kind": "runs", "cluster": inventory.cluster, "runs": list}))
    } else {
        rows.iter().try_for_each(|(id, command, operator, state)| {
            writeln!(out, "{id}  {command:<8} {:<14} {operator}", words::outcome(state))
        })
    };
    Ok(ExitCode::Done)
}
