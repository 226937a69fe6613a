//! `config.clear`: the stage from which configuration was put back goes.

use super::{Context, Kind, ResolvedStep, Script, Spec, Target, Unresolved, by_exit_code, never};

/// The step type.
pub const SPEC: Spec = Spec {
    name: "config.clear",
    help: "Deletes the run's own stage on the host: copies of files that hold secrets. What was replaced stays. May run \
           again.",
    on: Kind::Any,
    scripts: &[("config.clear.act", include_str!("config_clear.act.sh"))],
    resolve,
    probe: never,
    judge: by_exit_code,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let config = context.config(SPEC.name, target)?;
    if config.put.get(target.host).is_none_or(|entries| entries.iter().all(|entry| entry.file().is_none())) {
        return Ok(vec![]);
    }
    Ok(vec![ResolvedStep {
        summary: format!("remove the stage on {}", target.host),
        act: Some(Script::new("config.clear.act").var("ROOT", context.job_root())),
        idempotent: true,
        ..target.step(SPEC.name)
    }])
}
