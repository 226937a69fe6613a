//! The report for programs: one document with every figure that the page shows.

use serde::Serialize;
use serde_json::Value;

use super::attempts::Attempt;
use super::figures::{self, PhaseFigures};
use super::standing::{self, Standing};
use super::words;
use crate::event::{Level, RunState};
use crate::name::{ClusterName, HostName, RunId};
use crate::plan::Plan;

/// Version of the document's format.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    v: u32,
    kind: &'static str,
    run: Option<&'a RunId>,
    command: &'a str,
    cluster: Option<&'a ClusterName>,
    params: Option<&'a std::collections::BTreeMap<String, String>>,
    plan_digest: Option<&'a str>,
    /// As in `run_finished`; `unfinished` when that was never said.
    outcome: Value,
    exit: Option<u8>,
    reason: &'a str,
    headline: String,
    started: Option<jiff::Timestamp>,
    ended: Option<jiff::Timestamp>,
    downtime_s: Option<f64>,
    total_s: f64,
    own_share_s: Option<f64>,
    paused_s: f64,
    phases: Vec<PhaseFigures>,
    steps: &'a [Attempt],
    findings: Vec<Finding<'a>>,
    hosts: Vec<Standing>,
    next: &'a str,
}

#[derive(Serialize)]
struct Finding<'a> {
    guard: &'a str,
    host: Option<&'a HostName>,
    level: Level,
    message: &'a str,
    cure: &'a str,
}

/// The document, indented, with a line break at its end.
pub fn document(plan: Option<&Plan>, state: &RunState, attempts: &[Attempt]) -> serde_json::Result<String> {
    let ended = state.finished.as_ref();
    let (total_s, own_share_s) = figures::totals(state);
    let document = Document {
        v: VERSION,
        kind: "report",
        run: state.run.as_ref(),
        command: &state.command,
        cluster: state.cluster.as_ref(),
        params: plan.map(|plan| &plan.params),
        plan_digest: state.plan_digest.as_deref(),
        outcome: match ended {
            Some(end) => serde_json::to_value(end.outcome)?,
            None => "unfinished".into(),
        },
        exit: ended.map(|end| end.exit),
        reason: ended.map_or("", |end| &end.reason),
        headline: words::headline(state),
        started: state.span.map(|(first, _)| first),
        ended: state.span.filter(|_| ended.is_some()).map(|(_, last)| last),
        downtime_s: state.downtime.seconds(),
        total_s,
        own_share_s,
        paused_s: figures::paused_seconds(state),
        phases: figures::phases(state),
        steps: attempts,
        findings: state
            .findings
            .iter()
            .map(|(guard, host, level, message, cure)| Finding {
                guard,
                host: host.as_ref(),
                level: *level,
                message,
                cure,
            })
            .collect(),
        hosts: standing::standing(state),
        next: ended.map_or("", |end| &end.next),
    };
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}
