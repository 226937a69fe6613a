//! Part `scale`: many hosts. Each is an sshd with its own address on the loopback network and its
//! own `/var/lib/reseed-bench` (in memory: real hosts do not share a disk).
//!
//! Measured for each contender: connecting to all, then steps that do nothing, on all hosts at the
//! same time, one step after the other. Both ends share this machine's cores, so what a step costs the
//! coordinator (with its ssh processes) is told apart as processor time where it can be.

pub mod coordinator;
mod fleet;
mod rivals;

use std::process::Command;

use crate::record::Row;
use crate::{Bench, Extent, Result, meter};
use fleet::Fleet;

/// Where our coordinator's ssh masters have their sockets: tells them from others of this machine.
const SOCKETS: &str = "/run/reseed-bench";
/// Hosts.
const HOSTS: usize = 200;

/// Runs the part.
pub fn measure(bench: &mut Bench) -> Result<()> {
    let hosts = if bench.extent == Extent::Small { 20 } else { HOSTS };
    println!("starting {hosts} sshd");
    let fleet = Fleet::start(&bench.dir.join("scale"), hosts)?;
    let case = format!("{hosts} hosts");
    if bench.wants("reseed") {
        let rows = reseed(&fleet, &case)
            .unwrap_or_else(|error| vec![Row::new("scale", &case, "reseed").failed(&error.to_string())]);
        rows.into_iter().try_for_each(|row| bench.store.put(row))?;
    }
    for rival in rivals::ALL.iter().filter(|rival| bench.wants(rival.name)) {
        let row = Row::new("scale", &case, rival.name);
        let row = match rivals::measure(rival, &fleet) {
            Ok(times) => row
                .with("connect_ms", 1000.0 * times.connect / hosts as f64)
                .with("step_ms", 1000.0 * times.step / hosts as f64)
                .note(rival.note),
            Err(error) => row.failed(&error.to_string()),
        };
        bench.store.put(row)?;
    }
    Ok(())
}

/// Our coordinator, as a process of its own, so that its memory is its own.
fn reseed(fleet: &Fleet, case: &str) -> Result<Vec<Row>> {
    let work = fleet.dir.join("coordinator");
    meter::clear(&work)?;
    std::fs::create_dir_all(&work)?;
    std::fs::create_dir_all(SOCKETS)?;
    let mut child = Command::new(std::env::current_exe()?);
    child.env("XDG_RUNTIME_DIR", SOCKETS);
    child.arg("--coordinator").arg(fleet.inventory()?).arg(&work);
    let output = meter::output(&mut child)?;
    let told: coordinator::Told = serde_json::from_slice(&output.stdout)?;
    let hosts = fleet.hosts as f64;
    let shared = |row: Row| {
        row.with("connect_ms", 1000.0 * told.connect_s / hosts)
            .with("memory", told.memory)
            .with("files", told.files)
            .with("masters_memory", told.masters_memory)
    };
    let row = |who: &str, phase: &coordinator::Phase| {
        let steps = phase.steps as f64 * hosts;
        shared(Row::new("scale", case, who))
            .with("step_ms", 1000.0 * phase.wall_s / steps)
            .with("step_cpu_ms", 1000.0 * phase.cpu_s / steps)
            .with("masters_cpu_ms", 1000.0 * phase.masters_cpu_s / steps)
    };
    Ok(vec![
        row("reseed, a look", &told.look).note("one read-only script on all hosts at once"),
        row("reseed, 10 proofs", &told.proofs).note("10 steps that only prove, through the engine with its journal"),
        row("reseed, 10 steps", &told.steps)
            .note("10 steps through the engine: journal, detached job that survives the connection and runs at most once, proof"),
    ])
}
