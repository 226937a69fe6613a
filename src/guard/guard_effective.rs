//! `guard-effective`: a node between drain and start cannot start.

use super::{Case, Guard, Objection, When};

/// The guard.
pub const GUARD: Guard = Guard {
    name: "guard-effective",
    about: "the guard file will be seen by a starting node",
    when: When::Restore,
    overridable: false,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let mut objections = vec![];
    for (host, node) in &case.facts.nodes {
        for dir in node.data().filter(|dir| dir.symlink) {
            let message =
                format!("{} is a symbolic link: a starting Cassandra would not see the guard file in it", dir.path);
            let cure = "name the real directory in data_file_directories";
            objections.push(Objection::fail(message, cure).on(host));
        }
    }
    objections
}
