//! Conducts a run from request to report.
//!
//! ```text
//!  lock, run directory, journal header ─> confirm ─> prepare ─refused─> run_finished (4, 3, 8)
//!                                                       └─> run_started, findings, plan
//!                                                             └─> engine ─> report ─> run_finished
//! ```

use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;

use super::RunLock;
use super::end::{self, End};
use super::gates::Gates;
use super::prepare::{self, Ask, PrepareError, prepare};
use super::show::Show;
use super::state::{RunDir, StateDir, StateError};
use crate::engine::bus::{Bus, Subscriber};
use crate::engine::stop::StopFlag;
use crate::engine::{Engine, EngineError};
use crate::event::RunOutcome;
use crate::inventory::Inventory;
use crate::journal::{self, Entry, Header, Journal};
use crate::plan::Plan;
use crate::remote::Transport;
use crate::remote::metered::Metered;

/// All that a run needs to be conducted.
pub struct Order {
    /// The cluster as described.
    pub inventory: Inventory,
    /// What is asked for.
    pub ask: Ask,
    /// The command: `restore`, `backup`.
    pub command: String,
    /// The command line.
    pub args: Vec<String>,
    /// The cluster's name as typed by the operator; `None`: the command needs none.
    pub confirm: Option<Confirm>,
}

/// The operator's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirm(pub Option<String>);

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    /// How.
    pub outcome: RunOutcome,
    /// Exit code.
    pub exit: u8,
}

/// Why a run could not even be told about.
#[derive(Debug, thiserror::Error)]
pub enum ConductError {
    /// State directory, lock, journal.
    #[error(transparent)]
    State(#[from] StateError),
    /// The engine's own trouble.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A resumed run's request.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// The run died before it had a plan.
    #[error("run {0} has no plan: it ended during preflight and changed nothing; start it again")]
    NoPlan(String),
}

impl From<journal::JournalError> for ConductError {
    fn from(error: journal::JournalError) -> Self {
        Self::State(error.into())
    }
}

/// Conducts a new run.
pub async fn conduct<T: Transport>(
    order: Order,
    transport: T,
    state: &StateDir,
    subscribers: Vec<Subscriber>,
    stop: StopFlag,
    pulse: &(dyn Fn(&str) + Send + Sync),
) -> Result<Ended, ConductError> {
    let began = Instant::now();
    let cluster = order.inventory.cluster.clone();
    let operator = operator();
    let mut lock = RunLock::take(&state.cluster(&cluster), &operator)?;
    let dir = state.create(&cluster)?;
    lock.tell(&dir.id)?;
    let journal = Journal::create(&dir.journal(), header(&order, &dir, operator))?;
    let bus = Arc::new(Bus::new(journal, [], subscribers));
    let transport = Arc::new(Metered::new(transport));
    let show = Show { bus: &bus, dir: &dir, command: &order.command, inventory: &order.inventory };

    let asked = Timestamp::now();
    let prepared = match end::confirmed(&order) {
        Err(end) => Err(end),
        Ok(()) => prepare(&transport, &order.inventory, &order.ask, pulse).await.map_err(|error| end::refusal(&error)),
    };
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(end) => {
            show.started(asked, None)?;
            return show.finish(end, None, began, &transport).await;
        }
    };
    show.started(asked, prepared.plan.as_ref())?;
    show.findings(&prepared.findings)?;
    let Some(plan) = &prepared.plan else {
        let end = prepared.nothing.as_deref().map_or_else(|| End::objected(&prepared.findings), End::nothing);
        return show.finish(end, None, began, &transport).await;
    };
    bus.record(Entry::Facts { facts: Box::new(prepared.facts.clone()), request: prepared.request.clone() })?;
    bus.record(Entry::Plan { digest: plan.digest(), plan: Box::new(plan.clone()) })?;
    execute(&show, plan, order.ask.clone(), &transport, stop, began).await
}

/// Goes on with a paused run: the plan of its journal, never a new one.
pub async fn resume<T: Transport>(
    dir: RunDir,
    inventory: Inventory,
    transport: T,
    state: &StateDir,
    subscribers: Vec<Subscriber>,
    stop: StopFlag,
    pulse: &(dyn Fn(&str) + Send + Sync),
) -> Result<Ended, ConductError> {
    let began = Instant::now();
    let mut lock = RunLock::take(&state.cluster(&inventory.cluster), &operator())?;
    lock.tell(&dir.id)?;
    let (journal, history) = Journal::reopen(&dir.journal())?;
    let no_plan = || ConductError::NoPlan(dir.id.to_string());
    let (plan, _) = history.plan().ok_or_else(no_plan)?;
    let ask = Ask::of_plan(plan, &history.header().overrides).ok_or_else(no_plan)?;
    let command = &history.header().command;
    let bus = Arc::new(Bus::new(journal, history.events(), subscribers));
    let transport = Arc::new(Metered::new(transport));
    let show = Show { bus: &bus, dir: &dir, command, inventory: &inventory };
    pulse("connecting");
    let connected = prepare::connect(&transport, &inventory).await;
    show.started(Timestamp::now(), Some(plan))?;
    if let Err(error) = connected {
        // not the refusal that it would be before any change
        return show.finish(End::lost(&error, &dir.id), Some(plan), began, &transport).await;
    }
    execute(&show, plan, ask, &transport, stop, began).await
}

async fn execute<T: Transport>(
    show: &Show<'_>,
    plan: &Plan,
    ask: Ask,
    transport: &Arc<Metered<T>>,
    stop: StopFlag,
    began: Instant,
) -> Result<Ended, ConductError> {
    let secrets = prepare::secrets(show.inventory).map_err(PrepareError::from)?;
    let gates = Gates {
        ask,
        inventory: show.inventory.clone(),
        transport: Arc::clone(transport),
        bus: Arc::clone(show.bus),
        binding: plan.binding.clone(),
    };
    let engine = Arc::new(Engine {
        transport: Arc::clone(transport),
        gates: Arc::new(gates),
        bus: Arc::clone(show.bus),
        run: show.dir.id.clone(),
        epoch: 0,
        job_root: format!("{}/{}", show.inventory.remote_dir, show.inventory.cluster.slug()),
        secrets,
        stop,
    });
    let ending = engine.run(plan).await?;
    show.finish(End::of(ending, show.command, &show.dir.id), Some(plan), began, transport).await
}

fn header(order: &Order, dir: &RunDir, operator: String) -> Header {
    Header {
        format: journal::FORMAT,
        reseed: env!("CARGO_PKG_VERSION").to_owned(),
        run: dir.id.clone(),
        cluster: order.inventory.cluster.clone(),
        command: order.command.clone(),
        args: order.args.clone(),
        overrides: order.ask.overrides.clone(),
        inventory: order.inventory.source.clone(),
        operator,
    }
}

fn operator() -> String {
    let user = std::env::var("SUDO_USER").or_else(|_| std::env::var("USER")).unwrap_or_else(|_| "unknown".to_owned());
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    format!("{user}@{host}")
}
