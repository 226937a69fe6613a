//! What the operator asked for, checked: the part of a plan's input that is no fact.

use serde::{Deserialize, Serialize};

use std::collections::BTreeMap;

use crate::backup::prune::Removal;
use crate::config::Entry;
use crate::facts::{Earlier, Facts};
use crate::name::{HostName, Keyspace, Table, Tag};

/// What the operator asked for, checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The playbook's name.
    pub playbook: String,
    /// The backup to make or to restore.
    pub tag: Tag,
    /// The keyspaces, in the order given.
    pub keyspaces: Vec<Keyspace>,
    /// The run that this one is about: a rollback, a discard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<Earlier>,
    /// What is to be done besides.
    #[serde(flatten)]
    pub choices: Choices,
    /// Tables that stay as they are; of an import, those that it does not hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<(Keyspace, Table)>,
    /// Backups to delete.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<Removal>,
    /// What a run about configuration is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<ConfigRequest>,
}

/// What a run about configuration is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigRequest {
    /// Where such backups are kept on the coordinator.
    pub dir: String,
    /// Bytes that one host's configuration may take.
    pub limit: u64,
    /// What is put back, per host: files, links, and the directories above them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub put: BTreeMap<HostName, Vec<Entry>>,
}

/// The options of a restore or a backup. A new one is a field here, a flag of its command in `cli`, and a line in
/// `plan::build` when it is a decision of the plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choices {
    /// Whether what the backup has and the cluster lacks is to be created.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub create_schema: bool,
    /// What becomes of tables that the backup does not hold; `None`: they are in the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra_tables: Option<ExtraTables>,
    /// Whether all rows are compared between nodes, also of what is not restored and where no repair filled a node.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub verify_rows: bool,
    /// Whether gateway instances that were found stopped are not started.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub leave_stopped: bool,
    /// The operator's own command, shell text: of a backup, what its archive goes to; of a fetch, what it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive: Option<String>,
    /// Bytes per second of a copy (0: no limit); `None`: as the inventory has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<u64>,
    /// Whether a backup repairs its source before.
    #[serde(default, skip_serializing_if = "RepairFirst::is_auto")]
    pub repair_first: RepairFirst,
    /// The command that encrypts roles for a backup; `None`: they stay out of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with_roles: Option<String>,
}

/// Whether a backup repairs what it takes before it takes it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RepairFirst {
    /// When something says that the source may lack acknowledged writes.
    #[default]
    Auto,
    /// In any case.
    Always,
    /// Never: it is refused when something says so.
    Never,
}

impl RepairFirst {
    /// As on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Always => "always",
            Self::Never => "never",
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
    fn is_auto(&self) -> bool {
        *self == Self::Auto
    }
}

/// What becomes of tables that were created after the backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExtraTables {
    /// They are set aside with the others, and are empty afterwards.
    Empty,
    /// They are left alone.
    Keep,
}

impl ExtraTables {
    /// As on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Keep => "keep",
        }
    }
}

impl Request {
    /// A request for a playbook, about no keyspace yet.
    pub fn of(playbook: &str, tag: Tag) -> Self {
        Self {
            playbook: playbook.to_owned(),
            tag,
            keyspaces: vec![],
            earlier: None,
            choices: Choices::default(),
            kept: vec![],
            remove: vec![],
            config: None,
        }
    }

    /// The playbook that fills every node from the backup.
    pub const FAN_OUT: &'static str = "restore-fan-out";

    /// Whether every node is filled from the backup, not only the seed.
    pub fn fans_out(&self) -> bool {
        self.playbook == Self::FAN_OUT
    }

    /// Why nothing can be repaired before a backup, if so. While a node is down, a repair of all replicas
    /// would fail.
    pub fn no_repair_first(facts: &Facts) -> Option<String> {
        let down: Vec<&str> =
            facts.nodes.iter().filter(|(_, node)| node.is_down()).map(|(name, _)| name.as_str()).collect();
        match (facts.nodes.len(), &down[..]) {
            (0 | 1, _) => Some("there is no other node to repair it with".to_owned()),
            (_, []) => None,
            (_, down) => Some(format!("down: {}", down.join(", "))),
        }
    }

    /// Whether a backup repairs a keyspace before it takes it from that node. What was asked for and cannot be
    /// is for `source-whole` to say.
    pub fn repairs_first(&self, facts: &Facts, source: &HostName, keyspace: &Keyspace) -> bool {
        Self::no_repair_first(facts).is_none()
            && match self.choices.repair_first {
                RepairFirst::Never => false,
                RepairFirst::Always => true,
                RepairFirst::Auto => !facts.lacks(source, keyspace).is_empty(),
            }
    }

    /// Whether every node gets the same files, so that nothing of that keyspace has to be repaired: all its tables are replaced.
    pub fn alike(&self, keyspace: &Keyspace) -> bool {
        self.fans_out() && !self.kept.iter().any(|(of, _)| of == keyspace)
    }

    /// Whether that table stays as it is.
    pub fn keeps(&self, keyspace: &Keyspace, table: &Table) -> bool {
        self.kept.iter().any(|(of, kept)| (of, kept) == (keyspace, table))
    }
}
