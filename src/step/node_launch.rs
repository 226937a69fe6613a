//! `node.launch`: Cassandra is started and can be reached by the other nodes; nobody waits until it serves.
//!
//! A node that starts looks for a seed, and a seed that starts alone waits in vain for others. Those that
//! are launched as soon as the seed can be reached come up together with it, in about the time of one
//! (domain.md section 0). Whether it is ready is for `node.start`, which waits for all of them. No JVM.

use super::node_start::act;
use super::{Context, Kind, ResolvedStep, Script, Spec, Target, Unresolved, by_exit_code, never};

/// The step type.
pub const SPEC: Spec = Spec {
    name: "node.launch",
    help: "Runs the inventory's start command as run_as, and waits until the node listens for other nodes or exits (then \
           with the log line that says why). A following node.start waits until it is ready. May run again: a running \
           node is not started twice.",
    on: Kind::Node,
    scripts: &[
        ("node.launch.act", concat!(include_str!("node_up.sh"), include_str!("node_launch.act.sh"))),
        ("node.launch.proof", include_str!("node_launch.proof.sh")),
    ],
    resolve,
    probe: never,
    judge: by_exit_code,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let (_, facts) = context.node(SPEC.name, target)?;
    let ready = context.inventory.limits.ready.as_secs();
    // before 4.0 one that encrypts all listens on the second only
    let ports = format!("{} {}", facts.conf.storage_port, facts.conf.ssl_storage_port);
    Ok(vec![ResolvedStep {
        summary: format!("launch {}, until the other nodes can reach it", target.host),
        act: Some(act("node.launch.act", context, target)?.var("STORAGE_PORTS", &ports)),
        proof: target.ask(Script::new("node.launch.proof").var("STORAGE_PORTS", ports)),
        idempotent: true,
        limit_s: ready + 60,
        ..target.step(SPEC.name)
    }])
}
