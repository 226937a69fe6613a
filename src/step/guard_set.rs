//! `guard.set`: a node between its drain and its turn to start cannot start (safety rule 3).
//!
//! Three guards, each where it takes effect ([`crate::facts::Guarding`], docs/adr/0009-guards.md):
//!
//! 1. A file that Cassandra cannot parse as an sstable lies in the root of every data directory; a
//!    node that finds it at start exits within seconds and names it. Rejected: one in the keyspace
//!    or table directory, which leaves with the rename.
//! 2. Where no data directory is a real one the start-up walk would not see the file: then
//!    cassandra.yaml gets a key that Cassandra refuses. With one real directory the file is enough.
//! 3. Where systemd runs Cassandra, a condition of its unit fails: a supervisor does not even try.
//!
//! Each act may die between any two commands and run again. The proof reads only: what it says on a
//! node that nobody works on is whether that node is guarded.

use super::{Context, Kind, ResolvedStep, Script, Spec, Target, Unresolved, by_exit_code, never};
use crate::facts::NodeFacts;

/// The file's name: whoever reads Cassandra's error knows whose it is.
pub const FILE: &str = "RESEED-RUN-IN-PROGRESS.db";
/// The name of the unit's drop-in, read after all others: the last word on conditions is ours.
const DROP: &str = "zz-reseed-guard.conf";
/// Where drop-ins survive a reboot, also for units that a generator makes.
const UNIT_DIR: &str = "/etc/systemd/system";

/// The step type.
pub const SPEC: Spec = Spec {
    name: "guard.set",
    help: "Keeps the node from starting until reseed lets it: an unreadable *.db file in the root of every data \
           directory; where these are all symbolic links, a key in cassandra.yaml that Cassandra refuses; where \
           systemd runs Cassandra, also a condition of its unit that fails. May run again.",
    on: Kind::Node,
    scripts: &[
        ("guard.set.act", include_str!("guard_set.act.sh")),
        ("guard.set.proof", include_str!("guard_set.proof.sh")),
    ],
    resolve,
    probe: never,
    judge: by_exit_code,
};

/// One of the scripts that set, clear or look at guards.
pub fn script(name: &str, context: &Context, facts: &NodeFacts) -> Script {
    let guarding = facts.guarding();
    context
        .data_paths(Script::new(name), facts)
        .var("GUARD_FILE", FILE)
        .var("GUARD_CONF", guarding.conf.unwrap_or(""))
        .var("GUARD_UNIT", guarding.unit.unwrap_or(""))
        .var("GUARD_DROP", DROP)
        .var("UNIT_DIR", UNIT_DIR)
}

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let (_, facts) = context.node(SPEC.name, target)?;
    let guarding = facts.guarding();
    let mut ways = vec![FILE];
    ways.extend(guarding.conf);
    ways.extend(guarding.unit);
    Ok(vec![ResolvedStep {
        summary: format!("keep {} from starting until its turn ({})", target.host, ways.join(", ")),
        act: Some(script("guard.set.act", context, facts)),
        proof: target.ask(script("guard.set.proof", context, facts)),
        idempotent: true,
        ..target.step(SPEC.name)
    }])
}
