//! `config.send`: files of a backup of configuration come to a stage on their host.

use super::{Carry, Context, Kind, ResolvedStep, Script, Spec, Target, Unresolved, by_exit_code, never};
use crate::config::Entry;
use crate::units::bytes;

/// The step type.
pub const SPEC: Spec = Spec {
    name: "config.send",
    help: "Sends the files that are to be put back, in pieces, to a stage of mode 0700 below the run's directory on the \
           host, and hashes them there. Changes nothing else. May run again: each piece has its own place.",
    on: Kind::Any,
    scripts: &[
        ("config.put", include_str!("../config/put.sh")),
        ("config.send.proof", include_str!("config_send.proof.sh")),
    ],
    resolve,
    probe: never,
    judge: by_exit_code,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let config = context.config(SPEC.name, target)?;
    let mut files: Vec<Entry> = config.put.get(target.host).into_iter().flatten().cloned().collect();
    files.retain(|entry| entry.file().is_some());
    if files.is_empty() {
        return Ok(vec![]);
    }
    let size = files.iter().filter_map(Entry::file).map(|(size, _)| size).sum();
    let sums = files.iter().filter_map(Entry::file).map(|(_, sum)| sum);
    let root = context.job_root();
    Ok(vec![ResolvedStep {
        summary: format!("send {} files, {}, to a stage on {}", files.len(), bytes(size), target.host),
        proof: target.ask(Script::new("config.send.proof").var("ROOT", &root).list("SUMS", sums)),
        carry: Some(Carry::Send {
            put: Script::new("config.put").var("ROOT", &root),
            dir: config.dir.clone(),
            tag: context.tag().clone(),
            files,
        }),
        idempotent: true,
        limit_s: 0,
        ..target.step(SPEC.name)
    }])
}
