//! `native.disable`: fences clients that nobody listed, by closing the native transport, and Thrift
//! where Cassandra has it (before 4.0).

use super::{Context, Kind, ResolvedStep, Script, Spec, Target, Unresolved, by_exit_code};

/// The step type.
pub const SPEC: Spec = Spec {
    name: "native.disable",
    help: "Runs `nodetool disablebinary`, and `disablethrift` before 4.0; proven when neither port listens any more. May \
           run again.",
    on: Kind::Node,
    scripts: &[
        ("native.disable.act", include_str!("native_disable.act.sh")),
        ("native.disable.proof", include_str!("native_disable.proof.sh")),
    ],
    resolve,
    probe: by_exit_code,
    judge: by_exit_code,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let (node, facts) = context.node(SPEC.name, target)?;
    let port = facts.conf.native_transport_port;
    let thrift = if facts.version.has_thrift() { facts.conf.rpc_port.to_string() } else { String::new() };
    let closed = Script::new("native.disable.proof").var("NATIVE_PORT", port).var("THRIFT_PORT", &thrift);
    Ok(vec![ResolvedStep {
        summary: format!("close port {port} of {} to clients", target.host),
        probe: target.ask(closed.clone()),
        act: Some(context.nodetool(Script::new("native.disable.act").var("THRIFT_PORT", thrift), node, facts)),
        proof: target.ask(closed),
        idempotent: true,
        limit_s: 120,
        ..target.step(SPEC.name)
    }])
}
