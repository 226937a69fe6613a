//! `ring.ready`: every node sees every node Up and Normal.

use super::{Ask, Context, Kind, ResolvedStep, Script, Seen, Spec, Target, Unresolved, Verdict, never};
use crate::cassandra::status::{self, Row};
use crate::facts::NodeFacts;
use crate::script::Embedded;

/// A node's view of the ring. `EXPECT`: who must be UN in it, one a line: a host id, or the addresses that
/// a node may have there when nobody could tell its id.
pub const VIEW: Embedded = ("ring.view", include_str!("ring_view.sh"));

/// The step type.
pub const SPEC: Spec = Spec {
    name: "ring.ready",
    help: "Only a proof: the node's own `nodetool status` shows every node of the inventory Up and Normal.",
    on: Kind::Node,
    scripts: &[VIEW],
    resolve,
    probe: never,
    judge: |step, observed| views(&step.proof, &observed.seen),
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let (node, facts) = context.node(SPEC.name, target)?;
    let all = context.facts.nodes.values().map(NodeFacts::known_as);
    let view = context.nodetool(Script::new(VIEW.0).list("EXPECT", all), node, facts);
    Ok(vec![ResolvedStep {
        summary: format!("see all nodes up from {}", target.host),
        proof: target.ask(view),
        idempotent: true,
        patience_s: context.inventory.limits.ready.as_secs(),
        ..target.step(SPEC.name)
    }])
}

/// Judges views: in each, all host ids of its `EXPECT` must be Up and Normal.
pub fn views(asked: &[Ask], seen: &[Seen]) -> Verdict {
    for (ask, seen) in asked.iter().zip(seen) {
        let reply = match &seen.reply {
            Ok(reply) if reply.rc == 0 => reply,
            Ok(reply) => return Verdict::Not(format!("{}: {}", seen.host, reply.reason())),
            Err(why) => return Verdict::Unknown(format!("{}: {why}", seen.host)),
        };
        let rows = match status::parse(&reply.stdout) {
            Ok(rows) => rows,
            Err(why) => return Verdict::Not(format!("{}: {why}", seen.host)),
        };
        let expected = ask.script.vars.get("EXPECT").map_or("", String::as_str);
        for id in expected.lines() {
            let is = |row: &&Row| id.split(' ').any(|one| row.host_id.as_deref() == Some(one) || row.host() == one);
            match rows.iter().find(is) {
                Some(row) if row.is_up_and_normal() => {}
                Some(row) => {
                    return Verdict::Not(format!(
                        "{} sees {} as {:?}/{:?}",
                        seen.host, row.address, row.status, row.state
                    ));
                }
                None => return Verdict::Not(format!("{} does not see host id {id}", seen.host)),
            }
        }
    }
    let hosts: Vec<String> = seen.iter().map(|s| s.host.to_string()).collect();
    Verdict::Holds(format!("UN as seen by {}", hosts.join(", ")))
}
