//! `fetch.publish`: what was fetched and proven gets the backup's name, by one rename.

use super::{Context, Kind, Observations, ResolvedStep, Script, Spec, Target, Unresolved, Verdict, never};
use crate::backup::manifest::Manifest;
use crate::step::count;
use crate::units::bytes;

/// The step type.
pub const SPEC: Spec = Spec {
    name: "fetch.publish",
    help: "Renames what was fetched to ROOT/TAG, keeps the length and sha256 of the tar in TAG/archived.json, and \
           removes what is left of the fetch; proven by reading the manifest back. May run again: it goes on where \
           it was; an existing TAG is never replaced.",
    on: Kind::Node,
    scripts: &[
        ("fetch.publish.act", include_str!("fetch_publish.act.sh")),
        ("fetch.publish.proof", include_str!("fetch_publish.proof.sh")),
    ],
    resolve,
    probe: never,
    judge,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    context.node(SPEC.name, target)?;
    let script = |name| {
        let script = Script::new(name).var("TAG", context.tag()).var("PARTIAL", context.partial());
        script.var("FINAL", context.destination())
    };
    Ok(vec![ResolvedStep {
        summary: format!("publish {}", context.destination()),
        act: Some(script("fetch.publish.act")),
        proof: target.ask(script("fetch.publish.proof")),
        idempotent: true,
        ..target.step(SPEC.name)
    }])
}

fn judge(step: &ResolvedStep, observed: &Observations) -> Verdict {
    let reply = match &observed.seen[0].reply {
        Ok(reply) if reply.rc == 0 => reply,
        Ok(reply) => return Verdict::Not(reply.reason()),
        Err(why) => return Verdict::Unknown(why.clone()),
    };
    let (sum, json) = reply.stdout.split_once('\n').unwrap_or(("", ""));
    let tag = step.proof[0].script.vars.get("TAG").map_or("", String::as_str);
    match Manifest::parse(json, sum) {
        Ok(manifest) if manifest.tag.as_str() == tag => {
            Verdict::Holds(format!("{}, {}", count(manifest.file_count(), "file"), bytes(manifest.bytes())))
        }
        Ok(manifest) => Verdict::Not(format!("its manifest is that of backup {}", manifest.tag)),
        Err(why) => Verdict::Not(format!("its manifest cannot be read: {why}")),
    }
}
