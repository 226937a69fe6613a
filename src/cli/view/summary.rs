//! How a run ended, said once and in full: the same text under the plain and the live view, and
//! what `status` prints of a run that has ended.
//!
//! Order is by what is needed first at night: what happened; when it went wrong what, where and
//! why; what state the cluster is in; the figures; and, last, where the eye stays, what to type.

use std::io::{self, Write};

use super::{Look, findings};
use crate::event::{Level, RunOutcome, RunState, StepState, StepView};
use crate::name::HostName;
use crate::report::figures::{self, PhaseFigures};
use crate::report::standing::{self, Standing};
use crate::report::words;

/// Guards whose warnings are about what comes after the run.
const LATER: &[&str] = &["node-absent", "node-same", "schema-stays"];

/// Writes the summary.
pub fn write(out: &mut impl Write, state: &RunState, look: Look) -> io::Result<()> {
    let good = matches!(state.finished.as_ref().map(|f| f.outcome), Some(RunOutcome::Done | RunOutcome::RolledBack));
    let word = words::outcome(state).to_uppercase();
    let word = if good { look.good(&word) } else { look.bad(&word) };
    if !look.quiet() {
        writeln!(out)?;
    }
    writeln!(out, "{word}  {}", words::headline(state))?;
    if !good {
        trouble(out, state, look)?;
    }
    if !look.quiet() {
        numbers(out, state, look, good)?;
    }
    let Some(end) = &state.finished else { return Ok(()) };
    if good {
        later(out, state, look)?;
    }
    writeln!(out)?;
    if let Some(report) = &end.report {
        writeln!(out, "{} {report}", look.dim("report:"))?;
    }
    if !end.next.is_empty() {
        writeln!(out, "{}   {}", look.head("next:"), look.head(&end.next))?;
    }
    if let (Some(run), "restore", true) = (&state.run, state.command.as_str(), !end.outcome.is_over()) {
        writeln!(out, "{}   reseed rollback {run}", look.dim("back:"))?;
    }
    Ok(())
}

/// What findings left to be done by somebody when all else is.
fn later(out: &mut impl Write, state: &RunState, look: Look) -> io::Result<()> {
    for (guard, host, _, message, cure) in
        state.findings.iter().filter(|(guard, _, level, ..)| *level == Level::Warn && LATER.contains(&guard.as_str()))
    {
        let host = host.as_ref().map_or(guard.as_str(), HostName::as_str);
        writeln!(out, "\n  {} {host}: {}", look.warn("mind"), words::line(message))?;
        writeln!(out, "       {}", words::line(cure))?;
    }
    Ok(())
}

/// What, where, why, and the state of the cluster.
fn trouble(out: &mut impl Write, state: &RunState, look: Look) -> io::Result<()> {
    let steps: Vec<&StepView> = words::trouble(state).collect();
    for step in &steps {
        let StepState::Ended(outcome, detail, stderr) = &step.state else { continue };
        let what = words::step_outcome(*outcome);
        writeln!(out, "\n  what   {} {}: {}", step.step, look.bad(what), words::line(&step.summary))?;
        writeln!(out, "  where  {}, step {}, attempt {}", step.host, step.id, step.attempt)?;
        writeln!(out, "  why    {}", words::line(detail))?;
        for text in words::tail(stderr) {
            writeln!(out, "         | {text}")?;
        }
    }
    for step in state.steps().filter(|step| matches!(step.state, StepState::Running(_))) {
        writeln!(out, "\n  open   {} on {}: {}", step.step, step.host, words::line(&step.summary))?;
        writeln!(out, "         its end was not seen; the job goes on there and is adopted by the next resume")?;
    }
    let reason = state.finished.as_ref().map(|end| words::line(&end.reason)).unwrap_or_default();
    if steps.is_empty() && !reason.is_empty() {
        writeln!(out, "\n  why    {reason}")?;
    }
    if state.finished.as_ref().is_some_and(|end| end.outcome == RunOutcome::Refused) {
        writeln!(out)?;
        let shown = look.narrowed(2);
        for row in findings::table(&state.findings, shown).lines() {
            writeln!(out, "  {row}")?;
        }
        return writeln!(out, "\n  No data, service or client was touched.");
    }
    hosts(out, &standing::standing(state), look)
}

fn hosts(out: &mut impl Write, hosts: &[Standing], look: Look) -> io::Result<()> {
    if hosts.is_empty() {
        return writeln!(out, "\n  No host was touched.");
    }
    let wide = hosts.iter().map(|h| h.host.as_str().len()).max().unwrap_or(0);
    writeln!(out, "\n  {}", look.head("The cluster now"))?;
    for host in hosts {
        let text = host.line();
        let text = if host.doubt.is_empty() { text.into() } else { look.warn(&text) };
        writeln!(out, "    {:<wide$}  {text}", host.host)?;
    }
    writeln!(out, "    No other host was touched.")
}

/// Downtime, total, own share, seconds per phase.
fn numbers(out: &mut impl Write, state: &RunState, look: Look, good: bool) -> io::Result<()> {
    writeln!(out, "\n  downtime   {}", figures::downtime_text(state))?;
    let (total, own) = figures::totals(state);
    let paused = figures::paused_seconds(state);
    let paused = if paused > 0.0 { format!("; paused for {} in between", words::span(paused)) } else { String::new() };
    writeln!(out, "  total      {}{paused}", words::span(total))?;
    // Of a run that stopped early the share says nothing.
    if let Some(own) = own.filter(|_| good || look.verbose()) {
        writeln!(out, "  own share  {} ({})", words::span(own), figures::percent(own, total))?;
    }
    let phases = figures::phases(state);
    let longest = phases.iter().map(|p| p.elapsed_s).fold(0.0, f64::max);
    if phases.len() < 2 || longest <= 0.0 {
        return Ok(());
    }
    let wide = phases.iter().map(|p| p.phase.len()).max().unwrap_or(0);
    writeln!(out)?;
    for PhaseFigures { phase, elapsed_s, .. } in &phases {
        let bar = look.bar(elapsed_s / longest, look.columns().saturating_sub(wide + 20).min(40));
        let row = format!("  {phase:<wide$}  {elapsed_s:>8.1} s  {}", look.dim(&bar));
        writeln!(out, "{}", row.trim_end())?;
    }
    Ok(())
}
