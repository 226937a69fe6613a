//! `native.disable`: fences clients that nobody listed, by closing the native transport.

use super::{Context, Kind, ResolvedStep, Script, Spec, Target, Unresolved, by_exit_code};

/// The step type.
pub const SPEC: Spec = Spec {
    name: "native.disable",
    help: "Runs `nodetool disablebinary`; proven when the CQL port no longer listens. May run again.",
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
    let closed = Script::new("native.disable.proof").var("NATIVE_PORT", port);
    Ok(vec![ResolvedStep {
        summary: format!("close the CQL port {port} of {}", target.host),
        probe: target.ask(closed.clone()),
        act: Some(context.nodetool(Script::new("native.disable.act"), node, facts)),
        proof: target.ask(closed),
        idempotent: true,
        limit_s: 120,
        ..target.step(SPEC.name)
    }])
}
