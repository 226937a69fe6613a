//! `types-match`: the backup's user types are those of the cluster.
//!
//! A value of a user type is stored field by field, in order and without names: a field that is
//! missing or of another type makes it unreadable; one added at the end is no harm.

use super::{Case, Guard, Objection, When};
use crate::backup::manifest::KeyspaceEntry;
use crate::cassandra::schema::{KeyspaceSchema, TypeSchema, quoted};
use crate::cassandra::types::{self, Type};

/// The guard.
pub const GUARD: Guard = Guard {
    name: "types-match",
    about: "every user type of the backup exists, with the same fields",
    when: When::Restore,
    overridable: true,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let Some(manifest) = case.manifest() else { return vec![] };
    let live = |name| case.facts.schema.keyspace(name).zip(manifest.keyspace(name));
    case.request.keyspaces.iter().filter_map(live).flat_map(|(live, backup)| objections(backup, live)).collect()
}

fn objections(backup: &KeyspaceEntry, live: &KeyspaceSchema) -> Vec<Objection> {
    let keyspace = quoted(backup.name.as_str());
    let Some(wanted) = &backup.types else { return untold(backup, &keyspace).into_iter().collect() };
    let mut found = vec![];
    for ty in wanted {
        let name = format!("{keyspace}.{}", quoted(&ty.name));
        let Some(now) = live.types.iter().find(|live| live.name == ty.name) else {
            let message = format!("the cluster has no type {name}, which the backup holds");
            found.push(Objection::fail(message, format!("cqlsh -e 'CREATE TYPE {name} ({})'", fields(ty))));
            continue;
        };
        let same = |(old, now): (&(String, String), &(String, String))| types::same_inside(&old.1, &now.1);
        if now.fields.len() < ty.fields.len() || !ty.fields.iter().zip(&now.fields).all(same) {
            let message = format!("type {name} is ({}), in the backup ({})", fields(now), fields(ty));
            let cure = "drop the tables that use it and the type, and create them again from the backup's schema_cql";
            found.push(Objection::fail(message, cure));
        }
    }
    found
}

/// An early manifest, which is enough where no column has a user type.
fn untold(backup: &KeyspaceEntry, keyspace: &str) -> Option<Objection> {
    let uses = |ty: &str| Type::parse(ty).is_none_or(|ty| !ty.user_types().is_empty());
    let column = backup.tables.iter().flat_map(|table| &table.columns).find(|column| uses(&column.ty))?;
    let message = format!(
        "the backup's manifest does not tell the user types of {keyspace}, and column {} has one",
        quoted(&column.name)
    );
    let cure = "compare the types with the backup's schema_cql yourself, then override this guard";
    Some(Objection::fail(message, cure))
}

fn fields(ty: &TypeSchema) -> String {
    let shown = |text: &str| Type::parse(text).map_or_else(|| text.to_owned(), |ty| ty.to_string());
    ty.fields.iter().map(|(name, ty)| format!("{} {}", quoted(name), shown(ty))).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::fixture;

    fn ty(name: &str, fields: &[(&str, &str)]) -> TypeSchema {
        let field = |(name, ty): &(&str, &str)| ((*name).to_owned(), (*ty).to_owned());
        TypeSchema { name: name.to_owned(), fields: fields.iter().map(field).collect() }
    }

    fn found(backup: Option<Vec<TypeSchema>>, live: Vec<TypeSchema>, column: &str) -> Vec<(String, String)> {
        let mut manifest = fixture::manifest("5.0.8", &[("id", "int", "partition_key"), ("a", column, "regular")]);
        manifest.keyspaces[0].types = backup;
        let live = KeyspaceSchema { types: live, ..fixture::keyspace(vec![]) };
        objections(&manifest.keyspaces[0], &live).into_iter().map(|o| (o.message, o.cure)).collect()
    }

    #[test]
    fn the_same_type_holds_also_as_2_2_has_it_and_with_a_field_more() {
        let old = ty(
            "address",
            &[
                ("street", "org.apache.cassandra.db.marshal.UTF8Type"),
                ("tags", "org.apache.cassandra.db.marshal.ListType(org.apache.cassandra.db.marshal.UTF8Type)"),
            ],
        );
        let new = ty("address", &[("street", "text"), ("tags", "frozen<list<text>>"), ("zip", "int")]);
        assert!(found(Some(vec![old]), vec![new], "frozen<address>").is_empty());
    }

    #[test]
    fn a_missing_or_changed_type_is_refused() {
        let address = ty("address", &[("street", "text"), ("House No", "int")]);
        let missing = found(Some(vec![address.clone()]), vec![], "address");
        assert_eq!(missing[0].1, "cqlsh -e 'CREATE TYPE ks.address (street text, \"House No\" int)'");
        let changed =
            found(Some(vec![address.clone()]), vec![ty("address", &[("street", "text"), ("n", "text")])], "x");
        assert!(changed[0].0.contains("in the backup (street text, \"House No\" int)"), "{changed:?}");
        assert_eq!(found(Some(vec![address]), vec![ty("address", &[("street", "text")])], "x").len(), 1);
    }

    #[test]
    fn a_manifest_without_types_tells_nothing_where_one_is_used() {
        assert!(found(None, vec![], "map<text, frozen<address>>")[0].0.contains("does not tell"));
        assert!(found(None, vec![], "map<text, int>").is_empty());
    }
}
