//! `streams.throttle`: sets the rate again that `streams.unthrottle` lifted, before a client is served.

use super::streams_unthrottle::{script, stays};
use super::{Context, Kind, ResolvedStep, Spec, Target, Unresolved, by_exit_code};

/// The step type.
pub const SPEC: Spec = Spec {
    name: "streams.throttle",
    help: "Sets the rate at which the node may send streams to what it was before `streams.unthrottle`; proven by what nodetool \
           tells. May run again.",
    on: Kind::Node,
    scripts: &[
        ("streams.throttle.probe", concat!(include_str!("streams_rate.sh"), include_str!("streams_throttle.probe.sh"))),
        ("streams.throttle.act", concat!(include_str!("streams_rate.sh"), include_str!("streams_throttle.act.sh"))),
        ("streams.throttle.proof", concat!(include_str!("streams_rate.sh"), include_str!("streams_throttle.proof.sh"))),
    ],
    resolve,
    probe: by_exit_code,
    judge: by_exit_code,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    if stays(context, target) {
        return Ok(vec![]);
    }
    let script = |part| script(context, target, SPEC.name, part);
    Ok(vec![ResolvedStep {
        summary: format!("limit what {} streams as before", target.host),
        probe: target.ask(script("probe")?),
        act: Some(script("act")?),
        proof: target.ask(script("proof")?),
        idempotent: true,
        patience_s: 60,
        ..target.step(SPEC.name)
    }])
}
