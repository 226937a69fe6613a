//! The catalogue's commands from end to end: the shipped binary over real sshd, on the cluster that
//! stands in.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::operator::ALONE;
use crate::standin::{CLUSTER, Cluster, NODES};

/// What `reseed` printed, and how it ended.
struct Said {
    out: String,
    all: String,
}

#[track_caller]
fn ends(cluster: &Cluster, code: i32, args: &[&str]) -> Said {
    let out = cluster.reseed(args).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = Said { out: text(&out.stdout), all: text(&out.stdout) + &text(&out.stderr) };
    assert_eq!(out.status.code(), Some(code), "{args:?}: {}", said.all);
    said
}

#[track_caller]
fn asked(cluster: &Cluster, code: i32, args: &[&str]) -> Value {
    let said = ends(cluster, code, &[args, &["--output", "json"]].concat());
    serde_json::from_str(&said.out).unwrap_or_else(|why| panic!("{why}: {}", said.all))
}

fn listed(cluster: &Cluster) -> Vec<(String, String)> {
    let document = asked(cluster, 0, &["backups", "list"]);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let each = |backup: &Value| (text(&backup["name"]), text(&backup["state"]));
    let mut all: Vec<_> = document["backups"].as_array().unwrap().iter().map(each).collect();
    all.sort();
    all
}

/// What the written script would leave: whole sstables of both tables.
fn written(dir: &Path) {
    for table in ["plain", "other"] {
        let files = [
            ("nb-1-big-Data.db", "backup\n"),
            ("nb-1-big-Digest.crc32", "3985119617"),
            ("nb-1-big-TOC.txt", "Data.db\nDigest.crc32\nTOC.txt\n"),
        ];
        fs::create_dir_all(dir.join(table)).unwrap();
        for (name, text) in files {
            fs::write(dir.join(table).join(name), text).unwrap();
        }
    }
}

#[test]
fn backups_are_listed_verified_imported_restored_and_pruned() {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let Some(cluster) = Cluster::start() else { return };
    cluster.again();
    let root = cluster.path("host1/backup");
    assert!(ends(&cluster, 0, &["backups", "list"]).out.contains("there is no backup"));
    let keyspaces = asked(&cluster, 0, &["keyspaces"]);
    let taken = |name: &str| {
        let all = keyspaces["keyspaces"].as_array().unwrap().iter();
        all.filter(|keyspace| keyspace["name"] == name).map(|keyspace| keyspace["taken"].clone()).collect::<Vec<_>>()
    };
    assert_eq!((taken("ks1"), taken("system_auth")), (vec![Value::from(true)], vec![Value::from(false)]));
    for tag in ["first", "second"] {
        ends(&cluster, 0, &["backup", "--tag", tag]);
    }
    assert!(ends(&cluster, 0, &["backups", "show", "first"]).out.contains("keyspace ks1"));

    // one flipped bit is found and named, and known afterwards
    assert_eq!(asked(&cluster, 0, &["backups", "verify", "first"])["sound"], true);
    let file = root.join("first/ks1/other/nb-1-big-Data.db");
    fs::write(&file, "backuq\n").unwrap();
    let damaged = ends(&cluster, 7, &["backups", "verify", "first"]);
    assert!(damaged.out.contains("ks1/other/nb-1-big-Data.db: other bytes"), "{}", damaged.all);
    assert!(ends(&cluster, 0, &["backups", "list"]).out.contains("DAMAGED"));
    assert!(ends(&cluster, 3, &["backups", "verify", "third"]).all.contains("there is no backup third"));

    // what others wrote: half of it is refused, all of it is a backup that a restore takes
    let theirs = cluster.path("host1/theirs/snap");
    written(&theirs);
    let dir = cluster.path("here/theirs").display().to_string();
    let import = ["backups", "import", dir.as_str(), "-k", "ks1", "--tag", "imported"];
    fs::remove_file(theirs.join("plain/nb-1-big-Digest.crc32")).unwrap();
    let refused = ends(&cluster, 4, &import);
    assert!(refused.all.contains("which its TOC.txt names"), "{}", refused.all);
    fs::write(theirs.join("plain/nb-1-big-Digest.crc32"), "1").unwrap();
    let failed = ends(&cluster, 5, &import);
    assert!(failed.all.contains("is not what Cassandra wrote"), "{}", failed.all);
    assert!(listed(&cluster).contains(&(".partial-imported".to_owned(), "partial".to_owned())));
    // cured, the same run goes on
    written(&theirs);
    ends(&cluster, 0, &["resume"]);
    assert!(ends(&cluster, 4, &import).all.contains("exists already"));
    assert_eq!(asked(&cluster, 0, &["backups", "verify", "imported"])["digests"], 2);
    let shown = ends(&cluster, 0, &["backups", "show", "imported"]);
    assert!(shown.out.contains("as the cluster had them at the import"), "{}", shown.out);
    (1..=NODES).for_each(|n| cluster.fill(n, "old"));
    ends(&cluster, 0, &["restore", "imported", "--confirm", CLUSTER]);
    for n in 1..=NODES {
        let live = cluster.path(&format!("host{n}/data/ks1/plain-f58cb0e0c9a611e7a9d0b5b6a2d0a010/nb-1-big-Data.db"));
        assert_eq!(fs::read_to_string(live).unwrap(), "backup\n", "host{n}");
    }

    // the imported one is what the restore came from; the damaged one goes, as a newer one is good
    fs::create_dir(root.join(".partial-cut")).unwrap();
    let keep = ["backups", "prune", "--keep", "2"];
    let preview = ends(&cluster, 0, &keep);
    assert!(preview.out.contains("is not discarded") && preview.out.contains("Nothing is changed"), "{}", preview.out);
    let before = listed(&cluster);
    ends(&cluster, 4, &[&keep[..], &["--confirm", "Other"]].concat());
    assert_eq!(listed(&cluster), before);
    // a coordinator that knows of no restore asks the host
    let foreign = cluster.reseed_in(&cluster.path("elsewhere"), &keep).output().unwrap();
    assert!(String::from_utf8_lossy(&foreign.stdout).contains("has something left on cass1"), "{foreign:?}");
    ends(&cluster, 0, &[&keep[..], &["--partial", "--confirm", CLUSTER]].concat());
    let names: Vec<String> = listed(&cluster).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["imported", "second"], "the newest good ones, of which one is in use");
    assert!(ends(&cluster, 0, &["runs"]).out.contains("prune"));
}
