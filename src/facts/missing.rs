//! What the backup has and the cluster lacks (`--create-schema`): the statements that create it, and
//! the schema as it will be then.
//!
//! A table is created under the id that it had (`WITH ID =`, Cassandra 2.2 and later), so that its
//! directory is known while the plan is made, and every other step can be resolved as if it were there.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{BackupFacts, Facts};
use crate::backup::manifest::{KeyspaceEntry, TableEntry};
use crate::cassandra::ddl::{self, Kind, Statement};
use crate::cassandra::schema::{Index, KeyspaceSchema, TableSchema, TypeSchema, ViewSchema};
use crate::name::{Keyspace, Table};

/// What will be created in one keyspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Creation {
    /// The keyspace.
    pub keyspace: Keyspace,
    /// Whether it is created itself.
    pub whole: bool,
    /// Tables and views among it.
    pub tables: Vec<Table>,
    /// All that is created, in order, each such that it may run again.
    pub statements: Vec<String>,
}

impl Facts {
    /// The same cluster after everything was created that the backup has of these keyspaces and that
    /// is not there. What the manifest cannot make stays missing, for the guards to object to.
    #[must_use]
    pub fn with_missing(mut self, keyspaces: &[Keyspace]) -> Self {
        let BackupFacts::Whole(manifest, _) = &self.backup else { return self };
        let manifest = manifest.clone();
        for entry in keyspaces.iter().filter_map(|name| manifest.keyspace(name)) {
            let live = self.schema.keyspaces.iter().position(|ks| ks.name == entry.name);
            let found = live.map(|at| self.schema.keyspaces.remove(at));
            let (schema, creation) = complete(entry, found);
            self.schema.keyspaces.extend(schema);
            self.creation.extend(creation);
        }
        self.schema.keyspaces.sort_by(|a, b| a.name.cmp(&b.name));
        self
    }

    /// The cluster before that, for a rollback of a run that did not come to create anything.
    #[must_use]
    pub fn without_missing(mut self) -> Self {
        for Creation { keyspace, whole, tables, .. } in std::mem::take(&mut self.creation) {
            if whole {
                self.schema.keyspaces.retain(|ks| ks.name != keyspace);
            }
            for ks in self.schema.keyspaces.iter_mut().filter(|ks| ks.name == keyspace) {
                ks.tables.retain(|table| !tables.contains(&table.name));
                ks.views.retain(|view| !tables.contains(&view.name));
            }
        }
        self
    }
}

/// A keyspace with what it lacks, and how to make that; `live`: as it is.
fn complete(entry: &KeyspaceEntry, live: Option<KeyspaceSchema>) -> (Option<KeyspaceSchema>, Option<Creation>) {
    let cql = ddl::statements(&entry.schema_cql);
    let whole = live.is_none();
    let made = |kind, name: &str| cql.iter().find(|s| s.kind == kind && s.name == name);
    if whole && made(Kind::Keyspace, entry.name.as_str()).is_none() {
        return (None, None);
    }
    let mut schema = live.unwrap_or_else(|| KeyspaceSchema {
        name: entry.name.clone(),
        durable_writes: true,
        replication: entry.replication.clone(),
        tables: vec![],
        views: vec![],
        types: vec![],
    });
    let there: BTreeSet<Table> = schema.dirs().into_iter().map(|dir| dir.table).collect();
    let types: BTreeSet<String> = schema.types.iter().map(|ty| ty.name.clone()).collect();
    let mut creation = Creation { keyspace: entry.name.clone(), whole, tables: vec![], statements: vec![] };
    for table in entry.tables.iter().filter(|table| !there.contains(&table.name)) {
        if let Some(view) = made(Kind::View, table.name.as_str()) {
            let base = view.table.as_deref().and_then(|base| Table::parse(base).ok());
            let Some(base) = base else { continue };
            schema.views.push(ViewSchema { name: table.name.clone(), id: table.id.clone(), base });
        } else if made(Kind::Table, table.name.as_str()).is_some() {
            schema.tables.push(of(table, &cql));
        } else {
            continue;
        }
        creation.tables.push(table.name.clone());
    }
    for statement in &cql {
        let id = |name: &str| entry.tables.iter().find(|t| t.name.as_str() == name).map(|t| &t.id);
        let created = |name: &str| creation.tables.iter().any(|table| table.as_str() == name);
        let wanted = match statement.kind {
            Kind::Keyspace | Kind::Other => whole,
            Kind::Type => !types.contains(&statement.name),
            Kind::Table | Kind::View => created(&statement.name),
            Kind::Index => statement.table.as_deref().is_some_and(created),
        };
        if wanted {
            let id = id(&statement.name).filter(|_| matches!(statement.kind, Kind::Table | Kind::View));
            creation.statements.push(statement.create(id));
        }
        if wanted && statement.kind == Kind::Type {
            let known = entry.types.iter().flatten().find(|ty| ty.name == statement.name).cloned();
            let unknown = || TypeSchema { name: statement.name.clone(), fields: vec![] };
            schema.types.push(known.unwrap_or_else(unknown));
        }
    }
    let any = !creation.statements.is_empty();
    (Some(schema), Some(creation).filter(|_| any))
}

/// A table as the manifest has it.
pub fn of(table: &TableEntry, cql: &[Statement]) -> TableSchema {
    let target = |name: &str| {
        let own =
            |s: &&Statement| s.kind == Kind::Index && s.name == name && s.table.as_deref() == Some(table.name.as_str());
        cql.iter().find(own).map(|s| s.target.clone()).unwrap_or_default()
    };
    let index = |entry: &crate::backup::manifest::IndexEntry| Index {
        name: entry.name.clone(),
        kind: entry.kind.clone(),
        class: None,
        target: target(&entry.name),
    };
    TableSchema {
        name: table.name.clone(),
        id: table.id.clone(),
        columns: table.columns.clone(),
        dropped: vec![],
        indexes: table.indexes.iter().map(index).collect(),
    }
}
