//! What is asked for, before the cluster was looked at.

use super::earlier::{Of, Verb};
use crate::guard::Override;
use crate::journal::{Asked, Errand};
use crate::name::{Keyspace, RunId, Tag};
use crate::plan::Choices;
use crate::playbook::{self, Playbook};

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Ask {
    /// What to do.
    pub playbook: Playbook,
    /// The backup to make or restore; `None` only looks at the cluster (`check`).
    pub tag: Option<Tag>,
    /// Keyspaces; empty: those of the backup, of the inventory, or all that are not internal.
    pub keyspaces: Vec<Keyspace>,
    /// What is to be done besides.
    pub choices: Choices,
    /// Guards that the operator overrides.
    pub overrides: Vec<Override>,
    /// The run that this one is about (rollback, discard); tag and keyspaces are then that run's.
    pub of: Option<Box<Of>>,
    /// What is to be done to the catalogue (import, archive, fetch, prune), or to configuration.
    pub errand: Option<Errand>,
}

impl Ask {
    /// For a built-in playbook, and nothing more said.
    pub fn to(playbook: &str) -> Self {
        Self {
            playbook: playbook::built_in(playbook).expect("it is built in"),
            tag: None,
            keyspaces: vec![],
            choices: Choices::default(),
            overrides: vec![],
            of: None,
            errand: None,
        }
    }

    /// For a run about an earlier one.
    pub fn about(verb: Verb, of: Of, overrides: Vec<Override>) -> Self {
        Self { overrides, of: Some(Box::new(of)), ..Self::to(verb.name()) }
    }

    /// As the journal keeps it.
    pub fn asked(&self) -> Asked {
        Asked {
            playbook: self.playbook.playbook.clone(),
            tag: self.tag.clone(),
            keyspaces: self.keyspaces.clone(),
            choices: self.choices.clone(),
            of: self.earlier().cloned(),
            errand: self.errand.clone(),
        }
    }

    /// From the journal; `None`: its playbook is not built in. The earlier run is not looked up: that
    /// is needed only when there is no plan yet.
    pub fn again(asked: &Asked, overrides: &[Override]) -> Option<Self> {
        let Asked { playbook, tag, keyspaces, choices, errand, .. } = asked.clone();
        let (playbook, overrides) = (playbook::built_in(&playbook)?, overrides.to_vec());
        Some(Self { playbook, tag, keyspaces, choices, overrides, of: None, errand })
    }

    /// The run that this one is about.
    pub fn earlier(&self) -> Option<&RunId> {
        self.of.as_ref().map(|of| &of.earlier.run)
    }
}
