//! Where every host stands when a run stops: what a tired operator must know before touching
//! anything.
//!
//! Derived from the fold alone: the effect of each step that is proven, in order, and a remark
//! where a step began and is not proven. Nothing is guessed: a step type that is not listed here
//! only counts as "touched". Hosts that no event names cannot be listed; the caller says "no
//! other host was touched", which is true because a step begins with an event.

use std::collections::BTreeMap;

use super::words;
use crate::event::{RunState, StepOutcome, StepState};
use crate::name::HostName;

/// Phases before "outage starts now": they change no data, service or client.
const HARMLESS: &[&str] = &["preflight", "stage", "recheck", "end-jobs"];

/// One host.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Standing {
    /// The host.
    pub host: HostName,
    /// Its services, such as `Cassandra stopped`.
    pub service: &'static str,
    /// Its data, such as `old tables live`; empty when there is nothing to say.
    pub data: String,
    /// The step that is not proven, such as `node.drain failed`; empty when there is none.
    pub doubt: String,
}

impl Standing {
    /// All of it in one line.
    pub fn line(&self) -> String {
        let parts = [self.service, &self.data, &self.doubt];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
    }
}

/// All hosts that a step named, in order of their names.
pub fn standing(state: &RunState) -> Vec<Standing> {
    let mut hosts: BTreeMap<&HostName, Tally> = BTreeMap::new();
    for phase in &state.phases {
        for step in &phase.steps {
            let host = hosts.entry(&step.host).or_default();
            host.unsure |= step.step.starts_with("table.") && !state.is_proven(&step.id);
            match &step.state {
                StepState::Ended(outcome, ..) if outcome.good() => host.take(&phase.phase, &step.step),
                StepState::Ended(StepOutcome::Failed, ..) => host.doubt = format!("{} failed", step.step),
                StepState::Ended(..) => host.doubt = format!("{}: outcome unknown", step.step),
                StepState::Running(_) => host.doubt = format!("{} began, its end was not seen", step.step),
            }
        }
    }
    let restore = state.command == "restore";
    let told = |(host, tally): (&HostName, Tally)| Standing {
        host: host.clone(),
        service: tally.service.unwrap_or(if tally.touched { "touched" } else { "not touched" }),
        data: tally.data(restore),
        doubt: tally.doubt,
    };
    hosts.into_iter().map(told).collect()
}

/// What the proven steps did to one host. Tables are counted by keyspace, since a run may stop
/// between two of them.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each set by a kind of step")]
struct Tally {
    service: Option<&'static str>,
    node: bool,
    touched: bool,
    cleared: bool,
    swapped: usize,
    aside: usize,
    back: usize,
    repaired: usize,
    /// The limit on what it streams was lifted, if that could be done.
    unlimited: bool,
    /// A step that moves tables is not proven.
    unsure: bool,
    doubt: String,
}

impl Tally {
    fn take(&mut self, phase: &str, step: &str) {
        let service = match step {
            "gateway.stop" | "client.stop" => Some("clients stopped"),
            "gateway.start" | "client.start" => Some("clients serving"),
            "native.disable" => Some("Cassandra up, closed to clients"),
            "native.enable" => Some("Cassandra up, open to clients"),
            "node.drain" => Some("Cassandra drained"),
            "node.quiet" => Some("Cassandra drained, if it could be"),
            "node.stop" => Some("Cassandra stopped"),
            "node.start" => Some("Cassandra up"),
            _ => None,
        };
        self.node |= service.is_some_and(|text| text.starts_with("Cassandra"));
        self.service = service.or(self.service);
        self.touched |= !HARMLESS.contains(&phase);
        self.cleared |= phase == "clear";
        self.swapped += usize::from(step == "table.swap");
        self.aside += usize::from(step == "table.aside");
        self.back += usize::from(step == "table.back");
        self.repaired += usize::from(step == "keyspace.repair");
        self.unlimited = match step {
            "streams.unthrottle" => true,
            // a restart forgets it, too
            "streams.throttle" | "node.start" => false,
            _ => self.unlimited,
        };
    }

    /// Only of a `restore` is it known which tables are the old ones, and what a rollback put back;
    /// of all else it is only said that tables were moved.
    fn data(&self, restore: bool) -> String {
        let keyspaces = |number| words::count(number, "keyspace");
        let mut said = vec![];
        if !restore {
            if self.swapped + self.aside > 0 {
                said.push(format!("tables of {} moved by this run", keyspaces(self.swapped + self.aside)));
            }
            if self.back > 0 {
                said.push(format!("old tables of {} live", keyspaces(self.back)));
            }
            if self.unsure {
                said.push("some tables moved, some perhaps not".to_owned());
            }
            return said.join("; ");
        }
        if self.swapped > 0 {
            said.push(format!("{} restored, old tables in quarantine", keyspaces(self.swapped)));
        }
        if self.aside > 0 {
            // `repair -pr` covers the node's own ranges: a wiped node is whole once all did it.
            let whole = if self.repaired >= self.aside {
                "; own ranges repaired, whole once every node is"
            } else {
                "; to be filled by the repair"
            };
            said.push(format!("old tables of {} in quarantine{whole}", keyspaces(self.aside)));
        }
        if self.unsure {
            said.push("some tables moved, some perhaps not".to_owned());
        }
        if self.unlimited {
            said.push(
                "may stream without a limit until this run goes on and sets it again, or Cassandra is restarted"
                    .to_owned(),
            );
        }
        if said.is_empty() && (self.node || self.cleared) {
            said.push("old tables live".to_owned());
            if self.cleared {
                said.push("commitlog and hints in quarantine".to_owned());
            }
        }
        said.join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Body, Event, fixture};

