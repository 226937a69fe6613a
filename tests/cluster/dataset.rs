//! Data full of traps, and what is done to it after the backup.

use lab::{Consistency, Lab};

use crate::picture::Picture;
use crate::world::good;

/// The keyspaces that are restored together. One name has capital letters.
pub const KEYSPACES: [&str; 2] = ["shop", "Ledger_2"];
/// A keyspace of its own for what needs only a small one.
pub const SMALL: &str = "small";

/// Rows of the table with quoted names.
const ITEMS: usize = 60;
/// Owners, as CQL; every row of `"OrderItems"` has one of them.
pub const OWNERS: [&str; 4] = ["'Ann'", "'O''Neil \"the\" \\ boss'", "'Jürgen 東京 🚀'", "'two\nlines'"];
/// An owner of rows that exist only after the backup.
pub const LATE_OWNER: &str = "'Late'";

/// Makes keyspaces and tables and fills them.
pub fn load(lab: &Lab) {
    let node = &lab.nodes()[0];
    let centers: Vec<_> = lab.options().replication().iter().map(|(dc, nodes)| format!(", '{dc}': {nodes}")).collect();
    let replication = format!("{{'class': 'NetworkTopologyStrategy'{}}}", centers.concat());
    let mut schema: Vec<String> = [KEYSPACES[0], "\"Ledger_2\"", SMALL]
        .iter()
        .map(|keyspace| format!("CREATE KEYSPACE {keyspace} WITH replication = {replication}"))
        .collect();
    schema.extend(SCHEMA.iter().map(|statement| (*statement).to_owned()));
    if from(lab, 5) {
        schema.push("CREATE CUSTOM INDEX by_title ON shop.docs (title) USING 'StorageAttachedIndex'".to_owned());
    } else {
        schema.push("CREATE INDEX by_title ON shop.docs (title)".to_owned());
    }
    if from(lab, 3) {
        schema.push(VIEW.to_owned());
    } else {
        for statement in &mut schema {
            *statement = statement.replace("work address", "work frozen<address>");
        }
    }
    good(lab.cql_all(node, &schema, Consistency::One));
    // The name of a dropped table lives on: two directories begin with it.
    good(lab.cql(node, "INSERT INTO shop.ghost (id, v) VALUES (1, 'old')", Consistency::All));
    for node in lab.nodes() {
        must(node.sh("nodetool flush shop ghost"));
    }
    let again = ["DROP TABLE shop.ghost", "CREATE TABLE shop.ghost (id int PRIMARY KEY, v text)"];
    good(lab.cql_all(node, &again, Consistency::One));
    good(lab.cql_batch(node, &rows(), Consistency::All));
}

/// Whether the lab's Cassandra is of that major version or a later one. Before 3 there are no views
/// and no user types that are not frozen, before 5 there is no SAI.
pub fn from(lab: &Lab, major: u32) -> bool {
    let version = &lab.options().version;
    version.split('.').next().and_then(|first| first.parse().ok()) >= Some(major)
}

const VIEW: &str = "CREATE MATERIALIZED VIEW shop.by_text AS SELECT v, id, seq FROM shop.streams \
     WHERE v IS NOT NULL AND id IS NOT NULL AND seq IS NOT NULL PRIMARY KEY (v, id, seq)";

const SCHEMA: &[&str] = &[
    r#"CREATE TABLE shop."OrderItems" ("Id" int PRIMARY KEY, "Owner Name" text, note text)"#,
    r#"CREATE INDEX "ByOwner" ON shop."OrderItems" ("Owner Name")"#,
    "CREATE TABLE shop.docs (id int PRIMARY KEY, title text, body text)",
    r#"CREATE TYPE shop.address (street text, "House No" int)"#,
    "CREATE TABLE shop.bags (id int PRIMARY KEY, tags set<text>, props map<text, int>, steps list<text>, \
     home frozen<address>, work address)",
    "CREATE TABLE shop.streams (id int, seq int, owner text static, v text, PRIMARY KEY (id, seq)) \
     WITH CLUSTERING ORDER BY (seq DESC)",
    "CREATE TABLE shop.sessions (id int PRIMARY KEY, v text)",
    "CREATE TABLE shop.nothing (id int PRIMARY KEY, v text)",
    "CREATE TABLE shop.ghost (id int PRIMARY KEY, v text)",
    r#"CREATE TABLE "Ledger_2".hits (page text PRIMARY KEY, n counter)"#,
    r#"CREATE TABLE "Ledger_2".bookings (account text, nr int, amount decimal, proof blob, PRIMARY KEY (account, nr))"#,
    "CREATE TABLE small.t (k int PRIMARY KEY, v text)",
];

