//! What the commands that talk to hosts share: inventory, transport, signals, the run's view.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;

use super::after::Watched;
use super::printer::Printer;
use super::{Ended, Failure, Global, signals};
use crate::cli::exit::ExitCode;
use crate::cli::view::View;
use crate::engine::bus::Subscriber;
use crate::engine::stop::StopFlag;
use crate::event::RunState;
use crate::guard::Override;
use crate::inventory::Inventory;
use crate::name::Keyspace;
use crate::remote::Transport;
use crate::remote::ssh::{SshHost, SshTransport};
use crate::run::recover::{self, RecoverError};
use crate::run::{self, Order, RunDir, Stand, StateDir};

/// `-k`, `--override`, `--reason`: what backup, restore and check take.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Selection {
    /// A keyspace; may be given several times
    #[arg(short, long = "keyspace", value_name = "KEYSPACE")]
    pub keyspaces: Vec<Keyspace>,
    #[command(flatten)]
    overriding: Overriding,
}

impl Selection {
    /// The overrides, each of a known guard that allows it.
    pub fn overrides(&self) -> Result<Vec<Override>, Failure> {
        self.overriding.overrides()
    }
}

/// `--override`, `--reason`: what all changing commands take.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Overriding {
    /// Goes on although this guard objects; may be given several times
    #[arg(long = "override", value_name = "GUARD", requires = "reason")]
    overrides: Vec<String>,
    /// Why; goes into the journal
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Overriding {
    /// The overrides, each of a known guard that allows it.
    pub fn overrides(&self) -> Result<Vec<Override>, Failure> {
        let reason = self.reason.clone().unwrap_or_default();
        if !self.overrides.is_empty() && reason.trim().is_empty() {
            return Err(Failure::new(ExitCode::Usage, "--reason is empty: say why, for whoever reads the journal"));
        }
        let each = |guard: &String| {
            crate::guard::check_override(guard).map_err(|why| Failure::new(ExitCode::Usage, why))?;
            Ok(Override { guard: guard.clone(), reason: reason.clone() })
        };
        self.overrides.iter().map(each).collect()
    }
}

/// Reads the inventory.
pub fn inventory(global: &Global) -> Result<Inventory, Failure> {
    Ok(Inventory::load(&global.inventory)?)
}

/// Where runs are kept.
pub fn state(global: &Global) -> StateDir {
    StateDir::locate(global.state_dir.clone())
}

/// Connections to all hosts of the inventory.
pub fn transport(inventory: &Inventory) -> Result<SshTransport, Failure> {
    let hosts = inventory.hosts().map(|(name, address, ssh)| SshHost {
        name: name.clone(),
        address: address.to_owned(),
        ssh: ssh.clone(),
    });
    Ok(SshTransport::new(hosts.collect(), &inventory.limits, None)?)
}

/// Runs a future to its end on this thread.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("the system gives a thread its event queue").block_on(future)
}

/// The same of what only looks at the cluster; a signal ends it (130).
pub fn look_on<F: Future>(look: F) -> Result<F::Output, Failure> {
    block_on(signals::unless_told(look))
}

/// The operator's view, shared by events, pulses and the clock.
#[derive(Clone)]
pub struct Screen {
    view: Arc<Mutex<Box<dyn View>>>,
    state: Arc<Mutex<RunState>>,
}

impl Screen {
    /// The view that the flags ask for.
    pub fn new(printer: Printer) -> Self {
        Self { view: Arc::new(Mutex::new(printer.view())), state: Arc::default() }
    }

    /// Shows what is being waited for.
    pub fn pulse(&self, text: &str) {
        self.view().pulse(text);
    }

    /// Says something that must be read now.
    pub fn say(&self, text: &str) {
        self.view().say(text);
    }

    /// Leaves the terminal as it must be.
    pub fn finish(&self) {
        self.view().finish();
    }

    fn subscriber(&self) -> Subscriber {
        let screen = self.clone();
        Box::new(move |event, state| {
            screen.view().handle(event, state);
            screen.state.lock().expect("no view panics").clone_from(state);
        })
    }

    /// Lets the view see the time.
    pub fn tick(&self) {
        self.view().tick(&self.state(), Timestamp::now());
    }

    /// The run as told so far.
    pub fn state(&self) -> RunState {
        self.state.lock().expect("no view panics").clone()
    }

    fn view(&self) -> std::sync::MutexGuard<'_, Box<dyn View>> {
        self.view.lock().expect("no view panics")
    }
}

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
