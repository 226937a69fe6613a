//! What a step may look at while it is resolved, and the variables that many scripts share.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use crate::backup::layout as layout_of;
use crate::cassandra::layout::TableDir;
use crate::cassandra::schema::{KeyspaceSchema, TableSchema};
use crate::facts::{BackupFacts, Dir, Earlier, Facts, NodeFacts};
use crate::inventory::{Inventory, Node};
use crate::name::{HostName, Keyspace, Tag};
use crate::script::Script;

use super::{Ask, ConfigRequest, Request, ResolvedStep, StagedFile};

/// Everything that is known before the plan.
pub struct Context<'a> {
    /// The cluster as described.
    pub inventory: &'a Inventory,
    /// The cluster as found.
    pub facts: &'a Facts,
    /// What was asked for.
    pub request: &'a Request,
    /// Nodes on which the playbook stages the backup.
    pub filled: &'a [HostName],
    // of the whole ring, so worked out once and not for each step
    centers: OnceCell<BTreeMap<&'a str, u32>>,
}

/// Where a playbook entry applies a step.
pub struct Target<'a> {
    /// The phase's name.
    pub phase: &'a str,
    /// The host.
    pub host: &'a HostName,
    /// The keyspace, in entries with `each: keyspace`.
    pub keyspace: Option<&'a Keyspace>,
    /// Hosts of this entry that come before this one, when they go one at a time.
    pub earlier: &'a [HostName],
}

/// Why a step cannot be resolved: the playbook asks for something that is not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("step {step} on {host}: {why}")]
pub struct Unresolved {
    /// The step type.
    pub step: &'static str,
    /// The host.
    pub host: HostName,
    /// The reason.
    pub why: String,
}

impl Target<'_> {
    /// A step on this target, without scripts yet: not idempotent, proven at once, ten minutes.
    pub fn step(&self, name: &str) -> ResolvedStep {
        let subject = self.keyspace.map(ToString::to_string);
        ResolvedStep {
            id: self.id(name, subject.as_deref()),
            step: name.to_owned(),
            host: self.host.clone(),
            subject,
            summary: String::new(),
            probe: vec![],
            act: None,
            relay: None,
            carry: None,
            undo: None,
            proof: vec![],
            idempotent: false,
            secret: false,
            limit_s: 600,
            patience_s: 0,
        }
    }

    /// The id of a step on this target.
    pub fn id(&self, name: &str, subject: Option<&str>) -> String {
        let tail = subject.map(|s| format!("/{s}")).unwrap_or_default();
        format!("{}/{name}/{}{tail}", self.phase, self.host)
    }

    /// A question to this target's own host.
    pub fn ask(&self, script: Script) -> Vec<Ask> {
        vec![Ask { host: self.host.clone(), script }]
    }

    /// The keyspace of an `each: keyspace` entry.
    pub fn keyspace(&self, step: &'static str) -> Result<&Keyspace, Unresolved> {
        self.keyspace.ok_or_else(|| self.unresolved(step, "it needs `each: keyspace` in its playbook entry"))
    }

    /// An error about this target.
    pub fn unresolved(&self, step: &'static str, why: impl Into<String>) -> Unresolved {
        Unresolved { step, host: self.host.clone(), why: why.into() }
    }
}

impl<'a> Context<'a> {
    /// Of a request about a cluster; `filled`: where the playbook stages the backup.
    pub fn new(inventory: &'a Inventory, facts: &'a Facts, request: &'a Request, filled: &'a [HostName]) -> Self {
        Self { inventory, facts, request, filled, centers: OnceCell::new() }
    }

