//! A keyspace of many tables.

use std::time::Instant;

use lab::{Consistency, Options};

use crate::dataset::must;
use crate::hosts::DATA;
use crate::picture::each_alone;
use crate::site::alone;
use crate::world::{self, CLUSTER, World, good, named};

const TABLES: usize = 150;

/// Rows of the `n`th table, and what its index finds when it has one.
fn questions(n: usize) -> Vec<String> {
    let rows = format!("SELECT id, v, WRITETIME(v) FROM many.\"T_{n}\"");
    let index = format!("SELECT id FROM many.\"T_{n}\" WHERE v = 'v 1'");
    if n.is_multiple_of(50) { vec![rows, index] } else { vec![rows] }
}

/// 150 tables, three indexes, one of them empty; every third table is empty, every tenth is damaged, one of them by a truncation.
pub fn a_keyspace_of_150_tables_is_restored_row_by_row(world: &World) {
    let lab = alone(&Options { name: named("many"), gateways: 0, ..Options::default() });
    let seed = &lab.nodes()[0];
    let mut schema =
        vec!["CREATE KEYSPACE many WITH replication = {'class': 'NetworkTopologyStrategy', 'dc1': 3}".to_owned()];
    schema.extend((0..TABLES).map(|n| format!("CREATE TABLE many.\"T_{n}\" (id int PRIMARY KEY, v text)")));
    schema.extend((0..TABLES).step_by(50).map(|n| format!("CREATE INDEX \"By_{n}\" ON many.\"T_{n}\" (v)")));
    let began = Instant::now();
    good(lab.cql_all(seed, &schema, Consistency::One));
    println!("\n  {TABLES} tables made in {:.0} s", began.elapsed().as_secs_f64());
    let put = |n: usize, id: usize| format!("INSERT INTO many.\"T_{n}\" (id, v) VALUES ({id}, 'v {}')", id % 3);
    let rows: Vec<String> = (0..TABLES).filter(|n| n % 3 != 2).flat_map(|n| (0..9).map(move |id| put(n, id))).collect();
    good(lab.cql_batch(seed, &rows, Consistency::All));
    let asked: Vec<String> = (0..TABLES).flat_map(questions).collect();
    let sorted = |mut rows: Vec<Vec<String>>| {
        rows.sort();
        rows
    };
    let wanted = sorted(good(lab.cql_all(seed, &asked, Consistency::All)));
    assert_eq!(wanted.len(), 100 * 9 + 2 * 3);

    let (state, inventory) = (world.dir.join("state-many"), lab.inventory());
    let reseed = |args: &[&str]| {
        let began = Instant::now();
        let ran = world::run(&lab, &state, &inventory, args).ends(0);
        println!("  {} in {:.0} s", ran.line, began.elapsed().as_secs_f64());
        ran
    };
    reseed(&["backup", "-k", "many", "--tag", "many"]);
    let damage: Vec<String> = (0..TABLES).step_by(10).map(|n| put(n, 77)).collect();
    good(lab.cql_all(seed, &damage, Consistency::All));
    good(lab.cql(seed, "TRUNCATE many.\"T_1\"", Consistency::All));
    assert!(sorted(good(lab.cql_all(seed, &asked, Consistency::All))) != wanted);
    reseed(&["restore", "many", "--confirm", CLUSTER]);
    for (node, found) in lab.nodes().iter().zip(each_alone(&lab, |node| node.cql_all(&asked).map(sorted))) {
        assert!(wanted == found, "{} holds other rows", node.name);
        let aside = format!("find {DATA}/../.reseed -path '*/quarantine/data-0/many/T_*' -prune -print | wc -l");
        assert_eq!(must(node.sh(&aside)).trim(), TABLES.to_string(), "{}", node.name);
    }
    good(lab.down());
}
