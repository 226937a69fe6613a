//! The catalogue on a real cluster: list, verify and damage; and the written scripts, unchanged, both
//! ways: their backup imported and restored by us, ours restored by them.

use std::time::Duration;

use lab::{Consistency, Host, Lab};
use serde_json::Value;

use crate::dataset::must;
use crate::hosts::DATA;
use crate::scene::{backed, wait};
use crate::world::{CLUSTER, World, good};

const BACKUP: &str = include_str!("written/backup.sh");
const RESTORE: &str = include_str!("written/restore.sh");
/// As the gateways name them.
const KS: &str = "x9fa003e2_group_2";
const ROOT: &str = "/backup";

/// One document of a reading command.
fn asked(world: &World, args: &[&str], code: i32) -> Value {
    let ran = world.reseed(&world.inventory(), &[args, &["--output", "json"]].concat()).ends(code);
    serde_json::from_str(&ran.out).unwrap_or_else(|why| panic!("{why}: {}", ran.out))
}

fn entry(world: &World, tag: &str) -> Value {
    let list = asked(world, &["backups", "list"], 0);
    let backups = list["backups"].as_array().expect("a list");
    backups.iter().find(|backup| backup["tag"] == tag).unwrap_or_else(|| panic!("{tag}: {list}")).clone()
}

/// Listed and shown as what it is; verified, the list says so; one flipped bit is found and named.
pub fn a_flipped_byte_is_found_and_named(world: &World) {
    backed(world);
    let listed = entry(world, "main");
    assert_eq!((&listed["state"], &listed["good"]), (&"complete".into(), &true.into()));
    let shown = asked(world, &["backups", "show", "main"], 0);
    assert_eq!(shown["manifest"]["tag"], "main");
    let sound = asked(world, &["backups", "verify", "main"], 0);
    assert!(sound["sound"] == true && sound["digests"].as_u64() > Some(0), "{sound}");
    assert_eq!(entry(world, "main")["verified"]["sound"], true);
    let host = world.host("cass1");
    let file = must(host.sh("ls /backup/main/shop/OrderItems/*-Data.db | head -n 1")).trim().to_owned();
    let flip =
        format!("perl -e 'open(F, \"+<\", $ARGV[0]); read(F, $b, 1); seek(F, 0, 0); print F chr(ord($b) ^ 1)' {file}");
    must(host.sh(&flip));
    let damaged = asked(world, &["backups", "verify", "main"], 7);
    let path = file.strip_prefix("/backup/main/").expect("it lies there");
    let found: Vec<&Value> = damaged["damage"].as_array().expect("a list").iter().map(|d| &d["path"]).collect();
    assert_eq!(found, [path], "{damaged}");
    assert_eq!(entry(world, "main")["good"], false);
    must(host.sh(&flip));
    asked(world, &["backups", "verify", "main"], 0);
    world.reseed(&world.inventory(), &["backups", "verify", "nowhere"]).ends(3).says("no backup nowhere");
}

/// Which keyspaces a backup takes.
pub fn keyspaces_are_told_with_what_a_backup_takes(world: &World) {
    backed(world);
    let document = asked(world, &["keyspaces"], 0);
    let of = |name: &str| {
        let all = document["keyspaces"].as_array().expect("a list");
        all.iter().find(|keyspace| keyspace["name"] == name).unwrap_or_else(|| panic!("{name}: {document}")).clone()
    };
    assert_eq!((&of("shop")["taken"], &of("system_auth")["taken"]), (&true.into(), &false.into()));
    assert!(of("shop")["bytes"].as_u64() > Some(0) && of("shop")["tables"].as_u64() > Some(5));
}

/// The script with its four variables, which it says must be replaced.
fn adapted(script: &str, snapshot: &str, root: &str) -> String {
    let values =
        [("CASSANDRA_DATA_DIR", DATA), ("KEYSPACE_NAME", KS), ("SNAPSHOT_NAME", snapshot), ("BACKUP_ROOT_DIR", root)];
    values.iter().fold(script.to_owned(), |text, (name, value)| {
        let blank = format!("\n{name}=\"xxx\"\n");
        assert!(text.contains(&blank), "{name}");
        text.replace(&blank, &format!("\n{name}=\"{value}\"\n"))
    })
}

/// Runs it on a host as a file of its own.
fn runs(host: &Host, script: &str, answer: &str) -> String {
    must(host.sh(&format!(
        "cat >/tmp/written.sh <<'THE END'\n{script}\nTHE END\ncd /tmp && printf '{answer}' | bash /tmp/written.sh"
    )))
}

