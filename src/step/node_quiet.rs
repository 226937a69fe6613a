//! `node.quiet`: drains a node that runs, as far as that goes: in a rollback, and in a restore on a
//! node that was down when it was planned.
//!
//! Unlike `node.drain` it is no condition for going on: a rollback must work on a node that is
//! down, half started, or out of disk. What was not drained is in the commit log: of a node that the
//! earlier run had not cleared it stays where it is and is replayed; of another it is set aside with
//! all else that came later, and `others.repair` makes up for it. So it is in a restore.

use super::{Context, Kind, ResolvedStep, Script, Spec, Target, Unresolved, by_exit_code, never};

/// How long a node may take to finish a start that is under way, in seconds.
const WAIT_S: u32 = 60;

/// The step type.
pub const SPEC: Spec = Spec {
    name: "node.quiet",
    help: "Waits until a start that is under way is over, replays the batch log and runs `nodetool drain`. A node \
           that is down or cannot be drained is marked as such: the run goes on, and repairs the other keyspaces \
           too when it sets that node's commit log aside. May run again.",
    on: Kind::Node,
    scripts: &[
        ("node.quiet.act", include_str!("node_quiet.act.sh")),
        ("node.quiet.proof", include_str!("node_quiet.proof.sh")),
    ],
    resolve,
    probe: never,
    judge: by_exit_code,
};

pub fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let (node, facts) = context.node(SPEC.name, target)?;
    let summary = if context.request.earlier.is_some() {
        format!("drain {} if it runs", target.host)
    } else if facts.is_down() {
        format!("take {} as stopped and not drained, since it is down (if it runs by then, drain it)", target.host)
    } else {
        return Err(target.unresolved(SPEC.name, "it is for a rollback, or for a node that is down"));
    };
    let place = facts.dir("commitlog").map_or("", |dir| dir.place.as_str());
    let script = |name| context.nodetool(Script::new(name), node, facts).var("PLACE", place);
    Ok(vec![ResolvedStep {
        summary,
        act: Some(script("node.quiet.act").var("LOG", &facts.log).var("WAIT_S", WAIT_S)),
        proof: target.ask(script("node.quiet.proof")),
        idempotent: true,
        limit_s: 3600,
        ..target.step(SPEC.name)
    }])
}
