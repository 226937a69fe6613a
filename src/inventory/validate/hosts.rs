//! Nodes, gateways and clients, and what must hold among them.

use std::collections::BTreeMap;

use super::super::raw::{Key, Raw, RawClient, RawGateway, RawInstance, RawNode, RawSsh};
use super::super::{Client, Gateway, Instance, Node};
use super::check::{Check, join};
use super::merge;
use crate::name::HostName;

/// The valid ones of `nodes`.
pub fn nodes(raw: &Raw, check: &mut Check) -> Vec<Node> {
    let valid = |place: &str, n: &RawNode| Some((place.to_owned(), node(place, n, raw, check)?));
    let nodes: Vec<(String, Node)> = listed("nodes", &raw.nodes, valid);
    unique_hosts(&nodes, check);
    nodes.into_iter().map(|(_, node)| node).collect()
}

fn node(place: &str, node: &RawNode, raw: &Raw, check: &mut Check) -> Option<Node> {
    let (name, host) = name_and_host(place, &node.name, &node.host, check);
    let ssh = merge::ssh(place, &node.ssh, &raw.ssh, check);
    let cassandra = merge::cassandra(place, &node.cassandra, &raw.cassandra, check);
    Some(Node {
        name: name?,
        host: host?,
        seed: node.seed.get().copied().unwrap_or(false),
        absent: node.absent.get().copied().unwrap_or(false),
        ssh: ssh?,
        cassandra: cassandra?,
    })
}

/// No two nodes behind one address: a typing error that would restore one machine twice.
fn unique_hosts(nodes: &[(String, Node)], check: &mut Check) {
    let mut taken: BTreeMap<(String, u16), &Node> = BTreeMap::new();
    for (place, node) in nodes {
        let port = node.ssh.port.unwrap_or(22);
        if let Some(other) = taken.insert((node.host.to_ascii_lowercase(), port), node) {
            let Node { name, host, .. } = node;
            check.problem(
                &join(place, "host"),
                format!(
                    "{place}: `{name}` has the same host as `{}` ({host}, port {port}); \
                     every node needs its own host, or its own ssh port",
                    other.name
                ),
            );
        }
    }
}

/// The valid ones of `gateways`.
pub fn gateways(raw: &Raw, check: &mut Check) -> Vec<Gateway> {
    listed("gateways", &raw.gateways, |place, g| gateway(place, g, raw, check))
}

fn gateway(place: &str, gateway: &RawGateway, raw: &Raw, check: &mut Check) -> Option<Gateway> {
    let (name, host) = name_and_host(place, &gateway.name, &gateway.host, check);
    let install_dir =
        check.required(place, "install_dir", &gateway.install_dir, "the directory that holds `apigateway`");
    let install_dir = install_dir.and_then(|text| check.path(&join(place, "install_dir"), text));
    let instances = instances(&join(place, "instances"), &gateway.instances, check);
    let run_as = user(place, &gateway.run_as, check);
    let ssh = merge::ssh(place, &gateway.ssh, &raw.ssh, check);
    Some(Gateway {
        name: name?,
        host: host?,
        install_dir: install_dir?,
        instances: instances?,
        ssh: ssh?,
        run_as: run_as?,
    })
}

fn instances(place: &str, raw: &Key<Vec<RawInstance>>, check: &mut Check) -> Option<Vec<Instance>> {
    if raw.get().is_none_or(Vec::is_empty) {
        let why = "no instances, so nothing would be stopped; list them as `startinstance` without arguments does";
        check.problem(place, format!("{place}: {why}"));
        return None;
    }
    let mut instances: Vec<Instance> = Vec::new();
    let mut sound = true;
    for (index, raw) in raw.get().into_iter().flatten().enumerate() {
        let at = format!("{place}[{index}]");
        let name = check.required(&at, "name", &raw.name, "the `-n` of startinstance");
        let name = name.and_then(|text| check.word(&join(&at, "name"), text));
        let group = check.required(&at, "group", &raw.group, "the `-g` of startinstance");
        let group = group.and_then(|text| check.word(&join(&at, "group"), text));
        let (Some(name), Some(group)) = (name, group) else {
            sound = false;
            continue;
        };
        let instance = Instance { name, group };
        if instances.contains(&instance) {
            sound = false;
            let Instance { name, group } = &instance;
            check.problem(&at, format!("{at}: instance `{name}` of group `{group}` is listed twice; keep one of them"));
        }
        instances.push(instance);
    }
    sound.then_some(instances)
}

/// The valid ones of `clients`.
pub fn clients(raw: &Raw, check: &mut Check) -> Vec<Client> {
    listed("clients", &raw.clients, |place, c| client(place, c, raw, check))
}

