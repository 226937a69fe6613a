//! Conducts a run from request to report.
//!
//! ```text
//!  run directory, journal header, lock ─> confirm ─> prepare ─refused─> run_finished (4, 3, 8)
//!                                                       └─> run_started, findings, plan
//!                                                             └─> engine ─> report ─> run_finished
//! ```

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;

use super::prepare::{self, Ask, PrepareError, Prepared, prepare};
use super::state::{RunDir, StateDir, StateError};
use super::RunLock;
use crate::engine::bus::{Bus, Subscriber};
use crate::engine::stop::StopFlag;
use crate::engine::{Ending, Engine, EngineError, Gatekeeper};
use crate::event::{Body, RunOutcome};
use crate::guard::{Finding, Override};
use crate::facts::FactsError;
use crate::inventory::Inventory;
use crate::journal::{self, Entry, Header, Journal};
use crate::plan::{Gate, Plan};
use crate::remote::metered::Metered;
use crate::remote::{Transport, TransportError};
use crate::report;

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

/// How a run ends, before it becomes the last event.
struct End {
    outcome: RunOutcome,
    exit: u8,
    reason: String,
    next: String,
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
    let dir = state.create(&cluster)?;
    let operator = operator();
    let header = Header {
        format: journal::FORMAT,
        reseed: env!("CARGO_PKG_VERSION").to_owned(),
        run: dir.id.clone(),
        cluster: cluster.clone(),
        command: order.command.clone(),
        args: order.args.clone(),
        inventory: order.inventory.source.clone(),
        operator: operator.clone(),
    };
    // before the journal: a run that may not begin is no run, and `resume` must not find it
    let _lock = RunLock::take(&state.cluster(&cluster), &dir.id, &operator).inspect_err(|_| {
        let _ = std::fs::remove_dir(&dir.path);
    })?;
    let journal = Journal::create(&dir.journal(), header)?;
    let bus = Arc::new(Bus::new(journal, [], subscribers));
    let transport = Arc::new(Metered::new(transport));
    let show = Show { bus: &bus, dir: &dir, command: &order.command, inventory: &order.inventory };

    let asked = Timestamp::now();
    let prepared = match confirmed(&order) {
        Err(end) => Err(end),
        Ok(()) => prepare(&transport, &order.inventory, &order.ask, pulse).await.map_err(|error| refusal(&error)),
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
    let Some(plan) = prepared.plan else {
        let failing = prepared.findings.iter().filter(|f| f.level == crate::event::Level::Fail).count();
        let reason = format!("{failing} finding(s) stand against it; nothing was changed");
        let next = "cure what the findings say, then try again".to_owned();
        return show.finish(End { outcome: RunOutcome::Refused, exit: 4, reason, next }, None, began, &transport).await;
    };
    bus.record(Entry::Plan { digest: plan.digest(), plan: Box::new(plan.clone()) })?;
    let gates = Gates { order: Ask { tag: order.ask.tag.clone(), ..order.ask.clone() }, inventory: order.inventory.clone(), transport: Arc::clone(&transport), bus: Arc::clone(&bus), binding: plan.binding.clone() };
    execute(&show, plan, gates, &transport, stop, began).await
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
    let _lock = RunLock::take(&state.cluster(&inventory.cluster), &dir.id, &operator())?;
    let (journal, history) = Journal::reopen(&dir.journal())?;
    let (plan, _) = history.plan().ok_or_else(|| ConductError::NoPlan(dir.id.to_string()))?;
    let plan = plan.clone();
    let command = history.header().command.clone();
    let bus = Arc::new(Bus::new(journal, history.events(), subscribers));
    let transport = Arc::new(Metered::new(transport));
    let show = Show { bus: &bus, dir: &dir, command: &command, inventory: &inventory };
    let playbook = crate::playbook::built_in(&plan.playbook).ok_or_else(|| ConductError::NoPlan(dir.id.to_string()))?;
    let ask = Ask {
        playbook,
        tag: plan.params.get("backup").and_then(|tag| tag.parse().ok()),
        keyspaces: plan.params.get("keyspaces").map_or("", String::as_str).split(' ').filter_map(|k| k.parse().ok()).collect(),
        overrides: overridden(&history),
    };
    pulse("connecting");
    prepare::connect(&transport, &inventory).await?;
    show.started(Timestamp::now(), Some(&plan))?;
    let gates = Gates { order: ask, inventory: inventory.clone(), transport: Arc::clone(&transport), bus: Arc::clone(&bus), binding: plan.binding.clone() };
    execute(&show, plan, gates, &transport, stop, began).await
}

async fn execute<T: Transport>(
    show: &Show<'_>,
    plan: Plan,
    gates: Gates<Metered<T>>,
    transport: &Arc<Metered<T>>,
    stop: StopFlag,
    began: Instant,
) -> Result<Ended, ConductError> {
    let secrets = prepare::secrets(show.inventory).map_err(PrepareError::from)?;
    let engine = Arc::new(Engine {
        transport: Arc::clone(transport),
        gates: Arc::new(gates),
        bus: Arc::clone(show.bus),
        run: show.dir.id.clone(),
        job_root: format!("{}/{}", show.inventory.remote_dir, show.inventory.cluster.slug()),
        secrets,
        stop,
    });
    let ending = engine.run(&plan).await?;
    let resume = format!("reseed resume {}", show.dir.id);
    let end = match ending {
        Ending::Done => End { outcome: RunOutcome::Done, exit: 0, reason: String::new(), next: String::new() },
        Ending::Refused(reason) => {
            let next = "cure what the findings say, then start again".to_owned();
            End { outcome: RunOutcome::Refused, exit: 4, reason, next }
        }
        Ending::Failed { phase, step, why } if phase == "verify" && show.command == "restore" => {
            End { outcome: RunOutcome::VerifyFailed, exit: 7, reason: format!("{step}: {why}"), next: resume }
        }
        Ending::Failed { step, why, .. } => {
            End { outcome: RunOutcome::Paused, exit: 5, reason: format!("{step}: {why}"), next: resume }
        }
        Ending::Interrupted => {
            End { outcome: RunOutcome::Interrupted, exit: 130, reason: "stopped by the operator".to_owned(), next: resume }
        }
    };
    show.finish(end, Some(&plan), began, transport).await
}

/// The overrides that the run was started with, as its findings tell them.
fn overridden(history: &journal::History) -> Vec<Override> {
    let one = |event: &crate::event::Event| match &event.body {
        Body::Finding { guard, level: crate::event::Level::Overridden, cure, .. } => {
            let reason = cure.strip_prefix("overridden: ").unwrap_or(cure).to_owned();
            Some(Override { guard: guard.clone(), reason })
        }
        _ => None,
    };
    history.events().filter_map(one).collect()
}

/// Publishes a run's own events.
struct Show<'a> {
    bus: &'a Arc<Bus>,
    dir: &'a RunDir,
    command: &'a str,
    inventory: &'a Inventory,
}

