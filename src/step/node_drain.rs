//! `node.drain`: everything in memory goes to sstables; the commit log then holds nothing.
//!
//! Proven by `Mode: DRAINED` and a clean log, never by the exit code: a failing drain exits 0 from
//! 3.11 on, and so does the second of two (domain.md C.4).

use super::{Context, Kind, ResolvedStep, Script, Spec, Target, Unresolved, by_exit_code};

/// The step type.
pub const SPEC: Spec = Spec {
    name: "node.drain",
    help: "Runs `nodetool drain`, reads the log from before it, and demands `Mode: DRAINED`. A node that does not \
           run needs none. May run again: a second drain changes nothing.",
    on: Kind::Node,
    scripts: &[
        ("node.drain.probe", include_str!("node_drain.proof.sh")),
        ("node.drain.act", include_str!("node_drain.act.sh")),
        ("node.drain.proof", include_str!("node_drain.proof.sh")),
    ],
    resolve,
    probe: by_exit_code,
    judge: by_exit_code,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let (node, facts) = context.node(SPEC.name, target)?;
    let script = |name| context.nodetool(Script::new(name), node, facts);
    Ok(vec![ResolvedStep {
        summary: format!("drain {}", target.host),
        act: Some(script("node.drain.act").var("LOG", &facts.log)),
        proof: target.ask(script("node.drain.proof")),
        idempotent: true,
        limit_s: 3600,
        ..target.step(SPEC.name)
    }])
}
