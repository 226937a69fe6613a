//! The tool's own share of a run: wall time minus the time in which hosts' scripts ran, on the critical path.
//!
//! With lanes side by side it is not enough that some host was at work: while one node drains for long, what another one
//! waits for costs nothing, and what the slowest waits for costs all of it. So steps count along the chain that
//! decided when the run ended: back from the last step, always to the one that ended last before it began. Between
//! and before steps (facts, guards) any host's script counts.

use jiff::Timestamp;

use crate::event::RunState;
use crate::report::figures;

/// A stretch of time, in seconds since the process began to work on the run.
pub type Span = (f64, f64);

/// A step: when it ran, and for how long of that its host's scripts did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ran {
    span: Span,
    remote_s: f64,
}

/// The steps of this process, by the fold; it has worked for `total_s` until `now`.
pub fn steps(state: &RunState, now: Timestamp, total_s: f64) -> Vec<Ran> {
    let at = |time: Timestamp| total_s - figures::seconds(time, now);
    let ran = |step: &crate::event::StepView| {
        let span = (at(step.started), at(step.ended?));
        (span.0 >= 0.0).then_some(Ran { span, remote_s: step.remote_s })
    };
    state.steps().filter_map(ran).collect()
}

/// Own share of `total_s`, in seconds; `busy`: when scripts ran on hosts.
pub fn own(total_s: f64, busy: &[Span], steps: &[Ran]) -> f64 {
    let covered = union(steps.iter().map(|step| step.span).collect());
    let outside: f64 = union(busy.to_vec()).into_iter().map(|span| length(span) - overlap(span, &covered)).sum();
    (total_s - outside - path(steps)).max(0.0)
}

/// Seconds of scripts on the critical path.
fn path(steps: &[Ran]) -> f64 {
    let last = |before: f64| {
        let ended = steps.iter().filter(|step| step.span.1 <= before && length(step.span) > 0.0);
        ended.max_by(|a, b| a.span.1.total_cmp(&b.span.1))
    };
    let (mut remote, mut next) = (0.0, last(f64::INFINITY));
    while let Some(step) = next {
        remote += step.remote_s.min(length(step.span));
        next = last(step.span.0);
    }
    remote
}

fn length((from, to): Span) -> f64 {
    (to - from).max(0.0)
}

fn overlap(span: Span, covered: &[Span]) -> f64 {
    covered.iter().map(|(from, to)| length((from.max(span.0), to.min(span.1)))).sum()
}

fn union(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut whole: Vec<Span> = vec![];
    for (from, to) in spans {
        match whole.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => whole.push((from, to)),
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(from: f64, to: f64, remote_s: f64) -> Ran {
        Ran { span: (from, to), remote_s }
    }

    /// In milliseconds.
    fn share(total: f64, busy: &[Span], steps: &[Ran]) -> u128 {
        std::time::Duration::from_secs_f64(own(total, busy, steps)).as_millis()
    }

    #[test]
    fn what_the_slowest_lane_waits_for_counts_although_another_host_is_at_work() {
        // b waits two seconds while a's scripts run all the time, and ends last
        let steps = [ran(0.0, 9.0, 9.0), ran(0.0, 10.0, 8.0)];
        assert_eq!(share(10.0, &[(0.0, 9.0), (0.0, 4.0), (6.0, 10.0)], &steps), 2000);
    }

    #[test]
    fn what_another_lane_waits_for_costs_nothing() {
        let steps = [ran(0.0, 10.0, 10.0), ran(0.0, 5.0, 0.5), ran(5.0, 6.0, 0.1)];
        assert_eq!(share(10.0, &[(0.0, 10.0)], &steps), 0);
    }

    #[test]
    fn between_steps_any_script_counts_and_the_rest_is_ours() {
        // facts for three seconds, a second of our own, then two steps with a gap
        let busy = [(0.0, 2.0), (0.5, 3.0), (4.0, 6.0), (6.5, 8.0)];
        assert_eq!(share(8.0, &busy, &[ran(4.0, 6.0, 2.0), ran(6.5, 8.0, 1.5)]), 1500);
        assert_eq!(share(5.0, &[(0.0, 2.0)], &[]), 3000, "a run without steps");
    }
}
