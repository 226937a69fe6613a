//! `config.take`: a host's configuration comes to the coordinator.

use super::{Carry, Context, Kind, ResolvedStep, Script, Spec, Target, Unresolved, by_exit_code, never};
use crate::config;
use crate::units::bytes;

/// The step type.
pub const SPEC: Spec = Spec {
    name: "config.take",
    help: "Lists what configures the host (a node's conf; of a gateway groups, conf, system/conf/nodemanager.xml, ext and \
           /etc/init.d/vshell-*; without logs and traces) with owner, mode and hash, and reads it in pieces. Each file \
           must give its hash here. Changes nothing on the host. May run again: it starts anew.",
    on: Kind::Any,
    scripts: config::SCRIPTS,
    resolve,
    probe: never,
    judge: by_exit_code,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let config = context.config(SPEC.name, target)?;
    let Some(list) = config::list(context.inventory, target.host, true) else { return Ok(vec![]) };
    let found = context.facts.config.get(target.host);
    let size = found.map_or_else(String::new, |found| format!(", {} files, {}", found.files, bytes(found.bytes)));
    Ok(vec![ResolvedStep {
        summary: format!("take the configuration of {}{size} to {}/{}", target.host, config.dir, context.tag()),
        carry: Some(Carry::Take {
            list,
            read: Script::new("config.read"),
            dir: config.dir.clone(),
            tag: context.tag().clone(),
            limit: config.limit,
        }),
        idempotent: true,
        limit_s: 0,
        ..target.step(SPEC.name)
    }])
}
