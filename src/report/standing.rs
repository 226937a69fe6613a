//! Where every host stands when a run stops: what a tired operator must know before touching
//! anything.
//!
//! Derived from the fold alone: the effect of each step that is proven, in order, and a remark
//! where a step began and is not proven. Nothing is guessed: a step type that is not listed here
//! only counts as "touched". Hosts that no event names cannot be listed; the caller says "no
//! other host was touched", which is true because a step begins with an event.

use crate::event::{RunState, StepState};
use crate::name::HostName;

/// Phases before "outage starts now": they change no data, service or client.
const HARMLESS: &[&str] = &["preflight", "stage", "recheck"];

/// One host.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Standing {
    /// The host.
    pub host: HostName,
    /// Its services, such as `Cassandra stopped`.
    pub service: &'static str,
    /// Its data, such as `old tables in quarantine`; empty when there is nothing to say.
    pub data: &'static str,
    /// The step that is not proven, such as `node.drain failed`; empty when there is none.
    pub doubt: String,
}

/// All hosts that an event named, in order of their names.
pub fn standing(state: &RunState) -> Vec<Standing> {
    let mut hosts: Vec<Standing> = vec![];
    for phase in &state.phases {
        for step in &phase.steps {
            let at = hosts.iter().position(|h| h.host == step.host).unwrap_or_else(|| {
                hosts.push(Standing { host: step.host.clone(), service: NOT_TOUCHED, data: "", doubt: String::new() });
                hosts.len() - 1
            });
            let host = &mut hosts[at];
            match &step.state {
                StepState::Ended(outcome, ..) if outcome.good() => host.take(&phase.phase, &step.step),
                StepState::Ended(crate::event::StepOutcome::Failed, ..) => host.doubt = format!("{} failed", step.step),
                StepState::Ended(..) => host.doubt = format!("{}: outcome unknown", step.step),
                StepState::Running(_) => host.doubt = format!("{} began, its end was not seen", step.step),
            }
        }
    }
    hosts.sort_by(|a, b| a.host.cmp(&b.host));
    hosts
}

const NOT_TOUCHED: &str = "not touched";
const OLD: &str = "old tables live";

impl Standing {
    fn take(&mut self, phase: &str, step: &str) {
        match step {
            "gateway.stop" | "client.stop" => self.service = "clients stopped",
            "gateway.start" | "client.start" => self.service = "clients serving",
            "native.disable" => self.service = "Cassandra up, closed to clients",
            "native.enable" => self.service = "Cassandra up, open to clients",
            "node.drain" => self.service = "Cassandra drained",
            "node.stop" => self.service = "Cassandra stopped",
            "node.start" => self.service = "Cassandra up",
            "table.swap" => self.data = "restored tables live, old ones in quarantine",
            "table.aside" => self.data = "old tables in quarantine, none live",
            "node.repair" if !self.data.is_empty() => self.data = "restored tables live and repaired",
            _ if phase == "clear" && matches!(self.data, "" | OLD) => {
                self.data = "old tables live; commitlog and hints in quarantine";
            }
            _ if HARMLESS.contains(&phase) || self.service != NOT_TOUCHED => {}
            _ => self.service = "touched",
        }
        if self.service.starts_with("Cassandra") && self.data.is_empty() {
            self.data = OLD;
        }
    }

    /// All of it in one line.
    pub fn line(&self) -> String {
        let parts = [self.service, self.data, &self.doubt];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Body, fixture};

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
        cass1: Cassandra up; restored tables live and repaired
        cass2: Cassandra up; old tables in quarantine, none live; node.repair began, its end was not seen
        cass3: Cassandra up; old tables in quarantine, none live
        gw1: clients stopped
        ");
    }

    #[test]
    fn before_the_swap_the_old_tables_are_live_without_their_commitlog() {
        let (events, _) = fixture::done();
        let swap = |e: &crate::event::Event| matches!(&e.body, Body::PhaseStarted { phase } if phase == "restore");
        let until = events.iter().position(swap).unwrap();
        insta::assert_snapshot!(lines(&RunState::of(&events[..until])), @"
        cass1: Cassandra stopped; old tables live; commitlog and hints in quarantine
        cass2: Cassandra stopped; old tables live; commitlog and hints in quarantine
        cass3: Cassandra stopped; old tables live; commitlog and hints in quarantine
        gw1: clients stopped
        ");
    }

    #[test]
    fn a_refused_run_touched_no_host() {
        assert_eq!(lines(&fixture::refused().1), "");
    }
}
