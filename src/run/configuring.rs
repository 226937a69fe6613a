//! What a run about configuration is about: looked at when the lease is held.
//!
//! No Cassandra is asked and no cassandra.yaml has to be right: it may be what is to be put back.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::ask::Ask;
use crate::cassandra::conf::Conf;
use crate::config::{self, ConfigError, Listing, Porter, Store};
use crate::facts::{ConfigFacts, Facts};
use crate::inventory::Inventory;
use crate::journal::Errand;
use crate::name::{HostName, Tag};
use crate::plan::Request;
use crate::remote::Transport;
use crate::step::ConfigRequest;

/// Facts about the hosts' configuration, and the request.
pub(super) async fn look<T: Transport>(
    transport: &Arc<T>,
    inventory: &Inventory,
    ask: &Ask,
    errand: &Errand,
) -> Result<(Facts, Request), ConfigError> {
    let tag = errand.config().cloned().unwrap_or(Tag::parse("none").expect("a word"));
    let mut doubts = BTreeMap::new();
    let config = match errand {
        Errand::ConfigRestore { dir, hosts, files, .. } => {
            let manifest = Store::at(dir).read(&tag)?;
            if manifest.cluster != inventory.cluster {
                return Err(ConfigError::Foreign { tag, cluster: manifest.cluster.to_string() });
            }
            let there: Vec<HostName> = config::hosts(inventory).map(|(host, _)| host.clone()).collect();
            let put = config::select(&manifest, &there, hosts, files)
                .map_err(|why| ConfigError::Nothing { tag: tag.clone(), why })?;
            for (host, address) in config::hosts(inventory) {
                if let Some(kept) = manifest.hosts.get(host).filter(|kept| kept.address != address) {
                    doubts.insert(
                        host.clone(),
                        format!("it was at {} when that was kept; now it is {address}", kept.address),
                    );
                }
            }
            ConfigRequest { dir: dir.clone(), limit: config::LIMIT, put }
        }
        Errand::ConfigBackup { dir, limit, .. } => {
            if Store::at(dir).has(&tag) {
                return Err(ConfigError::Taken { tag, dir: dir.clone() });
            }
            ConfigRequest { dir: dir.clone(), limit: *limit, put: BTreeMap::new() }
        }
        Errand::Import(_) | Errand::Archive(_) | Errand::Fetch(_) | Errand::Prune { .. } => {
            unreachable!("these look at the catalogue")
        }
    };
    let mut facts = Facts::default();
    let mut config = config;
    let hashed = !config.put.is_empty();
    for (host, listing) in listed(transport, inventory, hashed).await? {
        if let Some(put) = config.put.get_mut(&host) {
            // what is as it was need not travel
            put.retain(|entry| !listing.kept.entries.iter().any(|now| now.is_like(entry)));
        }
        let doubts = doubts.remove(&host).into_iter().collect();
        facts.config.insert(host, found(listing, config.limit, doubts));
    }
    let request = Request { config: Some(config), ..Request::of(&ask.playbook.playbook, tag) };
    Ok((facts, request))
}

/// All hosts at the same time; the first failure ends it.
async fn listed<T: Transport>(
    transport: &Arc<T>,
    inventory: &Inventory,
    hashed: bool,
) -> Result<Vec<(HostName, Listing)>, ConfigError> {
    let porter = Arc::new(Porter::new(transport, 10 * inventory.limits.silence, ""));
    let mut asking = JoinSet::new();
    for (host, address) in config::hosts(inventory) {
        let Some(list) = config::list(inventory, host, hashed) else { continue };
        let (porter, host, address) = (Arc::clone(&porter), host.clone(), address.to_owned());
        asking.spawn(async move { Ok((host.clone(), porter.list(&host, &address, &list).await?)) });
    }
    asking.join_all().await.into_iter().collect()
}

fn found(listing: Listing, limit: u64, doubts: Vec<String>) -> ConfigFacts {
    let Listing { kept, missing, unreadable, yaml } = listing;
    let name = yaml.and_then(|yaml| Conf::from_yaml(&yaml, "/").ok()).map(|conf| conf.cluster_name);
    ConfigFacts {
        files: kept.files().count(),
        bytes: kept.bytes(),
        missing,
        unreadable,
        over: (kept.bytes() > limit).then(|| config::over(&kept, limit)),
        skipped: kept.skipped,
        cluster_name: name,
        doubts,
    }
}
