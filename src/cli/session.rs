//! Runs, as the operator sees them: conducted, gone on with, made anew; with signals, a view, and what is told after.

use std::io::{self, Write};
use std::sync::Arc;

use super::after::Watched;
use super::printer::Printer;
use super::reach::{block_on, state, transport};
use super::screen::Screen;
use super::{Ended, ExitCode, Failure, Global, signals};
use crate::engine::bus::Subscriber;
use crate::engine::stop::StopFlag;
use crate::inventory::Inventory;
use crate::remote::Transport;
use crate::run::recover::{self, RecoverError};
use crate::run::{self, Order, RunDir, Stand};

/// Conducts a new run and shows it.
pub fn conduct(global: &Global, printer: Printer, order: Order) -> Ended {
    let watched = Watched::begins(&order.inventory, &order.command);
    let transport = transport(&order.inventory)?;
    let state = state(global);
    shown(global, printer, watched, async |subscribers, stop, screen| {
        let pulse = |text: &str| screen.pulse(text);
        run::conduct(order, transport, Stand { state: &state, subscribers, stop, pulse: &pulse }).await
    })
}

/// Goes on with a run and shows it.
pub fn resume(global: &Global, printer: Printer, dir: RunDir, inventory: Inventory) -> Ended {
    let watched = Watched::begins(&inventory, &dir.history()?.header().command);
    let transport = transport(&inventory)?;
    let state = state(global);
    shown(global, printer, watched, async |subscribers, stop, screen| {
        let pulse = |text: &str| screen.pulse(text);
        run::resume(dir, inventory, transport, Stand { state: &state, subscribers, stop, pulse: &pulse }).await
    })
}

/// A run that this machine does not know, made anew from what the hosts keep; `None`: they know of
/// none either.
pub fn recovered(
    global: &Global,
    printer: Printer,
    inventory: &Inventory,
    wanted: Option<&str>,
) -> Result<Option<RunDir>, Failure> {
    let transport = Arc::new(transport(inventory)?);
    let screen = Screen::new(printer);
    screen.pulse("this machine does not know the run: asking the hosts");
    let rebuilt = block_on(async {
        let rebuilt = recover::recover(inventory, &transport, &state(global), wanted).await;
        transport.close().await;
        rebuilt
    });
    screen.finish();
    match rebuilt {
        Ok(dir) => {
            let told = format!("run {} is made anew from what the hosts keep: {}", dir.id, recover::UNKNOWN);
            let _ = writeln!(io::stderr(), "{told}");
            Ok(Some(dir))
        }
        Err(RecoverError::Unknown) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn shown<F>(global: &Global, printer: Printer, told: Watched, work: F) -> Ended
where
    F: AsyncFnOnce(Vec<Subscriber>, StopFlag, Screen) -> Result<run::Ended, run::conduct::ConductError>,
{
    let screen = Screen::new(printer);
    let stop = StopFlag::default();
    let ended = block_on(async {
        let watcher = tokio::spawn(signals::watch(stop.clone(), screen.clone()));
        let ended = work(vec![screen.subscriber()], stop, screen.clone()).await;
        watcher.abort();
        ended
    });
    screen.finish();
    let ended = match ended {
        Ok(ended) => Ok(ExitCode::of_number(ended.exit)),
        Err(error) => Err(error.into()),
    };
    told.ended(global, &screen.state(), &ended);
    ended
}
