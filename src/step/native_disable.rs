//! `native.disable`: fences clients that nobody listed, by closing the native transport, and Thrift
//! where Cassandra has it (before 4.0).

use super::clients_gone::{clients, ports};
use super::{Context, Kind, Observations, ResolvedStep, Script, Spec, Target, Unresolved, Verdict, by_exit_code};

/// The step type.
pub const SPEC: Spec = Spec {
    name: "native.disable",
    help: "Runs `nodetool disablebinary`, and `disablethrift` before 4.0; proven when none of their ports listens any more. May \
           run again. Tells who was connected.",
    on: Kind::Node,
    scripts: &[
        ("native.disable.act", include_str!("native_disable.act.sh")),
        ("native.disable.proof", include_str!("native_disable.proof.sh")),
    ],
    resolve,
    probe: by_exit_code,
    judge,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let (node, facts) = context.node(SPEC.name, target)?;
    let port = facts.conf.native_transport_port;
    let thrift = if facts.version.has_thrift() { facts.conf.rpc_port.to_string() } else { String::new() };
    let closed = Script::new("native.disable.proof").var("PORTS", ports(facts));
    let act = Script::new("native.disable.act").var("THRIFT_PORT", thrift).var("PORTS", ports(facts));
    Ok(vec![ResolvedStep {
        summary: format!("close port {port} of {} to clients", target.host),
        probe: target.ask(closed.clone()),
        act: Some(context.nodetool(act, node, facts)),
        proof: target.ask(closed),
        idempotent: true,
        limit_s: 120,
        ..target.step(SPEC.name)
    }])
}

/// As the proof says; the evidence names the clients that nobody had stopped.
fn judge(step: &ResolvedStep, observed: &Observations) -> Verdict {
    let verdict = by_exit_code(step, observed);
    match (verdict, observed.act.as_ref().and_then(|act| clients(&act.stdout))) {
        (Verdict::Holds(evidence), Some(clients)) => Verdict::Holds(format!("{evidence}; was connected: {clients}")),
        (verdict, _) => verdict,
    }
}
