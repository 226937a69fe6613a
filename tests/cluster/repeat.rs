//! After the restore: the run is over, and the same restore again is safe.

use std::fs;

use crate::dataset::KEYSPACES;
use crate::picture::{of_each_alone, same};
use crate::scene::{events_of, loaded, restored, small};
use crate::world::{CLUSTER, World};

/// Nothing is left to go on with.
pub fn a_finished_run_resumes_to_nothing(world: &World) {
    let run = &restored(world).run;
    let ran = world.reseed(&world.inventory(), &["resume", run, "--confirm", CLUSTER]).ends(0);
    ran.says("is done already");
    let status = world.reseed(&world.inventory(), &["status", run]).ends(0);
    status.says("DONE");
}

/// The page that a manager reads, and the document that a script reads.
pub fn its_report_is_there(world: &World) {
    let restored = restored(world);
    let page = fs::read_to_string(restored.dir.join("report.html")).expect("it was written");
    assert!(page.contains(&restored.run) && page.contains("others.repair"));
    let ran = world.reseed(&world.inventory(), &["report", &restored.run, "--json"]).ends(0);
    let document: serde_json::Value = serde_json::from_str(&ran.out).expect("one document");
    assert_eq!(document["v"], 1);
}

/// As `ops` through sudo; every row, alone, is still the backup's. What was replaced is again set
/// aside, under this run's name.
pub fn the_same_restore_again_changes_no_row(world: &World) {
    let (wanted, before) = (loaded(world), restored(world));
    small(world);
    let args = ["restore", "main", "-k", KEYSPACES[0], "-k", KEYSPACES[1], "--confirm", CLUSTER, "--output", "json"];
    let ran = world.reseed(&world.inventory_sudo(), &args).ends(0);
    let events = events_of(&ran.out);
    assert_ne!(events[0]["run"], before.run);
    for (node, alone) in of_each_alone(world.lab()) {
        same(&node, wanted, &alone.picture);
    }
}
