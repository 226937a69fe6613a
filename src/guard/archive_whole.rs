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

#[cfg(test)]
mod tests {
    use super::super::fixture::{case, manifest};
    use super::*;
    use crate::backup::verify::{Damage, Harm};
    use crate::facts::Facts;
    use crate::inventory::Inventory;
    use crate::name::Tag;
    use crate::plan::Request;

    #[test]
    fn only_a_whole_backup_is_archived() {
        let text = "cluster: Lab\nnodes:\n  - {name: n, host: h, seed: true}\n";
        let inventory = Inventory::parse(text, std::path::Path::new("i.yaml")).unwrap();
        let request = Request::of("archive", Tag::parse("t").unwrap());
        let judged = |backup: BackupFacts, backup_flaws: Vec<Damage>| {
            let facts = Facts { backup, backup_flaws, ..Facts::default() };
            let case = case(&inventory, &facts, &request);
            judge(&case).into_iter().map(|objection| objection.message).collect::<Vec<_>>()
        };
        let whole = || BackupFacts::Whole(manifest("5.0.8", &[]).into(), String::new());
        assert_eq!(judged(whole(), vec![]), Vec::<String>::new());
        let missing = Damage { path: "ks/t/nb-1-big-Data.db".into(), harm: Harm::Missing };
        let told = judged(whole(), vec![missing]);
        assert!(told[0].starts_with("1 file not as the manifest says: ks/t/nb-1-big-Data.db: "), "{told:?}");
        assert_eq!(judged(BackupFacts::Missing, vec![]), ["it is not there"]);
        assert_eq!(judged(BackupFacts::Incomplete("half".into()), vec![]), ["half"]);
        assert_eq!(judged(BackupFacts::Damaged("sum".into()), vec![]), ["its manifest cannot be trusted: sum"]);
    }
}
