//! From request to plan, changing nothing: connect, gather, resolve the keyspaces, judge, plan.
//! `check`, `--dry-run`, and every changing command begin with this.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::ask::Ask;
use super::configuring;
use super::earlier::{Of, Verb};
use super::errand;
use crate::catalogue::CatalogueError;
use crate::config::ConfigError;
use crate::event::Level;
use crate::facts::{self, BackupFacts, Facts, FactsError, Secrets, Wanted};
use crate::guard::{self, Case, Finding, Past};
use crate::inventory::{Inventory, PasswordError};
use crate::name::{Keyspace, Table, Tag};
use crate::plan::{self, ExtraTables, Plan, Request};
use crate::remote::{Transport, TransportError};
use crate::step::Unresolved;

/// What is known before anything is done.
pub struct Prepared {
    /// The cluster as found.
    pub facts: Facts,
    /// The request with its keyspaces resolved.
    pub request: Request,
    /// All guards' findings.
    pub findings: Vec<Finding>,
    /// The plan, when no guard objects and there is something to do.
    pub plan: Option<Plan>,
    /// Why there is nothing to do: the run that should be undone changed nothing.
    pub nothing: Option<String>,
}

impl Prepared {
    /// Whether a guard objects.
    pub fn refused(&self) -> bool {
        self.findings.iter().any(|finding| finding.level == Level::Fail)
    }
}