fn load(lab: &Lab) {
    let node = &lab.nodes()[0];
    let nodes = lab.nodes().len();
    let schema = [
        format!("CREATE KEYSPACE {KS} WITH replication = {{'class': 'NetworkTopologyStrategy', 'dc1': {nodes}}}"),
        format!("CREATE TABLE {KS}.kps_users (id int PRIMARY KEY, owner text, note text)"),
        format!("CREATE INDEX by_owner ON {KS}.kps_users (owner)"),
        format!("CREATE TABLE {KS}.kps_plain (id int PRIMARY KEY, v text)"),
    ];
    good(lab.cql_all(node, &schema, Consistency::One));
    let rows: Vec<String> = (0..40)
        .flat_map(|n| {
            [
                format!("INSERT INTO {KS}.kps_users (id, owner, note) VALUES ({n}, 'owner {}', 'note {n}')", n % 4),
                format!("INSERT INTO {KS}.kps_plain (id, v) VALUES ({n}, 'v {n}')"),
            ]
        })
        .collect();
    good(lab.cql_batch(node, &rows, Consistency::All));
}

/// Rows, and what the index finds.
fn picture(lab: &Lab, node: &Host, consistency: Consistency) -> Vec<Vec<Vec<String>>> {
    let queries = [
        format!("SELECT id, owner, note FROM {KS}.kps_users"),
        format!("SELECT id, v FROM {KS}.kps_plain"),
        format!("SELECT id FROM {KS}.kps_users WHERE owner = 'owner 3'"),
    ];
    let rows = |query: &String| {
        let mut rows = good(lab.cql(node, query, consistency));
        rows.sort();
        rows
    };
    queries.iter().map(rows).collect()
}

fn damage(lab: &Lab) {
    let damage = [
        format!("DELETE FROM {KS}.kps_users WHERE id = 3"),
        format!("UPDATE {KS}.kps_users SET owner = 'owner 3' WHERE id = 4"),
        format!("TRUNCATE {KS}.kps_plain"),
    ];
    good(lab.cql_all(&lab.nodes()[0], &damage, Consistency::All));
}

/// Their backup has no index files and no manifest; the restored index answers all the same.
pub fn a_backup_of_the_written_script_is_imported_and_restored(world: &World) {
    let lab = world.lab();
    load(lab);
    let seed = world.host("cass1");
    let wanted = picture(lab, seed, Consistency::All);
    assert_eq!(wanted.iter().map(Vec::len).collect::<Vec<_>>(), [40, 40, 10]);
    must(seed.sh(&format!("nodetool snapshot -t Group2-20181127_2144_28 {KS}")));
    runs(seed, &adapted(BACKUP, "Group2-20181127_2144_28", &format!("{ROOT}/written")), "");
    let theirs = "cd /backup/written/Group2-20181127_2144_28 && find . -type f | sort | xargs sha256sum";
    let before = must(seed.sh(theirs));
    assert!(!before.contains(".by_owner"), "the written script leaves index files behind: {before}");
    // half of it is none
    let dir = "written/Group2-20181127_2144_28";
    let toc = must(seed.sh(&format!("ls {ROOT}/{dir}/kps_users/*-Statistics.db"))).trim().to_owned();
    must(seed.sh(&format!("mv {toc} /tmp/taken")));
    let refused = world.reseed(&world.inventory(), &["backups", "import", dir, "-k", KS, "--tag", "half"]).ends(4);
    refused.says("import-whole").says("which its TOC.txt names");
    must(seed.sh(&format!("mv /tmp/taken {toc}")));
    world.reseed(&world.inventory(), &["backups", "import", dir, "-k", KS, "--tag", "imported"]).ends(0);
    assert_eq!(before, must(seed.sh(theirs)), "theirs is not touched");
    let listed = entry(world, "imported");
    assert!(listed["state"] == "complete" && listed["imported"].is_string(), "{listed}");
    world.reseed(&world.inventory(), &["backups", "show", "imported"]).ends(0).says("no index files (by_owner)");
    asked(world, &["backups", "verify", "imported"], 0);
    damage(lab);
    assert!(picture(lab, seed, Consistency::All) != wanted);
    world.reseed(&world.inventory(), &["restore", "imported", "--confirm", CLUSTER]).ends(0);
    for node in lab.nodes() {
        assert_eq!(picture(lab, node, Consistency::All), wanted, "{}", node.name);
    }
}

/// The backup that the restore came from stays until it is discarded, an older one goes.
pub fn a_prune_spares_what_a_restore_came_from(world: &World) {
    asked(world, &["backups", "show", "imported"], 0);
    world.reseed(&world.inventory(), &["backup", "-k", KS, "--tag", "newest"]).ends(0);
    let plan = asked(world, &["backups", "prune", "--keep", "1"], 0);
    let of = |tag: &str| {
        let all = plan["backups"].as_array().expect("a list");
        all.iter().find(|backup| backup["tag"] == tag).unwrap_or_else(|| panic!("{tag}: {plan}")).clone()
    };
    assert_eq!((&of("newest")["goes"], &of("imported")["goes"]), (&false.into(), &false.into()));
    assert!(of("imported")["why"].as_str().is_some_and(|why| why.contains("not discarded")), "{plan}");
    let going: Vec<Value> = plan["backups"].as_array().unwrap().iter().filter(|b| b["goes"] == true).cloned().collect();
    assert!(!going.is_empty(), "{plan}");
    world.reseed(&world.inventory(), &["backups", "prune", "--keep", "1", "--confirm", "Wrong"]).ends(4);
    world.reseed(&world.inventory(), &["backups", "prune", "--keep", "1", "--confirm", CLUSTER]).ends(0);
    let left = must(world.host("cass1").sh("ls -A /backup"));
    for gone in &going {
        let name = gone["name"].as_str().expect("a name");
        assert!(!left.lines().any(|line| line == name), "{name} is still there: {left}");
    }
    assert!(left.contains("newest") && left.contains("imported") && !left.contains(".pruned-"), "{left}");
}

