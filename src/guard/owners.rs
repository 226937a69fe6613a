//! `owners`: Cassandra can write where its data is.
//!
//! A table directory that root made by hand ends the node's start, or its first flush (domain.md
//! A.3).

use super::{Case, Guard, Objection, When};
use crate::facts::Disk;

/// The guard.
pub const GUARD: Guard = Guard {
    name: "owners",
    about: "Cassandra's user can write to every directory of its data",
    when: When::Restore,
    overridable: true,
    judge,
};

/// How many are named; the cure is the same for all.
const NAMED: usize = 5;

fn judge(case: &Case) -> Vec<Objection> {
    let of = |disk| objections(disk).into_iter();
    case.facts.nodes.iter().flat_map(|(host, node)| of(&node.disk).map(|objection| objection.on(host))).collect()
}

fn objections(disk: &Disk) -> Vec<Objection> {
    let mut found = vec![];
    let writer = &disk.writer;
    if let Some(why) = &disk.unjudged {
        let message = format!("it cannot be told whether {writer} can write to its directories: {why}");
        found.push(Objection::fail(message, format!("let reseed become root or {writer} there (ssh.become: sudo)")));
    }
    if !disk.unwritable.is_empty() {
        let named = disk.unwritable.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>();
        let more = match disk.unwritable.len() - named.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let message = format!("{writer} cannot write to {}{more}", named.join(", "));
        found.push(Objection::fail(message, format!("chown -R {writer}: {}", named.join(" "))));
    }
    if disk.txn_logs > 0 {
        let message = format!(
            "{} transaction log(s) older than a day lie in table directories; those of restored tables are set aside",
            disk.txn_logs
        );
        found.push(Objection::holds(message));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Level;

    fn found(unwritable: usize, unjudged: Option<&str>, txn_logs: u64) -> Vec<(Level, String, String)> {
        let disk = Disk {
            writer: "cassandra".to_owned(),
            unwritable: (0..unwritable).map(|n| format!("/d/ks/t{n}")).collect(),
            unjudged: unjudged.map(str::to_owned),
            txn_logs,
            ..Disk::default()
        };
        objections(&disk).into_iter().map(|o| (o.level, o.message, o.cure)).collect()
    }

    #[test]
    fn what_cassandra_cannot_write_to_is_refused_with_the_command() {
        assert_eq!(found(0, None, 0), []);
        let one = found(1, None, 0);
        assert!(one[0].0 == Level::Fail && one[0].2 == "chown -R cassandra: /d/ks/t0", "{one:?}");
        assert!(found(7, None, 0)[0].1.ends_with("/d/ks/t4 and 2 more"));
    }

    #[test]
    fn what_cannot_be_told_is_refused_and_old_transaction_logs_are_told() {
        assert!(found(0, Some("nothing can be run as cassandra"), 0)[0].1.contains("cannot be told"));
        assert_eq!(found(0, None, 2)[0].0, Level::Pass);
    }
}
