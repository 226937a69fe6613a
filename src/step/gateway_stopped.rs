//! `gateway.stopped`: proves that no gateway has come back, before anything that relies on it.

use super::gateway_stop::{STATUS, each_instance};
use super::{Kind, ResolvedStep, Spec, by_exit_code, never};

/// The step type.
pub const SPEC: Spec = Spec {
    name: "gateway.stopped",
    help: "Only a proof: `startinstance -s` says that the instance is not running.",
    on: Kind::Gateway,
    scripts: &[STATUS],
    resolve: |context, target| {
        each_instance(context, target, SPEC.name, |script, instance, base| ResolvedStep {
            summary: format!("see gateway instance {} on {} still stopped", instance.name, target.host),
            proof: target.ask(script(STATUS.0).var("EXPECT", "stopped")),
            idempotent: true,
            ..base
        })
    },
    probe: never,
    judge: by_exit_code,
};
