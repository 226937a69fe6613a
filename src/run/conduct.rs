//! Conducts a run from request to report.
//!
//! ```text
//!  lock, run directory, journal header ─> confirm ─> connect ─> lease ─held─> run_finished (6)
//!    └─> prepare ─refused─> run_finished (4, 3, 8)
//!          └─> run_started, findings, plan ─> engine, with a beat beside it ─> lease back ─> run_finished
//! ```

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::RunLock;
use super::ask::Ask;
use super::earlier::{self, OfError, Verb};
use super::end::{self, End};
use super::gates::Gates;
use super::lease::{Claim, Holder, Lease, LeaseError, Office};
use super::owner::Owner;
use super::prepare::{self, PrepareError, prepare};
use super::show::Show;
use super::state::{RunDir, StateDir, StateError};
use crate::engine::bus::{Bus, Subscriber};
use crate::engine::stop::StopFlag;
use crate::engine::{Ending, Engine, EngineError};
use crate::event::{RunOutcome, RunState};
use crate::inventory::Inventory;
use crate::journal::{self, Entry, Header, Journal};
use crate::plan::Plan;
use crate::remote::Transport;
use crate::remote::metered::Metered;

/// A silent host is waited for so many times `limits.silence`: after the first, ssh gives the
/// connection up, and new ones are tried; a switch that is restarted takes minutes.
const PATIENCE: u32 = 10;

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
    /// The run that this one is about.
    #[error(transparent)]
    Earlier(#[from] OfError),
    /// State directory, lock, journal.
    #[error(transparent)]
    State(#[from] StateError),
    /// The engine's own trouble.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A resumed run's request.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// A resumed run's lease.
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// Its playbook is not one of this version's.
    #[error("run {0} was asked for something that this reseed does not know")]
    Foreign(String),
}

impl From<journal::JournalError> for ConductError {
    fn from(error: journal::JournalError) -> Self {
        Self::State(error.into())
    }
}

/// What conducting takes besides the order: where runs are kept, who listens, who may stop it.
pub struct Stand<'a> {
    /// Where runs are kept.
    pub state: &'a StateDir,
    /// Called with each event.
    pub subscribers: Vec<Subscriber>,
    /// Raised by the operator.
    pub stop: StopFlag,
    /// Told what is being waited for before there are events.
    pub pulse: &'a (dyn Fn(&str) + Send + Sync),
}

/// Conducts a new run.
pub async fn conduct<T: Transport>(order: Order, transport: T, stand: Stand<'_>) -> Result<Ended, ConductError> {
    let cluster = order.inventory.cluster.clone();
    let me = Owner::me();
    let mut lock = RunLock::take(&stand.state.cluster(&cluster), &me)?;
    stand.state.none_unfinished(&cluster, order.ask.earlier())?;
    let dir = stand.state.create(&cluster)?;
    lock.tell(&dir.id)?;
    let journal = Journal::create(&dir.journal(), header(&order, &dir, &me))?;
    begin(&order, &dir, &me, Bus::new(journal, [], stand.subscribers), transport, stand.stop, stand.pulse).await
}