/// Why there is nothing to go on with. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// Hosts that gave no answer, all of them.
    #[error("{}", join(.0))]
    Hosts(Vec<TransportError>),
    /// The cluster cannot be told about.
    #[error(transparent)]
    Facts(#[from] FactsError),
    /// There is no backup of that tag.
    #[error("there is no backup {tag} below {root} on {node}")]
    NoBackup {
        /// The tag.
        tag: Tag,
        /// `backup.root`.
        root: String,
        /// `backup.node`.
        node: String,
    },
    /// The backup root cannot be looked at.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// A backup of configuration cannot be made or read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A password cannot be had.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The playbook does not fit the cluster.
    #[error(transparent)]
    Unresolved(#[from] Unresolved),
}

fn join(errors: &[TransportError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Looks at the cluster and makes a plan; `pulse` is told what is being waited for.
pub async fn prepare<T: Transport>(
    transport: &Arc<T>,
    inventory: &Inventory,
    ask: &Ask,
    pulse: &(dyn Fn(&str) + Send + Sync),
) -> Result<Prepared, PrepareError> {
    if let Some(of) = &ask.of {
        return about(transport, inventory, ask, of, pulse).await;
    }
    if let Some(errand) = ask.errand.as_ref().filter(|errand| errand.config().is_some()) {
        pulse(&format!("connecting to {} hosts", inventory.hosts().count()));
        connect(transport, inventory).await?;
        pulse("looking at what configures the hosts");
        let (facts, request) = configuring::look(transport, inventory, ask, errand).await?;
        return judged(inventory, ask, facts, request, None);
    }
    let secrets = secrets(inventory)?;
    let hosts = inventory.hosts().count();
    pulse(&format!("connecting to {hosts} hosts"));
    connect(transport, inventory).await?;
    pulse(&format!("reading facts from {hosts} hosts"));
    let makes = matches!(ask.playbook.playbook.as_str(), "backup" | "import");
    let fetches = ask.playbook.playbook == "fetch";
    let repairs = ask.playbook.playbook == "backup";
    let wanted = Wanted { tag: ask.tag.clone(), describe: makes, repairs };
    let mut facts = facts::gather(transport, inventory, &wanted, &secrets).await?;
    if let (BackupFacts::Missing, Some(tag), false) = (&facts.backup, &ask.tag, makes || fetches) {
        let (root, node) = (inventory.backup.root.clone(), inventory.backup.node.to_string());
        return Err(PrepareError::NoBackup { tag: tag.clone(), root, node });
    }
    let tag = ask.tag.clone().unwrap_or(Tag::parse("none").expect("a word"));
    if let Some(errand) = &ask.errand {
        let request = errand::look(transport, inventory, ask, errand, tag, &mut facts).await?;
        return judged(inventory, ask, facts, request, None);
    }
    let keyspaces = keyspaces(inventory, &facts, ask);
    let facts = if ask.choices.create_schema && !facts.all_down() { facts.with_missing(&keyspaces) } else { facts };
    let choices = ask.choices.clone();
    let kept = if choices.extra_tables == Some(ExtraTables::Keep) { extra(&facts, &keyspaces) } else { vec![] };
    let request = Request { keyspaces, choices, kept, ..Request::of(&ask.playbook.playbook, tag) };
    judged(inventory, ask, facts, request, None)
}

/// The same for a run about an earlier one: from what that run knew and what is left of it. No
/// Cassandra is asked, since all of them may be down.
async fn about<T: Transport>(
    transport: &Arc<T>,
    inventory: &Inventory,
    ask: &Ask,
    of: &Of,
    pulse: &(dyn Fn(&str) + Send + Sync),
) -> Result<Prepared, PrepareError> {
    // the backup's files are of no concern any more
    let facts = Facts { backup: BackupFacts::None, ..of.facts.clone() };
    // a machine that is gone since is one that was gone then: it is in the ring, and not asked anything
    let facts = facts.without(|node| inventory.absent().any(|gone| gone.name == *node));
    let request =
        Request { playbook: ask.playbook.playbook.clone(), earlier: Some(of.earlier.clone()), ..of.request.clone() };
    if request.playbook == Verb::Rollback.name() && !of.changed {
        let nothing = Some(format!("nothing to undo: run {} changed nothing", of.earlier.run));
        return Ok(Prepared { facts, request, findings: vec![], plan: None, nothing });
    }
    secrets(inventory)?;
    let hosts = inventory.hosts().count();
    pulse(&format!("connecting to {hosts} hosts"));
    connect(transport, inventory).await?;
    pulse(&format!("looking for what is left of run {}", of.earlier.run));
    let left = facts::left(transport, inventory, &facts, &of.earlier).await?;
    let past = Past {
        run: of.earlier.run.clone(),
        served: of.served,
        taken: of.taken.clone(),
        cleared: of.earlier.cleared.clone(),
        undone: of.undone,
        abandoned: of.abandoned,
        left,
    };
    judged(inventory, ask, facts, request, Some(&past))
}

fn judged(
    inventory: &Inventory,
    ask: &Ask,
    facts: Facts,
    request: Request,
    past: Option<&Past>,
) -> Result<Prepared, PrepareError> {
    let filled = plan::filled(&ask.playbook, inventory, &facts);
    let refilled = plan::refilled(&ask.playbook, inventory, &facts);
    let case = Case { inventory, facts: &facts, request: &request, past, filled: &filled, refilled: &refilled };
    let findings = guard::judge(&case, &ask.overrides);
    let mut prepared = Prepared { facts, request, findings, plan: None, nothing: None };
    if !prepared.refused() && (ask.tag.is_some() || ask.of.is_some() || ask.errand.is_some()) {
        prepared.plan = Some(plan::build(&ask.playbook, inventory, &prepared.facts, &prepared.request)?);
    }
    Ok(prepared)
}

/// CQL passwords of all nodes, read once.
pub fn secrets(inventory: &Inventory) -> Result<Secrets, PasswordError> {
    let sources = inventory.present().filter_map(|n| Some((n.name.clone(), n.cassandra.cqlsh.password.as_ref()?)));
    sources.map(|(name, source)| Ok((name, source.read()?))).collect()
}

/// Connects to every host at the same time; all failures are told, not only the first.
pub async fn connect<T: Transport>(transport: &Arc<T>, inventory: &Inventory) -> Result<(), PrepareError> {
    let mut waiting = JoinSet::new();
    for (name, ..) in inventory.hosts() {
        let (transport, name) = (Arc::clone(transport), name.clone());
        waiting.spawn(async move { transport.connect(&name).await });
    }
    let mut errors: Vec<TransportError> = waiting.join_all().await.into_iter().filter_map(Result::err).collect();
    errors.sort_by(|a, b| a.host().cmp(b.host()));
    if errors.is_empty() { Ok(()) } else { Err(PrepareError::Hosts(errors)) }
}

/// Tables that exist only live.
fn extra(facts: &Facts, keyspaces: &[Keyspace]) -> Vec<(Keyspace, Table)> {
    let BackupFacts::Whole(manifest, _) = &facts.backup else { return vec![] };
    let both = |name| facts.schema.keyspace(name).zip(manifest.keyspace(name));
    let pairs = keyspaces.iter().filter_map(both);
    let only_live = pairs.flat_map(|(live, backup)| {
        let tables = live.dirs().into_iter().map(|dir| dir.table).filter(|table| backup.table(table).is_none());
        tables.map(|table| (live.name.clone(), table))
    });
    only_live.collect()
}

fn keyspaces(inventory: &Inventory, facts: &Facts, ask: &Ask) -> Vec<Keyspace> {
    if !ask.keyspaces.is_empty() {
        return ask.keyspaces.clone();
    }
    if let BackupFacts::Whole(manifest, _) = &facts.backup {
        return manifest.keyspaces.iter().map(|keyspace| keyspace.name.clone()).collect();
    }
    if !inventory.keyspaces.is_empty() {
        return inventory.keyspaces.clone();
    }
    facts.schema.user_keyspaces().map(|keyspace| keyspace.name.clone()).collect()
}
