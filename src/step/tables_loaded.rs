//! `tables.loaded`: what was restored was loaded, and the log since the start says nothing else.
//!
//! A node that could not load an sstable starts all the same, is Up and Normal for everyone, and
//! tells only its log (domain.md B.9, B.10); counts of sstables change as compaction goes on. So
//! every Data.db of the manifest must be open in Cassandra's process, which keeps all sstables open
//! that it has loaded [2.2.19 and 3.11.19 with mmap, 4.0.19, 4.1.10, 5.0.8], or be gone from the disk:
//! compaction removes its input, a failed load does not. Where a component is missing Cassandra may
//! remove the rest, and its log tells.
//!
//! And nothing else is live: the tables hold no other Data.db. Where Cassandra compacts, and in views, it cannot be told. With the
//! hashes of the stage, which became live by rename, that makes the rows of such a node those of the backup, whatever their size. In the
//! phase `verify` that is demanded only where no repair wrote to it since, by us or as the cure of a difference: where
//! every node was filled from the backup.
//!
//! In entries without `each: keyspace`: the log only. That is for nodes that a repair filled.

use std::collections::BTreeSet;

use super::{Context, Kind, Observations, ResolvedStep, Script, Spec, Target, Unresolved, Verdict, count, never};
use crate::cassandra::startlog;

/// The step type.
pub const SPEC: Spec = Spec {
    name: "tables.loaded",
    help: "Only a proof, without a JVM: every restored Data.db is held open by Cassandra's process or was compacted \
           away, no other is in its table, and its log since the last start tells of nothing that was not loaded. For \
           nodes that were not filled from the backup, the log alone.",
    on: Kind::Node,
    scripts: &[("tables.loaded.proof", include_str!("tables_loaded.proof.sh"))],
    resolve,
    probe: never,
    judge,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let (_, facts) = context.node(SPEC.name, target)?;
    let script = Script::new("tables.loaded.proof")
        .var("KEYSPACE", target.keyspace.map_or("", |keyspace| keyspace.as_str()))
        .var("RUN_AS", &facts.run_as)
        .var("LOG", &facts.log)
        .list("SIGNS", startlog::NOT_LOADED);
    let (script, summary) = match target.keyspace {
        None => (script, format!("see no load error in the log of {}", target.host)),
        Some(keyspace) => {
            let staged = context.staged_files(SPEC.name, target)?;
            let files: Vec<&str> =
                staged.iter().map(|file| file.to.as_str()).filter(|path| path.ends_with("-Data.db")).collect();
            let tables: BTreeSet<&str> = files.iter().filter_map(|path| path.split('/').next()).collect();
            let untouched = target.phase != "verify" || context.request.fans_out();
            let bases = if untouched { context.base_dirs(keyspace) } else { vec![] };
            let summary = format!("see {} of {keyspace} loaded on {}", count(files.len(), "sstable"), target.host);
            let script = context.data_paths(script, facts).list("TABLES", tables).list("BASES", bases);
            (script.list("FILES", files), summary)
        }
    };
    Ok(vec![ResolvedStep {
        summary,
        proof: target.ask(script),
        idempotent: true,
        // a compaction that has just ended removes its input a little later
        patience_s: 30,
        ..target.step(SPEC.name)
    }])
}

