//! `status`: where a run stands, from its journal; who holds the cluster, what runs and what was
//! left there, from the hosts.

use std::io::{self, Write};
use std::sync::Arc;

use serde_json::{Value, json};

use super::exit::ExitCode;
use super::printer::Printer;
use super::screen::Screen;
use super::view::{hosts, summary};
use super::{Ended, Failure, Global, reach};
use crate::event::RunState;
use crate::inventory::Inventory;
use crate::journal::History;
use crate::remote::Transport;
use crate::run::hold::{self, Seen};
use crate::run::{RunDir, RunLock, StateError};

/// Tells where a run stands: also while it runs, from another terminal
///
/// Asks the hosts too: who holds the cluster, which jobs run, what earlier runs set aside there.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run, or the beginning of its id [default: the newest]
    run: Option<String>,
    /// Shows the run as it goes on, until it ends
    #[arg(long)]
    follow: bool,
    /// Asks no host
    #[arg(long, conflicts_with = "follow")]
    offline: bool,
}

pub(super) fn run(global: &Global, printer: Printer, args: &Args) -> Ended {
    let inventory = reach::inventory(global)?;
    let state = reach::state(global);
    let dir = match state.find(&inventory.cluster, args.run.as_deref(), RunDir::tells) {
        // the hosts may know what this machine does not
        Err(StateError::Unknown { .. }) if args.run.is_none() && !args.offline && !args.follow => None,
        found => Some(found?),
    };
    let cluster = state.cluster(&inventory.cluster);
    if let (Some(dir), true) = (&dir, args.follow) {
        return super::follow::follow(dir, &cluster, printer);
    }
    let history = dir.as_ref().map(RunDir::history).transpose()?;
    let mut out = io::stdout().lock();
    if !printer.json {
        let _ = match (&dir, &history) {
            (Some(dir), Some(history)) => {
                told(&mut out, dir, history, RunLock::is_held_for(&cluster, &dir.id), printer)
            }
            _ => writeln!(out, "no run of this cluster is known here"),
        };
        let _ = out.flush();
    }
    let seen = if args.offline { None } else { Some(asked(&inventory, printer)?) };
    let _ = match (printer.json, &seen) {
        (true, _) => writeln!(out, "{}", document(history.as_ref(), seen.as_ref())?),
        (false, Some(seen)) => write!(out, "\n{}", hosts::table(seen, printer.out)),
        (false, None) => Ok(()),
    };
    Ok(ExitCode::Done)
}

fn told(out: &mut impl Write, dir: &RunDir, history: &History, live: bool, printer: Printer) -> io::Result<()> {
    let (header, state) = (history.header(), RunState::of(history.events()));
    writeln!(out, "run {}: {} of {}, started by {}", dir.id, header.command, header.cluster, header.operator)?;
    if let Some(closed) = history.closed() {
        let by = closed.run.as_ref().map(|run| format!(" (run {run})")).unwrap_or_default();
        writeln!(out, "it was {} by {}{by}; it is over", closed.how, closed.operator)?;
        // where it stood when it paused, and what was to be typed then, is history
        let id = &dir.id;
        return writeln!(out, "  what happened: reseed report {id}\n  what it left:  reseed discard {id}");
    }
    if live {
        let running: Vec<_> = state.running().map(|step| format!("{} on {}", step.step, step.host)).collect();
        let (proven, total) = (state.proven(), state.total_steps);
        return writeln!(out, "it runs now: {proven} of {total} steps proven; {}", running.join(", "));
    }
    summary::write(out, &state, printer.out)
}

fn asked(inventory: &Inventory, printer: Printer) -> Result<Seen, Failure> {
    let transport = Arc::new(reach::transport(inventory)?);
    let screen = Screen::new(printer);
    screen.pulse("asking the hosts");
    let seen = reach::look_on(async {
        let seen = hold::look(inventory, &transport, true).await;
        transport.close().await;
        seen
    });
    screen.finish();
    seen
}

fn document(history: Option<&History>, seen: Option<&Seen>) -> Result<Value, Failure> {
    let mut document = match history {
        Some(history) => super::report::document(history)?,
        None => json!({"v": 1}),
    };
    document["kind"] = "status".into();
    if let Some(closed) = history.and_then(History::closed) {
        document["closed"] = json!({"how": closed.how, "by": closed.run, "operator": closed.operator});
        document["next"] = Value::Null;
    }
    document["leases"] = seen.map_or(Value::Null, hosts::json);
    Ok(document)
}