fn client(place: &str, client: &RawClient, raw: &Raw, check: &mut Check) -> Option<Client> {
    let (name, host) = name_and_host(place, &client.name, &client.host, check);
    let mut command = |key: &str, value: &Key<String>, why: &str| {
        let text = check.required(place, key, value, why)?;
        check.command(&join(place, key), text)
    };
    let stop = command("stop", &client.stop, "the command that stops it before the restore");
    let start = command("start", &client.start, "the command that starts it again after the restore");
    let status = command("status", &client.status, "a command that exits 0 when it runs, 1 to 4 when it is stopped");
    let run_as = user(place, &client.run_as, check);
    let ssh = merge::ssh(place, &client.ssh, &raw.ssh, check);
    Some(Client { name: name?, host: host?, stop: stop?, start: start?, status: status?, ssh: ssh?, run_as: run_as? })
}

/// Names are unique over nodes, gateways and clients.
pub fn unique_names(raw: &Raw, check: &mut Check) {
    let mut seen: BTreeMap<&str, String> = BTreeMap::new();
    for (place, name) in names(raw) {
        if let Some(first) = seen.get(name) {
            check.problem(
                &join(&place, "name"),
                format!("the name `{name}` is taken by {first}; names are unique over nodes, gateways and clients"),
            );
        } else {
            seen.insert(name, place);
        }
    }
}

fn names(raw: &Raw) -> Vec<(String, &str)> {
    fn of<'r, T>(list: &str, items: &'r Key<Vec<T>>, name: fn(&T) -> &Key<String>) -> Vec<(String, &'r str)> {
        let items = items.get().into_iter().flatten().enumerate();
        items.filter_map(|(i, item)| Some((format!("{list}[{i}]"), name(item).get()?.as_str()))).collect()
    }
    let mut names = of("nodes", &raw.nodes, |n| &n.name);
    names.extend(of("gateways", &raw.gateways, |g| &g.name));
    names.extend(of("clients", &raw.clients, |c| &c.name));
    names
}

/// `become_user` at the top, where no host ever switches user.
pub fn unused_become_user(raw: &Raw, check: &mut Check) {
    let Some(top) = raw.ssh.get().filter(|ssh| ssh.become_user.get().is_some()) else { return };
    let sudo = |ssh: &RawSsh| ssh.r#become.get().is_some_and(|how| how != "none");
    let nodes = raw.nodes.get().into_iter().flatten().map(|n| &n.ssh);
    let gateways = raw.gateways.get().into_iter().flatten().map(|g| &g.ssh);
    let clients = raw.clients.get().into_iter().flatten().map(|c| &c.ssh);
    if !sudo(top) && !nodes.chain(gateways).chain(clients).filter_map(Key::get).any(sudo) {
        let at = "ssh.become_user";
        check.problem(at, format!("{at} does nothing without `become: sudo`; add that or remove it"));
    }
}

/// A restore fills a seed and starts it first, so one must be there.
pub fn seeds(raw: &Raw, check: &mut Check) {
    let yes = |key: &Key<bool>| key.get().copied().unwrap_or(false);
    let nodes: Vec<&RawNode> = raw.nodes.get().into_iter().flatten().collect();
    if nodes.is_empty() || nodes.iter().any(|n| yes(&n.seed) && !yes(&n.absent)) {
        return;
    }
    let what = if nodes.iter().any(|n| yes(&n.seed)) {
        "every seed is absent, so no node could start first; mark a present node with `seed: true` \
         (it must be in the seeds of its own cassandra.yaml)"
    } else {
        "no node is a seed; mark one with `seed: true`: the restore fills it and starts it first \
         (it must be in the seeds of its own cassandra.yaml)"
    };
    check.problem("nodes", what);
}

fn listed<R, T>(list: &str, items: &Key<Vec<R>>, mut one: impl FnMut(&str, &R) -> Option<T>) -> Vec<T> {
    let items = items.get().into_iter().flatten().enumerate();
    items.filter_map(|(index, item)| one(&format!("{list}[{index}]"), item)).collect()
}

fn name_and_host(
    place: &str,
    name: &Key<String>,
    host: &Key<String>,
    check: &mut Check,
) -> (Option<HostName>, Option<String>) {
    let name = check.required(place, "name", name, "reseed calls it by that name everywhere");
    let name = name.and_then(|text| check.name(&join(place, "name"), HostName::parse(text)));
    let host = check.required(place, "host", host, "the address or name that ssh goes to");
    let host = host.and_then(|text| check.host(&join(place, "host"), text));
    (name, host)
}

#[expect(clippy::option_option, reason = "outer: refused; inner: not given")]
fn user(place: &str, run_as: &Key<String>, check: &mut Check) -> Option<Option<String>> {
    match run_as.get() {
        None => Some(None),
        Some(text) => check.user(&join(place, "run_as"), text).map(Some),
    }
}
