//! What `check` finds on a real cluster, and that it finds nothing on a healthy one. Each trap has a
//! keyspace of its own; one backup holds them all.

use lab::Consistency;
use serde_json::Value;

use crate::dataset::must;
use crate::hosts::DATA;
use crate::world::{Ran, World, good};

/// The backup.
const TAG: &str = "traps";
/// A keyspace for each trap.
const KEYSPACES: [&str; 6] = ["healthy", "dropped", "readded", "owned", "later", "strayed"];

/// The keyspaces and their backup.
fn trapped(world: &World) -> &Ran {
    world.trapped.get(|| {
        let lab = world.lab();
        let replication = format!("{{'class': 'NetworkTopologyStrategy', 'dc1': {}}}", lab.nodes().len());
        let mut statements = vec![];
        for keyspace in KEYSPACES {
            statements.extend([
                format!("CREATE KEYSPACE {keyspace} WITH replication = {replication}"),
                format!("CREATE TYPE {keyspace}.address (street text, \"House No\" int)"),
                format!(
                    "CREATE TABLE {keyspace}.t (id int, seq int, v text, \"Home\" frozen<address>, tags map<text, frozen<set<int>>>, \
                     PRIMARY KEY (id, seq)) WITH CLUSTERING ORDER BY (seq DESC)"
                ),
                format!("INSERT INTO {keyspace}.t (id, seq, v) VALUES (1, 1, 'v')"),
            ]);
        }
        good(lab.cql_all(&lab.nodes()[0], &statements, Consistency::All));
        let mut args = vec!["backup", "--tag", TAG];
        args.extend(KEYSPACES.iter().flat_map(|keyspace| ["-k", keyspace]));
        world.reseed(&world.inventory(), &args).ends(0)
    })
}

/// `check` of one keyspace: its exit code, and the findings that are no passes: guard, host, level, cure.
fn check(world: &World, keyspace: &str) -> (Option<i32>, Vec<Value>) {
    let ran = world.reseed(&world.inventory(), &["check", TAG, "-k", keyspace, "--output", "json"]);
    let document: Value = serde_json::from_str(&ran.out).unwrap_or_else(|why| panic!("{why}: {} {}", ran.out, ran.err));
    assert_eq!(document["ok"], Value::from(ran.code == Some(0)));
    let findings = document["findings"].as_array().expect("a list").iter();
    (ran.code, findings.filter(|finding| finding["level"] != "pass").cloned().collect())
}

/// Asserts that exactly this guard refuses, says this, and offers that.
#[track_caller]
fn refuses(found: &(Option<i32>, Vec<Value>), guard: &str, words: &str, cure: &str) {
    assert_eq!(found.0, Some(4), "{found:?}");
    let failing: Vec<&Value> = found.1.iter().filter(|finding| finding["level"] == "fail").collect();
    let text = |key: &str| failing[0][key].as_str().unwrap_or_default();
    assert!(failing.len() == 1 && text("guard") == guard, "{failing:?}");
    assert!(text("message").contains(words) && text("cure").contains(cure), "{failing:?}");
}

fn cql(world: &World, statement: &str) {
    good(world.lab().cql(world.host("cass1"), statement, Consistency::All));
}

/// No guard has anything to say.
pub fn a_healthy_cluster_gives_no_false_alarm(world: &World) {
    trapped(world);
    let (code, found) = check(world, "healthy");
    let told: Vec<&str> = found.iter().map(|finding| finding["guard"].as_str().unwrap_or_default()).collect();
    assert_eq!((code, told), (Some(0), vec![]), "{found:?}");
}

