//! `backup.stage`: a verified copy of one keyspace of the backup beside the data, made while the
//! cluster serves, so that the outage holds only renames.
//!
//! The copy never shares an inode with the backup (Cassandra appends to some components). Each data directory has a
//! stage of its own; a whole sstable goes to the one with the most room, which is decided on the host while it
//! acts, since room is a passing fact. What `backup.relay` brought is on these stages already, and only gets its name.

use super::{
    Context, Kind, Observations, ResolvedStep, Script, Spec, StagedFile, Target, Unresolved, Verdict, by_exit_code,
    count, never,
};
use crate::remote::Reply;
use crate::units::bytes;

/// The step type.
pub const SPEC: Spec = Spec {
    name: "backup.stage",
    help: "Copies the keyspace's files from the backup to the stage on the data filesystems, with owner and mode of \
           live data, and compares the sha256 of every copied byte with the manifest. A file that is there already, from \
           an earlier attempt or carried there, is hashed (when it came) and stays. Whole sstables are spread over the \
           data directories by the room that they have. Cassandra serves meanwhile, and goes first. May run again: only \
           what differs is copied.",
    on: Kind::Node,
    scripts: &[
        (
            "backup.stage.act",
            concat!(
                include_str!("../backup/copy.sh"),
                include_str!("backup_shelf.sh"),
                include_str!("backup_stage.act.sh")
            ),
        ),
        ("backup.stage.proof", concat!(include_str!("backup_shelf.sh"), include_str!("backup_stage.proof.sh"))),
    ],
    resolve,
    probe: never,
    judge,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let (_, facts) = context.node(SPEC.name, target)?;
    let keyspace = target.keyspace(SPEC.name)?;
    facts.data().next().ok_or_else(|| target.unresolved(SPEC.name, "it has no data directory"))?;
    let files = context.staged_files(SPEC.name, target)?;
    let total: u64 = files.iter().map(|f| f.size).sum();
    let source = &context.inventory.backup.node;
    let relayed = !context.in_place(target.host);
    let (relayed_var, whence) = match target.host {
        _ if relayed => ("yes", format!(", carried there from {source}")),
        host if host == source => ("", String::new()),
        _ => ("", ", read in place: the manifest there is the same".to_owned()),
    };
    let script = |name| context.shelves(Script::new(name), facts, keyspace);
    let act = script("backup.stage.act")
        .var("SOURCE", format!("{}/{keyspace}", context.destination()))
        .var("RELAYED", relayed_var)
        .list("TABLES", context.table_dirs(keyspace))
        .list("FILES", files.iter().map(StagedFile::line));
    Ok(vec![ResolvedStep {
        summary: format!(
            "stage {} ({}) of {keyspace} on {} and verify them{whence}",
            count(files.len(), "file"),
            bytes(total),
            target.host
        ),
        act: Some(act),
        proof: target.ask(script("backup.stage.proof").var("COUNT", files.len())),
        idempotent: true,
        limit_s: 0,
        ..target.step(SPEC.name)
    }])
}

/// The act says how much of it was copied just now, and what hashed it.
fn judge(step: &ResolvedStep, observed: &Observations) -> Verdict {
    let act = observed.act.as_ref().map(Reply::last_line).filter(|line| !line.is_empty());
    match (by_exit_code(step, observed), act) {
        (Verdict::Holds(proven), Some(act)) => Verdict::Holds(format!("{proven}; {act}")),
        (verdict, _) => verdict,
    }
}
