//! `commitlog-positions`: what a node writes after the restore is replayed after a crash.
//!
//! An sstable tells up to which position of the commit log its writes are in it. Before 3.11.11 (3.0.25) a node
//! takes these positions for its own, also in files of another node (CASSANDRA-16619), and replays nothing
//! below them. Its own commit log is set aside, so only what comes later could be missed; its segments bear the time
//! in milliseconds at which the node starts. They are above every position of the backup, which is older,
//! unless the clock is behind.

use super::{Case, Guard, Objection, When};
use crate::facts::NodeFacts;

/// The guard.
pub const GUARD: Guard = Guard {
    name: "commitlog-positions",
    about: "no node takes commit log positions in the backup's sstables for its own later ones",
    when: When::FanOut,
    overridable: false,
    judge,
};

/// Between the start of the node that the backup is of, and the starts after a restore of it, lies more than this.
const BEHIND_MS: i64 = 30_000;

fn judge(case: &Case) -> Vec<Objection> {
    case.facts.nodes.iter().filter_map(|(host, node)| Some(objection(node)?.on(host))).collect()
}

fn objection(node: &NodeFacts) -> Option<Objection> {
    if node.version.knows_where_sstables_are_from() {
        return None;
    }
    let behind = node.clock.is_none_or(|clock| clock.low_ms < -BEHIND_MS);
    behind.then(|| {
        let message = format!(
            "its clock may be behind, and Cassandra {} takes positions in sstables of other nodes for its own: after a \
             crash it might not replay what it wrote since the restore",
            node.version
        );
        Objection::fail(message, "set its clock, upgrade to 3.11.11 or later, or restore with --strategy seed")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Clock, fixture};

    #[test]
    fn only_an_old_release_with_a_clock_that_may_be_behind_is_refused() {
        let refused = |version: &str, low_ms: i64| {
            let mut node = fixture::node();
            node.version = version.parse().unwrap();
            node.clock = Some(Clock { low_ms, high_ms: low_ms + 200 });
            objection(&node).is_some()
        };
        for old in ["2.2.19", "3.0.24", "3.11.10", "4.0-beta4"] {
            assert!(refused(old, -31_000) && !refused(old, -200) && !refused(old, 90_000), "{old}");
        }
        for new in ["3.0.25", "3.11.11", "4.0.0", "4.0-rc2", "5.0.8"] {
            assert!(!refused(new, -90_000), "{new}");
        }
    }
}