    /// Nodes of the ring per data center ([`Facts::centers`]).
    pub fn centers(&self) -> &BTreeMap<&'a str, u32> {
        self.centers.get_or_init(|| self.facts.centers())
    }

    /// The node of a target and what was found there.
    pub fn node(&self, step: &'static str, target: &Target) -> Result<(&'a Node, &'a NodeFacts), Unresolved> {
        let node = self.inventory.node(target.host);
        let facts = self.facts.nodes.get(target.host);
        node.zip(facts).ok_or_else(|| target.unresolved(step, "it is not a node whose facts are known"))
    }

    /// The run that this one is about.
    pub fn earlier(&self, step: &'static str, target: &Target) -> Result<&'a Earlier, Unresolved> {
        let earlier = self.request.earlier.as_ref();
        earlier.ok_or_else(|| target.unresolved(step, "it is for runs about an earlier run: rollback, discard"))
    }

    /// What a run about configuration is about.
    pub fn config(&self, step: &'static str, target: &Target) -> Result<&'a ConfigRequest, Unresolved> {
        let config = self.request.config.as_ref();
        config
            .ok_or_else(|| target.unresolved(step, "it is for runs about configuration: config backup, config restore"))
    }

    /// Where leases and jobs of the cluster are on every host.
    pub fn job_root(&self) -> String {
        self.inventory.job_root()
    }

    /// With machines that are gone: how the ring calls the nodes that are there. `None`: all are.
    pub fn survivors(&self, step: &'static str, target: &Target) -> Result<Option<Vec<&'a str>>, Unresolved> {
        if self.inventory.absent().next().is_none() {
            return Ok(None);
        }
        let address = |node: &HostName| {
            let address = self.facts.address(node);
            address.ok_or_else(|| target.unresolved(step, format!("the ring tells no address of {node}")))
        };
        self.facts.nodes.keys().map(address).collect::<Result<_, _>>().map(Some)
    }

    /// The request's tag.
    pub fn tag(&self) -> &'a Tag {
        &self.request.tag
    }

    /// Adds what `nt` of the prelude needs.
    pub fn nodetool(&self, script: Script, node: &Node, facts: &NodeFacts) -> Script {
        node.cassandra.nodetool.vars(script).var("RUN_AS", &facts.run_as)
    }

    /// Adds what `cql` of the prelude needs.
    pub fn cqlsh(&self, script: Script, node: &Node, facts: &NodeFacts) -> Script {
        node.cassandra.cqlsh.vars(script, facts.cql_address())
    }

    /// Adds what `copy_files` and `hash_files` need: the rate asked for, else that of the inventory.
    pub fn copying(&self, script: Script) -> Script {
        let limits = &self.inventory.limits;
        script.var("RATE", self.request.choices.rate.unwrap_or(limits.copy_rate)).var("AT_ONCE", limits.copies)
    }

    /// Adds the data directories' paths as `DATA_DIRS`.
    pub fn data_paths(&self, script: Script, facts: &NodeFacts) -> Script {
        script.list("DATA_DIRS", facts.data().map(|dir| &dir.path))
    }

    /// Adds what `system_tables` needs.
    pub fn system_tables(&self, script: Script, facts: &NodeFacts) -> Script {
        script.list("SYSTEM_DIRS", places(facts.system_data())).list("RESENDING", facts.version.resending_tables())
    }

    /// Adds the data directories as `DATA_DIRS` lines of label, path and place.
    pub fn data_places(&self, script: Script, facts: &NodeFacts) -> Script {
        script.list("DATA_DIRS", places(facts.data()))
    }
}

/// `DIRS` lines of label, path and place.
pub fn places<'f>(dirs: impl IntoIterator<Item = &'f Dir>) -> Vec<String> {
    dirs.into_iter().map(|dir| format!("{}\t{}\t{}", dir.label, dir.path, dir.place)).collect()
}

/// `1 table`, `3 tables`, `2 indexes`.
pub fn count(n: usize, noun: &str) -> String {
    let plural = if n == 1 {
        ""
    } else if noun.ends_with('x') {
        "es"
    } else {
        "s"
    };
    format!("{n} {noun}{plural}")
}

