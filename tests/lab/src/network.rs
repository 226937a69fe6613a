//! The lab's network: a "world" namespace with a bridge, in which the
//! coordinator runs, and a namespace per host on a veth pair. Nothing of it is
//! in the machine's own network namespace.

use std::{path::PathBuf, process::Command};

use crate::{
    Host, Result,
    process::{command, run},
};

/// The bridge's name, and how a lab's world is recognised.
pub(crate) const BRIDGE: &str = "labbr0";
/// The coordinator's address.
pub(crate) const WORLD_ADDRESS: &str = "10.77.0.1";

/// The world's namespace of a lab.
pub(crate) fn world(lab: &str) -> String {
    format!("{lab}-world")
}

/// The namespace of a host.
pub(crate) fn namespace(lab: &str, host: &str) -> String {
    format!("{lab}-{host}")
}

/// Where `ip netns` keeps a namespace.
pub(crate) fn namespace_path(namespace: &str) -> PathBuf {
    PathBuf::from("/run/netns").join(namespace)
}

/// The world's end of a host's veth pair.
pub(crate) fn link(host: &str) -> String {
    format!("v-{host}")
}

/// `ip` within a namespace.
pub(crate) fn ip<const N: usize>(namespace: &str, args: [&str; N]) -> Command {
    let mut ip = command("ip", ["-n", namespace]);
    ip.args(args);
    ip
}

/// Makes the world and its bridge.
pub(crate) fn make_world(lab: &str) -> Result<()> {
    let world = world(lab);
    let what = "making the lab's network";
    run(what, &mut command("ip", ["netns", "add", &world]))?;
    run(what, &mut ip(&world, ["link", "set", "lo", "up"]))?;
    run(what, &mut ip(&world, ["link", "add", BRIDGE, "type", "bridge"]))?;
    let address = format!("{WORLD_ADDRESS}/24");
    run(what, &mut ip(&world, ["addr", "add", &address, "dev", BRIDGE]))?;
    run(what, &mut ip(&world, ["link", "set", BRIDGE, "up"]))?;
    Ok(())
}

/// Makes a host's namespace and plugs it into the bridge.
pub(crate) fn plug(lab: &str, host: &Host) -> Result<()> {
    let (world, own, link) = (world(lab), namespace(lab, &host.name), link(&host.name));
    let what = format!("plugging {} into the lab's network", host.name);
    run(&what, &mut command("ip", ["netns", "add", &own]))?;
    let pair = ["link", "add", &link, "type", "veth", "peer", "name", "eth0", "netns", &own];
    run(&what, &mut ip(&world, pair))?;
    run(&what, &mut ip(&world, ["link", "set", &link, "master", BRIDGE, "up"]))?;
    let address = format!("{}/24", host.address);
    run(&what, &mut ip(&own, ["addr", "add", &address, "dev", "eth0"]))?;
    run(&what, &mut ip(&own, ["link", "set", "lo", "up"]))?;
    run(&what, &mut ip(&own, ["link", "set", "eth0", "up"]))?;
    Ok(())
}

/// The namespaces of a lab that there are. No lab's name has a dash in it, so
/// the prefix is unambiguous.
pub(crate) fn namespaces(lab: &str) -> Result<Vec<String>> {
    let prefix = format!("{lab}-");
    Ok(all()?.into_iter().filter(|name| name.starts_with(&prefix)).collect())
}

/// The labs that have a world, found by its bridge.
pub(crate) fn labs() -> Result<Vec<String>> {
    let names = all()?
        .into_iter()
        .filter(|name| run("looking for a lab", &mut ip(name, ["link", "show", "dev", BRIDGE])).is_ok());
    Ok(names.filter_map(|name| name.strip_suffix("-world").map(str::to_owned)).collect())
}

fn all() -> Result<Vec<String>> {
    let listed = run("listing network namespaces", &mut command("ip", ["netns", "list"]))?;
    Ok(listed.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect())
}
