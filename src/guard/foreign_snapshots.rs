//! `foreign-snapshots`: says which snapshots and backups of others stay below the restored tables.

use super::{Case, Guard, Objection, When};
use crate::facts::Disk;
use crate::name::Keyspace;
use crate::units::bytes;

/// The guard.
pub const GUARD: Guard = Guard {
    name: "foreign-snapshots",
    about: "no snapshots or incremental backups of others lie below the tables",
    when: When::Restore,
    overridable: false,
    judge,
};

/// Never against it: they are carried over.
fn judge(case: &Case) -> Vec<Objection> {
    let names = &case.request.keyspaces;
    let of = |disk| note(names, disk);
    case.facts.nodes.iter().filter_map(|(host, node)| Some(of(&node.disk)?.on(host))).collect()
}

fn note(keyspaces: &[Keyspace], disk: &Disk) -> Option<Objection> {
    let each = keyspaces.iter().map(|name| disk.foreign_of(name.as_str()));
    let (tables, size) = each.fold((0, 0), |(tables, size), one| (tables + one.0, size + one.1));
    let message =
        || format!("{tables} snapshot(s) or backups/ of others below the tables, up to {}, stay there", bytes(size));
    (tables > 0).then(|| Objection::holds(message()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Level;

    #[test]
    fn those_of_the_restored_keyspaces_are_counted() {
        let disk = Disk {
            foreign: vec![("ks/t-1".to_owned(), 4096), ("ks/u-1".to_owned(), 4096), ("x/t-1".to_owned(), 1)],
            ..Disk::default()
        };
        let found = note(&[Keyspace::parse("ks").unwrap()], &disk).unwrap();
        assert!(found.level == Level::Pass && found.message.starts_with("2 snapshot(s)"), "{found:?}");
        assert_eq!(note(&[Keyspace::parse("y").unwrap()], &disk), None);
    }
}