/// From the operator's word to the plan, and on.
async fn begin<T: Transport>(
    order: &Order,
    dir: &RunDir,
    me: &Owner,
    bus: Bus,
    transport: T,
    stop: StopFlag,
    pulse: &(dyn Fn(&str) + Send + Sync),
) -> Result<Ended, ConductError> {
    let began = Instant::now();
    let bus = Arc::new(bus);
    let transport = Arc::new(Metered::new(transport));
    // a discard ends no outage
    let ends_it = order.command == Verb::Rollback.name();
    let down = order.ask.of.as_ref().and_then(|of| of.down).filter(|_| ends_it);
    let show = Show { bus: &bus, dir, command: &order.command, inventory: &order.inventory, down };
    let asked = Timestamp::now();
    let leased = match end::confirmed(order) {
        Err(end) => Err(end),
        Ok(()) => lease(order, dir, me, &transport, pulse).await,
    };
    let (mut lease, prepared) = match leased {
        Ok(lease) => {
            let prepared = prepare(&transport, &order.inventory, &order.ask, pulse).await;
            (Some(lease), prepared.map_err(|error| end::refusal(&error)))
        }
        Err(end) => (None, Err(end)),
    };
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(end) => {
            show.started(asked, None)?;
            return show.finish(end, None, began, &transport, lease.as_ref()).await;
        }
    };
    show.started(asked, prepared.plan.as_ref())?;
    show.findings(&prepared.findings)?;
    let (Some(plan), Some(lease)) = (&prepared.plan, lease.as_mut()) else {
        let end = match &prepared.nothing {
            Some(why) => {
                bus.record(Entry::Facts { facts: Box::new(prepared.facts), request: prepared.request })?;
                earlier::close(dir, me)?;
                lease.iter_mut().for_each(Lease::succeeds);
                End::nothing(why)
            }
            None => End::objected(&prepared.findings),
        };
        return show.finish(end, None, began, &transport, lease.as_ref()).await;
    };
    bus.record(Entry::Facts { facts: Box::new(prepared.facts.clone()), request: prepared.request.clone() })?;
    bus.record(Entry::Plan { digest: plan.digest(), plan: Box::new(plan.clone()) })?;
    if let Err(error) = lease.commit(&transport, plan.takes_down(), &dir.head()?, &prepared.facts.places()).await {
        return show.finish(End::unleased(error), Some(plan), began, &transport, Some(lease)).await;
    }
    execute(&show, plan, order.ask.clone(), &transport, lease, stop, began).await
}

async fn lease<T: Transport>(
    order: &Order,
    dir: &RunDir,
    me: &Owner,
    transport: &Arc<Metered<T>>,
    pulse: &(dyn Fn(&str) + Send + Sync),
) -> Result<Lease, End> {
    // what is missing here is told before anything is asked of a host
    prepare::secrets(&order.inventory).map_err(|error| end::refusal(&error.into()))?;
    pulse(&format!("connecting to {} hosts", order.inventory.hosts().count()));
    prepare::connect(transport, &order.inventory).await.map_err(|error| end::refusal(&error))?;
    let claim = Claim { run: dir.id.clone(), of: order.ask.earlier().cloned(), begun: BTreeSet::new(), me: me.clone() };
    let holder = Holder::new(&dir.id, &order.command, me);
    Office::of(&order.inventory).take(transport, &claim, &holder).await.map_err(End::unleased)
}

/// Goes on with a paused run: the plan of its journal, never a new one. One that died before it
/// had a plan begins again; one that is over is left alone.
pub async fn resume<T: Transport>(
    dir: RunDir,
    inventory: Inventory,
    transport: T,
    stand: Stand<'_>,
) -> Result<Ended, ConductError> {
    let began = Instant::now();
    let me = Owner::me();
    let mut lock = RunLock::take(&stand.state.cluster(&inventory.cluster), &me)?;
    lock.tell(&dir.id)?;
    let (journal, history) = Journal::reopen(&dir.journal())?;
    let past = RunState::of(history.events());
    if let Some(end) = past.finished.as_ref().filter(|end| end.outcome.is_over()) {
        return Ok(Ended { outcome: end.outcome, exit: 0 });
    }
    let header = history.header();
    // before anything is taken or told: nothing goes on without them
    prepare::secrets(&inventory).map_err(PrepareError::from)?;
    let ask = Ask::again(&header.asked, &header.overrides).ok_or_else(|| ConductError::Foreign(dir.id.to_string()))?;
    let bus = Bus::new(journal, history.events(), stand.subscribers);
    let Some((plan, _)) = history.plan() else {
        let of = header.asked.of.as_ref();
        let of = of.map(|run| earlier::again(stand.state, &inventory.cluster, &header.command, run)).transpose()?;
        let ask = Ask { of: of.map(Box::new), ..ask };
        let (command, args) = (header.command.clone(), header.args.clone());
        let order = Order { inventory, ask, command, args, confirm: None };
        return begin(&order, &dir, &me, bus, transport, stand.stop, stand.pulse).await;
    };
    let bus = Arc::new(bus);
    let transport = Arc::new(Metered::new(transport));
    // its first start has told since when
    let show = Show { bus: &bus, dir: &dir, command: &header.command, inventory: &inventory, down: None };
    (stand.pulse)("connecting");
    if let Err(error) = prepare::connect(&transport, &inventory).await {
        // not the refusal that it would be before any change
        show.started(Timestamp::now(), Some(plan))?;
        return show.finish(End::lost(&error, &dir.id), Some(plan), began, &transport, None).await;
    }
    // the first step begins when every host has been told of the run
    let hosts: BTreeSet<_> = past.steps().map(|step| step.host.clone()).collect();
    let worked = !hosts.is_empty();
    let claim = Claim { run: dir.id.clone(), of: header.asked.of.clone(), begun: hosts, me: me.clone() };
    let holder = Holder { changes: plan.takes_down(), ..Holder::new(&dir.id, &header.command, &me) };
    let taken = Office::of(&inventory).take(&transport, &claim, &holder).await;
    if let Err(error @ LeaseError::Transport(_)) = &taken {
        show.started(Timestamp::now(), Some(plan))?;
        return show.finish(End::lost(error, &dir.id), Some(plan), began, &transport, None).await;
    }
    let mut lease = taken?;
    show.started(Timestamp::now(), Some(plan))?;
    if !worked && let Some((facts, _)) = history.facts() {
        // it died when its plan was on disk, before every host had been told of it
        if let Err(error) = lease.commit(&transport, plan.takes_down(), &dir.head()?, &facts.places()).await {
            // no refusal: a journal that was made anew cannot tell whether something was done
            return show.finish(End::lost(&error, &dir.id), Some(plan), began, &transport, Some(&lease)).await;
        }
    }
    execute(&show, plan, ask, &transport, &lease, stand.stop, began).await
}

