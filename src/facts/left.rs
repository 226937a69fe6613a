//! An earlier run, for a rollback or a discard: what its journal decides, and what is left of it on
//! the nodes. These runs are planned from that run's own facts and ask no Cassandra anything.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use super::gather::Asker;
use super::parse::Fields;
use super::{Facts, FactsError, NodeFacts, Secrets};
use crate::cassandra::conf::Conf;
use crate::inventory::{Inventory, Node};
use crate::name::{HostName, RunId};
use crate::remote::Transport;
use crate::script::Script;

/// The run that a rollback or a discard is about: what their steps need to know of it. Decided from
/// its journal, so it is part of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    /// Its id.
    pub run: RunId,
    /// Rollbacks of it that were begun before, oldest first: each has a quarantine of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rollbacks: Vec<RunId>,
    /// Nodes whose drain it proved: the commit log that it set aside holds nothing that no table holds.
    pub drained: BTreeSet<HostName>,
    /// Nodes whose commit log, caches and hints it set aside whole: what is there now came later.
    pub cleared: BTreeSet<HostName>,
}

impl Earlier {
    /// It and its rollbacks: all whose jobs and directories are meant.
    pub fn runs(&self) -> impl Iterator<Item = &RunId> {
        std::iter::once(&self.run).chain(&self.rollbacks)
    }
}

/// What is left of an earlier run on one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// cassandra.yaml as it is now.
    pub conf: Conf,
    /// Directories of that run and of its rollbacks, with the bytes in them.
    pub bytes: BTreeMap<String, u64>,
    /// What is in quarantine, by run: labels (`hints`) and tables (`data-0/keyspace/directory`).
    pub aside: BTreeMap<RunId, BTreeSet<String>>,
    /// Directories of snapshots and backups in there that hold files.
    pub foreign: Vec<String>,
}

/// Looks at every node of the earlier run that is in the inventory.
pub async fn left<T: Transport>(
    transport: &Arc<T>,
    inventory: &Inventory,
    facts: &Facts,
    earlier: &Earlier,
) -> Result<BTreeMap<HostName, Left>, FactsError> {
    let asker = Arc::new(Asker::new(transport, Secrets::new()));
    let mut nodes = JoinSet::new();
    for node in inventory.present() {
        let Some(known) = facts.nodes.get(&node.name) else { continue };
        let (asker, node) = (Arc::clone(&asker), node.clone());
        let script = look(known, earlier);
        nodes.spawn(async move { Ok::<_, FactsError>((node.name.clone(), asker.left(&node, script).await?)) });
    }
    let mut found = BTreeMap::new();
    while let Some(done) = nodes.join_next().await {
        let (host, left) = done.expect("looking does not panic")?;
        found.insert(host, left);
    }
    Ok(found)
}

fn look(known: &NodeFacts, earlier: &Earlier) -> Script {
    Script::new("facts.left")
        .list("PLACES", known.dirs.iter().map(|dir| format!("{}\t{}", dir.label, dir.place)))
        .list("RUNS", earlier.runs())
}

impl<T: Transport> Asker<T> {
    async fn left(&self, node: &Node, script: Script) -> Result<Left, FactsError> {
        let (_, conf) = self.files(node).await?;
        let said = Fields::parse(&self.ask(&node.name, script, false).await?);
        Ok(read(&said, conf))
    }
}

fn read(said: &Fields, conf: Conf) -> Left {
    let pairs = |key| said.all(key).filter_map(|line| line.split_once('\t')).collect::<Vec<_>>();
    let mut aside: BTreeMap<RunId, BTreeSet<String>> = BTreeMap::new();
    for (run, what) in pairs("aside") {
        if let Ok(run) = RunId::parse(run) {
            aside.entry(run).or_default().insert(what.to_owned());
        }
    }
    Left {
        conf,
        bytes: pairs("bytes").into_iter().map(|(dir, n)| (dir.to_owned(), n.parse().unwrap_or(0))).collect(),
        aside,
        foreign: said.all("foreign").map(str::to_owned).collect(),
    }
}
