//! `import-whole`: what is imported is whole, and is of tables that the cluster has.

use super::{Case, Guard, Objection, When};

/// The guard.
pub const GUARD: Guard = Guard {
    name: "import-whole",
    about: "what is imported is whole and of tables that the cluster has",
    when: When::Import,
    overridable: false,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let node = &case.inventory.backup.node;
    let (Some(written), Some(facts)) = (&case.facts.written, case.facts.nodes.get(node)) else {
        return vec![Objection::fail("nothing was looked at to be imported", "name its directory").on(node)];
    };
    if case.facts.all_down() {
        let cure = "start one node first: ids, columns and indexes come from the cluster's schema";
        return vec![Objection::fail("no node is up", cure)];
    }
    let [name] = &case.request.keyspaces[..] else {
        return vec![Objection::fail("the written layout holds one keyspace", "name it with -k")];
    };
    // another guard tells that it does not exist
    let Some(keyspace) = case.facts.schema.keyspace(name) else { return vec![] };
    let flaws = written.judge(keyspace, &facts.version, &facts.conf).into_iter();
    let told = flaws.map(|flaw| {
        let said = if flaw.tolerable { Objection::warn } else { Objection::fail };
        said(flaw.message, flaw.cure)
    });
    told.map(|objection| objection.on(node)).collect()
}
