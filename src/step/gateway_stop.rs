//! `gateway.stop`: an API gateway instance is stopped by `startinstance -k`, proven by `-s`.

use super::{Context, Kind, ResolvedStep, Script, Spec, Target, Unresolved, by_exit_code};
use crate::inventory::{Gateway, Instance};
use crate::script::Embedded;

/// Whether an instance runs. `EXPECT`: `running` or `stopped`.
pub const STATUS: Embedded = ("gateway.status", include_str!("gateway_status.sh"));

/// The step type.
pub const SPEC: Spec = Spec {
    name: "gateway.stop",
    help: "Runs `startinstance -k`, which waits for the instance's end; proven by `startinstance -s`. May run again.",
    on: Kind::Gateway,
    scripts: &[STATUS, ("gateway.stop.act", include_str!("gateway_stop.act.sh"))],
    resolve,
    probe: by_exit_code,
    judge: by_exit_code,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    each_instance(context, target, SPEC.name, |script, instance, base| ResolvedStep {
        summary: format!("stop gateway instance {} on {}", instance.name, target.host),
        probe: target.ask(script(STATUS.0).var("EXPECT", "stopped")),
        act: Some(script("gateway.stop.act")),
        proof: target.ask(script(STATUS.0).var("EXPECT", "stopped")),
        idempotent: true,
        patience_s: 60,
        ..base
    })
}

/// One step per instance of the target's gateway host; `make` gets a maker of scripts with the
/// instance's variables, the instance, and the step to fill in.
pub fn each_instance(
    context: &Context,
    target: &Target,
    name: &'static str,
    make: impl Fn(&dyn Fn(&str) -> Script, &Instance, ResolvedStep) -> ResolvedStep,
) -> Result<Vec<ResolvedStep>, Unresolved> {
    let gateway: &Gateway = context
        .inventory
        .gateways
        .iter()
        .find(|g| g.name == *target.host)
        .ok_or_else(|| target.unresolved(name, "it is not a gateway"))?;
    let facts = context.facts.gateways.get(&gateway.name);
    let path = facts.and_then(|f| f.startinstance.as_ref());
    let startinstance = path.ok_or_else(|| target.unresolved(name, "its startinstance was not found"))?;
    let run_as = gateway.run_as.as_ref().or(facts.map(|f| &f.owner)).map_or("", String::as_str);
    let steps = gateway.instances.iter().map(|instance| {
        let script = |script: &str| {
            Script::new(script)
                .var("STARTINSTANCE", startinstance)
                .var("INSTANCE", &instance.name)
                .var("GROUP", &instance.group)
                .var("RUN_AS", run_as)
        };
        let subject = Some(instance.name.clone());
        let base = target.step(name);
        make(&script, instance, ResolvedStep { id: target.id(name, subject.as_deref()), subject, ..base })
    });
    Ok(steps.collect())
}
