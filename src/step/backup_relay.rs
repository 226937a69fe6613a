//! `backup.relay`: a keyspace of the backup goes from the node that keeps it to every node that is to be filled
//! and cannot read it where it is; from the source once, through the coordinator, to all of them at the same time.
//!
//! It acts on the source and on its targets (the nodes on which the playbook stages the backup), so it is a step of
//! its own and not a part of each target's stage, which would read the source once per target (docs/adr/0015).

use super::{
    Ask, Context, Kind, Observations, Relay, ResolvedStep, Script, Spec, Target, Unresolved, Verdict, by_exit_code,
    count,
};
use crate::name::HostName;
use crate::units::bytes;

/// The step type.
pub const SPEC: Spec = Spec {
    name: "backup.relay",
    help: "Carries the keyspace's files from the node that keeps the backup to every node that is to be filled and cannot \
           read it where it is (shared storage, or a copy put there, tells by the sha256 of its manifest): read once, \
           sent to all at the same time, no faster than the slowest takes it, without a file on this machine. Each file \
           is hashed on its way to the disk and gets its name when it is whole. May run again: only what some node lacks \
           is sent. Cassandra serves meanwhile.",
    on: Kind::Node,
    scripts: &[
        ("backup.relay.from", include_str!("backup_relay.from.sh")),
        (
            "backup.relay.to",
            concat!(
                include_str!("../backup/copy.sh"),
                include_str!("backup_shelf.sh"),
                include_str!("backup_relay.to.sh")
            ),
        ),
        ("backup.relay.probe", concat!(include_str!("backup_shelf.sh"), include_str!("backup_relay.probe.sh"))),
        ("backup.relay.proof", concat!(include_str!("backup_shelf.sh"), include_str!("backup_relay.proof.sh"))),
    ],
    resolve,
    probe: by_exit_code,
    judge,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let keyspace = target.keyspace(SPEC.name)?;
    let targets = context.to_carry();
    let files = context.staged_files(SPEC.name, target)?;
    if targets.is_empty() || files.is_empty() {
        return Ok(vec![]);
    }
    let ask = |host: &HostName, script: &str| {
        let facts = context.facts.nodes.get(host);
        let facts = facts.ok_or_else(|| target.unresolved(SPEC.name, format!("nothing is known of {host}")))?;
        let script = context.shelves(Script::new(script), facts, keyspace);
        Ok(Ask { host: host.clone(), script })
    };
    let asks = |script: &str| targets.iter().map(|host| ask(host, script)).collect::<Result<Vec<_>, _>>();
    let mut proof = asks("backup.relay.proof")?;
    for ask in &mut proof {
        ask.script = ask.script.clone().var("COUNT", files.len());
    }
    let source = format!("{}/{keyspace}", context.destination());
    let from = Ask { host: target.host.clone(), script: Script::new("backup.relay.from").var("SOURCE", source) };
    let total: u64 = files.iter().map(|file| file.size).sum();
    let names: Vec<&str> = targets.iter().map(|host| host.as_str()).collect();
    Ok(vec![ResolvedStep {
        summary: format!(
            "carry {} ({}) of {keyspace} from {} to {}",
            count(files.len(), "file"),
            bytes(total),
            target.host,
            names.join(", ")
        ),
        probe: asks("backup.relay.probe")?,
        relay: Some(Relay { files, from, to: asks("backup.relay.to")? }),
        proof,
        idempotent: true,
        limit_s: 0,
        ..target.step(SPEC.name)
    }])
}

/// What was sent says more than what is there on the last of them.
fn judge(step: &ResolvedStep, observed: &Observations) -> Verdict {
    match (by_exit_code(step, observed), &observed.act) {
        (Verdict::Holds(proven), Some(act)) => Verdict::Holds(format!("{proven}; {}", act.last_line())),
        (verdict, _) => verdict,
    }
}
