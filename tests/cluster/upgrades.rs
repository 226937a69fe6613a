//! A backup of one Cassandra is restored on a new cluster of a later one: its tables are made from the
//! backup, under their ids. Where the later one cannot read such files, that is said before anything
//! changes.

use std::fs::File;
use std::path::{Path, PathBuf};

use lab::{Consistency, Host, Options};

use crate::dataset::must;
use crate::picture::{Picture, each_alone};
use crate::site::{Site, alone, usual};
use crate::world::{CLUSTER, Stage, World, good, named};

/// Backups of older ones, each made once.
pub struct Upgrades {
    v2_2: Stage<Kept>,
    v3_11: Stage<Kept>,
}

impl Default for Upgrades {
    fn default() -> Self {
        Self {
            v2_2: Stage::new("there is no backup of Cassandra 2.2"),
            v3_11: Stage::new("there is no backup of Cassandra 3.11"),
        }
    }
}

/// A backup that outlives its cluster.
struct Kept {
    files: PathBuf,
    rows: Vec<Vec<Vec<String>>>,
}

const SCHEMA: &[&str] = &[
    "CREATE KEYSPACE moved WITH replication = {'class': 'NetworkTopologyStrategy', 'dc1': 3}",
    r#"CREATE TYPE moved.address (street text, "House No" int)"#,
    r#"CREATE TABLE moved."Items" (id int, seq int, owner text, fixed text static, tags set<text>, props map<text, int>,
       home frozen<address>, PRIMARY KEY (id, seq)) WITH CLUSTERING ORDER BY (seq DESC) AND comment = 'it''s'"#,
    r#"CREATE INDEX "ByOwner" ON moved."Items" (owner)"#,
    "CREATE TABLE moved.hits (page text PRIMARY KEY, n counter)",
    "CREATE TABLE moved.nothing (id int PRIMARY KEY, v text)",
];

const QUESTIONS: &[&str] = &[
    r#"SELECT id, seq, owner, fixed, tags, props, home, WRITETIME(owner) FROM moved."Items""#,
    r#"SELECT id, seq FROM moved."Items" WHERE owner = 'o 3'"#,
    "SELECT page, n FROM moved.hits",
    "SELECT id, v FROM moved.nothing",
];

/// What is answered to each question, sorted.
fn rows(ask: impl Fn(&str) -> lab::Result<Vec<Vec<String>>>) -> lab::Result<Vec<Vec<Vec<String>>>> {
    let sorted = |question: &&str| {
        let mut rows = ask(question)?;
        rows.sort();
        Ok(rows)
    };
    QUESTIONS.iter().map(sorted).collect()
}

fn options(version: &str) -> Options {
    Options { name: named("vers"), version: version.to_owned(), ..Options::default() }
}

/// Backups are on a mount of the host's own, which only its processes see.
fn fetch(host: &Host, archive: &Path) {
    let file = File::create(archive).expect("the directory is ours");
    let done = host.command("/bin/tar").args(["-C", "/backup", "-c", "older"]).stdout(file).status();
    assert!(done.expect("tar is there").success(), "{}", archive.display());
}

fn put(archive: &Path, host: &Host) {
    let file = File::open(archive).expect("it was fetched");
    let done = host.command("/bin/tar").args(["-C", "/backup", "-x"]).stdin(file).status();
    assert!(done.expect("tar is there").success(), "{}", archive.display());
}

impl Kept {
    fn of(world: &World, version: &str) -> Self {
        let site = Site::of(world, alone(&options(version)), usual, Picture::new());
        let seed = site.host("cass1");
        good(site.lab.cql_all(seed, SCHEMA, Consistency::One));
        let mut all = vec![];
        for n in 0..100 {
            all.push(format!(
                "INSERT INTO moved.\"Items\" (id, seq, owner, fixed, tags, props, home) VALUES ({}, {n}, 'o {}', 'f', \
                 {{'a', '{n}'}}, {{'k': {n}}}, {{street: 'S', \"House No\": {n}}})",
                n % 10,
                n % 7
            ));
            all.push(format!("UPDATE moved.hits SET n = n + {n} WHERE page = 'p{}'", n % 6));
        }
        good(site.lab.cql_batch(seed, &all, Consistency::All));
        let rows = good(rows(|question| site.lab.cql(seed, question, Consistency::All)));
        assert_eq!(rows.iter().map(Vec::len).collect::<Vec<_>>(), [100, 14, 6, 0], "{rows:?}");
        site.reseed(&["backup", "-k", "moved", "--tag", "older"]).ends(0);
        let files = world.dir.join(format!("backup-{version}.tar"));
        fetch(seed, &files);
        good(site.lab.down());
        Self { files, rows }
    }

    /// The backup is put on a new cluster of another version.
    fn on(&self, world: &World, version: &str) -> Site {
        let site = Site::of(world, alone(&options(version)), usual, Picture::new());
        put(&self.files, site.host("cass1"));
        site
    }
}

const RESTORE: [&str; 4] = ["restore", "older", "--confirm", CLUSTER];
const CREATING: [&str; 5] = ["restore", "older", "--create-schema", "--confirm", CLUSTER];

/// Refused without the flag; then every node alone has every row, and the index answers.
fn moved(kept: &Kept, site: &Site) {
    site.reseed(&RESTORE).ends(4).says("--create-schema");
    site.reseed(&CREATING).ends(0);
    for (node, found) in site.lab.nodes().iter().zip(each_alone(&site.lab, |node| rows(|question| node.cql(question))))
    {
        assert_eq!(found, kept.rows, "{}", node.name);
    }
}

fn of_2_2(world: &World) -> &Kept {
    world.upgrades.v2_2.get(|| Kept::of(world, "2.2.19"))
}

fn of_3_11(world: &World) -> &Kept {
    world.upgrades.v3_11.get(|| Kept::of(world, "3.11.19"))
}

/// Schema text made from schema tables, files of format `lb`.
pub fn a_backup_of_2_2_is_restored_on_3_11(world: &World) {
    let kept = of_2_2(world);
    moved(kept, &kept.on(world, "3.11.19"));
}

/// Formats that this one does not read are refused; the next ones it does.
pub fn on_4_1_a_backup_of_2_2_is_refused_and_one_of_3_11_is_restored(world: &World) {
    let (unreadable, kept) = (of_2_2(world), of_3_11(world));
    let site = kept.on(world, "4.1.10");
    let seed = site.host("cass1");
    must(seed.sh("mv /backup/older /backup/readable"));
    put(&unreadable.files, seed);
    site.reseed(&CREATING).ends(4).says("sstable-version");
    must(seed.sh("mv /backup/older /backup/unreadable && mv /backup/readable /backup/older"));
    moved(kept, &site);
}

/// Two major versions later.
pub fn a_backup_of_3_11_is_restored_on_5_0(world: &World) {
    let kept = of_3_11(world);
    moved(kept, &kept.on(world, "5.0.8"));
}
