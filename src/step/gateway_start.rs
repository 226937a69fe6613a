//! `gateway.start`: an API gateway instance is started by `startinstance -d`, proven by `-s`.

use super::gateway_stop::{STATUS, each_instance};
use super::{Kind, ResolvedStep, Spec, by_exit_code};

/// The step type.
pub const SPEC: Spec = Spec {
    name: "gateway.start",
    help: "Runs `startinstance -d`, which returns when the instance runs; proven by `startinstance -s`; with \
           `--leave-stopped` not for an instance that was found stopped. May run again.",
    on: Kind::Gateway,
    scripts: &[STATUS, ("gateway.start.act", include_str!("gateway_start.act.sh"))],
    resolve: |context, target| {
        let steps = each_instance(context, target, SPEC.name, |script, instance, base| ResolvedStep {
            summary: format!("start gateway instance {} on {}", instance.name, target.host),
            probe: target.ask(script(STATUS.0).var("EXPECT", "running")),
            act: Some(script("gateway.start.act")),
            proof: target.ask(script(STATUS.0).var("EXPECT", "running")),
            idempotent: true,
            patience_s: 60,
            ..base
        })?;
        // the facts tell of the inventory's instances in its order, as the steps do
        let running = context.facts.gateways.get(target.host).map_or(&[][..], |facts| &facts.running);
        let stopped = |at: usize| context.request.choices.leave_stopped && running.get(at) == Some(&Some(false));
        Ok(steps.into_iter().enumerate().filter(|(at, _)| !stopped(*at)).map(|(_, step)| step).collect())
    },
    probe: by_exit_code,
    judge: by_exit_code,
};
