//! What an import, an archive, a fetch or a prune is about: looked at on the backup node when the lease is held, so that
//! nobody makes, restores or deletes a backup meanwhile.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;

use super::ask::Ask;
use super::lease::Office;
use super::state::{StateDir, StateError};
use crate::backup::catalogue::Backup;
use crate::backup::prune::{self, Fate, Policy};
use crate::catalogue::{Catalogue, CatalogueError};
use crate::event::RunState;
use crate::facts::Facts;
use crate::inventory::Inventory;
use crate::journal::{Asked, Errand, How};
use crate::name::{ClusterName, Tag};
use crate::plan::Request;
use crate::remote::Transport;
use crate::step::takes_down;

/// Adds to the facts what the errand is about, and makes its request.
pub(super) async fn look<T: Transport>(
    transport: &Arc<T>,
    inventory: &Inventory,
    ask: &Ask,
    errand: &Errand,
    tag: Tag,
    facts: &mut Facts,
) -> Result<Request, CatalogueError> {
    let catalogue = Catalogue::of(inventory, transport);
    let mut request = Request { keyspaces: ask.keyspaces.clone(), ..Request::of(&ask.playbook.playbook, tag) };
    match errand {
        Errand::Import(dir) => {
            let written = catalogue.written(dir).await?;
            let schemas = request.keyspaces.iter().filter_map(|name| facts.schema.keyspace(name));
            let lacks = schemas.flat_map(|schema| written.lacks(schema).into_iter().map(|t| (schema.name.clone(), t)));
            request.kept = lacks.collect();
            facts.written = Some(written);
        }
        Errand::Archive(command) | Errand::Fetch(command) => request.choices.archive = Some(command.clone()),
        Errand::Prune { policy, used } => {
            facts.catalogue = catalogue.list().await?;
            facts.used = uses(&catalogue, inventory, used.clone()).await?;
            let decided = prune::decide(&facts.catalogue, policy, &facts.used, &inventory.cluster);
            request.remove = prune::removals(&decided);
        }
        // these have their own way of looking: no Cassandra is asked
        Errand::ConfigBackup { .. } | Errand::ConfigRestore { .. } => {}
    }
    Ok(request)
}

/// What a prune would do now, for the operator to see. Changes nothing and holds nothing.
pub async fn preview<T: Transport>(
    catalogue: &Catalogue<T>,
    inventory: &Inventory,
    policy: &Policy,
    used: BTreeMap<Tag, String>,
) -> Result<Vec<(Backup, Fate)>, CatalogueError> {
    let backups = catalogue.list().await?;
    let used = uses(catalogue, inventory, used).await?;
    let decided = prune::decide(&backups, policy, &used, &inventory.cluster);
    Ok(decided.into_iter().map(|(backup, fate)| (backup.clone(), fate)).collect())
}

/// What this machine's runs count on, and what runs of other machines have left on the host.
async fn uses<T: Transport>(
    catalogue: &Catalogue<T>,
    inventory: &Inventory,
    mut used: BTreeMap<Tag, String>,
) -> Result<BTreeMap<Tag, String>, CatalogueError> {
    /// The part of a journal's first line that matters here.
    #[derive(Deserialize)]
    struct Head {
        asked: Asked,
    }
    for (run, head) in catalogue.uses(&Office::of(inventory).root).await? {
        // a rollback names no backup, nor does a head that cannot be read
        let tag = serde_json::from_str::<Head>(&head).ok().and_then(|head| head.asked.tag);
        if let Some(tag) = tag {
            used.entry(tag).or_insert_with(|| format!("run {run} has something left on {}", catalogue.host));
        }
    }
    Ok(used)
}

/// Backups that this machine's runs count on, each with why: restores whose data can still be brought
/// back, and whatever is paused.
pub fn used(state: &StateDir, cluster: &ClusterName) -> Result<BTreeMap<Tag, String>, StateError> {
    let mut used = BTreeMap::new();
    for dir in state.runs(cluster)? {
        // one that cannot be read is known to the hosts, when it has left anything
        let Ok(history) = dir.history() else { continue };
        let (Some(tag), Some((plan, _))) = (&history.header().asked.tag, history.plan()) else { continue };
        let run = RunState::of(history.events());
        let given_up = history.closed().is_some_and(|closed| closed.how == How::Abandoned);
        let restores = plan.steps().any(|(_, step)| takes_down(&step.step));
        if given_up || history.discarded().is_some() || run.steps().next().is_none() {
            continue;
        }
        if restores {
            used.insert(tag.clone(), format!("restore {} is not discarded", dir.id));
        } else if !run.is_over() {
            used.insert(tag.clone(), format!("{} {} is not over", history.header().command, dir.id));
        }
    }
    Ok(used)
}

/// For whoever asks how old is old: the policy of `--keep`, `--older-than`, `--partial`.
pub fn policy(keep: Option<usize>, older_than: Option<&str>, partial: bool) -> Result<Policy, String> {
    let before = older_than.map(|age| prune::ago(age, Timestamp::now())).transpose()?;
    Ok(Policy { keep, before, partial })
}
