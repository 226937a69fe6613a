//! The coordinator of part `scale`: the library's own transport, engine and journal, with a plan of
//! steps that do nothing. A process of its own; it prints [`Told`] as JSON.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use reseed::engine::bus::Bus;
use reseed::engine::stop::StopFlag;
use reseed::engine::{Ending, Engine, Gatekeeper};
use reseed::event::Body;
use reseed::facts::Facts;
use reseed::inventory::Inventory;
use reseed::journal::{self, Asked, Entry, Header, Journal};
use reseed::name::{HostName, RunId, Tag};
use reseed::plan::{Choices, Gate, Lane, Phase as PlanPhase, Plan, Request};
use reseed::remote::ssh::{SshHost, SshTransport};
use reseed::remote::{Call, Transport};
use reseed::run;
use reseed::script::{Embedded, Library, Script};
use reseed::step::{Ask, ResolvedStep};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use crate::{Result, meter};

/// What it measured.
#[derive(Debug, Serialize, Deserialize)]
pub struct Told {
    /// To connect to all.
    pub connect_s: f64,
    /// One script on all.
    pub look: Phase,
    /// Steps that only prove.
    pub proofs: Phase,
    /// Steps with act and proof.
    pub steps: Phase,
    /// Its own memory at most, in bytes.
    pub memory: f64,
    /// Its own open files, while all connections are open.
    pub files: f64,
    /// The ssh masters' memory, in bytes.
    pub masters_memory: f64,
}

/// Some steps on all hosts.
#[derive(Debug, Serialize, Deserialize)]
pub struct Phase {
    /// How many, one after the other.
    pub steps: usize,
    /// Wall time.
    pub wall_s: f64,
    /// Processor time of the coordinator.
    pub cpu_s: f64,
    /// Processor time of its ssh masters.
    pub masters_cpu_s: f64,
}

/// What every host runs.
const SCRIPTS: &[Embedded] = &[("bench.act", "echo done\n"), ("bench.proof", "echo 'it is so'\n")];
/// A step type whose judgement is that of most: the exit codes.
const SPEC: &str = "client.stopped";
/// Steps of a plan.
const STEPS: usize = 10;

struct Open;

impl Gatekeeper for Open {
    async fn pass(&self, _: Gate) -> std::result::Result<(), String> {
        Ok(())
    }
}

/// Measures and prints.
pub fn main(inventory: &Path, dir: &Path) -> Result<()> {
    let inventory = Inventory::load(inventory)?;
    // as the command line has it: one thread
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let told = runtime.block_on(measure(&inventory, dir))?;
    println!("{}", serde_json::to_string(&told)?);
    Ok(())
}

async fn measure(inventory: &Inventory, dir: &Path) -> Result<Told> {
    let hosts = inventory.hosts().map(|(name, address, ssh)| SshHost {
        name: name.clone(),
        address: address.to_owned(),
        ssh: ssh.clone(),
    });
    let transport = Arc::new(SshTransport::new(hosts.collect(), &inventory.limits, None)?);
    let began = Instant::now();
    run::connect(&transport, inventory).await?;
    let connect_s = began.elapsed().as_secs_f64();
    let clock = Clock::start();
    look(&transport, inventory).await?;
    let look = clock.stop(1);
    let proofs = steps(&transport, inventory, &dir.join("proofs.jsonl"), false).await?;
    let steps = steps(&transport, inventory, &dir.join("steps.jsonl"), true).await?;
    let files = meter::files();
    let (_, masters_memory, _) = masters();
    transport.close().await;
    Ok(Told { connect_s, look, proofs, steps, memory: meter::peak(), files, masters_memory })
}

fn masters() -> (f64, f64, f64) {
    // a master calls itself by its socket
    meter::processes("ssh", super::SOCKETS)
}

struct Clock(Instant, f64, f64);

impl Clock {
    fn start() -> Self {
        Self(Instant::now(), meter::cpu(), masters().2)
    }

    fn stop(&self, steps: usize) -> Phase {
        let wall_s = self.0.elapsed().as_secs_f64();
        Phase { steps, wall_s, cpu_s: meter::cpu() - self.1, masters_cpu_s: masters().2 - self.2 }
    }
}

