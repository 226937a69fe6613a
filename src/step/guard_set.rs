//! `guard.set`: a node between its drain and its turn to start cannot start (safety rule 3).
//!
//! A file that Cassandra cannot parse as an sstable lies in the root of every data directory; a
//! node that finds it at start exits within seconds and names it. Rejected: one in the keyspace or
//! table directory, which leaves with the rename. Preflight refuses data directories that are
//! symbolic links, because the start-up walk does not follow these.

use super::{Context, Kind, ResolvedStep, Script, Spec, Target, Unresolved, by_exit_code, never};

/// The file's name: whoever reads Cassandra's error knows whose it is.
pub const FILE: &str = "RESEED-RUN-IN-PROGRESS.db";

/// The step type.
pub const SPEC: Spec = Spec {
    name: "guard.set",
    help: "Puts an unreadable *.db file into the root of every data directory, so that the node refuses to start \
           until reseed removes it. May run again.",
    on: Kind::Node,
    scripts: &[
        ("guard.set.act", include_str!("guard_set.act.sh")),
        ("guard.set.proof", include_str!("guard_set.proof.sh")),
    ],
    resolve,
    probe: never,
    judge: by_exit_code,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let (_, facts) = context.node(SPEC.name, target)?;
    let script = |name| context.data_paths(Script::new(name), facts).var("GUARD_FILE", FILE);
    Ok(vec![ResolvedStep {
        summary: format!("keep {} from starting until its turn ({FILE})", target.host),
        act: Some(script("guard.set.act")),
        proof: target.ask(script("guard.set.proof")),
        idempotent: true,
        ..target.step(SPEC.name)
    }])
}