fn judge(step: &ResolvedStep, observed: &Observations) -> Verdict {
    let reply = match &observed.seen[0].reply {
        Ok(reply) if reply.rc == 0 => reply,
        Ok(reply) if reply.rc == 1 => return Verdict::Not(reply.reason()),
        Ok(reply) => return Verdict::Unknown(reply.reason()),
        Err(why) => return Verdict::Unknown(why.clone()),
    };
    let whole = reply.stdout.strip_suffix("reseed: end\n").and_then(|text| text.split_once("reseed: log\n"));
    let Some((files, log)) = whole else { return Verdict::Unknown("the answer is not whole".to_owned()) };
    if let Some(finding) = startlog::findings(log).first() {
        return Verdict::Not(format!("Cassandra runs but did not load everything: {}", finding.line));
    }
    let told = |what: &str| files.lines().filter_map(|line| line.strip_prefix(what)).collect::<Vec<_>>();
    match told("reseed: not open ").as_slice() {
        [] => {}
        [path] => return Verdict::Not(format!("{path} is there but was not loaded")),
        [path, more @ ..] => {
            let more = count(more.len(), "more file");
            return Verdict::Not(format!("{path} is there but was not loaded, nor were {more}"));
        }
    }
    if let [path, ..] = told("reseed: besides ").as_slice() {
        return Verdict::Not(format!(
            "{path} is live and is not of the backup; if nobody can explain it: reseed rollback"
        ));
    }
    let part =
        if files.contains("reseed: a log that began anew since") { " (what is older was rotated away)" } else { "" };
    let clean = format!("no load error in its log since the start{part}");
    let vars = &step.proof[0].script.vars;
    let Some(wanted) = vars.get("FILES").map(|files| files.lines().count()) else { return Verdict::Holds(clean) };
    let Some(open) = told("reseed: open ").first().and_then(|n| n.parse::<usize>().ok()) else {
        return Verdict::Unknown("it was not told how many files are open".to_owned());
    };
    let gone = wanted.saturating_sub(open);
    let looked = vars.get("BASES").is_some_and(|bases| !bases.is_empty());
    let alone = match told("reseed: unjudged ").len() {
        _ if !looked => String::new(),
        0 => ", none besides".to_owned(),
        n => format!(", none besides but in {} that Cassandra compacts", count(n, "table")),
    };
    Verdict::Holds(format!("{} open, {gone} compacted away{alone}; {clean}", count(open, "sstable")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::HostName;
    use crate::remote::Reply;
    use crate::step::{Ask, Seen};

    fn judged(rc: i32, stdout: &str) -> Verdict {
        let host = HostName::parse("cass1").unwrap();
        let target = Target { phase: "start", host: &host, keyspace: None, earlier: &[] };
        let script = Script::new("tables.loaded.proof").list("BASES", ["t-1"]);
        let script = script.list("FILES", ["t-1/nb-1-big-Data.db", "t-1/nb-2-big-Data.db"]);
        let step = ResolvedStep { proof: vec![Ask { host: host.clone(), script }], ..target.step(SPEC.name) };
        let reply = Reply { rc, stdout: stdout.to_owned(), stderr: "why\n".to_owned(), ..Reply::default() };
        judge(&step, &Observations { act: None, seen: vec![Seen { host, reply: Ok(reply) }] })
    }

    #[test]
    fn open_or_compacted_away_is_loaded() {
        let said = judged(0, "reseed: open 1\nreseed: log\nreseed: end\n");
        let Verdict::Holds(said) = said else { panic!("{said:?}") };
        assert_eq!(said, "1 sstable open, 1 compacted away, none besides; no load error in its log since the start");
        let said = judged(0, "reseed: open 1\nreseed: unjudged t-1\nreseed: log\nreseed: end\n");
        let Verdict::Holds(said) = said else { panic!("{said:?}") };
        assert!(said.contains("none besides but in 1 table that Cassandra compacts;"), "{said}");
    }

    #[test]
    fn on_the_disk_and_not_open_is_not_loaded() {
        let said = judged(0, "reseed: not open t-1/nb-2-big-Data.db\nreseed: open 1\nreseed: log\nreseed: end\n");
        assert_eq!(said, Verdict::Not("t-1/nb-2-big-Data.db is there but was not loaded".to_owned()));
    }

    #[test]
    fn what_is_live_and_not_of_the_backup_is_told() {
        let said = judged(0, "reseed: open 2\nreseed: besides t-1/nb-9-big-Data.db\nreseed: log\nreseed: end\n");
        assert!(matches!(&said, Verdict::Not(why) if why.starts_with("t-1/nb-9-big-Data.db is live and")), "{said:?}");
    }

    #[test]
    fn an_error_of_the_log_counts_when_every_file_is_open() {
        let line = "ERROR [CompactionExecutor:2] 2026-01-01 00:00:00,000 x - Exception\n\
                    org.apache.cassandra.io.sstable.CorruptSSTableException: Corrupted: /d/ks/t-1/nb-1-big-Data.db";
        let said = judged(0, &format!("reseed: open 2\nreseed: log\n{line}\nreseed: end\n"));
        assert!(matches!(&said, Verdict::Not(why) if why.contains("Corrupted: /d/ks/t-1")), "{said:?}");
    }

    #[test]
    fn what_could_not_be_looked_at_is_unknown() {
        assert_eq!(judged(2, ""), Verdict::Unknown("why".to_owned()));
        assert!(matches!(judged(0, "reseed: open 2\nreseed: log\n"), Verdict::Unknown(_)), "cut short");
        assert_eq!(judged(1, ""), Verdict::Not("why".to_owned()));
    }
}
