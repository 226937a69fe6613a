//! The shipped binary, over real sshd and real shells, when a node is dead, or its machine is gone.

use std::fs;
use std::process::Output;

use crate::standin::{CLUSTER, Cluster, NODES};

const CONFIRM: [&str; 2] = ["--confirm", CLUSTER];
const OVERRIDE: [&str; 4] = ["--override", "node-down", "--reason", "it is dead"];

fn told(out: &Output) -> String {
    format!("{:?}\n{}{}", out.status, String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

fn reseed(cluster: &Cluster, args: &[&str], code: i32) -> String {
    let out = cluster.reseed(args).output().unwrap();
    assert_eq!(out.status.code(), Some(code), "{args:?}: {}", told(&out));
    // wrapped to the terminal's width
    told(&out).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `kill -9`, and nobody else sees it any more.
fn kill(cluster: &Cluster, node: usize) {
    let here = cluster.path("here");
    let (here, up) = (here.display(), cluster.path(&format!("shared/up/cass{node}")));
    cluster.sh(node, &format!("kill -9 $(cat {here}/pid); rm -f {here}/native-open {}", up.display()));
}

/// A backup, other data since, and the nodes as every run finds them.
fn cluster() -> Option<Cluster> {
    let cluster = Cluster::start()?;
    cluster.again();
    reseed(&cluster, &["backup", "--tag", "good"], 0);
    let _ = fs::remove_dir_all(cluster.path("host1/reseed"));
    (1..=NODES).for_each(|n| cluster.fill(n, &format!("old {n}")));
    cluster.keep();
    Some(cluster)
}

fn newest(cluster: &Cluster) -> String {
    let runs = fs::read_dir(cluster.path("state/stand-in")).unwrap().flatten().filter(|run| run.path().is_dir());
    runs.map(|run| run.file_name().into_string().unwrap()).max().unwrap()
}

#[test]
fn a_dead_node_is_restored_with_the_others_when_that_is_accepted_and_rolled_back() {
    let Some(cluster) = cluster() else { return };
    for node in [3, 1] {
        cluster.again();
        let log = cluster.path(&format!("host{node}/cassandra/logs/system.log"));
        let mut text = fs::read_to_string(&log).unwrap();
        text +=
            "ERROR [main] 2026-01-01 00:00:00,000 JVMStabilityInspector.java:1 - Corrupted: /d/ks1/nb-1-big-Data.db\n";
        fs::write(&log, text).unwrap();
        kill(&cluster, node);
        let refused = reseed(&cluster, &[&["restore", "good"][..], &CONFIRM].concat(), 4);
        for word in ["node-down", &format!("cass{node}"), "Corrupted: /d/ks1/nb-1-big-Data.db", "--override"] {
            assert!(refused.contains(word), "no {word}: {refused}");
        }
        reseed(&cluster, &[&["restore", "good"][..], &CONFIRM, &OVERRIDE].concat(), 0);
        let run = newest(&cluster);
        cluster.assert_restored("restored", &run);
        let place = cluster.path(&format!("host{node}/.reseed/{run}"));
        assert!(place.join("undrained").exists() && place.join("quarantine/commitlog/CommitLog-7-1.log").exists());
        for n in 1..=NODES {
            let done = fs::read_to_string(cluster.path(&format!("host{n}/done"))).unwrap();
            assert_eq!(done.contains("drain"), n != node, "host{n}: {done}");
        }
        reseed(
            &cluster,
            &[&["rollback", &run, "--override", "clients-served", "--reason", "a test"][..], &CONFIRM].concat(),
            0,
        );
        assert!(
            fs::read_dir(place.join("quarantine/commitlog")).unwrap().next().is_none(),
            "the old commit log is back"
        );
    }
}

#[test]
fn without_a_machine_that_is_gone_the_others_are_restored() {
    let Some(cluster) = cluster() else { return };
    cluster.again();
    kill(&cluster, 3);
    let inventory = cluster.path("cluster.yaml");
    let text = fs::read_to_string(&inventory).unwrap();
    let (before, rest) = text.split_once("{name: cass3, ").unwrap();
    fs::write(&inventory, format!("{before}{{name: cass3, absent: true, {rest}")).unwrap();
    let before = fs::read_dir(cluster.path("host3")).unwrap().count();
    let said = reseed(&cluster, &[&["restore", "good"][..], &CONFIRM].concat(), 0);
    assert!(said.contains("cass3") && said.contains("wipe all its directories"), "{said}");
    let run = newest(&cluster);
    for n in 1..NODES {
        let host = cluster.path(&format!("host{n}"));
        for table in fs::read_dir(host.join("data/ks1")).unwrap().flatten() {
            let holds = fs::read_to_string(table.path().join("nb-1-big-Data.db")).unwrap();
            assert_eq!(holds.trim(), "backup", "host{n}");
        }
        assert!(host.join("native-open").exists() && host.join(".reseed").join(&run).exists());
    }
    assert_eq!(fs::read_dir(cluster.path("host3")).unwrap().count(), before, "nothing was touched there");
}
