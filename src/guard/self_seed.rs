//! `self-seed`: the node that starts first needs nobody.
//!
//! A node that is not in its own list of seeds and finds none of them up ends its start
//! ("Unable to gossip with any peers"); it does so after the data was replaced.

use super::{Case, Guard, Objection, When};
use crate::facts::NodeFacts;

/// The guard.
pub const GUARD: Guard = Guard {
    name: "self-seed",
    about: "the first node to start lists itself as a seed",
    when: When::Restore,
    overridable: true,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let seed = case.inventory.seed();
    let Some(node) = case.facts.nodes.get(&seed.name) else { return vec![] };
    objection(node, &seed.host).map(|objection| objection.on(&seed.name)).into_iter().collect()
}

fn objection(node: &NodeFacts, host: &str) -> Option<Objection> {
    let cure = "add its address to `seeds` in its cassandra.yaml (and those of the others), or mark another node \
                `seed: true` in the inventory";
    let seeds: Vec<&str> = node.conf.seed_hosts().collect();
    if seeds.is_empty() {
        let message = "its cassandra.yaml names no seeds: those of another seed_provider cannot be told";
        return Some(Objection::fail(message, cure));
    }
    let ring = node.ring.iter().find(|row| row.host_id.as_deref() == Some(&node.host_id));
    let conf = &node.conf;
    let own = [conf.broadcast_address.as_deref(), conf.listen_address.as_deref(), ring.map(|row| row.address.as_str())];
    let own: Vec<&str> = own.into_iter().flatten().chain([host]).collect();
    let resolved = seeds.iter().filter_map(|seed| node.restart.seeds.get(*seed)).flatten().map(String::as_str);
    let itself = seeds.iter().copied().chain(resolved).any(|seed| own.contains(&seed));
    (!itself).then(|| {
        let message =
            format!("it starts first and is not among its own seeds ({}): it would find nobody", seeds.join(", "));
        Objection::fail(message, cure)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::fixture;

    #[test]
    fn itself_by_address_name_or_resolved_name_is_enough_and_no_list_is_not() {
        let says = |seeds: &[&str]| {
            let mut node = fixture::node();
            node.conf.listen_address = Some("10.77.0.11".to_owned());
            node.conf.seeds = seeds.iter().map(|seed| (*seed).to_owned()).collect();
            node.restart.seeds.insert("one.lab".to_owned(), vec!["10.77.0.11".to_owned()]);
            objection(&node, "cass1.lab").map(|o| o.message).unwrap_or_default()
        };
        for seeds in [&["10.77.0.12", "10.77.0.11:7000"][..], &["one.lab"], &["cass1.lab"]] {
            assert_eq!(says(seeds), "", "{seeds:?}");
        }
        assert!(says(&["10.77.0.12", "two.lab"]).contains("not among its own seeds (10.77.0.12, two.lab)"));
        assert!(says(&[]).contains("cannot be told"));
    }
}
