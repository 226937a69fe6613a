//! `clients.gone`: nobody is connected to a node's ports for clients.
//!
//! A gateway or client that the inventory does not name, or that a supervisor has revived, reads
//! nothing while the others are still empty, and may write defaults with new timestamps. It may well run on a node: nodes
//! do not speak CQL to each other, and no cqlsh of ours runs meanwhile, so who is connected from there is a client, too.
//! Told by the kernel's table of connections, so it costs no JVM; it is a look at a moment, taken again and again.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::{Context, Kind, Observations, ResolvedStep, Script, Spec, Target, Unresolved, Verdict, count, never};
use crate::facts::NodeFacts;

/// The step type.
pub const SPEC: Spec = Spec {
    name: "clients.gone",
    help: "Only a proof, without a JVM: there is no established connection to the native port (and to Thrift's before \
           4.0), from wherever.",
    on: Kind::Node,
    scripts: &[("clients.gone.proof", include_str!("clients_gone.proof.sh"))],
    resolve,
    probe: never,
    judge,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let (_, facts) = context.node(SPEC.name, target)?;
    let script = Script::new("clients.gone.proof").var("PORTS", ports(facts));
    Ok(vec![ResolvedStep {
        summary: format!("see that no client is connected to {}", target.host),
        proof: target.ask(script),
        idempotent: true,
        // what only looks whether the port is open is gone by then
        patience_s: 10,
        ..target.step(SPEC.name)
    }])
}

/// The ports of clients, in a line.
pub fn ports(facts: &NodeFacts) -> String {
    let thrift = facts.version.has_thrift().then_some(facts.conf.rpc_port);
    let all = [Some(facts.conf.native_transport_port), facts.conf.native_transport_port_ssl, thrift];
    all.into_iter().flatten().map(|port| port.to_string()).collect::<Vec<_>>().join(" ")
}

fn judge(_: &ResolvedStep, observed: &Observations) -> Verdict {
    let reply = match &observed.seen[0].reply {
        Ok(reply) if reply.rc == 0 && reply.stdout.ends_with("reseed: end\n") => reply,
        Ok(reply) => return Verdict::Unknown(reply.reason()),
        Err(why) => return Verdict::Unknown(why.clone()),
    };
    match clients(&reply.stdout) {
        Some(who) => Verdict::Not(format!(
            "a client is connected from {who}: a program there, also where that is a node, since Cassandra itself does not \
             use this port (`ss -tnp` there names it); stop it and resume; name it in the inventory for the next run"
        )),
        None => Verdict::Holds("no client is connected".to_owned()),
    }
}

/// Who is connected, with the number of connections, from what `connected` of the prelude printed.
pub fn clients(printed: &str) -> Option<String> {
    let mut clients: BTreeMap<String, usize> = BTreeMap::new();
    for hex in printed.lines().filter_map(|line| line.strip_prefix("reseed: client ")) {
        let who = match address(hex) {
            Some(address) if address.is_loopback() => "this host itself".to_owned(),
            Some(address) => address.to_string(),
            None => format!("an address that cannot be read ({hex})"),
        };
        *clients.entry(who).or_default() += 1;
    }
    let list: Vec<String> = clients.iter().map(|(who, n)| format!("{who} ({})", count(*n, "connection"))).collect();
    (!list.is_empty()).then(|| list.join(", "))
}

/// An address of `/proc/net/tcp` or `tcp6`: words of 32 bits, as a little-endian machine prints them.
fn address(hex: &str) -> Option<IpAddr> {
    let word = |at: usize| u32::from_str_radix(hex.get(at..at + 8)?, 16).ok().map(u32::to_le_bytes);
    match hex.len() {
        8 => Some(IpAddr::from(word(0)?)),
        32 => {
            let mut bytes = [0; 16];
            for n in 0..4 {
                bytes[n * 4..n * 4 + 4].copy_from_slice(&word(n * 8)?);
            }
            Some(IpAddr::from(bytes).to_canonical())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_kernels_tables_are_read() {
        let read = |hex: &str| address(hex).map(|address| address.to_string());
        assert_eq!(read("0B004D0A").as_deref(), Some("10.77.0.11"));
        assert_eq!(read("0000000000000000FFFF000015004D0A").as_deref(), Some("10.77.0.21"), "mapped into IPv6");
        assert_eq!(read("B80D0120000000000000000001000000").as_deref(), Some("2001:db8::1"));
        assert_eq!(read("00000000000000000000000001000000").as_deref(), Some("::1"));
        for bad in ["", "xyz", "0B004D0", "0B004D0A0B004D0A"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn clients_are_told_by_address_also_those_on_the_host_itself() {
        let lines =
            |list: &[&str]| list.iter().map(|hex| format!("reseed: client {hex}\n")).collect::<Vec<_>>().concat();
        assert_eq!(clients("reseed: end\n"), None);
        let two = "0000000000000000FFFF000032004D0A";
        assert_eq!(
            clients(&lines(&[two, "nonsense", two, "0100007F", "00000000000000000000000001000000"])).as_deref(),
            Some(
                "10.77.0.50 (2 connections), an address that cannot be read (nonsense) (1 connection), this host itself \
                 (2 connections)"
            )
        );
    }
}
