//! `archive-whole`: what is archived is a whole backup. Names and sizes of its files are looked at here; their bytes
//! before anything is sent.

use super::{Case, Guard, Objection, When};
use crate::facts::BackupFacts;
use crate::step::count;

/// The guard.
pub const GUARD: Guard = Guard {
    name: "archive-whole",
    about: "the backup's manifest is whole, and all its files are there in full",
    when: When::Archive,
    overridable: false,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let node = &case.inventory.backup.node;
    let verify = format!("reseed backups verify {} tells what it is worth", case.request.tag);
    let fail = |message: String| vec![Objection::fail(message, verify.clone()).on(node)];
    match &case.facts.backup {
        BackupFacts::Whole(..) => match &case.facts.backup_flaws[..] {
            [] => vec![],
            flaws @ [first, ..] => {
                let first = format!("{}: {}", first.path, first.harm.says());
                fail(format!("{} not as the manifest says: {first}", count(flaws.len(), "file")))
            }
        },
        BackupFacts::Damaged(why) => fail(format!("its manifest cannot be trusted: {why}")),
        BackupFacts::Incomplete(what) => fail(what.clone()),
        BackupFacts::Missing | BackupFacts::None => fail("it is not there".to_owned()),
    }
}
