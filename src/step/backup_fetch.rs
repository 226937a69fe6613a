//! `backup.fetch`: an archived backup comes back by the operator's own command, as a tar on its output.
//!
//! The archive itself is the proof, end to end: its manifest is read and checked as that of any backup, must be of
//! this tag and this cluster, and every file that came is compared with it. Nothing has the backup's name
//! until then.

use super::{Context, Kind, Observations, ResolvedStep, Script, Spec, Target, Unresolved, Verdict, never};
use crate::backup::manifest::Manifest;
use crate::backup::verify::{self, Damage, Hashed};
use crate::facts::Fields;
use crate::step::backup_archive::one_line;
use crate::step::count;
use crate::units::bytes;

/// The step type.
pub const SPEC: Spec = Spec {
    name: "backup.fetch",
    help: "Runs the operator's command (sh, as the user of all scripts there, from /, with RESEED_TAG and \
           RESEED_CLUSTER) and unpacks the tar that it prints below ROOT/.partial-TAG. Refused: a command that fails, \
           even after its last byte; paths that are absolute or climb, links, devices, strangers; the manifest of \
           another tag or cluster; a file that is missing, extra or not byte for byte as the manifest says. Nothing is \
           published by it. May run again: it starts anew.",
    on: Kind::Node,
    scripts: &[
        ("backup.fetch.act", concat!(include_str!("../backup/stream.sh"), include_str!("backup_fetch.act.sh"))),
        ("backup.fetch.proof", include_str!("backup_fetch.proof.sh")),
    ],
    resolve,
    probe: never,
    judge,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    context.node(SPEC.name, target)?;
    let command = context.request.choices.archive.as_ref();
    let command = command.ok_or_else(|| target.unresolved(SPEC.name, "there is no command to fetch with"))?;
    let act = context
        .archive_vars(Script::new("backup.fetch.act"), command)
        .var("PARTIAL", context.partial())
        .var("FINAL", context.destination());
    let proof = Script::new("backup.fetch.proof")
        .var("TAG", context.tag())
        .var("CLUSTER", &context.inventory.cluster)
        .var("PARTIAL", context.partial());
    Ok(vec![ResolvedStep {
        summary: format!("unpack what this prints into {}, and verify it: {}", context.partial(), one_line(command)),
        act: Some(act),
        proof: target.ask(proof),
        idempotent: true,
        limit_s: 0,
        ..target.step(SPEC.name)
    }])
}

fn judge(step: &ResolvedStep, observed: &Observations) -> Verdict {
    let seen = &observed.seen[0];
    let reply = match &seen.reply {
        Ok(reply) if reply.rc == 0 => reply,
        Ok(reply) => return Verdict::Not(reply.reason()),
        Err(why) => return Verdict::Unknown(why.clone()),
    };
    let wanted = |name: &str| step.proof[0].script.vars.get(name).map_or("", String::as_str);
    match compared(&Fields::parse(&reply.stdout), wanted("TAG"), wanted("CLUSTER")) {
        Ok(evidence) => Verdict::Holds(evidence),
        Err(why) => Verdict::Not(format!("{why}; nothing was published, what came is in {}", wanted("PARTIAL"))),
    }
}

