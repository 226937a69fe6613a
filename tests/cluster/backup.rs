//! The backup, and the check of whether it could be restored.

use crate::dataset::{KEYSPACES, must};
use crate::scene::{backed, small};
use crate::world::World;

/// The manifest names every table, and every file of the backup is what it says.
pub fn a_backup_is_published_whole(world: &World) {
    let last = backed(world).events.last().expect("there are events");
    assert_eq!((&last["kind"], &last["outcome"]), (&"run_finished".into(), &"done".into()));
    let host = world.host("cass1");
    let text = must(host.sh("cat /backup/main/manifest.json"));
    let manifest: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!((&manifest["format"], &manifest["tag"]), (&1.into(), &"main".into()));
    let keyspaces = manifest["keyspaces"].as_array().expect("a list");
    assert_eq!(keyspaces.iter().map(|k| k["name"].as_str().unwrap()).collect::<Vec<_>>(), KEYSPACES);
    let mut sums = String::new();
    for keyspace in keyspaces {
        for table in keyspace["tables"].as_array().expect("a list") {
            for file in table["files"].as_array().expect("a list") {
                let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
                let (sum, path) = (text(&file["sha256"]), text(&file["path"]));
                let (keyspace, table) = (text(&keyspace["name"]), text(&table["name"]));
                sums.extend([sum, format!("  {keyspace}/{table}/{path}\n")]);
            }
        }
    }
    assert!(sums.contains(".ByOwner/"), "the files of the legacy index are in it:\n{sums}");
    must(host.sh(&format!("cd /backup/main && sha256sum -c --quiet <<'END'\n{sums}END\n")));
    must(host.sh("cd /backup/main && sha256sum -c --quiet manifest.json.sha256"));
    let files = must(host.sh("find /backup/main -mindepth 2 -type f | wc -l"));
    assert_eq!(files.trim(), sums.lines().count().to_string(), "files that the manifest does not name");
    assert_eq!(must(host.sh("ls -A /backup | grep partial || :")), "");
}

/// Its own snapshot is gone; somebody else's stays.
pub fn it_clears_its_own_snapshot_and_no_other(world: &World) {
    backed(world);
    let listed = must(world.host("cass1").sh("nodetool listsnapshots"));
    assert!(listed.contains("keepme") && !listed.contains("main"), "{listed}");
}

/// A backup never replaces another.
pub fn an_existing_tag_is_never_replaced(world: &World) {
    backed(world);
    let before = must(world.host("cass1").sh("cat /backup/main/manifest.json.sha256"));
    let ran = world.reseed(&world.inventory(), &["backup", "-k", KEYSPACES[0], "--tag", "main"]).ends(4);
    ran.says("tag-free");
    assert_eq!(before, must(world.host("cass1").sh("cat /backup/main/manifest.json.sha256")));
}

/// As another user, who may become root.
pub fn it_works_through_sudo(world: &World) {
    small(world);
    must(world.host("cass1").sh("test -s /backup/small/manifest.json"));
}

/// Every guard holds, and says so.
pub fn check_passes(world: &World) {
    backed(world);
    let ran = world.reseed(&world.inventory(), &["check", "main", "--output", "json"]).ends(0);
    let document: serde_json::Value = serde_json::from_str(&ran.out).expect("one document");
    assert_eq!((&document["kind"], &document["ok"]), (&"check".into(), &true.into()));
    assert!(document["findings"].as_array().is_some_and(|all| all.iter().all(|f| f["level"] != "fail")));
}
