//! `streams.unthrottle`: lets a node send streams as fast as it can, while no client is served.
//!
//! Cassandra limits what a node sends (`stream_throughput_outbound`, 24 MiB/s) so that clients do not suffer. In a restore
//! there are none, and the seed fills every other node through that limit: it would be most of the outage. The rate of
//! before is noted on the node and set again by `streams.throttle`; a restart forgets ours, too, so no crash leaves it
//! behind for long. It is no condition for going on: a limit that cannot be lifted stays, and the evidence tells it.
//!
//! The limit between data centers stays: that line may be somebody else's as well. So does all of it where the operator has
//! limited copies (`limits.copy_rate`).

use super::{Context, Kind, ResolvedStep, Script, Spec, Target, Unresolved, by_exit_code, never};

/// The step type.
pub const SPEC: Spec = Spec {
    name: "streams.unthrottle",
    help: "Notes the rate at which the node may send streams, and lifts it (`nodetool setstreamthroughput 0`); not where \
           `limits.copy_rate` is set, and not when the rate could not be set again: then the restore goes on with the \
           limit. The evidence is what nodetool tells. May run again.",
    on: Kind::Node,
    scripts: &[
        ("streams.unthrottle.act", concat!(include_str!("streams_rate.sh"), include_str!("streams_unthrottle.act.sh"))),
        (
            "streams.unthrottle.proof",
            concat!(include_str!("streams_rate.sh"), include_str!("streams_unthrottle.proof.sh")),
        ),
    ],
    resolve,
    probe: never,
    judge: by_exit_code,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    if stays(context, target) {
        return Ok(vec![]);
    }
    Ok(vec![ResolvedStep {
        summary: format!("let {} stream to the others without a limit", target.host),
        act: Some(script(context, target, SPEC.name, "act")?),
        proof: target.ask(script(context, target, SPEC.name, "proof")?),
        idempotent: true,
        ..target.step(SPEC.name)
    }])
}

/// Whether the rate stays as it is: there is nobody to stream to, copies are limited on purpose, or there is no place for a note.
pub fn stays(context: &Context, target: &Target) -> bool {
    let place = context.facts.nodes.get(target.host).and_then(|node| node.dir("commitlog"));
    context.facts.nodes.len() < 2 || context.inventory.limits.copy_rate > 0 || place.is_none()
}

/// A script of one of the two steps about the rate: `probe`, `act` or `proof`.
pub fn script(context: &Context, target: &Target, step: &'static str, part: &str) -> Result<Script, Unresolved> {
    let (node, facts) = context.node(step, target)?;
    let place = facts.dir("commitlog").map_or("", |dir| dir.place.as_str());
    let script = context.nodetool(Script::new(&format!("{step}.{part}")), node, facts);
    Ok(script.var("PLACE", place).var("UNITS", facts.version.stream_rate_units().join(" ")))
}
