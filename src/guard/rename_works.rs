//! `rename-works`: data is set aside by rename, never by copy and delete.
//!
//! A keyspace's directory may be a link to another disk, or a mount of its own: no rename leads from there to the place
//! beside the data. `mv` would copy, for as long as that takes, and leave half of it when it is cut off.

use super::{Case, Guard, Objection, When};

/// The guard.
pub const GUARD: Guard = Guard {
    name: "rename-works",
    about: "a rename works between every directory and its place beside it, also for each table that is restored",
    when: When::Restore,
    overridable: false,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let mut objections = vec![];
    for (host, node) in &case.facts.nodes {
        for dir in &node.dirs {
            if let Err(why) = &dir.rename {
                let cure = "the login (or become) user needs write access to the directory and its parent";
                objections.push(Objection::fail(format!("{} ({}): {why}", dir.label, dir.path), cure).on(host));
            }
        }
        // of `system`, tables that send writes again are set aside
        let moved = |name: &str| name == "system" || case.request.keyspaces.iter().any(|ks| ks.as_str() == name);
        for (name, path) in &node.disk.detours {
            if moved(name.split('/').next().unwrap_or(name)) {
                let message = format!("{path} is a link to elsewhere, or a mount: it cannot be set aside by a rename");
                let cure = "stop the node, move that directory's content to where the link is, and start it; or make the \
                            other disk one of data_file_directories";
                objections.push(Objection::fail(message, cure).on(host));
            }
        }
    }
    objections
}