async fn execute<T: Transport>(
    show: &Show<'_>,
    plan: &Plan,
    ask: Ask,
    transport: &Arc<Metered<T>>,
    lease: &Lease,
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
        run: show.dir.id.clone(),
        silence: PATIENCE * show.inventory.limits.silence,
    };
    let engine = Arc::new(Engine {
        transport: Arc::clone(transport),
        gates: Arc::new(gates),
        bus: Arc::clone(show.bus),
        run: show.dir.id.clone(),
        epoch: lease.epoch,
        silence: PATIENCE * show.inventory.limits.silence,
        job_root: Office::of(show.inventory).root,
        secrets,
        copy_rate: show.inventory.limits.copy_rate,
        stop: stop.clone(),
    });
    // Whoever was taken over must not do anything more: the engine is dropped where it stands.
    let ran = tokio::select! {
        ran = engine.run(plan) => ran,
        (host, by) = lease.beat(transport.unmetered()) => Err(EngineError::Fenced { host, by }),
        () = overtime(show.inventory.limits.run, &stop) => unreachable!("it waits for ever"),
    };
    let end = match ran {
        Ok(Ending::Interrupted) if is_over(show.inventory.limits.run, began) => End::overtime(&show.dir.id),
        Ok(ending) => End::of(ending, show.command, &show.dir.id),
        Err(EngineError::Fenced { host, by }) => End::fenced(&host, &by),
        Err(error) => return Err(error.into()),
    };
    if end.exit == 0 {
        // before its own end: a crash in between leaves this run to be resumed, not that one
        earlier::close(show.dir, &Owner::me())?;
    }
    show.finish(end, Some(plan), began, transport, Some(lease)).await
}

/// Pauses the run when its time is over (`limits.run`; 0: never). Never ends.
async fn overtime(limit: Duration, stop: &StopFlag) {
    if !limit.is_zero() {
        tokio::time::sleep(limit).await;
        stop.raise();
    }
    std::future::pending::<()>().await;
}

fn is_over(limit: Duration, began: Instant) -> bool {
    !limit.is_zero() && began.elapsed() >= limit
}

fn header(order: &Order, dir: &RunDir, me: &Owner) -> Header {
    Header {
        format: journal::FORMAT,
        reseed: env!("CARGO_PKG_VERSION").to_owned(),
        run: dir.id.clone(),
        cluster: order.inventory.cluster.clone(),
        command: order.command.clone(),
        args: order.args.clone(),
        overrides: order.ask.overrides.clone(),
        inventory: order.inventory.source.clone(),
        operator: me.who.clone(),
        asked: order.ask.asked(),
    }
}
