//! `prune-spares`: what goes is nothing that anybody counts on.
//!
//! The choice was made by the same rule; this is the second look, at the plan's own list.

use super::{Case, Guard, Objection, When};
use crate::units::bytes;

/// The guard.
pub const GUARD: Guard = Guard {
    name: "prune-spares",
    about: "the newest good backup stays, and all that runs count on",
    when: When::Prune,
    overridable: false,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let node = &case.inventory.backup.node;
    let ours = |contents: &crate::backup::catalogue::Contents| contents.cluster == case.inventory.cluster;
    let good = |b: &&crate::backup::catalogue::Backup| b.is_good() && b.contents.as_ref().is_some_and(ours);
    let newest = case.facts.catalogue.iter().filter(good).max_by_key(|backup| backup.made());
    let mut objections = vec![];
    for removal in &case.request.remove {
        if newest.is_some_and(|newest| newest.name == removal.name) {
            let message = format!("{} is the newest good backup", removal.name);
            objections.push(Objection::fail(message, "make another backup first").on(node));
        }
        if let Some(by) = case.facts.used.get(&removal.tag).filter(|_| !removal.name.starts_with(".pruned-")) {
            let message = format!("backup {} is needed: {by}", removal.tag);
            objections.push(Objection::fail(message, "reseed discard that run first").on(node));
        }
    }
    if objections.is_empty() && !case.request.remove.is_empty() {
        let size = bytes(case.request.remove.iter().map(|removal| removal.bytes).sum());
        let message = format!("{} go for good, {size}", crate::step::count(case.request.remove.len(), "backup"));
        objections.push(Objection::warn(message, "the others stay").on(node));
    }
    objections
}

#[cfg(test)]
mod tests {
    use super::super::fixture::case;
    use super::*;
    use crate::backup::catalogue;
    use crate::backup::prune::Removal;
    use crate::event::Level;
    use crate::facts::Facts;
    use crate::inventory::Inventory;
    use crate::name::Tag;
    use crate::plan::Request;

    #[test]
    fn the_newest_good_backup_and_one_in_use_are_refused_whatever_chose_them() {
        use base64::Engine;
        let entry = |tag: &str, day: u8| {
            let manifest = format!(
                r#"{{"format":1,"tag":"{tag}","cluster":"Lab","node":"n","version":"5.0.8","taken_at":"2026-01-{day:02}T00:00:00Z","keyspaces":[]}}"#
            );
            let manifest = base64::prelude::BASE64_STANDARD.encode(manifest);
            format!("entry={tag}\nsum=aa\nfound=aa\nmanifest={manifest}\n")
        };
        let inventory = "cluster: Lab\nnodes:\n  - {name: n, host: h, seed: true}\n";
        let inventory = Inventory::parse(inventory, std::path::Path::new("i.yaml")).unwrap();
        let tag = |tag: &str| Tag::parse(tag).unwrap();
        let facts = Facts {
            catalogue: catalogue::parse(&[entry("a", 1), entry("b", 2), entry("c", 3)].concat()),
            used: [(tag("a"), "restore r1 is not discarded".to_owned())].into(),
            ..Facts::default()
        };
        let levels = |name: &str| {
            let removal = Removal { name: name.into(), tag: tag(name), digest: "aa".into(), bytes: 1 };
            let request = Request { remove: vec![removal], ..Request::of("prune", tag("none")) };
            let case = case(&inventory, &facts, &request);
            judge(&case).iter().map(|objection| objection.level).collect::<Vec<_>>()
        };
        assert_eq!(["a", "b", "c"].map(levels), [vec![Level::Fail], vec![Level::Warn], vec![Level::Fail]]);
    }
}
