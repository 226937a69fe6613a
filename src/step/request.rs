//! What the operator asked for, checked: the part of a plan's input that is no fact.

use serde::{Deserialize, Serialize};

use crate::backup::prune::Removal;
use crate::facts::Earlier;
use crate::name::{Keyspace, Table, Tag};

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
    /// What a restore is to do besides.
    #[serde(flatten)]
    pub choices: Choices,
    /// Tables that stay as they are; of an import, those that it does not hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<(Keyspace, Table)>,
    /// Backups to delete.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<Removal>,
}

/// The options of a restore. A new one is a field here, a flag of `cli::restore`, and a line in
/// `plan::build` when it is a decision of the plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choices {
    /// Whether what the backup has and the cluster lacks is to be created.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub create_schema: bool,
    /// What becomes of tables that the backup does not hold; `None`: they are in the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra_tables: Option<ExtraTables>,
    /// Whether what is not restored is compared between nodes too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub verify_rows: bool,
    /// Whether gateway instances that were found stopped are not started.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub leave_stopped: bool,
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
        }
    }

    /// The playbook that fills every node from the backup.
    pub const FAN_OUT: &'static str = "restore-fan-out";

    /// Whether every node is filled from the backup, not only the seed.
    pub fn fans_out(&self) -> bool {
        self.playbook == Self::FAN_OUT
    }

    /// Whether that table stays as it is.
    pub fn keeps(&self, keyspace: &Keyspace, table: &Table) -> bool {
        self.kept.iter().any(|(of, kept)| (of, kept) == (keyspace, table))
    }
}
