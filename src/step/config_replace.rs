//! `config.replace`: files of a backup of configuration take the place of those that are there.

use std::collections::BTreeSet;

use super::{
    Context, Kind, Observations, ResolvedStep, Script, Spec, Target, Unresolved, Verdict, by_exit_code, never,
};
use crate::config::{Entry, What};

/// The step type.
pub const SPEC: Spec = Spec {
    name: "config.replace",
    help: "Puts the files from the stage in their places, each by one rename, with owner, mode, time and SELinux label as \
           they were. What was there is kept below the run's directory on the host (by a second name, or as a compared \
           copy) and never deleted. Files that are as they were stay. Restarts nothing. May run again.",
    on: Kind::Any,
    scripts: &[
        ("config.replace.act", concat!(include_str!("config_replace.sh"), include_str!("config_replace.act.sh"))),
        ("config.replace.proof", concat!(include_str!("config_replace.sh"), include_str!("config_replace.proof.sh"))),
    ],
    resolve,
    probe: never,
    judge,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let config = context.config(SPEC.name, target)?;
    let entries: Vec<&Entry> = config.put.get(target.host).into_iter().flatten().collect();
    let number = entries.iter().filter(|entry| entry.what != What::Directory).count();
    if number == 0 {
        return Ok(vec![]);
    }
    let script = |name| {
        let of = |wanted: fn(&What) -> Option<&str>| -> Vec<String> {
            entries.iter().filter_map(|entry| Some(line(entry, wanted(&entry.what)?))).collect()
        };
        Script::new(name)
            .var("ROOT", context.job_root())
            .list("DIRS", of(|what| matches!(what, What::Directory).then_some("-")))
            .list("FILES", of(|what| if let What::File { sha256, .. } = what { Some(sha256) } else { None }))
            .list("LINKS", of(|what| matches!(what, What::Link { .. }).then_some("-")))
            .list("TARGETS", targets(&entries))
    };
    let first: BTreeSet<&str> = entries.iter().filter(|e| e.what != What::Directory).map(|e| e.path.as_str()).collect();
    let named: Vec<&str> = first.iter().take(3).copied().collect();
    let more = if number > 3 { format!(" and {} more", number - 3) } else { String::new() };
    Ok(vec![ResolvedStep {
        summary: format!("put back {}{more} on {}, keeping what is there", named.join(", "), target.host),
        act: Some(script("config.replace.act")),
        proof: target.ask(script("config.replace.proof")),
        idempotent: true,
        limit_s: 0,
        ..target.step(SPEC.name)
    }])
}

/// `subject mode uid user gid group mtime label path`, with tabs.
fn line(entry: &Entry, subject: &str) -> String {
    let Entry { mode, uid, user, gid, group, mtime, path, .. } = entry;
    let label = entry.label.as_deref().unwrap_or("-");
    format!("{subject}\t{mode}\t{uid}\t{user}\t{gid}\t{group}\t{mtime}\t{label}\t{path}")
}

/// Where the links lead, in their order.
fn targets<'a>(entries: &[&'a Entry]) -> Vec<&'a str> {
    entries
        .iter()
        .filter_map(|entry| if let What::Link { to } = &entry.what { Some(to.as_str()) } else { None })
        .collect()
}

fn judge(step: &ResolvedStep, observed: &Observations) -> Verdict {
    match (by_exit_code(step, observed), &observed.act) {
        (Verdict::Holds(_), Some(act)) => Verdict::Holds(act.last_line().to_owned()),
        (other, _) => other,
    }
}
