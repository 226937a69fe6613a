//! Nodes with two data directories: files of a table and of its indexes, a legacy one and SAI, are in both.

use lab::{Consistency, Options};

use crate::dataset::must;
use crate::picture::each_alone;
use crate::scene::wait;
use crate::world::{self, CLUSTER, World, good, named};

/// All rows, and what the indexes answer.
fn rows(ask: impl Fn(&str) -> lab::Result<Vec<Vec<String>>>) -> lab::Result<Vec<Vec<String>>> {
    let mut rows = ask("SELECT k, v, w, WRITETIME(v) FROM disks.t")?;
    rows.sort();
    for answer in ["v = 'v 3'", "w = 'w 5'"] {
        let mut keys = ask(&format!("SELECT k FROM disks.t WHERE {answer}"))?;
        keys.sort();
        rows.extend(keys);
    }
    Ok(rows)
}

fn has_files(host: &lab::Host, disk: &str) -> bool {
    let find = format!("find /opt/cassandra/{disk}/data/disks -maxdepth 2 -name '*-Data.db' | wc -l");
    must(host.sh(&find)).trim() != "0"
}

/// Backup, damage, restore; every node alone has the backup's rows, from both directories.
pub fn two_data_directories_on_every_node(_: &World) {
    // two clusters at the same time are too much for a small machine
    good(lab::down(&named("e2e")));
    let options = Options { name: named("disks"), data_dirs: 2, gateways: 0, ..Options::default() };
    let lab = world::boot(&options);
    let seed = &lab.nodes()[0];
    let schema = [
        "CREATE KEYSPACE disks WITH replication = {'class': 'NetworkTopologyStrategy', 'dc1': 3}",
        "CREATE TABLE disks.t (k int PRIMARY KEY, v text, w text)",
        "CREATE INDEX by_v ON disks.t (v)",
        "CREATE CUSTOM INDEX by_w ON disks.t (w) USING 'StorageAttachedIndex'",
    ];
    good(lab.cql_all(seed, &schema, Consistency::One));
    let put = |k: usize| format!("INSERT INTO disks.t (k, v, w) VALUES ({k}, 'v {}', 'w {}')", k % 9, k % 7);
    let mut next = 0;
    wait("sstables in both directories", std::time::Duration::from_mins(2), || {
        good(lab.cql_batch(seed, &(next..next + 100).map(put).collect::<Vec<_>>(), Consistency::All));
        next += 100;
        must(seed.sh("nodetool flush disks"));
        has_files(seed, "data") && has_files(seed, "data2")
    });
    let wanted = good(rows(|cql| lab.cql(seed, cql, Consistency::All)));
    assert!(wanted.len() > next + next / 6, "{} rows and index entries", wanted.len());

    let (dir, inventory) = (tempfile::tempdir().expect("a directory"), lab.inventory());
    let reseed = |args: &[&str]| world::run(&lab, dir.path(), &inventory, args).ends(0);
    reseed(&["backup", "-k", "disks", "--tag", "both"]);
    let damage = ["DELETE FROM disks.t WHERE k = 3", "UPDATE disks.t SET v = 'v 3' WHERE k = 4", "TRUNCATE disks.t"];
    good(lab.cql_all(seed, &damage, Consistency::All));
    good(lab.cql(seed, "INSERT INTO disks.t (k, v, w) VALUES (-1, 'v 3', 'w 5')", Consistency::All));
    // every node is filled, each over both of its directories
    reseed(&["restore", "both", "--confirm", CLUSTER, "--strategy", "fan-out"]);
    for (node, found) in lab.nodes().iter().zip(each_alone(&lab, |node| rows(|cql| node.cql(cql)))) {
        assert!(wanted == found, "{} holds other rows", node.name);
    }
    let aside = "find /opt/cassandra/data/.reseed /opt/cassandra/data2/.reseed -path '*/quarantine/data-*/disks/t-*' \
        -maxdepth 6 -type d -name 't-*' | wc -l";
    for node in lab.nodes() {
        assert_eq!(must(node.sh(aside)).trim(), "2", "{}", node.name);
    }
    good(lab.down());
}
