//! What the engine leaves to the run. The recheck before the outage: guards on fresh facts, and nothing that the plan
//! rests on has changed; the last moment at which nothing has changed. And the coordinator's own part of steps: files
//! that it keeps.

use std::sync::Arc;
use std::time::Duration;

use super::ask::Ask;
use super::prepare::prepare;
use super::show::publish_findings;
use crate::config::{self, Porter, Source, Store};
use crate::engine::Gatekeeper;
use crate::engine::bus::Bus;
use crate::event::Level;
use crate::guard::Finding;
use crate::inventory::Inventory;
use crate::name::{HostName, RunId};
use crate::plan::{self, Gate};
use crate::remote::Transport;
use crate::script::Library;
use crate::step::{self, Carry};
use crate::units::bytes;

/// Judges at the gates of a plan, and keeps files.
pub(super) struct Gates<T> {
    pub ask: Ask,
    pub inventory: Inventory,
    pub transport: Arc<T>,
    pub bus: Arc<Bus>,
    pub binding: serde_json::Value,
    pub run: RunId,
    pub silence: Duration,
}

impl<T: Transport> Gatekeeper for Gates<T> {
    async fn pass(&self, gate: Gate) -> Result<(), String> {
        if gate == Gate::Preflight {
            // passed before there was a plan
            return Ok(());
        }
        let prepared =
            prepare(&self.transport, &self.inventory, &self.ask, &|_| {}).await.map_err(|error| error.to_string())?;
        let against = |finding: &&Finding| finding.level == Level::Fail && !finding.is_settled();
        let against: Vec<Finding> = prepared.findings.iter().filter(against).cloned().collect();
        publish_findings(&self.bus, &against).map_err(|error| error.to_string())?;
        if let Some(finding) = against.first() {
            return Err(format!("{}: {}; nothing was changed", finding.guard, finding.message));
        }
        let now = plan::binding(&self.ask.playbook, &self.inventory, &prepared.facts, &prepared.request);
        if now != self.binding {
            return Err(format!(
                "the cluster changed since the plan was made; nothing was changed: {}",
                difference(&self.binding, &now)
            ));
        }
        Ok(())
    }

    async fn carry(
        &self,
        host: &HostName,
        carry: &Carry,
        library: &Library,
        told: &(dyn Fn(u64, u64) + Send + Sync),
    ) -> Result<String, String> {
        let porter = Porter::new(&self.transport, self.silence, self.run.as_str()).with(library);
        let told = match carry {
            Carry::Take { list, dir, tag, limit, .. } => {
                let address = config::hosts(&self.inventory).find(|(name, _)| *name == host).map_or("", |(_, at)| at);
                let source = Source { host, address, list, limit: *limit };
                let kept = porter.take(&source, &Store::at(dir), tag, told).await;
                kept.map(|kept| {
                    let skipped = kept.skipped.len();
                    let left = if skipped == 0 { String::new() } else { format!(", {skipped} left out") };
                    format!("{}, {}{left}", step::count(kept.files().count(), "file"), bytes(kept.bytes()))
                })
            }
            Carry::Publish { dir, tag, cluster, hosts } => {
                let store = Store::at(dir);
                let published = store.publish(tag, cluster, hosts);
                published.map(|manifest| format!("{dir}/{tag}, {}", step::count(manifest.hosts.len(), "host")))
            }
            Carry::Send { put, dir, tag, files } => {
                let sent = porter.send(host, put, (&Store::at(dir), tag), files, told).await;
                sent.map(|sent| format!("{} sent", bytes(sent)))
            }
        };
        told.map_err(|error| error.to_string())
    }
}

/// The first difference between two values, as `path: old → new`.
fn difference(old: &serde_json::Value, new: &serde_json::Value) -> String {
    if let (Some(old), Some(new)) = (old.as_object(), new.as_object()) {
        for (key, value) in old {
            let other = new.get(key).unwrap_or(&serde_json::Value::Null);
            if value != other {
                let inner = difference(value, other);
                return if value.is_object() && other.is_object() {
                    format!("{key}.{inner}")
                } else {
                    format!("{key}: {inner}")
                };
            }
        }
    }
    format!("{old} → {new}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_changed_fact_is_told_with_its_path_and_both_values() {
        let old = json!({"nodes": {"cass1": {"host_id": "a"}}, "manifest_sha256": null});
        let new = json!({"nodes": {"cass1": {"host_id": "b"}}, "manifest_sha256": null});
        assert_eq!(difference(&old, &new), r#"nodes.cass1.host_id: "a" → "b""#);
    }
}
