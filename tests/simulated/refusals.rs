//! What is refused, and that a refusal changes nothing.

use reseed::backup::manifest::Manifest;
use reseed::event::{Body, Level};
use reseed::guard::{GUARDS, Guard, When};
use reseed::name::{HostName, Keyspace};
use reseed::plan::ExtraTables;
use reseed::remote::TransportError;
use reseed::run::Verb;
use reseed::run::conduct::Confirm;

use crate::sim::{Data, Sim, TAG, WHOLE};

/// Makes the cluster violate that guard; which command then runs into it.
fn violate(guard: &str, sim: &mut Sim) -> &'static str {
    let mut world = sim.world();
    let node = world.node("cass2");
    match guard {
        "cluster-name" => node.cluster_name = "Production".to_owned(),
        "version-supported" => node.version = "4.1.9".to_owned(),
        "host-tools" => node.missing_tool = Some("awk".to_owned()),
        "node-down" => world.dies("cass2"),
        "nodes-normal" => node.native_open = false,
        "ring-known" => node.stranger = true,
        "schema-agreed" => node.schema_version = "00000000-f3cd-3e02-97f0-5b395827453f".to_owned(),
        "log-readable" => node.log_readable = false,
        "one-cassandra" => node.crowded = true,
        "log-written" => node.more.push_str("log_foreign=/var/log/cassandra/cassandra.log\n"),
        "commitlog-archiving" => node.commitlog_restore = true,
        "service-control" => node.unit = Some("cassandra.service".to_owned()),
        "guard-effective" => node.symlink = true,
        "rename-works" => node.rename_trouble = "cannot write in /d1/.reseed".to_owned(),
        "space" => world.node("cass1").free = 1 << 20,
        "backup-disk" => world.node("cass1").unwritable = true,
        "keyspaces-known" => world.tables.retain(|t| t.keyspace != "ks2"),
        "replication" => world.rf = 2,
        "tables-match" => {
            let mut created_later = world.tables[0].clone();
            (created_later.name, created_later.id) = ("new".to_owned(), created_later.id.replace('f', "e"));
            world.tables.push(created_later);
        }
        "sstable-version" => {
            let newer = world.manifest(TAG, "oa-1-big");
            world.backups.insert(format!("/backup/{TAG}"), newer);
        }
        "columns-match" => world.owner_type = "int",
        "columns-readded" => world.dropped_at = Some("2026-02-01 00:00:00.000Z"),
        "types-match" => {
            let (json, line) = world.backups.values_mut().next().unwrap();
            *json = json.replace(r#""types":[]"#, r#""types":[{"name":"address","fields":[["street","text"]]}]"#);
            *line = format!("{}  manifest.json", Manifest::digest(json));
        }
        "sstable-ids" => {
            let named = world.manifest(TAG, "nb-3gks_1b2c_0abcdefghijklmnopq-big");
            world.backups.insert(format!("/backup/{TAG}"), named);
        }
        "same-release" => node.version = "4.0.19".to_owned(),
        "counter-shards" => {
            let old = world.manifest(TAG, "ks1-plain-jb-1");
            world.backups.insert(format!("/backup/{TAG}"), old);
            world.owner_type = "counter";
        }
        "commitlog-positions" => (node.version, node.ahead_s) = ("3.11.10".to_owned(), -60),
        "owners" => node.more = "unwritable=/d1/data/ks1/plain-1\n".to_owned(),
        "stray-directories" => node.more = "stray=ks1/plain\t/d1/data/ks1/plain\n".to_owned(),
        "restartable" => node.more = "option=its command line\t-Dcassandra.join_ring=false\n".to_owned(),
        "self-seed" => world.node("cass1").seeds = "10.77.0.12",
        "auth-replication" => node.authenticator = "PasswordAuthenticator",
        "clocks" => node.ahead_s = 60,
        "pending-repair" => world.sessions.push(2),
        "gateways-unattended" => world.roots_file = true,
        "backup-whole" => world.backups.values_mut().for_each(|(json, _)| json.push(' ')),
        "gateways-known" => *world.gateways.get_mut("gw1").unwrap().get_mut("Instance1").unwrap() = 3,
        "tag-free" => {
            let taken = world.manifest("new", "nb-1-big");
            world.backups.insert("/backup/new".to_owned(), taken);
            return "backup";
        }
        "source-whole" => {
            // it lacks writes, and cannot be repaired first
            let id = world.node("cass1").host_id.clone();
            world.node("cass2").hints_for = vec![id];
            world.dies("cass3");
            return "backup";
        }
        "archive-whole" => {
            world.backups.values_mut().for_each(|(json, _)| json.push(' '));
            return "archive";
        }
        "node-same" => {
            node.cluster_name = "Production".to_owned();
            return "rollback";
        }
        "quarantine-whole" => {
            node.quarantine.clear();
            return "rollback";
        }
        "clients-served" => return "rollback",
        "foreign-kept" => {
            node.foreign.push("/d1/.reseed/r/quarantine/data-0/ks1/t/snapshots".to_owned());
            return "discard";
        }
        other => panic!("guard {other} has no test: say here how a cluster violates it"),
    }
    "restore"
}