impl Show<'_> {
    fn started(&self, asked: Timestamp, plan: Option<&Plan>) -> Result<(), ConductError> {
        let mut phases: Vec<String> = plan.map_or(vec![], |p| p.phases.iter().map(|p| p.phase.clone()).collect());
        phases.dedup();
        self.bus.publish_at(
            asked,
            Body::RunStarted {
                run: self.dir.id.clone(),
                plan_digest: plan.map(Plan::digest),
                command: self.command.to_owned(),
                cluster: self.inventory.cluster.clone(),
                phases,
                steps: plan.map_or(0, |plan| plan.steps().count()),
            },
        )?;
        if self.bus.state(|state| state.phases.is_empty()) {
            self.bus.publish_at(asked, Body::PhaseStarted { phase: "preflight".to_owned() })?;
        }
        Ok(())
    }

    fn findings(&self, findings: &[Finding]) -> Result<(), ConductError> {
        publish_findings(self.bus, findings)?;
        Ok(())
    }

    async fn finish<T: Transport>(
        &self,
        end: End,
        plan: Option<&Plan>,
        began: Instant,
        transport: &Arc<Metered<T>>,
    ) -> Result<Ended, ConductError> {
        transport.close().await;
        let total = began.elapsed();
        let own = total.saturating_sub(transport.busy(began));
        let finished = |report: Option<String>, downtime_s| Body::RunFinished {
            run: self.dir.id.clone(),
            outcome: end.outcome,
            exit: end.exit,
            reason: end.reason.clone(),
            downtime_s,
            total_s: crate::engine::seconds(total),
            own_share_s: crate::engine::seconds(own),
            report,
            next: end.next.clone(),
        };
        let downtime = self.bus.state(|state| state.downtime.seconds()).map(|s| (s * 1000.0).round() / 1000.0);
        let path = self.dir.path.join("report.html");
        self.bus.publish(finished(plan.map(|_| path.display().to_string()), downtime))?;
        if let Some(plan) = plan {
            self.report(plan)?;
        }
        Ok(Ended { outcome: end.outcome, exit: end.exit })
    }

    fn report(&self, plan: &Plan) -> Result<PathBuf, ConductError> {
        let history = self.dir.history()?;
        let events: Vec<_> = history.events().cloned().collect();
        let io = |source| StateError::Io { path: self.dir.path.clone(), source };
        Ok(self.bus.state(|state| report::write(&self.dir.path, Some(plan), &events, state)).map_err(io)?)
    }
}

