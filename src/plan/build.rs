//! Builds the plan: expands a playbook's entries over hosts and keyspaces. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::{Lane, Phase, Plan, RepairFirst, Request};
use crate::facts::Facts;
use crate::inventory::Inventory;
use crate::name::{HostName, Keyspace};
use crate::playbook::{Entry, On, Order, Playbook, SeedPlace};
use crate::script::Library;
use crate::step::{self, Context, ResolvedStep, Target, Unresolved};

/// Resolves `playbook` for the request on the cluster as found.
pub fn build(playbook: &Playbook, inventory: &Inventory, facts: &Facts, request: &Request) -> Result<Plan, Unresolved> {
    let filled = filled(playbook, inventory, facts);
    let context = Context::new(inventory, facts, request, &filled);
    let mut phases = playbook.phases.iter().map(|entry| phase(entry, &context)).collect::<Result<Vec<_>, _>>()?;
    number(&mut phases);
    let library = Library::of(step::SPECS.iter().flat_map(|spec| spec.scripts));
    let used: Vec<&str> = phases
        .iter()
        .flat_map(|p: &Phase| &p.lanes)
        .flat_map(|lane| &lane.steps)
        .flat_map(ResolvedStep::scripts)
        .map(|script| script.name.as_str())
        .collect();
    Ok(Plan {
        format: super::FORMAT,
        cluster: inventory.cluster.clone(),
        playbook: playbook.playbook.clone(),
        params: params(&context),
        binding: binding(playbook, inventory, facts, request),
        scripts: library.only(used),
        phases,
    })
}

/// Nodes on which the playbook stages the backup.
pub fn filled(playbook: &Playbook, inventory: &Inventory, facts: &Facts) -> Vec<HostName> {
    hosts_of(playbook, inventory, facts, "backup.stage")
}

/// Nodes whose tables the playbook sets aside, for a repair to bring them anew.
pub fn refilled(playbook: &Playbook, inventory: &Inventory, facts: &Facts) -> Vec<HostName> {
    hosts_of(playbook, inventory, facts, "table.aside")
}

fn hosts_of(playbook: &Playbook, inventory: &Inventory, facts: &Facts, step: &str) -> Vec<HostName> {
    let entries = playbook.phases.iter().filter(|entry| entry.steps.iter().any(|name| name == step));
    let mut found: Vec<HostName> = entries.flat_map(|entry| hosts(entry, inventory, facts)).collect();
    found.sort();
    found.dedup();
    found
}

/// What the plan rests on: binding facts, and for each node that is filled and does not keep the backup, whether it
/// is read there or carried there.
pub fn binding(playbook: &Playbook, inventory: &Inventory, facts: &Facts, request: &Request) -> serde_json::Value {
    let mut binding = facts.binding(&request.keyspaces);
    let source = &inventory.backup.node;
    let asked = filled(playbook, inventory, facts).into_iter().filter(|host| host != source);
    let places: BTreeMap<String, bool> = asked.map(|host| (host.to_string(), facts.in_place(&host, source))).collect();
    if !places.is_empty() {
        binding["backup_in_place"] = serde_json::json!(places);
    }
    binding
}

/// Ids are unique: a step that a playbook names again in the same phase bears a number.
fn number(phases: &mut [Phase]) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for step in phases.iter_mut().flat_map(|phase| &mut phase.lanes).flat_map(|lane| &mut lane.steps) {
        let times = seen.entry(step.id.clone()).or_default();
        *times += 1;
        if *times > 1 {
            step.id = format!("{}/again-{times}", step.id);
        }
    }
}