fn assert_only_looked(sim: &Sim) {
    assert_only_looked_since(sim, 0);
}

fn assert_only_looked_since(sim: &Sim, before: usize) {
    for call in sim.calls().into_iter().skip(before) {
        assert!(
            call.name.starts_with("facts.") || call.name.starts_with("lease."),
            "{} ran on {}",
            call.name,
            call.host
        );
    }
}

#[tokio::test(start_paused = true)]
async fn every_guard_refuses_a_cluster_that_violates_it_and_nothing_but_facts_ran() {
    // what only tells something never refuses
    let tells = ["discard-size", "foreign-snapshots", "schedulers", "views-and-cdc", "node-absent", "schema-stays"];
    // what an import, a prune, an archive or configuration is about lies in files: tests/{catalogue,config}.rs,
    // tests/sshd/archive.rs, and beside these guards
    let elsewhere = |when: &When| {
        matches!(when, When::Import | When::Prune | When::Archive | When::ConfigBackup | When::ConfigRestore)
    };
    for Guard { name: guard, when, .. } in GUARDS.iter().filter(|g| !tells.contains(&g.name) && !elsewhere(&g.when)) {
        let mut sim = Sim::new(if *when == When::FanOut { WHOLE.by_fan_out() } else { WHOLE });
        if matches!(when, When::Past | When::Rollback | When::Discard) {
            assert_eq!(sim.restore().await, 0);
        }
        let before = (sim.calls().len(), sim.events().len());
        let command = violate(guard, &mut sim);
        let mut order = match command {
            "rollback" => sim.order_about(Verb::Rollback, None, &[]).unwrap(),
            "discard" => sim.order_about(Verb::Discard, None, &[]).unwrap(),
            "backup" => sim.order(command, "new"),
            _ => sim.order(command, TAG),
        };
        order.ask.choices.archive = (command == "archive").then(|| "cat".to_owned());
        assert_eq!(sim.run(order).await, Some(4), "{guard}: {:?}", sim.end());
        let failing: Vec<String> = sim
            .events()
            .into_iter()
            .skip(before.1)
            .filter_map(|e| match e.body {
                Body::Finding { guard, level: Level::Fail, cure, .. } => {
                    assert!(!cure.is_empty(), "{guard} says no cure");
                    Some(guard)
                }
                _ => None,
            })
            .collect();
        assert!(failing.iter().any(|found| found == guard), "{guard}: {failing:?}");
        assert!(matches!(sim.events().last().unwrap().body, Body::RunFinished { exit: 4, .. }));
        assert_only_looked_since(&sim, before.0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_backup_that_lacks_a_file_of_a_wanted_keyspace_is_refused_and_one_of_another_keyspace_is_not() {
    let sim = Sim::new(WHOLE);
    sim.world().lost_files = vec!["ks2/plain/nb-1-big-Data.db"];
    assert_eq!(sim.restore().await, 4);
    let told = sim.events().into_iter().find_map(|event| match event.body {
        Body::Finding { guard, level: Level::Fail, message, .. } if guard == "backup-whole" => Some(message),
        _ => None,
    });
    let told = told.expect("a finding");
    assert!(told.contains("1 file not as the manifest says: ks2/plain/nb-1-big-Data.db: missing"), "{told}");
    assert_only_looked_since(&sim, 0);
    let sim = Sim::new(WHOLE);
    sim.world().lost_files = vec!["ks2/plain/nb-1-big-Data.db"];
    let mut order = sim.order("restore", TAG);
    order.ask.keyspaces = vec!["ks1".parse().unwrap()];
    assert_eq!(sim.run(order).await, Some(0), "{:?}", sim.end());
}

#[tokio::test(start_paused = true)]
async fn an_overridden_guard_lets_the_run_go_on_and_the_journal_says_so() {
    let mut sim = Sim::new(WHOLE);
    violate("commitlog-archiving", &mut sim);
    assert_eq!(sim.restore_over(&["commitlog-archiving"]).await, 0, "{:?}", sim.end());
    let journal = std::fs::read_to_string(sim.dir().journal()).unwrap();
    assert!(journal.contains("overridden: a test"));
    // one override is for one guard only
    let mut sim = Sim::new(WHOLE);
    violate("commitlog-archiving", &mut sim);
    violate("schema-agreed", &mut sim);
    assert_eq!(sim.restore_over(&["commitlog-archiving"]).await, 4);
    assert_only_looked(&sim);
}

#[tokio::test(start_paused = true)]
async fn without_the_clusters_name_not_even_a_connection_is_made() {
    for word in [None, Some("lab cluster"), Some("Lab Cluster "), Some("")] {
        let sim = Sim::new(WHOLE);
        let mut order = sim.order("restore", TAG);
        order.confirm = Some(Confirm(word.map(str::to_owned)));
        assert_eq!(sim.run(order).await, Some(4), "{word:?}");
        assert_eq!((sim.connections(), sim.calls().len()), (0, 0), "{word:?}");
        assert!(sim.end().2.contains("nothing was changed"));
    }
}

#[tokio::test(start_paused = true)]
async fn an_unknown_tag_ends_with_3_and_an_unknown_keyspace_with_4() {
    let sim = Sim::new(WHOLE);
    assert_eq!(sim.run(sim.order("restore", "no-such-tag")).await, Some(3));
    assert!(sim.end().2.contains("no backup no-such-tag below /backup on cass1"), "{:?}", sim.end());
    assert_only_looked(&sim);
    let mut order = sim.order("restore", TAG);
    order.ask.keyspaces = vec![Keyspace::parse("nope").unwrap()];
    assert_eq!(sim.run(order).await, Some(4));
    assert_only_looked(&sim);
}

#[tokio::test(start_paused = true)]
async fn a_host_that_cannot_be_reached_ends_it_with_8_and_an_unknown_host_key_with_4() {
    let host = || HostName::parse("gw1").unwrap();
    let why = || "injected".to_owned();
    for (error, exit) in [
        (TransportError::Unreachable { host: host(), why: why() }, 8),
        (TransportError::Denied { host: host(), why: why() }, 8),
        (TransportError::HostKey { host: host(), why: why() }, 4),
    ] {
        let sim = Sim::new(WHOLE);
        sim.refuse(error);
        assert_eq!(sim.restore().await, exit);
        assert!(sim.calls().is_empty(), "all hosts are connected to before anything is asked");
        let (_, _, reason) = sim.end();
        assert!(reason.contains("gw1") && reason.contains("nothing was changed"), "{reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn all_unreachable_hosts_are_told_at_once() {
    let sim = Sim::new(WHOLE);
    for name in ["cass2", "gw1"] {
        sim.refuse(TransportError::Unreachable { host: HostName::parse(name).unwrap(), why: "no route".to_owned() });
    }
    assert_eq!(sim.restore().await, 8);
    let (_, _, reason) = sim.end();
    assert!(reason.contains("cass2") && reason.contains("gw1"), "{reason}");
}

/// What may happen to a cluster while the backup is staged.
type Change = fn(&mut crate::sim::World);

#[tokio::test(start_paused = true)]
async fn the_recheck_refuses_when_a_binding_fact_changed_since_the_plan() {
    let changes: [(&str, Change); 6] = [
        ("a table was dropped and created again", |w| w.tables[0].id = w.tables[0].id.replace('f', "e")),
        ("an index was created", |w| w.tables[0].indexes.push("late_idx".to_owned())),
        ("a node was replaced", |w| {
            w.node("cass3").host_id = "bbbbbbbb-c613-422a-81f0-27f6b127bab0".to_owned();
        }),
        ("a node was upgraded", |w| w.nodes.values_mut().for_each(|n| n.version = "4.1.11".to_owned())),
        ("the backup was made anew", |w| {
            let anew = w.manifest(TAG, "nb-2-big");
            w.backups.insert(format!("/backup/{TAG}"), anew);
        }),
        ("a guard objects now", |w| w.node("cass2").log_readable = false),
    ];
    for (what, change) in changes {
        let sim = Sim::new(WHOLE);
        sim.hook(move |_, script, world| {
            if script == "backup.stage.proof" {
                change(world);
            }
        });
        // once for each of two keyspaces, which is as good as once
        assert_eq!(sim.restore().await, 4, "{what}: {:?}", sim.end());
        assert_eq!(sim.acts(), ["cass1 backup.stage.act", "cass1 backup.stage.act"], "{what}");
        let (_, _, reason) = sim.end();
        assert!(reason.contains("nothing was changed"), "{what}: {reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_recheck_lets_passing_facts_change() {
    let sim = Sim::new(WHOLE);
    sim.hook(|_, script, world| {
        if script == "backup.stage.proof" {
            world.nodes.values_mut().for_each(|n| (n.free, n.hints) = (n.free - (1 << 30), 2));
        }
    });
    assert_eq!(sim.restore().await, 0, "{:?}", sim.end());
}

#[tokio::test(start_paused = true)]
async fn a_corrupt_backup_is_found_before_the_outage() {
    let sim = Sim::new(WHOLE);
    sim.world().corrupt_backup = true;
    assert_eq!(sim.restore().await, 5);
    assert_eq!(sim.acts(), ["cass1 backup.stage.act"]);
    assert!(sim.end().2.contains("differs from the manifest"), "{:?}", sim.end());
    sim.world().assert_serves(crate::sim::Data::Old);
}

#[tokio::test(start_paused = true)]
async fn a_restore_of_a_cluster_that_is_not_restored_leaves_its_data_alone() {
    // the wrong cluster by every other measure, but with a backup of this name
    let sim = Sim::new(WHOLE);
    sim.world().nodes.values_mut().for_each(|n| n.cluster_name = "Production".to_owned());
    assert_eq!(sim.restore_over(&["schema-agreed"]).await, 4);
    assert_only_looked(&sim);
    sim.world().assert_serves(crate::sim::Data::Old);
}

#[tokio::test(start_paused = true)]
async fn a_table_created_later_stays_or_is_emptied_as_the_operator_says() {
    for (choice, left) in [(ExtraTables::Keep, Data::Old), (ExtraTables::Empty, Data::Backup)] {
        let sim = Sim::new(WHOLE);
        let mut later = sim.world().tables[0].clone();
        (later.name, later.later, later.id) = ("new".to_owned(), true, later.id.replace('f', "e"));
        let dir = format!("{}/{}", later.keyspace, later.dir());
        {
            let mut world = sim.world();
            for node in world.nodes.values_mut() {
                node.live.insert(dir.clone(), Data::Old);
            }
            world.tables.push(later);
        }
        let mut order = sim.order("restore", TAG);
        order.ask.choices.extra_tables = Some(choice);
        assert_eq!(sim.run(order).await, Some(0), "{choice:?}: {:?}", sim.end());
        for (name, node) in &sim.world().nodes {
            // the simulated stage is the backup's, also where it holds no file of a table
            assert_eq!(node.live[&dir], left, "{choice:?} on {name}");
            let aside = node.quarantine.keys().any(|key| key.ends_with(&dir));
            assert_eq!(aside, choice == ExtraTables::Empty, "{choice:?} on {name}");
            assert!(
                node.live.iter().all(|(other, data)| *other == dir || *data == Data::Backup),
                "{choice:?} on {name}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_room_for_the_copy_is_not_demanded_again_when_the_copy_is_there() {
    let sim = Sim::new(WHOLE);
    sim.hook(|host, script, world| {
        if script == "backup.stage.proof" {
            world.node(host).free = 1 << 20;
        }
    });
    assert_eq!(sim.restore().await, 0, "{:?}", sim.end());
}
