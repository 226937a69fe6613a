//! `node.stop`: Cassandra is stopped by its own stop command; proven when no process of it is
//! left and its ports are closed, whatever the command said.

use super::{Context, Kind, ResolvedStep, Script, Spec, Target, Unresolved, by_exit_code};

/// The step type.
pub const SPEC: Spec = Spec {
    name: "node.stop",
    help: "Runs the inventory's stop command as run_as; proven when no Cassandra process is left and no port of it \
           listens. May run again.",
    on: Kind::Node,
    scripts: &[
        ("node.stop.probe", include_str!("node_down.probe.sh")),
        ("node.stop.act", include_str!("node_stop.act.sh")),
        ("node.stop.proof", include_str!("node_stop.proof.sh")),
    ],
    resolve,
    probe: by_exit_code,
    judge: by_exit_code,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let (node, facts) = context.node(SPEC.name, target)?;
    let ports = format!("{} {} 7199", facts.conf.storage_port, super::clients_gone::ports(facts));
    Ok(vec![ResolvedStep {
        summary: format!("stop Cassandra on {}", target.host),
        probe: target.ask(Script::new("node.stop.probe")),
        act: Some(Script::new("node.stop.act").var("STOP", &node.cassandra.stop).var("RUN_AS", &facts.run_as)),
        proof: target.ask(Script::new("node.stop.proof").var("PORTS", ports)),
        idempotent: true,
        limit_s: 300,
        patience_s: 120,
        ..target.step(SPEC.name)
    }])
}
