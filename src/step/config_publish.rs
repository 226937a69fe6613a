//! `config.publish`: what was taken of all hosts becomes a backup of configuration.

use super::{Carry, Context, Kind, ResolvedStep, Spec, Target, Unresolved, by_exit_code, never};
use crate::config;

/// The step type.
pub const SPEC: Spec = Spec {
    name: "config.publish",
    help: "Writes the manifest beside what was taken of all hosts, and gives it its name by one rename. On the \
           coordinator; no host is asked anything. May run again.",
    on: Kind::Node,
    scripts: &[],
    resolve,
    probe: never,
    judge: by_exit_code,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let config = context.config(SPEC.name, target)?;
    let hosts = config::hosts(context.inventory).map(|(host, _)| host.clone()).collect();
    let (dir, tag) = (config.dir.clone(), context.tag().clone());
    Ok(vec![ResolvedStep {
        summary: format!("publish {dir}/{tag} on this machine"),
        carry: Some(Carry::Publish { dir, tag, cluster: context.inventory.cluster.clone(), hosts }),
        idempotent: true,
        ..target.step(SPEC.name)
    }])
}
