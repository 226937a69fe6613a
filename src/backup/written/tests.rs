use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::*;
use crate::cassandra::layout::TableId;
use crate::cassandra::schema::{Index, Replication, TableSchema, ViewSchema};
use crate::name::Keyspace;

const PARTS: [&str; 4] = ["Data.db", "Digest.crc32", "Statistics.db", "TOC.txt"];

/// A keyspace with an indexed table, a plain one and a view.
fn keyspace() -> KeyspaceSchema {
    let id = |n: u8| TableId::parse(&format!("f58cb0e0-c9a6-11e7-a9d0-b5b6a2d0a1b{n}")).unwrap();
    let index = Index { name: "by_owner".into(), kind: "COMPOSITES".into(), class: None, target: "owner".into() };
    let table = |name: &str, n, indexes| TableSchema {
        name: Table::parse(name).unwrap(),
        id: id(n),
        columns: vec![],
        dropped: vec![],
        indexes,
    };
    KeyspaceSchema {
        name: Keyspace::parse("ks").unwrap(),
        durable_writes: true,
        replication: Replication::parse(&serde_json::json!({"class": "SimpleStrategy", "replication_factor": "1"}))
            .unwrap(),
        tables: vec![table("kps_a", 1, vec![index]), table("kps_b", 2, vec![])],
        views: vec![ViewSchema {
            name: Table::parse("seen").unwrap(),
            id: id(3),
            base: Table::parse("kps_b").unwrap(),
        }],
        types: vec![],
    }
}

/// What the script prints of a whole copy.
fn lines() -> Vec<String> {
    let mut lines = vec!["dir=/b/s".to_owned()];
    for table in ["kps_a", "kps_b", "seen"] {
        lines.push(format!("table={table}"));
        lines.push(format!("file=regular file\t40\t1700000000\t{table}/manifest.json"));
        lines.extend(PARTS.map(|part| format!("file=regular file\t10\t1600000000\t{table}/nb-1-big-{part}")));
        lines.push(format!("toc={table}/nb-1-big-TOC.txt\t{} ", PARTS.join(" ")));
        let json = BASE64_STANDARD.encode(r#"{"files":["nb-1-big-Data.db",".by_owner\/nb-1-big-Data.db"]}"#);
        lines.push(format!("listed={table}\t{json}"));
    }
    lines
}

fn judged(lines: &[String], version: &str) -> Vec<String> {
    let conf = Conf::from_yaml("cluster_name: Lab\npartitioner: Murmur3Partitioner\n", "/opt/cassandra").unwrap();
    let flaws = Written::parse(&lines.join("\n")).judge(&keyspace(), &version.parse().unwrap(), &conf);
    flaws.into_iter().map(|f| format!("{}{}", f.message, if f.tolerable { " (tolerable)" } else { "" })).collect()
}

#[test]
fn a_whole_copy_has_no_flaw_and_its_limits_are_told() {
    assert_eq!(judged(&lines(), "5.0.8"), Vec::<String>::new());
    let written = Written::parse(&lines().join("\n"));
    assert_eq!(written.taken_at().unwrap().as_second(), 1_700_000_000);
    assert_eq!((written.bytes(), written.digests().len()), (240, 3));
    let limits = written.limits(&keyspace(), &"5.0.8".parse().unwrap());
    insta::assert_snapshot!(limits.join("\n"), @"
    its hashes were made at the import: damage of before is found by Cassandra's own digests alone, which 3 of 3 Data.db have
    columns, types, table ids and statements are as the cluster had them at the import
    the Cassandra version is that of the import, 5.0.8; the time is that of the newest file
    no index files (by_owner): rebuilt at restore
    ");
}

#[test]
fn whatever_is_missing_is_found() {
    for (gone, says) in [
        ("kps_a/nb-1-big-Data.db", "kps_a/nb-1-big-Data.db is missing"),
        ("kps_a/nb-1-big-Statistics.db", "which its TOC.txt names"),
        ("kps_a/nb-1-big-Digest.crc32", "which its TOC.txt names"),
        ("kps_b/nb-1-big-TOC.txt", "kps_b/nb-1-big-TOC.txt is missing"),
    ] {
        let rest: Vec<String> = lines().into_iter().filter(|line| !line.ends_with(&format!("\t{gone}"))).collect();
        let found = judged(&rest, "5.0.8");
        assert!(found.iter().any(|flaw| flaw.contains(says)), "{gone}: {found:?}");
    }
    // a whole sstable: only Cassandra's manifest.json knows of it
    let rest: Vec<String> = lines().into_iter().filter(|line| !line.contains("kps_b/nb-1-big-")).collect();
    assert_eq!(judged(&rest, "5.0.8"), ["kps_b/nb-1-big-Data.db is missing, which Cassandra's manifest.json names"]);
    // all of a table
    let rest: Vec<String> =
        lines().into_iter().filter(|line| !line.contains("kps_b/") && !line.starts_with("listed=kps_b")).collect();
    assert_eq!(judged(&rest, "5.0.8"), ["the directory of table kps_b is empty"]);
}

#[test]
fn tables_that_one_side_alone_has_are_told_apart() {
    let mut more = lines();
    more.push("table=old".into());
    more.push("file=regular file\t1\t1\told/manifest.json".into());
    assert_eq!(judged(&more, "5.0.8"), ["the cluster has no table ks.old, which /b/s holds"]);
    let less: Vec<String> =
        lines().into_iter().filter(|line| !line.contains("seen") && !line.contains("kps_b")).collect();
    assert_eq!(
        judged(&less, "5.0.8"),
        ["table ks.kps_b is not in /b/s (tolerable)", "view ks.seen is not in /b/s (tolerable)"]
    );
}

#[test]
fn what_is_no_file_of_cassandras_is_refused() {
    for (line, says) in [
        ("file=symbolic link\t9\t1\tkps_a/nb-2-big-Data.db", "is a symbolic link"),
        ("file=regular file\t9\t1\tkps_a/backup.tmp", "is no file of Cassandra's"),
        ("file=regular file\t9\t1\tkps_a/snapshots/x/nb-1-big-Data.db", "cannot be in a backup"),
        ("file=regular file\t9\t1\tkps_a/a b", "only letters"),
        ("file=regular file\t9\t1\tkps_a/a\tb", "a strange file name"),
        ("wrong=/b/s is not there", "/b/s is not there"),
    ] {
        let mut more = lines();
        more.push(line.into());
        let found = judged(&more, "5.0.8");
        assert!(found.iter().any(|flaw| flaw.contains(says)), "{line}: {found:?}");
    }
}

#[test]
fn sstables_that_this_cassandra_cannot_read_are_refused() {
    assert!(judged(&lines(), "3.11.19").iter().any(|flaw| flaw.contains("newer than Cassandra 3.11.19 can read")));
}