fn rows() -> Vec<String> {
    let mut rows = vec![];
    for n in 0..ITEMS {
        let owner = OWNERS[n % OWNERS.len()];
        rows.push(format!(
            r#"INSERT INTO shop."OrderItems" ("Id", "Owner Name", note) VALUES ({n}, {owner}, 'item ''{n}''')"#
        ));
        rows.push(format!("INSERT INTO shop.docs (id, title, body) VALUES ({n}, 'title {}', 'body {n}')", n % 7));
        rows.push(format!(
            "INSERT INTO shop.bags (id, tags, props, steps, home, work) VALUES ({n}, {{'a', '{n}'}}, {{'k': {n}}}, \
             ['x', 'y', '{n}'], {{street: 'S {n}', \"House No\": {n}}}, {{street: 'W', \"House No\": 1}})"
        ));
        rows.push(format!("INSERT INTO shop.streams (id, seq, v) VALUES ({}, {n}, 'v {n}')", n % 5));
        rows.push(format!("INSERT INTO shop.sessions (id, v) VALUES ({n}, 's') USING TTL 864000"));
        rows.push(format!(r#"UPDATE "Ledger_2".hits SET n = n + {} WHERE page = 'p{}'"#, n + 1, n % 6));
        rows.push(format!(
            r#"INSERT INTO "Ledger_2".bookings (account, nr, amount, proof) VALUES ('acc{}', {n}, {n}.05, 0x00ff{n:02x})"#,
            n % 3
        ));
        rows.push(format!("INSERT INTO small.t (k, v) VALUES ({n}, 'v')"));
    }
    rows.extend((0..4).map(|id| format!("UPDATE shop.streams SET owner = 'o{id}' WHERE id = {id}")));
    rows.push("INSERT INTO shop.ghost (id, v) VALUES (2, 'new')".to_owned());
    rows
}

/// Writes after the backup while all nodes are up: deletes, updates, new rows, a truncated table.
pub fn damage(lab: &Lab) {
    let mut all = vec![];
    for id in 0..10 {
        all.push(format!(r#"DELETE FROM shop."OrderItems" WHERE "Id" = {id}"#));
        all.push(format!(
            r#"UPDATE shop."OrderItems" SET "Owner Name" = {LATE_OWNER}, note = 'changed' WHERE "Id" = 1{id}"#
        ));
        all.push(format!(
            r#"INSERT INTO shop."OrderItems" ("Id", "Owner Name", note) VALUES (900{id}, {LATE_OWNER}, 'new')"#
        ));
        let work = if from(lab, 3) { "work.street = 'late'" } else { "work = {street: 'late'}" };
        all.push(format!("UPDATE shop.bags SET tags = tags + {{'late'}}, steps = [], {work} WHERE id = {id}"));
        all.push(format!("UPDATE \"Ledger_2\".hits SET n = n + 1000 WHERE page = 'p{id}'"));
        all.push(format!("DELETE FROM \"Ledger_2\".bookings WHERE account = 'acc1' AND nr = {id}"));
    }
    for statement in [
        // no later write can undo this one; only data files of the past can
        r#"DELETE FROM shop."OrderItems" USING TIMESTAMP 9999999999999999 WHERE "Id" = 20"#,
        "TRUNCATE shop.docs",
        "INSERT INTO shop.docs (id, title, body) VALUES (1, 'title 1', 'after the truncation')",
        "DELETE FROM shop.streams WHERE id = 1",
        "DELETE owner FROM shop.streams WHERE id = 0",
        "UPDATE shop.streams SET owner = 'late' WHERE id = 4",
        "DELETE FROM shop.sessions WHERE id = 7",
        "INSERT INTO shop.nothing (id, v) VALUES (1, 'something')",
        "DELETE FROM shop.ghost WHERE id = 2",
        "DELETE FROM \"Ledger_2\".bookings WHERE account = 'acc2'",
    ] {
        all.push(statement.to_owned());
    }
    // a range of rows where there is such a thing
    let some = if from(lab, 3) { "seq > 10" } else { "seq = 12" };
    all.push(format!("DELETE FROM shop.streams WHERE id = 2 AND {some}"));
    good(lab.cql_all(&lab.nodes()[0], &all, Consistency::Quorum));
}

/// Writes that a stopped node misses, and that the others keep as hints for it: those of the
/// restored keyspaces must never arrive, those of other keyspaces must.
pub fn damage_in_hints(lab: &Lab) {
    let mut all = vec![];
    for id in 0..10 {
        all.push(format!(r#"DELETE FROM shop."OrderItems" USING TIMESTAMP 9999999999999999 WHERE "Id" = 3{id}"#));
        all.push(format!(
            r#"INSERT INTO shop."OrderItems" ("Id", "Owner Name", note) VALUES (950{id}, {LATE_OWNER}, 'hinted')"#
        ));
        all.push(format!("INSERT INTO \"Ledger_2\".bookings (account, nr, amount) VALUES ('hinted', {id}, 0)"));
        all.push(format!("INSERT INTO small.t (k, v) VALUES (95{id}, 'hinted')"));
    }
    good(lab.cql_all(&lab.nodes()[0], &all, Consistency::Quorum));
}

/// Adds to a counter through each node, and says what the picture is then.
pub fn count_on(lab: &Lab, before: &Picture) -> Picture {
    let mut after = before.clone();
    let hit = after.get_mut("hits").and_then(|rows| rows.iter_mut().find(|row| row[0] == "p0")).expect("it is counted");
    let mut n: usize = hit[1].parse().expect("a number");
    for node in lab.nodes() {
        let add = vec![r#"UPDATE "Ledger_2".hits SET n = n + 1 WHERE page = 'p0'"#; 20];
        good(lab.cql_all(node, &add, Consistency::All));
        n += add.len();
        let now = good(lab.cql(node, r#"SELECT n FROM "Ledger_2".hits WHERE page = 'p0'"#, Consistency::All));
        assert_eq!(now, [[n.to_string()]], "{}", node.name);
    }
    hit[1] = n.to_string();
    after
}

/// A script that must succeed.
#[track_caller]
pub fn must(output: lab::Result<lab::Output>) -> String {
    let output = good(output);
    assert!(output.status.success(), "{}\n{}", output.stdout, output.stderr);
    output.stdout
}
