//! The report as one HTML page: no script, no network, nothing outside the file.
//!
//! askama escapes every value for HTML (the template has no `safe` filter); values from hosts
//! also pass [`words::clean`].

use askama::Template;

use super::attempts::Attempt;
use super::figures::PhaseFigures;
use super::standing::Standing;
use super::timeline::{self, Timeline};
use super::{figures, standing, words};
use crate::event::{Level, RunOutcome, RunState, StepOutcome};
use crate::plan::Plan;

#[derive(Template)]
#[template(path = "report.html", config = "src/report/askama.toml")]
struct Page<'a> {
    title: String,
    headline: String,
    outcome: &'static str,
    good: bool,
    refused: bool,
    /// Nothing failed: what is listed as trouble was merely cut off.
    open: bool,
    facts: Vec<(&'static str, String)>,
    figures: Vec<Figure>,
    next: &'a str,
    reason: String,
    trouble: Vec<Trouble>,
    hosts: Vec<Standing>,
    timeline: Option<Timeline>,
    left: f64,
    right: f64,
    width: f64,
    began: String,
    phases: Vec<PhaseRow>,
    findings: Vec<FindingRow>,
    steps: Vec<StepRow>,
    version: &'static str,
}

/// A figure that users care about.
struct Figure {
    name: &'static str,
    value: String,
    note: String,
}

struct Trouble {
    step: String,
    how: &'static str,
    summary: String,
    host: String,
    id: String,
    attempt: u32,
    detail: String,
    stderr: String,
}

struct PhaseRow {
    number: usize,
    class: String,
    phase: String,
    at: String,
    elapsed: String,
    share: f64,
    steps: usize,
}

struct FindingRow {
    level: &'static str,
    class: &'static str,
    guard: String,
    host: String,
    message: String,
    cure: String,
}

struct StepRow {
    class: String,
    bad: bool,
    phase: String,
    at: String,
    host: String,
    step: String,
    id: String,
    attempt: u32,
    summary: String,
    outcome: &'static str,
    elapsed: String,
    detail: String,
    stderr: String,
}

/// The page's text.
pub fn page(plan: Option<&Plan>, state: &RunState, attempts: &[Attempt]) -> askama::Result<String> {
    let names = timeline::phase_names(state);
    let ended = state.finished.as_ref();
    let good = matches!(ended.map(|end| end.outcome), Some(RunOutcome::Done | RunOutcome::RolledBack));
    let headline = words::headline(state);
    let page = Page {
        title: format!("{}: {}", words::outcome(state), words::subject(state)),
        headline: upper_first(&headline),
        outcome: words::outcome(state),
        good,
        refused: ended.is_some_and(|end| end.outcome == RunOutcome::Refused),
        open: attempts.iter().all(|a| a.outcome.is_none_or(StepOutcome::good)),
        facts: facts(plan, state),
        figures: big_figures(state),
        next: ended.map_or("", |end| &end.next),
        reason: ended.map(|end| words::line(&end.reason)).unwrap_or_default(),
        trouble: attempts.iter().filter_map(trouble).collect(),
        hosts: if good { vec![] } else { standing::standing(state) },
        timeline: timeline::timeline(state, attempts),
        left: timeline::LEFT,
        right: timeline::RIGHT,
        width: timeline::WIDTH,
        began: state.span.map(|(first, _)| moment(first)).unwrap_or_default(),
        phases: phase_rows(state, &names),
        findings: finding_rows(state),
        steps: attempts.iter().map(|a| step_row(a, &names)).collect(),
        version: env!("CARGO_PKG_VERSION"),
    };
    page.render()
}

fn facts(plan: Option<&Plan>, state: &RunState) -> Vec<(&'static str, String)> {
    let mut facts = vec![];
    let mut add = |name: &'static str, value: Option<String>| facts.extend(value.map(|value| (name, value)));
    add("cluster", state.cluster.as_ref().map(ToString::to_string));
    add("command", Some(state.command.clone()));
    add("backup", plan.and_then(|plan| plan.params.get("backup")).map(|tag| words::line(tag)));
    add("keyspaces", plan.and_then(|plan| plan.params.get("keyspaces")).map(|k| words::line(k)));
    add("began", state.span.map(|(first, _)| moment(first)));
    add("ended", state.span.filter(|_| state.finished.is_some()).map(|(_, last)| moment(last)));
    add("run", state.run.as_ref().map(ToString::to_string));
    add("plan", state.plan_digest.clone());
    add("exit code", state.finished.as_ref().map(|end| end.exit.to_string()));
    facts
}