/// Their restore script on our layout, with the written steps around it.
pub fn the_written_restore_script_restores_our_backup(world: &World) {
    let lab = world.lab();
    let seed = world.host("cass1");
    let wanted = picture(lab, seed, Consistency::All);
    world.reseed(&world.inventory(), &["backup", "-k", KS, "--tag", "ours"]).ends(0);
    damage(lab);
    for node in lab.nodes() {
        must(node.sh("nodetool drain"));
        good(lab.stop_node(node));
    }
    let clear = "cd /opt/cassandra/data && rm -rf commitlog/* saved_caches/* hints/*";
    for node in lab.nodes() {
        must(node.sh(clear));
        if node.name != seed.name {
            must(node.sh(&format!("rm -rf {DATA}/{KS}/*")));
        }
    }
    // it makes the tables' directories as whoever runs it: Cassandra's user, or they could not be written to
    let owner = must(seed.sh(&format!("stat -c %U {DATA}"))).trim().to_owned();
    runs(seed, &adapted(RESTORE, KS, &format!("{ROOT}/ours")), "y");
    must(seed.sh(&format!("chown -R {owner}: {DATA}/{KS}")));
    for node in lab.nodes() {
        good(lab.start_node(node));
    }
    good(lab.wait_un());
    for node in lab.nodes() {
        must(node.sh(&format!("nodetool repair -pr --full {KS}")));
    }
    // the script copies no directory that begins with a dot
    must(seed.sh(&format!("nodetool rebuild_index {KS} kps_users by_owner")));
    let found = picture(lab, seed, Consistency::All);
    assert_eq!((&found[0], &found[1]), (&wanted[0], &wanted[1]));
}

/// Cassandra has no command that builds a view anew: who has no files of it drops it and creates it again.
pub fn a_view_that_a_written_backup_lacks_is_refused_and_its_cure_works(world: &World) {
    let (lab, seed) = (world.lab(), world.host("cass1"));
    let view = "CREATE MATERIALIZED VIEW viewed.by_v AS SELECT v, id FROM viewed.t \
                WHERE v IS NOT NULL AND id IS NOT NULL PRIMARY KEY (v, id)";
    let schema = [
        "CREATE KEYSPACE viewed WITH replication = {'class': 'NetworkTopologyStrategy', 'dc1': 3}",
        "CREATE TABLE viewed.t (id int PRIMARY KEY, v text)",
        view,
    ];
    good(lab.cql_all(seed, &schema, Consistency::One));
    let rows: Vec<String> =
        (0..30).map(|n| format!("INSERT INTO viewed.t (id, v) VALUES ({n}, 'v {}')", n % 4)).collect();
    good(lab.cql_all(seed, &rows, Consistency::All));
    let of = |what: &str, node: &Host, at| {
        let mut rows = good(lab.cql(node, &format!("SELECT id, v FROM viewed.{what}"), at));
        rows.sort();
        rows
    };
    let wanted = of("t", seed, Consistency::All);
    // the table alone, as when somebody copied by hand
    must(seed.sh(&format!(
        "nodetool flush viewed && nodetool snapshot -t byhand viewed && mkdir -p {ROOT}/byhand/viewed/t &&
         cp -a {DATA}/viewed/t-*/snapshots/byhand/* {ROOT}/byhand/viewed/t/"
    )));
    let inventory = world.inventory();
    let import = ["backups", "import", "byhand/viewed", "-k", "viewed", "--tag", "viewless"];
    world.reseed(&inventory, &import).ends(0).says("view viewed.by_v is not in");
    good(lab.cql(seed, "DELETE FROM viewed.t WHERE id = 3", Consistency::All));
    let restore = ["restore", "viewless", "--confirm", CLUSTER];
    let refused = world.reseed(&inventory, &restore).ends(4);
    refused.says("tables-match").says("by_v is not in the backup").says("drop it, and create it again");
    good(lab.cql(seed, "DROP MATERIALIZED VIEW viewed.by_v", Consistency::One));
    world.reseed(&inventory, &restore).ends(0);
    good(lab.cql(seed, view, Consistency::One));
    for node in lab.nodes() {
        assert_eq!(of("t", node, Consistency::All), wanted, "{}", node.name);
        wait("the view", Duration::from_mins(2), || of("by_v", node, Consistency::One) == wanted);
    }
}
