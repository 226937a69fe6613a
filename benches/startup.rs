//! Part `startup`: what the tool costs before it does anything, and per step on the coordinator's disk.
//!
//! The many nodes of the plan are simulated ones (those of the tests), so what is measured is
//! the coordinator: reading the inventory, parsing all answers, judging all guards, planning.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use reseed::event::{Body, Event, StepOutcome, VERSION};
use reseed::facts::Facts;
use reseed::inventory::Inventory;
use reseed::journal::{Entry, Journal};
use reseed::name::{HostName, RunId, Tag};
use reseed::plan::{Plan, Request};
use reseed::run;

use crate::record::Row;
use crate::scale::coordinator;
use crate::{Bench, Extent, Result, meter};

#[path = "../tests/simulated/sim/mod.rs"]
#[expect(
    dead_code,
    unused_imports,
    clippy::case_sensitive_file_extension_comparisons,
    clippy::format_push_string,
    clippy::match_same_arms,
    clippy::struct_excessive_bools,
    reason = "the tests use all of it, and have their reasons"
)]
mod sim;

use sim::{Shape, Sim, TAG};

/// Nodes of the large inventory. Each sees all others, so facts and plan grow with the square.
const NODES: usize = 100;
/// And of the very large one.
const MANY_NODES: usize = 1000;

/// Runs the part.
pub fn measure(bench: &mut Bench) -> Result<()> {
    let small = bench.extent == Extent::Small;
    for (case, args) in [("--help", &["--help"][..]), ("restore --help", &["restore", "--help"])] {
        let times = (0..30).map(|_| meter::run(Command::new(&bench.reseed).args(args))).collect::<Result<Vec<_>>>()?;
        bench.store.put(Row::new("startup", case, "reseed").with("ms", 1000.0 * meter::median(times)))?;
    }
    let ansible = crate::venv().join("bin/ansible");
    let row = Row::new("startup", "--help", "Ansible");
    let row = match meter::run(Command::new(&ansible).arg("--help"))
        .and_then(|_| meter::run(Command::new(&ansible).arg("--help")))
    {
        Ok(time) => row.with("ms", 1000.0 * time),
        Err(error) => row.failed(&error.to_string()),
    };
    bench.store.put(row)?;
    plan(bench, if small { 20 } else { NODES })?;
    if bench.extent == Extent::More {
        plan(bench, MANY_NODES)?;
    }
    journal(bench, if small { 50 } else { 500 })
}

/// From the inventory's text to the plan's digest.
fn plan(bench: &Bench, nodes: usize) -> Result<()> {
    let shape = Shape { nodes, gateways: 1, clients: 0, keyspaces: 1, fan_out: false };
    let text = sim::inventory_text(shape, "");
    let (read_s, inventory) = meter::timed(|| Inventory::parse(&text, Path::new("cluster.yaml")));
    let inventory = inventory?;
    let sim = Sim::new(shape);
    let transport = Arc::new(sim.link());
    let ask = sim.ask("restore", TAG);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let cpu = meter::cpu();
    let (all_s, prepared) = meter::timed(|| runtime.block_on(run::prepare(&transport, &inventory, &ask, &|_| {})));
    let prepared = prepared.map_err(|error| error.to_string())?;
    let cpu_s = meter::cpu() - cpu;
    let plan = prepared.plan.as_ref().ok_or_else(|| {
        let objections: Vec<_> = prepared.findings.iter().map(|finding| format!("{finding:?}")).collect();
        format!("no plan: {}", objections.join("; "))
    })?;
    let (build_s, built) =
        meter::timed(|| reseed::plan::build(&ask.playbook, &inventory, &prepared.facts, &prepared.request));
    let (digest_s, digest) = meter::timed(|| built.map(|plan| plan.digest()));
    if digest? != plan.digest() {
        return Err("the same facts gave another plan".into());
    }
    bench.store.put(
        Row::new("startup", &format!("plan, {nodes} nodes"), "reseed")
            .with("inventory_ms", 1000.0 * read_s)
            .with("all_ms", 1000.0 * all_s)
            .with("cpu_ms", 1000.0 * cpu_s)
            .with("build_ms", 1000.0 * build_s)
            .with("digest_ms", 1000.0 * digest_s)
            .with("steps", plan.steps().count() as f64),
    )
}

/// What a step's two records cost, each on disk before the run goes on; beside it the disk's own fsync.
fn journal(bench: &Bench, steps: usize) -> Result<()> {
    let dir = bench.dir.join("journal");
    meter::clear(&dir)?;
    fs::create_dir_all(&dir)?;
    let inventory = Inventory::parse(&sim::inventory_text(sim::SMALL, ""), Path::new("cluster.yaml"))?;
    let run = RunId::parse("bench")?;
    let mut journal = Journal::create(&dir.join("journal.jsonl"), coordinator::header(&inventory, &run))?;
    let mut index = 0;
    let mut put = |body: Body| {
        let event = Event { v: VERSION, time: jiff::Timestamp::now(), index, body };
        index += 1;
        Entry::Event { event }
    };
    journal.append(put(Body::RunStarted {
        run,
        plan_digest: None,
        command: "bench".to_owned(),
        cluster: inventory.cluster.clone(),
        phases: vec![],
        steps,
        down_since: None,
    }))?;
    let request = Request::of("bench", Tag::parse("none")?);
    journal.append(Entry::Facts { facts: Box::new(Facts::default()), request })?;
    journal.append(Entry::Plan { digest: String::new(), plan: Box::new(empty(&inventory)) })?;
    let host = HostName::parse("cass1")?;
    let (phase, step) = ("bench".to_owned(), "node.drain".to_owned());
    let (steps_s, told) = meter::timed(|| -> Result<()> {
        for number in 0..steps {
            let id = format!("bench/node.drain/cass1/{number}");
            journal.append(put(Body::StepStarted {
                phase: phase.clone(),
                step: step.clone(),
                host: host.clone(),
                attempt: 1,
                id: id.clone(),
                summary: "drain cass1: memtables to disk, no more writes".to_owned(),
            }))?;
            journal.append(put(Body::StepFinished {
                phase: phase.clone(),
                step: step.clone(),
                host: host.clone(),
                attempt: 1,
                id,
                outcome: StepOutcome::Done,
                detail: "Mode: DRAINED, and the log is clean".to_owned(),
                stderr: String::new(),
                elapsed_s: 4.2,
                remote_s: 4.1,
            }))?;
        }
        Ok(())
    });
    told?;
    let mut file = OpenOptions::new().append(true).create(true).open(dir.join("plain"))?;
    let line = [b'x'; 300];
    let (plain_s, told) = meter::timed(|| -> Result<()> {
        for _ in 0..2 * steps {
            file.write_all(&line)?;
            file.sync_data()?;
        }
        Ok(())
    });
    told?;
    bench.store.put(
        Row::new("startup", "journal", "reseed")
            .with("step_ms", 1000.0 * steps_s / steps as f64)
            .with("disk_ms", 1000.0 * plain_s / steps as f64),
    )
}

fn empty(inventory: &Inventory) -> Plan {
    Plan {
        format: reseed::plan::FORMAT,
        cluster: inventory.cluster.clone(),
        playbook: "bench".to_owned(),
        params: std::collections::BTreeMap::new(),
        binding: serde_json::Value::Null,
        phases: vec![],
        scripts: reseed::script::Library::default(),
    }
}
