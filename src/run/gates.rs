//! The recheck before the outage: guards on fresh facts, and nothing that the plan rests on has
//! changed. The last moment at which nothing has changed.

use std::sync::Arc;

use super::ask::Ask;
use super::prepare::prepare;
use super::show::publish_findings;
use crate::engine::Gatekeeper;
use crate::engine::bus::Bus;
use crate::event::Level;
use crate::guard::Finding;
use crate::inventory::Inventory;
use crate::plan::{self, Gate};
use crate::remote::Transport;

/// The guard of the room for the copy, which is there by now: judged again it would demand the room twice.
const SETTLED: &str = "space";

/// Judges at the gates of a plan.
pub(super) struct Gates<T> {
    pub ask: Ask,
    pub inventory: Inventory,
    pub transport: Arc<T>,
    pub bus: Arc<Bus>,
    pub binding: serde_json::Value,
}

impl<T: Transport> Gatekeeper for Gates<T> {
    async fn pass(&self, gate: Gate) -> Result<(), String> {
        if gate == Gate::Preflight {
            // passed before there was a plan
            return Ok(());
        }
        let prepared =
            prepare(&self.transport, &self.inventory, &self.ask, &|_| {}).await.map_err(|error| error.to_string())?;
        let against = |finding: &&Finding| finding.level == Level::Fail && finding.guard != SETTLED;
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
