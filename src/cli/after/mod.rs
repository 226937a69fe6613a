//! What comes after a run: monitoring and people are told (docs/adr/0023).
//!
//! ```text
//!  a run ended, however ─┬─> --metrics-file  a Prometheus textfile, written by rename
//!                        └─> --notify        a command of the operator's, the outcome as JSON on its stdin
//! ```
//!
//! Invariant: neither changes how the run ended. What fails here is said on standard error, and has a limit.

mod exposition;
mod metrics;
mod notify;

use std::io::{self, Write};
use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;

use super::{Ended, Global};
use crate::event::{RunOutcome, RunState};
use crate::inventory::Inventory;

/// Where the end of a run is told besides.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Options {
    /// After a run, writes figures for Prometheus' textfile collector to this file
    #[arg(long, global = true, env = "RESEED_METRICS_FILE", hide_env_values = true, value_name = "FILE")]
    metrics_file: Option<PathBuf>,
    /// After a run, gives its outcome to this shell command, as JSON on its standard input
    #[arg(long, global = true, env = "RESEED_NOTIFY", hide_env_values = true, value_name = "COMMAND")]
    notify: Option<String>,
}

/// What a run is told about with, before it begins.
pub struct Watched {
    inventory: Inventory,
    command: String,
    began: Timestamp,
}

/// How a run ended, for others. No secret is in it.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Told {
    v: u32,
    kind: &'static str,
    cluster: String,
    command: String,
    /// `None`: it did not come to be.
    run: Option<String>,
    outcome: RunOutcome,
    exit: u8,
    /// Empty when it went well.
    reason: String,
    began: Timestamp,
    ended: Timestamp,
    duration_s: f64,
    downtime_s: Option<f64>,
    report: Option<String>,
    next: String,
}

/// A backup was looked at, and may be a good one no longer, or be one again.
pub fn looked(global: &Global, inventory: &Inventory) {
    if let Some(file) = &global.after.metrics_file
        && let Err(why) = metrics::renew(file, inventory)
    {
        let _ = writeln!(io::stderr(), "warning: --metrics-file {}: {why}", file.display());
    }
}

impl Watched {
    /// A run of that command begins now.
    pub fn begins(inventory: &Inventory, command: &str) -> Self {
        Self { inventory: inventory.clone(), command: command.to_owned(), began: Timestamp::now() }
    }

    /// It ended so.
    pub fn ended(self, global: &Global, state: &RunState, ended: &Ended) {
        let Options { metrics_file, notify } = &global.after;
        if metrics_file.is_none() && notify.is_none() {
            return;
        }
        let told = self.told(state, ended, Timestamp::now());
        let warn = |what: &str, why: String| {
            let _ = writeln!(io::stderr(), "warning: {what}: {why}; the run is not affected");
        };
        if let Some(file) = metrics_file
            && let Err(why) = metrics::write(file, &self.inventory, &told)
        {
            warn(&format!("--metrics-file {}", file.display()), why);
        }
        if let Some(command) = notify
            && let Err(why) = notify::run(command, &self.inventory, &told)
        {
            warn("--notify", why);
        }
    }

    fn told(&self, state: &RunState, ended: &Ended, now: Timestamp) -> Told {
        let (exit, why, hint) = match ended {
            Ok(code) => (code.number(), String::new(), String::new()),
            Err(failure) => (failure.code.number(), failure.message.clone(), failure.hint.clone().unwrap_or_default()),
        };
        // without a last event: it was refused before there was one, or it broke off
        let end = state.finished.as_ref();
        let outcome =
            end.map_or(if state.run.is_some() { RunOutcome::Paused } else { RunOutcome::Refused }, |e| e.outcome);
        Told {
            v: 1,
            kind: "run",
            cluster: self.inventory.cluster.to_string(),
            command: self.command.clone(),
            run: state.run.as_ref().map(ToString::to_string),
            outcome,
            exit,
            reason: end.map_or(why, |end| end.reason.clone()),
            began: self.began,
            ended: now,
            duration_s: crate::engine::seconds(now.duration_since(self.began).unsigned_abs()),
            downtime_s: state.downtime.seconds(),
            report: end.and_then(|end| end.report.clone()),
            next: end.map_or(hint, |end| end.next.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::exit::{ExitCode, Failure};
    use super::*;
    use crate::event::Finished;
    use crate::name::RunId;

    fn watched() -> Watched {
        let text = "cluster: Lab\nnodes:\n  - {name: n, host: h, seed: true}\n";
        let inventory = Inventory::parse(text, std::path::Path::new("i.yaml")).unwrap();
        Watched { inventory, command: "backup".into(), began: "2026-01-01T00:00:00Z".parse().unwrap() }
    }

    #[test]
    fn every_end_is_told_also_that_of_a_run_that_did_not_come_to_be() {
        let now = "2026-01-01T00:00:01.5Z".parse().unwrap();
        let busy = Failure::new(ExitCode::Busy, "another run holds the cluster").hint("reseed status");
        let told = watched().told(&RunState::default(), &Err(busy), now);
        assert_eq!((told.outcome, told.exit, told.run), (RunOutcome::Refused, 6, None));
        assert_eq!((told.reason.as_str(), told.next.as_str()), ("another run holds the cluster", "reseed status"));
        let run = Some(RunId::parse("r1").unwrap());
        let end = Finished {
            outcome: RunOutcome::VerifyFailed,
            exit: 7,
            reason: "differs".into(),
            total_s: 1.0,
            own_share_s: 0.1,
            report: Some("/s/report.html".into()),
            next: "reseed resume r1".into(),
        };
        let mut state = RunState::default();
        (state.run, state.finished) = (run, Some(end));
        let told = watched().told(&state, &Ok(ExitCode::Damaged), now);
        insta::assert_snapshot!(serde_json::to_string_pretty(&told).unwrap());
        state.finished = None;
        let told = watched().told(&state, &Err(Failure::new(ExitCode::Internal, "disk full")), now);
        assert_eq!((told.outcome, told.exit, told.reason.as_str()), (RunOutcome::Paused, 1, "disk full"));
    }
}
