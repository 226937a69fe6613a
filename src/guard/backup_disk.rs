//! `backup-disk`: a backup does not die with the data.

use super::{Case, Guard, Objection, When};

/// The guard.
pub const GUARD: Guard = Guard {
    name: "backup-disk",
    about: "the backup root is not on a filesystem of the data",
    when: When::Copies,
    overridable: true,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let node = &case.inventory.backup.node;
    let Some(facts) = case.facts.nodes.get(node) else { return vec![] };
    let mut objections = vec![];
    if let Some(directory) = &facts.backup_unwritable {
        objections.push(
            Objection::fail(format!("{directory} cannot be written"), "give the login (or become) user access")
                .on(node),
        );
    }
    if facts.data().any(|dir| dir.fs == facts.backup_fs.0) {
        let root = &case.inventory.backup.root;
        let message = format!("{root} is on the same filesystem as the data: it is lost with it");
        let cure = "mount another disk there, or set backup.allow_same_disk: true";
        let lenient = case.restores() || case.inventory.backup.allow_same_disk;
        objections.push(if lenient { Objection::warn(message, cure) } else { Objection::fail(message, cure) }.on(node));
    }
    objections
}