fn params(context: &Context) -> BTreeMap<String, String> {
    let request = context.request;
    let mut params = match &request.earlier {
        None if request.config.is_some() => return BTreeMap::from([("config".to_owned(), request.tag.to_string())]),
        // a prune is about many
        None if request.playbook == "prune" => return BTreeMap::new(),
        Some(earlier) => BTreeMap::from([("run".to_owned(), earlier.run.to_string())]),
        None => BTreeMap::from([("backup".to_owned(), request.tag.to_string())]),
    };
    let choices = &request.choices;
    params.extend(choices.archive.clone().map(|command| ("archive".to_owned(), command)));
    // an archive is of all that its backup holds
    if !matches!(request.playbook.as_str(), "fetch" | "archive") {
        params.insert("keyspaces".to_owned(), context.keyspace_list().replace(',', ""));
    }
    params.extend(choices.extra_tables.map(|choice| ("extra_tables".to_owned(), choice.word().to_owned())));
    for (name, said) in [("verify_rows", choices.verify_rows), ("leave_stopped", choices.leave_stopped)] {
        params.extend(said.then(|| (name.to_owned(), "yes".to_owned())));
    }
    if choices.repair_first != RepairFirst::Auto {
        params.insert("repair_first".to_owned(), choices.repair_first.word().to_owned());
    }
    params.extend(choices.rate.map(|rate| ("rate".to_owned(), rate.to_string())));
    params
}

fn phase(entry: &Entry, context: &Context) -> Result<Phase, Unresolved> {
    let hosts = hosts(entry, context.inventory, context.facts);
    let keyspaces: Vec<Option<&Keyspace>> = match entry.each {
        None => vec![None],
        Some(_) => context.request.keyspaces.iter().map(Some).collect(),
    };
    let parallel = entry.order == Order::Parallel;
    let mut lanes = vec![];
    for (position, host) in hosts.iter().enumerate() {
        let earlier = if parallel { &[][..] } else { &hosts[..position] };
        let mut steps = vec![];
        for keyspace in &keyspaces {
            for name in &entry.steps {
                let spec = step::spec(name).expect("a playbook names known steps only: it was checked when read");
                let target = Target { phase: &entry.phase, host, keyspace: *keyspace, earlier };
                steps.extend((spec.resolve)(context, &target)?);
            }
        }
        if !steps.is_empty() {
            lanes.push(Lane { host: host.clone(), steps });
        }
    }
    Ok(Phase { phase: entry.phase.clone(), parallel, always: entry.always, lanes, gate: entry.gate })
}

/// The entry's hosts in the order in which they take their turn.
fn hosts(entry: &Entry, inventory: &Inventory, facts: &Facts) -> Vec<HostName> {
    let seed = &inventory.seed().name;
    let nodes = || inventory.present().map(|node| node.name.clone());
    match entry.on {
        None => vec![],
        Some(On::Gateways) => inventory.gateways.iter().map(|g| g.name.clone()).collect(),
        Some(On::Clients) => inventory.clients.iter().map(|c| c.name.clone()).collect(),
        Some(On::Seed) => vec![seed.clone()],
        Some(On::Source) => vec![inventory.backup.node.clone()],
        Some(On::Others) => nodes().filter(|name| name != seed).collect(),
        Some(On::Seeds) => seeds(inventory, facts),
        Some(On::Rest) => {
            let seeds = seeds(inventory, facts);
            nodes().filter(|name| !seeds.contains(name)).collect()
        }
        Some(On::Nodes) => {
            let others = nodes().filter(|name| name != seed);
            match entry.seed {
                SeedPlace::First => std::iter::once(seed.clone()).chain(others).collect(),
                SeedPlace::Last => others.chain([seed.clone()]).collect(),
            }
        }
    }
}

/// One seed of every data center that has one, the restored one first.
fn seeds(inventory: &Inventory, facts: &Facts) -> Vec<HostName> {
    let center = |name: &HostName| facts.nodes.get(name).map(|node| node.datacenter.as_str());
    let first = inventory.seed();
    let mut centers = BTreeSet::new();
    let all = std::iter::once(first).chain(inventory.present().filter(|node| node.seed));
    all.filter(|node| centers.insert(center(&node.name))).map(|node| node.name.clone()).collect()
}
