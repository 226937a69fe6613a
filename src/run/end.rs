//! How a run ends: the one table from endings and refusals to outcome, exit code and next command.

use super::conduct::{Confirm, Order};
use super::earlier::Verb;
use super::lease::LeaseError;
use super::prepare::PrepareError;
use crate::catalogue::CatalogueError;
use crate::config::ConfigError;
use crate::engine::Ending;
use crate::event::{Level, RunOutcome};
use crate::facts::FactsError;
use crate::guard::Finding;
use crate::name::{HostName, RunId};
use crate::remote::TransportError;

/// Commands that make a backup: their phase `verify` is about a copy that nobody has yet.
const MAKING: [&str; 2] = ["backup", "import"];

/// Whether that step verifies: of a restore by fan-out the repair only compares.
fn verifies(phase: &str, step: &str) -> bool {
    phase == "verify" || step.split('/').nth(1) == Some("keyspace.confirm")
}

/// How a run ends, before it becomes the last event.
pub(super) struct End {
    pub outcome: RunOutcome,
    pub exit: u8,
    pub reason: String,
    pub next: String,
}

impl End {
    /// Guards object; nothing was changed.
    pub fn objected(findings: &[Finding]) -> Self {
        let failing = findings.iter().filter(|finding| finding.level == Level::Fail).count();
        let reason = format!("{failing} finding(s) stand against it; nothing was changed");
        let next = "cure what the findings say, then try again".to_owned();
        Self { outcome: RunOutcome::Refused, exit: 4, reason, next }
    }

    /// The run that should be undone changed nothing.
    pub fn nothing(why: &str) -> Self {
        Self { outcome: RunOutcome::RolledBack, exit: 0, reason: why.to_owned(), next: String::new() }
    }

    /// A host of a run that is under way cannot be reached, or told of it.
    pub fn lost(error: &dyn std::error::Error, run: &RunId) -> Self {
        let next = format!("reseed resume {run}");
        Self { outcome: RunOutcome::Paused, exit: 5, reason: error.to_string(), next }
    }

    /// The lease cannot be had, so nothing was begun.
    pub fn unleased(error: LeaseError) -> Self {
        let reason = format!("{error}; nothing was changed");
        let (exit, next) = match error {
            LeaseError::Held(held) => (6, held.next()),
            LeaseError::Transport(error) => verdict(&PrepareError::Hosts(vec![error])),
            LeaseError::Host { .. } | LeaseError::Stranger { .. } | LeaseError::Unknown { .. } => {
                (4, "cure that, then try again".to_owned())
            }
        };
        Self { outcome: RunOutcome::Refused, exit, reason, next }
    }

    /// Another coordinator took the run over: it is that one's now.
    pub fn fenced(host: &HostName, by: &str) -> Self {
        let reason = format!("another coordinator took over, as {host} says: {by}");
        Self { outcome: RunOutcome::Paused, exit: 6, reason, next: "reseed status".to_owned() }
    }

    /// `limits.run` passed.
    pub fn overtime(run: &RunId) -> Self {
        let reason = "limits.run is over; what ran was left to end".to_owned();
        Self { outcome: RunOutcome::Paused, exit: 5, reason, next: format!("reseed resume {run}") }
    }

    /// The end of a plan's execution.
    pub fn of(ending: Ending, command: &str, run: &RunId) -> Self {
        let next = format!("reseed resume {run}");
        let end = |outcome, exit, reason| Self { outcome, exit, reason, next: next.clone() };
        match ending {
            Ending::Done => {
                let outcome = if command == Verb::Rollback.name() { RunOutcome::RolledBack } else { RunOutcome::Done };
                Self { outcome, exit: 0, reason: String::new(), next: String::new() }
            }
            Ending::Refused(reason) => {
                let next = "cure what the findings say, then start again".to_owned();
                Self { outcome: RunOutcome::Refused, exit: 4, reason, next }
            }
            Ending::Failed { phase, step, why } if verifies(&phase, &step) && !MAKING.contains(&command) => {
                end(RunOutcome::VerifyFailed, 7, format!("{step}: {why}"))
            }
            Ending::Failed { step, why, .. } => end(RunOutcome::Paused, 5, format!("{step}: {why}")),
            Ending::Interrupted => end(RunOutcome::Interrupted, 130, "stopped by the operator".to_owned()),
        }
    }
}

/// Whether the operator's word is given and right. The nodes' own names are a guard's business.
pub(super) fn confirmed(order: &Order) -> Result<(), End> {
    let refused = |reason: String| End {
        outcome: RunOutcome::Refused,
        exit: 4,
        reason,
        next: format!("add --confirm '{}'", order.inventory.cluster),
    };
    match &order.confirm {
        None => Ok(()),
        Some(Confirm(None)) => {
            let does = match order.command.as_str() {
                "config-restore" => "replaces configuration",
                "prune" => "deletes data",
                command if command == Verb::Discard.name() => "deletes data",
                _ => "replaces data",
            };
            Err(refused(format!("it {does} and the cluster's name was not confirmed; nothing was changed")))
        }
        Some(Confirm(Some(name))) if name == order.inventory.cluster.as_str() => Ok(()),
        Some(Confirm(Some(name))) => Err(refused(format!(
            "--confirm says {name:?}, the cluster is {:?}; nothing was changed",
            order.inventory.cluster.as_str()
        ))),
    }
}

pub(super) fn refusal(error: &PrepareError) -> End {
    let (exit, next) = verdict(error);
    End { outcome: RunOutcome::Refused, exit, reason: format!("{error}; nothing was changed"), next }
}

/// The same, of configuration.
fn config(error: &ConfigError) -> (u8, String) {
    match error {
        ConfigError::Transport(_) => (8, "try again".to_owned()),
        ConfigError::Host { .. } | ConfigError::Io { .. } => (4, "cure that, then try again".to_owned()),
        ConfigError::Taken { .. } => (4, "give another name with TAG".to_owned()),
        ConfigError::Unknown { .. } | ConfigError::Damaged { .. } => (3, "reseed config list".to_owned()),
        ConfigError::Foreign { .. } => (3, "name the right inventory with -i FILE".to_owned()),
        ConfigError::Nothing { .. } => (2, "see what it holds: its manifest.json".to_owned()),
        ConfigError::Script(_) => (3, String::new()),
    }
}

/// Exit code and next command for what came before any change.
pub fn verdict(error: &PrepareError) -> (u8, String) {
    match error {
        PrepareError::Hosts(errors) => match errors.iter().find(|e| matches!(e, TransportError::HostKey { .. })) {
            Some(error) => (4, format!("check the key of {}, then add it to known_hosts", error.host())),
            None => (8, "try `ssh HOST true` with the same user and ssh_config".to_owned()),
        },
        PrepareError::Config(error) => config(error),
        PrepareError::Facts(FactsError::Transport(_)) | PrepareError::Catalogue(CatalogueError::Transport(_)) => {
            (8, "try again".to_owned())
        }
        PrepareError::Facts(_)
        | PrepareError::Unresolved(_)
        | PrepareError::Catalogue(CatalogueError::Script { .. }) => (4, "cure that, then try again".to_owned()),
        PrepareError::NoBackup { root, node, .. } => (3, format!("see what is there: ssh {node} ls {root}")),
        PrepareError::Catalogue(CatalogueError::Unknown { .. }) => (3, "reseed backups list".to_owned()),
        PrepareError::Password(_) => (3, String::new()),
    }
}