fn big_figures(state: &RunState) -> Vec<Figure> {
    let (total, own) = figures::totals(state);
    let (down, note) = figures::downtime_parts(state);
    let paused = figures::paused_seconds(state);
    let paused = if paused > 0.0 { format!("and paused for {}", words::span(paused)) } else { "wall time".to_owned() };
    let mut all = vec![
        Figure { name: "downtime", value: down, note },
        Figure { name: "total", value: words::span(total), note: paused },
    ];
    if let Some(own) = own {
        let note = format!("{} of the total", figures::percent(own, total));
        all.push(Figure { name: "own share", value: words::span(own), note });
    }
    let proven = state.proven();
    let note = if state.total_steps > 0 { format!("of {} planned", state.total_steps) } else { String::new() };
    all.push(Figure { name: "steps proven", value: proven.to_string(), note });
    all
}

fn trouble(attempt: &Attempt) -> Option<Trouble> {
    let how = match attempt.outcome {
        Some(outcome) if outcome.good() => return None,
        Some(outcome) => words::step_outcome(outcome),
        None => "end not seen",
    };
    Some(Trouble {
        step: attempt.step.clone(),
        how,
        summary: words::line(&attempt.summary),
        host: attempt.host.to_string(),
        id: attempt.id.clone(),
        attempt: attempt.attempt,
        detail: words::line(&attempt.detail),
        stderr: words::tail(&attempt.stderr).join("\n"),
    })
}

fn phase_rows(state: &RunState, names: &[&str]) -> Vec<PhaseRow> {
    let phases = figures::phases(state);
    let longest = phases.iter().map(|p| p.elapsed_s).fold(0.001, f64::max);
    let row = |p: &PhaseFigures| PhaseRow {
        number: names.iter().position(|name| *name == p.phase).map_or(0, |n| n + 1),
        class: timeline::colour(names, &p.phase),
        phase: p.phase.clone(),
        at: p.started.strftime("%H:%M:%S").to_string(),
        elapsed: words::span(p.elapsed_s),
        share: (p.elapsed_s / longest * 100.0).max(0.5),
        steps: p.steps,
    };
    phases.iter().map(row).collect()
}

fn finding_rows(state: &RunState) -> Vec<FindingRow> {
    let mut rows: Vec<_> = state.findings.iter().collect();
    rows.sort_by_key(|(guard, host, level, ..)| (std::cmp::Reverse(*level), guard, host));
    let row = |(guard, host, level, message, cure): &(String, Option<_>, Level, String, String)| {
        let (word, class) = match level {
            Level::Pass => ("ok", "ok"),
            Level::Warn => ("warning", "warn"),
            Level::Overridden => ("overridden", "warn"),
            Level::Fail => ("FAIL", "fail"),
        };
        let host = host.as_ref().map_or("cluster".to_owned(), ToString::to_string);
        let (message, cure) = (words::line(message), words::line(cure));
        FindingRow { level: word, class, guard: guard.clone(), host, message, cure }
    };
    rows.into_iter().map(row).collect()
}

fn step_row(attempt: &Attempt, names: &[&str]) -> StepRow {
    StepRow {
        class: timeline::colour(names, &attempt.phase),
        bad: !attempt.outcome.is_some_and(StepOutcome::good),
        phase: attempt.phase.clone(),
        at: attempt.started.strftime("%H:%M:%S").to_string(),
        host: attempt.host.to_string(),
        step: attempt.step.clone(),
        id: attempt.id.clone(),
        attempt: attempt.attempt,
        summary: words::line(&attempt.summary),
        outcome: attempt.outcome.map_or("end not seen", words::step_outcome),
        elapsed: attempt.elapsed_s.map(words::span).unwrap_or_default(),
        detail: words::line(&attempt.detail),
        stderr: words::tail(&attempt.stderr).join("\n"),
    }
}

fn moment(time: jiff::Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn upper_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