fn compared(fields: &Fields, tag: &str, cluster: &str) -> Result<String, String> {
    let text = fields.decoded("manifest").map_err(|why| format!("the archive's manifest.json is no text: {why}"))?;
    let manifest = Manifest::parse(&text, fields.get("sum").unwrap_or(""))
        .map_err(|why| format!("the archive's manifest cannot be trusted: {why}"))?;
    if manifest.tag.as_str() != tag {
        return Err(format!("the archive is that of backup {}, not of {tag}", manifest.tag));
    }
    if manifest.cluster.as_str() != cluster {
        return Err(format!("the archive is of cluster {:?}, this one is {cluster:?}", manifest.cluster.as_str()));
    }
    let expected = verify::expected(&manifest);
    let listing = fields.all("file").collect::<Vec<_>>().join("\n");
    let (mut damage, rest) = verify::compare(&expected, &verify::listed(&listing));
    let mut hashed = Hashed::default();
    hashed.read(&fields.all("hash").collect::<Vec<_>>().join("\n"));
    damage.extend(verify::judge(&rest, &hashed));
    damage.sort();
    if damage.is_empty() {
        let (files, size) = (manifest.file_count(), bytes(manifest.bytes()));
        return Ok(format!("{}, {size}, every byte as in the manifest", count(files, "file")));
    }
    let told = |damage: &Damage| format!("{}: {}", damage.path, damage.harm.says());
    let first: Vec<String> = damage.iter().take(3).map(told).collect();
    Err(format!("{} of the archive not as its manifest says: {}", count(damage.len(), "file"), first.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::sha256;
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;

    /// What the host would say of an archive of one file, and what is made of it.
    fn judged(change: impl Fn(&str) -> String) -> Result<String, String> {
        let file = format!(r#"{{"path":"nb-1-big-Data.db","size":4,"sha256":"{}"}}"#, sha256("data"));
        let text = format!(
            r#"{{"format":1,"tag":"t1","cluster":"Lab","node":"n","host_id":"4f065e01-c613-422a-81f0-27f6b127bab0","version":"5.0.8","partitioner":"M","taken_at":"2026-01-01T00:00:00Z","reseed":"0","keyspaces":[{{"name":"ks","replication":{{"class":"SimpleStrategy","replication_factor":"1"}},"schema_cql":"","tables":[{{"name":"t","id":"f58cb0e0-c9a6-11e7-a9d0-b5b6a2d0a1b2","files":[{file}]}}]}}]}}"#
        );
        let said = format!(
            "sum={}  manifest.json\nmanifest=@{text}@\nfile=regular file\t4\t./ks/t/nb-1-big-Data.db\nfile=regular file\t9\t./manifest.json\n\
             file=regular file\t9\t./manifest.json.sha256\nhash={}  ks/t/nb-1-big-Data.db\nhash=aa  manifest.json\n",
            sha256(&text),
            sha256("data")
        );
        let said = change(&said);
        let text = said.split('@').nth(1).unwrap().to_owned();
        let said = said.replace(&format!("@{text}@"), &BASE64_STANDARD.encode(&text));
        compared(&Fields::parse(&said), "t1", "Lab")
    }

    #[test]
    fn an_archive_is_proven_by_its_own_manifest_and_what_differs_is_named() {
        assert_eq!(judged(str::to_owned).unwrap(), "1 file, 4 B, every byte as in the manifest");
        let because = |change: &dyn Fn(&str) -> String, words: &str| {
            let why = judged(change).unwrap_err();
            assert!(why.contains(words), "{why}");
        };
        because(&|said| said.replace("\"size\":4", "\"size\":5"), "cannot be trusted: manifest.json is damaged");
        because(&|said| said.replace("\t4\t", "\t3\t"), "ks/t/nb-1-big-Data.db: truncated: 3 of 4 bytes");
        because(&|said| said.replace(&format!("hash={}", sha256("data")), "hash=ee"), "other bytes than when");
        because(&|said| said.replace("hash=", "no="), "cannot be read");
        because(&|said| said.replace("./ks/t/nb-1", "./ks/t/nb-2"), "2 files of the archive");
        // whole in themselves, and not what was asked for
        let other = |from: &'static str, to: &'static str| {
            move |said: &str| {
                let text = said.split('@').nth(1).unwrap();
                said.replace(text, &text.replace(from, to)).replace(&sha256(text), &sha256(text.replace(from, to)))
            }
        };
        because(&other("\"t1\"", "\"t2\""), "that of backup t2, not of t1");
        because(&other("\"Lab\"", "\"Live\""), "of cluster \"Live\", this one is \"Lab\"");
        because(&other("\"format\":1", "\"format\":2"), "format 2");
        because(&other("nb-1-big-Data.db\",\"size", "../../x\",\"size"), "`..`");
    }
}