    fn lines(state: &RunState) -> String {
        standing(state).iter().map(|s| format!("{}: {}", s.host, s.line())).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn after_a_failed_drain_it_is_clear_which_node_is_stopped_and_which_is_in_doubt() {
        insta::assert_snapshot!(lines(&fixture::paused().1), @"
        cass1: Cassandra up, closed to clients; old tables live
        cass2: Cassandra up, closed to clients; old tables live; node.drain failed
        cass3: Cassandra stopped; old tables live
        gw1: clients stopped
        ");
    }

    #[test]
    fn in_the_middle_of_a_repair_the_data_is_said_to_be_live() {
        insta::assert_snapshot!(lines(&fixture::interrupted().1), @"
        cass1: Cassandra up; 1 keyspace restored, old tables in quarantine
        cass2: Cassandra up; old tables of 1 keyspace in quarantine; to be filled by the repair; keyspace.repair began, its end was not seen
        cass3: Cassandra up; old tables of 1 keyspace in quarantine; to be filled by the repair
        gw1: clients stopped
        ");
    }

    #[test]
    fn after_its_repairs_a_node_has_its_own_ranges_and_a_lifted_limit_is_told_until_a_restart() {
        let (events, _) = fixture::done();
        let verify = |e: &Event| matches!(&e.body, Body::PhaseStarted { phase } if phase == "verify");
        let until = events.iter().position(verify).unwrap();
        let mut events = events[..until].to_vec();
        for event in &mut events {
            if let Body::StepStarted { step, host, .. } | Body::StepFinished { step, host, .. } = &mut event.body
                && (step == "keyspace.repair" && host.as_str() == "cass1")
            {
                "streams.unthrottle".clone_into(step);
            }
        }
        insta::assert_snapshot!(lines(&RunState::of(&events)), @"
        cass1: Cassandra up; 1 keyspace restored, old tables in quarantine; may stream without a limit until this run goes on and sets it again, or Cassandra is restarted
        cass2: Cassandra up; old tables of 1 keyspace in quarantine; own ranges repaired, whole once every node is
        cass3: Cassandra up; old tables of 1 keyspace in quarantine; own ranges repaired, whole once every node is
        gw1: clients stopped
        ");
    }

    #[test]
    fn before_the_swap_the_old_tables_are_live_without_their_commitlog() {
        let (events, _) = fixture::done();
        let swap = |e: &Event| matches!(&e.body, Body::PhaseStarted { phase } if phase == "restore");
        let until = events.iter().position(swap).unwrap();
        insta::assert_snapshot!(lines(&RunState::of(&events[..until])), @"
        cass1: Cassandra stopped; old tables live; commitlog and hints in quarantine
        cass2: Cassandra stopped; old tables live; commitlog and hints in quarantine
        cass3: Cassandra stopped; old tables live; commitlog and hints in quarantine
        gw1: clients stopped
        ");
    }

    #[test]
    fn after_a_failed_swap_nothing_is_claimed_about_the_tables() {
        let (events, _) = fixture::done();
        let swap = |e: &Event| matches!(&e.body, Body::StepStarted { step, .. } if step == "table.swap");
        let until = events.iter().position(swap).unwrap();
        let mut failed = events[until + 1].clone();
        if let Body::StepFinished { outcome, .. } = &mut failed.body {
            *outcome = StepOutcome::Failed;
        }
        let text = lines(&RunState::of(events[..=until].iter().chain([&failed])));
        insta::assert_snapshot!(text.lines().next().unwrap(), @"cass1: Cassandra stopped; some tables moved, some perhaps not; table.swap failed");
    }

    #[test]
    fn of_a_rollback_it_is_not_claimed_which_tables_are_the_old_ones() {
        let (_, mut state) = fixture::interrupted();
        state.command = "rollback".to_owned();
        insta::assert_snapshot!(lines(&state), @"
        cass1: Cassandra up; tables of 1 keyspace moved by this run
        cass2: Cassandra up; tables of 1 keyspace moved by this run; keyspace.repair began, its end was not seen
        cass3: Cassandra up; tables of 1 keyspace moved by this run
        gw1: clients stopped
        ");
    }

    #[test]
    fn of_a_rollback_that_stopped_half_way_it_is_said_what_is_back() {
        let (mut events, _) = fixture::done();
        for event in &mut events {
            if let Body::StepStarted { step, .. } | Body::StepFinished { step, .. } = &mut event.body
                && step.starts_with("table.")
            {
                "table.back".clone_into(step);
            }
        }
        let swap = |e: &Event| matches!(&e.body, Body::StepStarted { step, .. } if step == "table.back");
        let until = events.iter().rposition(swap).unwrap();
        let mut state = RunState::of(&events[..=until]);
        state.command = "rollback".to_owned();
        insta::assert_snapshot!(lines(&state), @"
        cass1: Cassandra stopped; old tables of 1 keyspace live
        cass2: Cassandra stopped; some tables moved, some perhaps not; table.back began, its end was not seen
        cass3: Cassandra stopped; some tables moved, some perhaps not; table.back began, its end was not seen
        gw1: clients stopped
        ");
    }

    #[test]
    fn a_refused_run_touched_no_host() {
        assert_eq!(lines(&fixture::refused().1), "");
    }
}
