//! `runs`: what was done to this cluster from here.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::exit::ExitCode;
use super::printer::Printer;
use super::{Ended, Global, reach};
use crate::event::RunState;
use crate::journal::History;
use crate::name::RunId;
use crate::report::words;
use crate::run::StateError;

/// Lists the runs of this cluster, oldest first
#[derive(Debug, clap::Args)]
pub struct Args {}

pub(super) fn run(global: &Global, printer: Printer, _: &Args) -> Ended {
    let inventory = reach::inventory(global)?;
    let runs = reach::state(global).runs(&inventory.cluster)?;
    // one that cannot be read, such as another version's, must not hide the others
    let rows: Vec<_> = runs.iter().map(|dir| (&dir.id, dir.history())).collect();
    let mut out = io::stdout().lock();
    let _ = if printer.json {
        let list: Vec<_> = rows.iter().map(|(id, history)| document(id, history.as_ref())).collect();
        writeln!(out, "{}", json!({"v": 1, "kind": "runs", "cluster": inventory.cluster, "runs": list}))
    } else {
        rows.iter().try_for_each(|(id, history)| match history {
            Ok(history) => {
                let (header, outcome) = (history.header(), words::outcome(&RunState::of(history.events())));
                writeln!(out, "{id}  {:<8} {outcome:<14} {}", header.command, header.operator)
            }
            Err(error) => writeln!(out, "{id}  cannot be read: {error}"),
        })
    };
    Ok(ExitCode::Done)
}

fn document(id: &RunId, history: Result<&History, &StateError>) -> Value {
    match history {
        Ok(history) => {
            let (header, end) = (history.header(), RunState::of(history.events()).finished);
            json!({"run": id, "command": header.command, "operator": header.operator,
                "outcome": end.as_ref().map(|e| e.outcome), "exit": end.map(|e| e.exit)})
        }
        Err(error) => json!({"run": id, "unreadable": error.to_string()}),
    }
}
