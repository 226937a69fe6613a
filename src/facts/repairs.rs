//! Asks what the history of repairs tells, and what 2.2 keeps of hints: two calls of cqlsh on one node, and
//! on 2.2 one on each. What cannot be had is left unknown, which counts against the source (see `writes`).

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

use super::gather::Asker;
use super::{Facts, FactsError, Since};
use crate::cassandra::{cqlsh, repairs};
use crate::inventory::{Inventory, Node};
use crate::remote::Transport;

/// Of each keyspace, ranges are asked of at most so many repairs per node: those of `-pr` on each, and some more.
const PER_NODE: usize = 4;

impl<T: Transport> Asker<T> {
    /// Since when the replicas of each keyspace of users agree, and on 2.2 for whom hints wait.
    pub(super) async fn missed_writes(
        &self,
        inventory: &Inventory,
        voice: &Node,
        facts: &mut Facts,
    ) -> Result<(), FactsError> {
        let version = facts.nodes[&voice.name].version.clone();
        let replication = if version.has_system_schema() {
            "SELECT JSON keyspace_name, writetime(replication) AS set_at FROM system_schema.keyspaces"
        } else {
            "SELECT JSON keyspace_name, writetime(strategy_options) AS set_at FROM system.schema_keyspaces"
        };
        let listed = [replication, repairs::query(&version)].map(|query| format!("{query};")).join("\n");
        let mut sets = self.rows(voice, facts, &listed).await?.into_iter();
        let (set, history) = (sets.next().unwrap_or_default(), sets.next().unwrap_or_default());
        let set: BTreeMap<&str, Timestamp> = set
            .iter()
            .filter_map(|row| {
                let at = Timestamp::from_microsecond(row.get("set_at")?.as_i64()?).ok()?;
                Some((row.get("keyspace_name")?.as_str()?, at))
            })
            .collect();
        let history = repairs::read(&history);
        let most = PER_NODE * facts.nodes.len();
        let mut ids = BTreeSet::new();
        for keyspace in facts.schema.user_keyspaces() {
            let of = history.iter().filter(|repair| repair.keyspace == keyspace.name.as_str());
            ids.extend(of.take(most).map(|repair| repair.id.as_str()));
        }
        let mut ranges = BTreeMap::new();
        if !ids.is_empty() {
            let query = repairs::ranges(&ids.into_iter().collect::<Vec<_>>()) + ";";
            let rows = self.rows(voice, facts, &query).await?;
            ranges = repairs::read_ranges(rows.first().map_or(&[], Vec::as_slice));
        }
        facts.since = facts
            .schema
            .user_keyspaces()
            .map(|keyspace| {
                let name = keyspace.name.as_str();
                (name.to_owned(), Since::of(keyspace, &history, &ranges, set.get(name).copied()))
            })
            .collect();
        if version.hints_are_files() {
            return Ok(());
        }
        for node in inventory.present() {
            if facts.nodes.get(&node.name).is_none_or(|known| known.is_down() || known.no_cqlsh.is_some()) {
                continue;
            }
            let rows = self.rows(node, facts, "SELECT JSON DISTINCT target_id FROM system.hints;").await?;
            let targets = rows.iter().flatten().filter_map(|row| Some(row.get("target_id")?.as_str()?.to_owned()));
            let hints = targets.map(|id| (id, 1)).collect();
            if let Some(known) = facts.nodes.get_mut(&node.name) {
                known.writes.hints = hints;
            }
        }
        Ok(())
    }

    /// The result sets; none where the host answered and that is no answer (a role that may not read these tables).
    async fn rows(&self, node: &Node, facts: &Facts, cql: &str) -> Result<Vec<Vec<Value>>, FactsError> {
        match self.cql(node, &facts.nodes[&node.name], cql).await {
            Ok(text) => Ok(cqlsh::json(&text).unwrap_or_default()),
            Err(FactsError::Script { .. }) => Ok(vec![]),
            Err(error) => Err(error),
        }
    }
}
