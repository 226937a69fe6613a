//! Playbooks: the runbook as data. Ordered phases of typed steps; `on`, `order`, `each`, `gate`
//! are closed enums; no expressions, templates or conditions, so that a playbook can be read as
//! what will happen.
//!
//! Flow: YAML (built in, or an operator's file) → [`Playbook`] (every step type known, every step
//! on its kind of host) → `plan::build`.

use serde::Deserialize;

use crate::step::{self, Kind};
use crate::yaml::{self, YamlError};

/// A runbook.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Playbook {
    /// Its name.
    pub playbook: String,
    /// What must be given: name → type.
    #[serde(default)]
    pub params: std::collections::BTreeMap<String, ParamType>,
    /// Its phases, in order; consecutive ones of one name are the stages of one phase.
    pub phases: Vec<Entry>,
}

/// Type of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ParamType {
    /// A backup's tag.
    Tag,
    /// A list of keyspaces.
    Keyspaces,
    /// One of a list.
    Choice,
    /// Any one line.
    Text,
    /// A number.
    Count,
    /// An earlier run.
    Run,
}

/// One stage of a phase.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The phase's name.
    pub phase: String,
    /// A judgement at its start, instead of steps.
    #[serde(default)]
    pub gate: Option<crate::plan::Gate>,
    /// Where its steps run.
    #[serde(default)]
    pub on: Option<On>,
    /// Hosts at once or one after the other.
    #[serde(default)]
    pub order: Order,
    /// Where the seed stands in the order.
    #[serde(default)]
    pub seed: SeedPlace,
    /// Repeats the steps for each of something.
    #[serde(default)]
    pub each: Option<Each>,
    /// Runs also when something before it failed.
    #[serde(default)]
    pub always: bool,
    /// Step types, in order.
    #[serde(default)]
    pub steps: Vec<String>,
}

/// Hosts of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum On {
    /// All present nodes.
    Nodes,
    /// The seed that is restored.
    Seed,
    /// All present nodes but that seed.
    Others,
    /// One seed of every data center, the restored one first.
    Seeds,
    /// All present nodes but these.
    Rest,
    /// The node where backups are taken and kept.
    Source,
    /// Gateway hosts.
    Gateways,
    /// Other clients' hosts.
    Clients,
}

/// Hosts at once or one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// One after the other; a failure stops the rest.
    #[default]
    OneAtATime,
    /// All at once.
    Parallel,
}

/// Where the seed stands in the order of nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SeedPlace {
    /// Before the others: a non-seed cannot start while no seed is up.
    #[default]
    First,
    /// After the others.
    Last,
}

/// What an entry's steps are repeated for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Each {
    /// Each keyspace of the run.
    Keyspace,
}

/// Why a playbook is refused.
#[derive(Debug, thiserror::Error)]
pub enum PlaybookError {
    /// It is not YAML, or not of the right shape.
    #[error("playbook {name}: {source}")]
    Yaml {
        /// Which playbook.
        name: String,
        /// Where and why.
        source: YamlError,
    },
    /// It says something that makes no sense.
    #[error("playbook {name}, phase {phase}: {why}")]
    Senseless {
        /// Which playbook.
        name: String,
        /// Which phase.
        phase: String,
        /// Why.
        why: String,
    },
}

/// The built-in playbooks: name and text, readable in `playbooks/`.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("archive", include_str!("../../playbooks/archive.yaml")),
    ("backup", include_str!("../../playbooks/backup.yaml")),
    ("config-backup", include_str!("../../playbooks/config-backup.yaml")),
    ("config-restore", include_str!("../../playbooks/config-restore.yaml")),
    ("discard", include_str!("../../playbooks/discard.yaml")),
    ("fetch", include_str!("../../playbooks/fetch.yaml")),
    ("import", include_str!("../../playbooks/import.yaml")),
    ("prune", include_str!("../../playbooks/prune.yaml")),
    ("restore", include_str!("../../playbooks/restore.yaml")),
    ("restore-fan-out", include_str!("../../playbooks/restore-fan-out.yaml")),
    ("rollback", include_str!("../../playbooks/rollback.yaml")),
];

/// The built-in playbook of that name.
pub fn built_in(name: &str) -> Option<Playbook> {
    let (_, text) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
    Some(parse(text, name).expect("built-in playbooks are valid: a test reads each"))
}

/// Reads a playbook; `name` is for messages.
pub fn parse(text: &str, name: &str) -> Result<Playbook, PlaybookError> {
    let playbook: Playbook =
        yaml::load(text).map_err(|source| PlaybookError::Yaml { name: name.to_owned(), source })?;
    for entry in &playbook.phases {
        check(entry).map_err(|why| PlaybookError::Senseless {
            name: name.to_owned(),
            phase: entry.phase.clone(),
            why,
        })?;
    }
    Ok(playbook)
}

fn check(entry: &Entry) -> Result<(), String> {
    match (entry.gate, entry.on) {
        (Some(_), None) if entry.steps.is_empty() => return Ok(()),
        (Some(_), _) => return Err("a gate has neither `on` nor `steps`".to_owned()),
        (None, None) => {
            return Err("`on` is missing: nodes, seed, others, seeds, rest, source, gateways or clients".to_owned());
        }
        (None, Some(_)) if entry.steps.is_empty() => return Err("`steps` is missing".to_owned()),
        (None, Some(_)) => {}
    }
    let kind = match entry.on {
        Some(On::Gateways) => Kind::Gateway,
        Some(On::Clients) => Kind::Client,
        _ => Kind::Node,
    };
    for name in &entry.steps {
        let spec = step::spec(name).ok_or_else(|| unknown_step(name))?;
        if spec.on != kind && spec.on != Kind::Any {
            return Err(format!("step {name} does not run on the hosts of `on`: {kind:?}"));
        }
    }
    Ok(())
}

fn unknown_step(name: &str) -> String {
    let near = step::SPECS.iter().map(|s| s.name).min_by_key(|known| strsim::damerau_levenshtein(known, name));
    format!("there is no step {name}; did you mean {}?", near.unwrap_or("another"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_playbook_is_valid_and_bears_its_name() {
        for (name, text) in BUILT_IN {
            assert_eq!(parse(text, name).unwrap().playbook, *name);
        }
    }

    #[test]
    fn both_restores_have_the_documented_phases_in_order() {
        let phases = |name| {
            let mut phases: Vec<String> = built_in(name).unwrap().phases.into_iter().map(|e| e.phase).collect();
            phases.dedup();
            phases.join(" ")
        };
        let documented = "preflight stage recheck stop-clients settle drain clear restore wipe start index repair verify \
                          start-clients";
        assert_eq!(phases("restore"), documented);
        assert_eq!(phases("restore-fan-out"), documented.replace(" wipe", ""), "nothing is emptied");
    }

    #[test]
    fn an_unknown_step_is_refused_with_a_suggestion() {
        let text = "playbook: x\nphases:\n  - {phase: a, on: nodes, steps: [node.drian]}\n";
        assert!(parse(text, "x").unwrap_err().to_string().contains("did you mean node.drain?"));
    }

    #[test]
    fn a_step_on_the_wrong_kind_of_host_is_refused() {
        let text = "playbook: x\nphases:\n  - {phase: a, on: gateways, steps: [node.drain]}\n";
        assert!(parse(text, "x").is_err());
    }
}
