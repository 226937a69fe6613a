//! `guard-effective`: a node between drain and start cannot start. Tells for each node why not.

use super::{Case, Guard, Objection, When};
use crate::facts::NodeFacts;

/// The guard.
pub const GUARD: Guard = Guard {
    name: "guard-effective",
    about: "no node can start between its drain and its turn",
    when: When::Restore,
    overridable: false,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let of = |node| objections(node).into_iter();
    case.facts.nodes.iter().flat_map(|(host, node)| of(node).map(|objection| objection.on(host))).collect()
}

fn objections(node: &NodeFacts) -> Vec<Objection> {
    let guarding = node.guarding();
    let linked = || {
        let links: Vec<&str> = node.data().filter(|dir| dir.symlink).map(|dir| dir.path.as_str()).collect();
        let verb = if links.len() == 1 { "is a symbolic link" } else { "are symbolic links" };
        let why = node.conf_fixed().unwrap_or_default();
        format!(
            "{} {verb}, where a starting Cassandra sees no guard file, and cassandra.yaml cannot be guarded instead: {why}",
            links.join(", ")
        )
    };
    let real = "name the real directory in data_file_directories";
    let mut ways = vec![];
    if guarding.file {
        ways.push("a guard file in its data directories".to_owned());
    }
    if let Some(conf) = guarding.conf {
        ways.push(format!("a key in {conf} that Cassandra refuses (its data directories are symbolic links)"));
    }
    if let Some(unit) = guarding.unit {
        ways.push(format!("a condition of {unit} that fails"));
    }
    let holds = || Objection::holds(format!("kept from starting by {}", ways.join(" and ")));
    match (guarding.complete(), guarding.unit, &node.unit) {
        (false, None, _) => vec![Objection::fail(linked(), real)],
        (false, Some(unit), _) => {
            let only = format!(
                "{}; only {unit} is guarded: whoever starts Cassandra without systemd is not stopped",
                linked()
            );
            vec![holds(), Objection::warn(only, real)]
        }
        (true, None, Some(unit)) => {
            let tries = format!("{unit} may try to start Cassandra again and again meanwhile: only root can stop that");
            let cure = "let reseed become root there (ssh.become: sudo), or see that the unit is not started meanwhile";
            vec![holds(), Objection::warn(tries, cure)]
        }
        (true, _, _) => vec![holds()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Level;
    use crate::facts::fixture;

    #[test]
    fn the_way_is_told_and_no_way_is_refused() {
        let node = |change: fn(&mut NodeFacts)| {
            let mut node = fixture::node();
            change(&mut node);
            objections(&node).into_iter().map(|o| (o.level, o.message)).collect::<Vec<_>>()
        };
        let says = |found: &[(Level, String)], at: usize, level, words: &str| {
            assert!(found[at].0 == level && found[at].1.contains(words), "{found:?}");
        };
        let found = node(|_| ());
        assert_eq!(found.len(), 1);
        says(&found, 0, Level::Pass, "by a guard file in its data directories");
        let found = node(|n| n.dirs[0].symlink = true);
        says(&found, 0, Level::Pass, "a key in /etc/cassandra/cassandra.yaml");
        let found = node(|n| {
            n.dirs[0].symlink = true;
            n.conf_fixed = Some("it is a mount".to_owned());
        });
        assert_eq!(found.len(), 1);
        says(&found, 0, Level::Fail, "cannot be guarded instead: it is a mount");
        let found = node(|n| n.unit = Some("cassandra.service".to_owned()));
        says(&found, 0, Level::Pass, "data directories and a condition of cassandra.service");
        let found = node(|n| (n.unit, n.uid) = (Some("cassandra.service".to_owned()), Some(9043)));
        says(&found, 0, Level::Pass, "by a guard file in its data directories");
        says(&found, 1, Level::Warn, "only root can stop that");
        let found = node(|n| {
            n.dirs[0].symlink = true;
            n.version = "3.0.30".parse().unwrap();
            n.unit = Some("cassandra.service".to_owned());
        });
        says(&found, 0, Level::Pass, "by a condition of cassandra.service");
        says(&found, 1, Level::Warn, "without systemd is not stopped");
    }
}