impl<'a> Context<'a> {
    /// The keyspace's live tables.
    pub fn tables(&self, keyspace: &Keyspace) -> impl Iterator<Item = &'a TableSchema> {
        self.facts.schema.keyspace(keyspace).into_iter().flat_map(|ks| &ks.tables)
    }

    /// Directories of its tables and views that are worked on, from the schema (never from a listing:
    /// those of dropped tables stay there).
    pub fn table_dirs(&self, keyspace: &Keyspace) -> Vec<TableDir> {
        let mut dirs = self.facts.schema.keyspace(keyspace).map(KeyspaceSchema::dirs).unwrap_or_default();
        dirs.retain(|dir| !self.request.keeps(keyspace, &dir.table));
        dirs
    }

    /// Those of its tables alone: views may be built anew at a start.
    pub fn base_dirs(&self, keyspace: &Keyspace) -> Vec<TableDir> {
        let views = self.facts.schema.keyspace(keyspace).map_or(&[][..], |schema| &schema.views);
        let mut dirs = self.table_dirs(keyspace);
        dirs.retain(|dir| !views.iter().any(|view| view.id == dir.id));
        dirs
    }

    /// The files of the backup that become live in the target's keyspace.
    pub fn staged_files(&self, step: &'static str, target: &Target) -> Result<Vec<StagedFile>, Unresolved> {
        let keyspace = target.keyspace(step)?;
        let BackupFacts::Whole(manifest, _) = &self.facts.backup else {
            return Err(target.unresolved(step, "there is no whole backup"));
        };
        let backup = manifest
            .keyspace(keyspace)
            .ok_or_else(|| target.unresolved(step, format!("the backup does not hold keyspace {keyspace}")))?;
        let mut files = vec![];
        for table in &backup.tables {
            let dirs = self.table_dirs(keyspace);
            let dir = dirs.iter().find(|live| live.table == table.name).ok_or_else(|| {
                target.unresolved(step, format!("the cluster has no table {keyspace}.{}", table.name))
            })?;
            files.extend(table.files.iter().filter(|f| f.goes_live()).map(|f| StagedFile {
                sha256: f.sha256.clone(),
                size: f.size,
                from: format!("{}/{}", table.name, f.path),
                to: format!("{dir}/{}", f.path),
            }));
        }
        Ok(files)
    }
}

impl Context<'_> {
    /// Where the backup will be.
    pub fn destination(&self) -> String {
        layout_of::dir(&self.inventory.backup.root, self.tag())
    }

    /// Whether that node can read the backup where it is: it is kept there, or what is below the same root there
    /// has the same manifest, because the root is shared storage or somebody put a copy there.
    pub fn in_place(&self, host: &HostName) -> bool {
        self.facts.in_place(host, &self.inventory.backup.node)
    }

    /// Nodes that the backup has to be carried to.
    pub fn to_carry(&self) -> Vec<&HostName> {
        self.filled.iter().filter(|host| !self.in_place(host)).collect()
    }

    /// Adds what `backup_shelf.sh` and `copy.sh` need.
    pub fn shelves(&self, script: Script, facts: &NodeFacts, keyspace: &Keyspace) -> Script {
        let limits = &self.inventory.limits;
        let script = self.data_places(script, facts).var("KEYSPACE", keyspace);
        script.var("AT_ONCE", limits.copies).var("RATE", limits.copy_rate)
    }

    /// Where it is while it is made.
    pub fn partial(&self) -> String {
        layout_of::partial_dir(&self.inventory.backup.root, self.tag())
    }

    /// The request's keyspaces for a sentence.
    pub fn keyspace_list(&self) -> String {
        let names: Vec<&str> = self.request.keyspaces.iter().map(Keyspace::as_str).collect();
        names.join(", ")
    }

    /// Adds what all scripts of an archive share: the operator's own command, and what it is told.
    pub fn archive_vars(&self, script: Script, command: &str) -> Script {
        script.var("TAG", self.tag()).var("CLUSTER", &self.inventory.cluster).var("COMMAND", command)
    }

    /// Adds what all scripts of a backup share. The snapshot's name is ours alone.
    pub fn backup_vars(&self, script: Script) -> Script {
        script
            .var("SNAPSHOT", format!("reseed-{}", self.tag()))
            .var("PARTIAL", self.partial())
            .var("FINAL", self.destination())
            .list("KEYSPACES", &self.request.keyspaces)
    }
}
