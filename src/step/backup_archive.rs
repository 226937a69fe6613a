//! `backup.archive`: a published backup goes elsewhere by the operator's own command, as a tar on its input.
//!
//! What goes out is hashed and counted on its way, so that nothing is read twice; the backup stays where it is,
//! whatever becomes of the command (docs/adr/0021).

use super::{Context, Kind, Observations, ResolvedStep, Script, Spec, Target, Unresolved, Verdict, never};
use crate::backup::archived::Archived;
use crate::facts::{BackupFacts, Fields};
use crate::remote::Reply;

/// The step type.
pub const SPEC: Spec = Spec {
    name: "backup.archive",
    help: "Runs the operator's command (sh, as the user of all scripts there, from /) with a tar of TAG/ on its \
           input and RESEED_TAG and RESEED_CLUSTER in its environment. What goes out is hashed and counted on its way \
           and kept in TAG/archived.json. A command that fails, or that ends before it has read everything, fails the \
           step; the backup is kept. May run again: the command must bear it. Nothing to do without --archive.",
    on: Kind::Node,
    scripts: &[
        ("backup.archive.act", concat!(include_str!("../backup/stream.sh"), include_str!("backup_archive.act.sh"))),
        ("backup.archive.proof", include_str!("backup_archive.proof.sh")),
    ],
    resolve,
    probe: never,
    judge,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    context.node(SPEC.name, target)?;
    let Some(command) = &context.request.choices.archive else { return Ok(vec![]) };
    let (digest, sums) = match &context.facts.backup {
        BackupFacts::Whole(manifest, digest) => {
            let files = manifest.files();
            let sums = files.map(|(ks, table, f)| format!("{}  {}/{}/{}", f.sha256, ks.name, table.name, f.path));
            (digest.as_str(), sums.collect::<Vec<_>>())
        }
        // made in this run, and read back a moment ago
        _ => ("", vec![]),
    };
    let act = context
        .archive_vars(Script::new("backup.archive.act"), command)
        .var("FINAL", context.destination())
        .var("DIGEST", digest)
        .list("SUMS", sums);
    let proof = Script::new("backup.archive.proof").var("FINAL", context.destination());
    Ok(vec![ResolvedStep {
        summary: format!("send {} as a tar to: {}", context.destination(), one_line(command)),
        act: Some(act),
        proof: target.ask(proof),
        idempotent: true,
        limit_s: 0,
        ..target.step(SPEC.name)
    }])
}

/// The operator's command in a sentence.
pub fn one_line(command: &str) -> String {
    command.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn judge(_: &ResolvedStep, observed: &Observations) -> Verdict {
    let reply = match &observed.seen[0].reply {
        Ok(reply) if reply.rc == 0 => reply,
        Ok(reply) => return Verdict::Not(reply.reason()),
        Err(why) => return Verdict::Unknown(why.clone()),
    };
    let fields = Fields::parse(&reply.stdout);
    let archived = fields.decoded("archived").ok().and_then(|text| serde_json::from_str::<Archived>(&text).ok());
    let Some(archived) = archived else { return Verdict::Not("archived.json cannot be read".to_owned()) };
    let sent = observed.act.as_ref().map(Reply::last_line);
    if fields.get("manifest") != Some(&archived.manifest_sha256) || sent.is_some_and(|sum| sum != archived.sha256) {
        return Verdict::Not("archived.json is about another archive".to_owned());
    }
    Verdict::Holds(archived.says())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::HostName;
    use crate::step::Seen;
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;

    fn judged(act: &str, manifest: &str, sha256: &str) -> Verdict {
        let record = format!(
            r#"{{"v":1,"at":"2026-01-01T00:00:00Z","bytes":10240,"sha256":"{sha256}","manifest_sha256":"mm"}}"#
        );
        let stdout = format!("manifest={manifest}\narchived={}\n", BASE64_STANDARD.encode(record));
        let seen = Seen { host: HostName::parse("n").unwrap(), reply: Ok(Reply { stdout, ..Reply::default() }) };
        let act = Reply { stdout: format!("{act}\n"), ..Reply::default() };
        let host = HostName::parse("n").unwrap();
        let step = Target { phase: "archive", host: &host, keyspace: None, earlier: &[] }.step(SPEC.name);
        judge(&step, &Observations { act: Some(act), seen: vec![seen] })
    }

    #[test]
    fn only_a_record_of_what_was_just_sent_is_a_proof() {
        assert_eq!(judged("aa", "mm", "aa"), Verdict::Holds("10 KiB (10240 bytes) as one tar, sha256 aa".to_owned()));
        assert!(matches!(judged("bb", "mm", "aa"), Verdict::Not(_)), "of an earlier archive");
        assert!(matches!(judged("aa", "other", "aa"), Verdict::Not(_)), "of another backup");
    }
}