/// A JVM costs a second of the very node that serves.
pub fn a_check_starts_at_most_two_jvms_on_a_node(world: &World) {
    trapped(world);
    let nodes = world.lab().nodes();
    for node in nodes {
        must(node.sh("install -m 666 /dev/null /tmp/jvms && cp -p /opt/cassandra/bin/nodetool /tmp/nodetool &&
            sed -i '2i echo \"$*\" >>/tmp/jvms' /opt/cassandra/bin/nodetool"));
    }
    let (code, found) = check(world, "healthy");
    for node in nodes {
        let started = must(node.sh("mv /tmp/nodetool /opt/cassandra/bin/nodetool && cat /tmp/jvms"));
        let started: Vec<&str> = started.lines().collect();
        assert!((1..=2).contains(&started.len()), "{}: {started:?}", node.name);
    }
    assert_eq!(code, Some(0), "{found:?}");
}

/// What the backup holds of it would be skipped in silence.
pub fn a_dropped_column_is_refused(world: &World) {
    trapped(world);
    cql(world, "ALTER TABLE dropped.t DROP v");
    refuses(&check(world, "dropped"), "columns-match", "column v of dropped.t was dropped since", "schema_cql");
}

/// The restored values would be NULL.
pub fn a_column_dropped_and_added_again_is_refused(world: &World) {
    trapped(world);
    cql(world, "ALTER TABLE readded.t DROP v");
    cql(world, "ALTER TABLE readded.t ADD v text");
    refuses(&check(world, "readded"), "columns-readded", "column v of readded.t was dropped at", "new id");
}

/// As `mkdir` of the written script leaves it.
pub fn a_table_directory_of_roots_is_refused(world: &World) {
    trapped(world);
    let node = world.host("cass2");
    let table = must(node.sh(&format!("ls -d {DATA}/owned/t-*"))).trim().to_owned();
    must(node.sh(&format!("stat -c %U:%G {table} >/tmp/owner && chown root:root {table}")));
    let found = check(world, "owned");
    must(node.sh(&format!("chown \"$(cat /tmp/owner)\" {table}")));
    refuses(&found, "owners", &table, &format!(": {table}"));
}

/// Cassandra would use it instead of the restored one.
pub fn a_directory_without_an_id_is_refused(world: &World) {
    trapped(world);
    let node = world.host("cass3");
    must(node.sh(&format!("mkdir {DATA}/strayed/t && chown --reference={DATA} {DATA}/strayed/t")));
    let found = check(world, "strayed");
    must(node.sh(&format!("rmdir {DATA}/strayed/t")));
    refuses(&found, "stray-directories", &format!("{DATA}/strayed/t"), "rmdir");
}

/// The node would come back with another configuration, or not at all.
pub fn an_edited_configuration_is_told_and_a_left_over_option_refused(world: &World) {
    trapped(world);
    let (node, conf) = (world.host("cass2"), "/opt/cassandra/conf");
    must(node.sh(&format!("touch -r {conf}/cassandra.yaml /tmp/before && echo '# edited' >>{conf}/cassandra.yaml")));
    let (code, found) = check(world, "healthy");
    let told = found.iter().find(|finding| finding["guard"] == "restartable").expect("it is told");
    assert_eq!((code, &told["level"], &told["host"]), (Some(0), &"warn".into(), &"cass2".into()));
    assert!(told["message"].as_str().is_some_and(|text| text.contains("cassandra.yaml was written after")), "{told}");
    must(node.sh(&format!("sed -i '$d' {conf}/cassandra.yaml && touch -r /tmp/before {conf}/cassandra.yaml")));
    must(node.sh(&format!("echo -Dcassandra.join_ring=false >{conf}/extra.options")));
    let found = check(world, "healthy");
    must(node.sh(&format!("rm {conf}/extra.options")));
    refuses(&found, "restartable", "extra.options says -Dcassandra.join_ring=false", "take it out");
}

/// A table that only the cluster has needs the operator's word; the plan then says what becomes of it.
pub fn a_table_created_later_needs_a_word(world: &World) {
    trapped(world);
    cql(world, "CREATE TABLE later.extra (id int PRIMARY KEY, v text)");
    refuses(&check(world, "later"), "tables-match", "later.extra is not in the backup", "--extra-tables keep");
    let plan = |choice: &str| {
        let args = ["restore", TAG, "-k", "later", "--dry-run", "--output", "json", "--extra-tables", choice];
        let ran = world.reseed(&world.inventory(), &args).ends(0);
        let document: Value = serde_json::from_str(&ran.out).expect("one document");
        (document["digest"].clone(), document["plan"]["params"]["extra_tables"].clone())
    };
    let (kept, emptied) = (plan("keep"), plan("empty"));
    assert_eq!((&kept.1, &emptied.1), (&"keep".into(), &"empty".into()));
    assert!(kept.0 != emptied.0, "the digest is over it");
}

/// Without Data.db Cassandra deletes the rest at its start, without Statistics.db it skips it; both times the node is UN.
pub fn a_backup_without_its_data_or_its_statistics_is_refused(world: &World) {
    trapped(world);
    let node = world.host("cass1");
    for component in ["Data", "Statistics"] {
        let file = must(node.sh(&format!("ls /backup/{TAG}/healthy/t/*-{component}.db"))).trim().to_owned();
        must(node.sh(&format!("mv {file} /backup/taken")));
        let found = check(world, "healthy");
        must(node.sh(&format!("mv /backup/taken {file}")));
        let path = file.strip_prefix(&format!("/backup/{TAG}/")).expect("it lies there");
        refuses(&found, "backup-whole", path, "");
    }
}

/// A start with them ends with exit code 3.
pub fn sstables_of_a_newer_cassandra_are_refused(world: &World) {
    trapped(world);
    let node = world.host("cass1");
    let newer = "cp -a /backup/traps /backup/kept && cd /backup/traps/healthy/t &&
        for file in n*-big-*; do mv \"$file\" \"zz-${file#*-}\"; done && cd /backup/traps &&
        sed -i 's/\"n[a-z]-\\([^\"]*-big-\\)/\"zz-\\1/g' manifest.json && sha256sum manifest.json >manifest.json.sha256";
    must(node.sh(newer));
    let found = check(world, "healthy");
    must(node.sh("rm -r /backup/traps && mv /backup/kept /backup/traps"));
    let (code, found) = found;
    assert_eq!(code, Some(4), "{found:?}");
    let on: Vec<_> = found.iter().filter(|f| f["guard"] == "sstable-version").map(|f| f["host"].as_str()).collect();
    assert_eq!(on, ["cass1", "cass2", "cass3"].map(Some), "{found:?}");
}