async fn look(transport: &Arc<SshTransport>, inventory: &Inventory) -> Result<()> {
    let script = Library::of(SCRIPTS).render(&Script::new("bench.proof"))?;
    let mut waiting = JoinSet::new();
    for (host, ..) in inventory.hosts() {
        let call = Call::new(script.clone(), "", Duration::from_mins(2));
        let (transport, host) = (Arc::clone(transport), host.clone());
        waiting.spawn(async move { transport.exec(&host, call).await });
    }
    for reply in waiting.join_all().await {
        let reply = reply?;
        if reply.rc != 0 {
            return Err(reply.reason().into());
        }
    }
    Ok(())
}

async fn steps(transport: &Arc<SshTransport>, inventory: &Inventory, file: &Path, acts: bool) -> Result<Phase> {
    let run = RunId::parse(if acts { "bench-steps" } else { "bench-proofs" })?;
    let plan = plan(inventory, acts);
    let bus = Arc::new(Bus::new(Journal::create(file, header(inventory, &run))?, [], vec![]));
    bus.publish(Body::RunStarted {
        run: run.clone(),
        plan_digest: Some(plan.digest()),
        command: "bench".to_owned(),
        cluster: inventory.cluster.clone(),
        phases: plan.phases.iter().map(|phase| phase.phase.clone()).collect(),
        steps: plan.steps().count(),
        down_since: None,
    })?;
    let request = Request::of("bench", Tag::parse("none")?);
    bus.record(Entry::Facts { facts: Box::new(Facts::default()), request })?;
    bus.record(Entry::Plan { digest: plan.digest(), plan: Box::new(plan.clone()) })?;
    let engine = Arc::new(Engine {
        transport: Arc::clone(transport),
        gates: Arc::new(Open),
        bus,
        run,
        epoch: 0,
        silence: inventory.limits.silence,
        job_root: format!("{}/bench", inventory.remote_dir),
        secrets: BTreeMap::new(),
        copy_rate: 0,
        stop: StopFlag::default(),
    });
    let clock = Clock::start();
    let ending = engine.run(&plan).await?;
    let phase = clock.stop(STEPS);
    if ending == Ending::Done { Ok(phase) } else { Err(format!("it ended with {ending:?}").into()) }
}

fn plan(inventory: &Inventory, acts: bool) -> Plan {
    let phase = |number: usize| {
        let name = format!("step-{number}");
        let lane = |host: &HostName| Lane { host: host.clone(), steps: vec![step(&name, host, acts)] };
        let lanes = inventory.hosts().map(|(host, ..)| lane(host)).collect();
        PlanPhase { phase: name.clone(), parallel: true, always: false, lanes, gate: None }
    };
    Plan {
        format: reseed::plan::FORMAT,
        cluster: inventory.cluster.clone(),
        playbook: "bench".to_owned(),
        params: BTreeMap::new(),
        binding: serde_json::Value::Null,
        phases: (1..=STEPS).map(phase).collect(),
        scripts: Library::of(SCRIPTS),
    }
}

fn step(phase: &str, host: &HostName, acts: bool) -> ResolvedStep {
    ResolvedStep {
        id: format!("{phase}/{SPEC}/{host}"),
        step: SPEC.to_owned(),
        host: host.clone(),
        subject: None,
        summary: format!("do nothing on {host}"),
        probe: vec![],
        act: acts.then(|| Script::new("bench.act")),
        relay: None,
        carry: None,
        undo: None,
        proof: vec![Ask { host: host.clone(), script: Script::new("bench.proof") }],
        idempotent: true,
        secret: false,
        limit_s: 0,
        patience_s: 0,
    }
}

/// A journal's first record.
pub fn header(inventory: &Inventory, run: &RunId) -> Header {
    Header {
        format: journal::FORMAT,
        reseed: env!("CARGO_PKG_VERSION").to_owned(),
        run: run.clone(),
        cluster: inventory.cluster.clone(),
        command: "bench".to_owned(),
        args: vec![],
        overrides: vec![],
        inventory: PathBuf::new(),
        operator: format!("bench at {}", Timestamp::now()),
        asked: Asked {
            playbook: "restore".to_owned(),
            tag: None,
            keyspaces: vec![],
            choices: Choices::default(),
            of: None,
            errand: None,
        },
    }
}
