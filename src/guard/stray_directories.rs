//! `stray-directories`: no directory is taken for a table's.
//!
//! Where `<keyspace>/<table>` without an id exists, Cassandra uses that one instead of the table's
//! own (a courtesy to 2.0): what is restored would not be seen (domain.md A.1).

use std::collections::BTreeSet;

use super::{Case, Guard, Objection, When};
use crate::facts::Disk;

/// The guard.
pub const GUARD: Guard = Guard {
    name: "stray-directories",
    about: "no directory without an id stands in for a table's own",
    when: When::Restore,
    overridable: false,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let live = case.request.keyspaces.iter().filter_map(|name| case.facts.schema.keyspace(name));
    let tables: BTreeSet<String> =
        live.flat_map(|ks| ks.dirs().into_iter().map(move |dir| format!("{}/{}", ks.name, dir.table))).collect();
    let of = |disk| objections(&tables, disk).into_iter();
    case.facts.nodes.iter().flat_map(|(host, node)| of(&node.disk).map(|objection| objection.on(host))).collect()
}

fn objections(tables: &BTreeSet<String>, disk: &Disk) -> Vec<Objection> {
    let taken = disk.stray.iter().filter(|(name, _)| tables.contains(name));
    taken
        .map(|(name, path)| {
            let message =
                format!("Cassandra takes {path}, which has no id, for the directory of {}", name.replace('/', "."));
            let cure = format!("rmdir {path} when it is empty; else find out what it holds, and move it away");
            Objection::fail(message, cure)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_name_of_a_restored_table_matters() {
        let stray = |name: &str| (name.to_owned(), format!("/d/{name}"));
        let disk = Disk { stray: vec![stray("ks/t"), stray("ks/u"), stray("other/t")], ..Disk::default() };
        let found = objections(&BTreeSet::from(["ks/t".to_owned(), "ks/v".to_owned()]), &disk);
        assert_eq!(found.len(), 1);
        assert!(found[0].message.contains("/d/ks/t") && found[0].cure.starts_with("rmdir /d/ks/t"));
    }
}