fn publish_findings(bus: &Bus, findings: &[Finding]) -> Result<(), journal::JournalError> {
    for finding in findings {
        bus.publish(Body::Finding {
            guard: finding.guard.to_owned(),
            host: finding.host.clone(),
            level: finding.level,
            message: finding.message.clone(),
            cure: finding.cure.clone(),
        })?;
    }
    Ok(())
}

/// The recheck: guards on fresh facts, and nothing that the plan rests on has changed.
struct Gates<T> {
    order: Ask,
    inventory: Inventory,
    transport: Arc<T>,
    bus: Arc<Bus>,
    binding: serde_json::Value,
}

impl<T: Transport> Gatekeeper for Gates<T> {
    async fn pass(&self, gate: Gate) -> Result<(), String> {
        if gate == Gate::Preflight {
            // passed before there was a plan
            return Ok(());
        }
        let prepared: Prepared =
            prepare(&self.transport, &self.inventory, &self.order, &|_| {}).await.map_err(|error| error.to_string())?;
        let against: Vec<Finding> =
            prepared.findings.iter().filter(|f| f.level == crate::event::Level::Fail).cloned().collect();
        publish_findings(&self.bus, &against).map_err(|error| error.to_string())?;
        if let Some(finding) = against.first() {
            return Err(format!("{}: {}; nothing was changed", finding.guard, finding.message));
        }
        let now = prepared.facts.binding(&prepared.request.keyspaces);
        if now != self.binding {
            return Err(format!("the cluster changed since the plan was made; nothing was changed: {}", difference(&self.binding, &now)));
        }
        Ok(())
    }
}

/// The first difference between two values, as `path: old → new`.
fn difference(old: &serde_json::Value, new: &serde_json::Value) -> String {
    if let (Some(old), Some(new)) = (old.as_object(), new.as_object()) {
        for (key, value) in old {
            let other = new.get(key).unwrap_or(&serde_json::Value::Null);
            if value != other {
                let inner = difference(value, other);
                return if value.is_object() && other.is_object() { format!("{key}.{inner}") } else { format!("{key}: {inner}") };
            }
        }
    }
    format!("{old} → {new}")
}

/// Whether the operator's word is given and right. The nodes' own names are a guard's business.
fn confirmed(order: &Order) -> Result<(), End> {
    let refused = |reason: String| End {
        outcome: RunOutcome::Refused,
        exit: 4,
        reason,
        next: format!("add --confirm '{}'", order.inventory.cluster),
    };
    match &order.confirm {
        None => Ok(()),
        Some(Confirm(None)) => Err(refused("it replaces data and the cluster's name was not confirmed; nothing was changed".to_owned())),
        Some(Confirm(Some(name))) if name == order.inventory.cluster.as_str() => Ok(()),
        Some(Confirm(Some(name))) => {
            Err(refused(format!("--confirm says {name:?}, the cluster is {:?}; nothing was changed", order.inventory.cluster.as_str())))
        }
    }
}

fn refusal(error: &PrepareError) -> End {
    let (exit, next) = verdict(error);
    End { outcome: RunOutcome::Refused, exit, reason: format!("{error}; nothing was changed"), next }
}

/// Exit code and next command for what came before any change.
pub fn verdict(error: &PrepareError) -> (u8, String) {
    match error {
        PrepareError::Hosts(errors) => {
            match errors.iter().find(|e| matches!(e, TransportError::HostKey { .. })) {
                Some(error) => (4, format!("check the key of {}, then add it to known_hosts", error.host())),
                None => (8, "try `ssh HOST true` with the same user and ssh_config".to_owned()),
            }
        }
        PrepareError::Facts(FactsError::Transport(_)) => (8, "try again".to_owned()),
        PrepareError::Facts(_) | PrepareError::Unresolved(_) => (4, "cure that, then try again".to_owned()),
        PrepareError::NoBackup { root, node, .. } => (3, format!("see what is there: ssh {node} ls {root}")),
        PrepareError::Password(_) => (3, String::new()),
    }
}

fn operator() -> String {
    let user = std::env::var("SUDO_USER").or_else(|_| std::env::var("USER")).unwrap_or_else(|_| "unknown".to_owned());
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    format!("{user}@{host}")
}
