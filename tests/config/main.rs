//! Backups of configuration on real directories: whole runs, with their scripts under every shell that is here, through
//! the transport for this machine.

#![expect(clippy::print_stdout, reason = "tests tell what they skip")]

mod place;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use reseed::config::{self, Porter, What};
use reseed::event::RunOutcome;
use reseed::inventory::Inventory;
use reseed::journal::Errand;
use reseed::name::{HostName, Tag};

use place::{CLUSTER, Place, SECRET, places};

fn tag(text: &str) -> Tag {
    Tag::parse(text).unwrap()
}

#[tokio::test]
async fn a_backup_holds_every_file_as_it_was_and_changes_nothing_on_the_host() {
    for place in places() {
        place.configured();
        let ended = place.backup(&tag("t1")).await;
        assert_eq!((ended.outcome, ended.exit), (RunOutcome::Done, 0), "{}", place.shell);
        let manifest = place.store().read(&tag("t1")).unwrap();
        let host = HostName::parse("n1").unwrap();
        let kept = &manifest.hosts[&host];
        let below = place.host.path().to_str().unwrap();
        let told: Vec<_> = kept
            .entries
            .iter()
            .map(|e| {
                let kind = match &e.what {
                    What::File { size, .. } => size.to_string(),
                    What::Directory => "dir".to_owned(),
                    What::Link { to } => format!("-> {to}"),
                };
                format!("{} {} {kind}", e.path.strip_prefix(below).unwrap(), e.mode)
            })
            .collect();
        assert!(told[0].starts_with("/conf "), "{told:?}");
        let expected = [
            "/conf/cassandra.yaml 640 68",
            "/conf/dangling 777 -> nowhere",
            "/conf/empty 644 0",
            "/conf/it's $HOME.properties 644 4",
            "/conf/logback.xml 777 -> ../elsewhere.xml",
            "/conf/tri ggers 710 dir",
            "/conf/tri ggers/.keystore 400 200001",
            "/elsewhere.xml 644 4",
        ];
        assert_eq!(told[1..], expected, "{}", place.shell);
        assert!(kept.skipped.len() == 1 && kept.skipped[0].contains("fifo"), "{:?}", kept.skipped);
        for (entry, ..) in kept.files() {
            let bytes = place.store().bytes(&tag("t1"), &host, entry).unwrap();
            assert_eq!(bytes, fs::read(&entry.path).unwrap(), "{}", entry.path);
        }
        assert_eq!(place.differs(&tag("t1")).await, Vec::<String>::new());
        // nobody but us may read what is kept; neither journal nor report hold what is secret
        let mut waiting = vec![place.home.path().to_owned()];
        while let Some(dir) = waiting.pop() {
            for entry in fs::read_dir(dir).unwrap().flatten() {
                let (path, meta) = (entry.path(), entry.metadata().unwrap());
                if meta.is_dir() {
                    waiting.push(path);
                    continue;
                }
                let inside = path.starts_with(place.store().dir());
                assert!(!inside || meta.mode().trailing_zeros() >= 7, "{} {:o}", path.display(), meta.mode());
                let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
                assert_eq!(text.contains("hunter2"), path.ends_with("conf/cassandra.yaml"), "{}", path.display());
            }
        }
        // the same name again
        let ended = place.backup(&tag("t1")).await;
        assert_eq!((ended.outcome, ended.exit), (RunOutcome::Refused, 4), "{}", place.shell);
    }
}

#[tokio::test]
async fn what_was_changed_is_told_and_put_back_and_what_it_replaced_is_kept() {
    for place in places() {
        place.configured();
        assert_eq!(place.backup(&tag("t1")).await.exit, 0);
        let age = |path: &str| fs::metadata(place.conf(path)).unwrap().mtime();
        let was = age("cassandra.yaml");
        fs::write(place.conf("cassandra.yaml"), "broken: [\n").unwrap();
        fs::set_permissions(place.conf("empty"), fs::Permissions::from_mode(0o600)).unwrap();
        fs::remove_dir_all(place.conf("tri ggers")).unwrap();
        fs::remove_file(place.conf("logback.xml")).unwrap();
        fs::write(place.conf("logback.xml"), "<mine/>").unwrap();
        fs::remove_file(place.conf("it's $HOME.properties")).unwrap();
        fs::create_dir(place.host.path().join("a dir")).unwrap();
        // a rename onto it would go into the directory
        symlink("../a dir", place.conf("it's $HOME.properties")).unwrap();
        fs::write(place.conf("new.yaml"), "x").unwrap();
        let differs = place.differs(&tag("t1")).await;
        let expected = [
            "changed conf/cassandra.yaml",
            "attributes conf/empty",
            "changed conf/it's $HOME.properties",
            "changed conf/logback.xml",
            "new conf/new.yaml",
            "gone conf/tri ggers",
            "gone conf/tri ggers/.keystore",
            "gone elsewhere.xml",
        ];
        let told: Vec<&str> = differs.iter().map(String::as_str).collect();
        assert_eq!(told, expected, "{}", place.shell);
        // one file, then all of them
        let ended = place.restore(&tag("t1"), &["cassandra.yaml"], Some(CLUSTER)).await;
        assert_eq!((ended.outcome, ended.exit), (RunOutcome::Done, 0), "{}", place.shell);
        assert!(fs::read_to_string(place.conf("cassandra.yaml")).unwrap().ends_with(SECRET));
        assert_eq!(age("cassandra.yaml"), was, "its time too");
        assert_eq!(fs::metadata(place.conf("cassandra.yaml")).unwrap().mode() & 0o777, 0o640);
        assert!(!place.conf("tri ggers").exists(), "what was not chosen stays as it is");
        let ended = place.restore(&tag("t1"), &[], Some(CLUSTER)).await;
        assert_eq!((ended.outcome, ended.exit), (RunOutcome::Done, 0), "{}", place.shell);
        let differs = place.differs(&tag("t1")).await;
        assert_eq!(differs, ["new conf/new.yaml"], "{}: what the backup does not hold stays", place.shell);
        assert_eq!(fs::read(place.conf("tri ggers/.keystore")).unwrap(), Place::binary());
        assert_eq!(fs::metadata(place.conf("tri ggers")).unwrap().mode() & 0o777, 0o710);
        assert_eq!(fs::read_dir(place.host.path().join("a dir")).unwrap().count(), 0, "nothing went in there");
        // what was there is kept, readable by nobody else, and no stage is left
        let kept = |file: &str| -> Vec<PathBuf> {
            let path = place.conf(file);
            let path = path.strip_prefix("/").unwrap();
            place.kept().iter().map(|dir| dir.join(path)).filter(|f| f.symlink_metadata().is_ok()).collect()
        };
        let texts: Vec<_> = kept("cassandra.yaml").iter().map(|f| fs::read_to_string(f).unwrap()).collect();
        assert_eq!(texts, ["broken: [\n"], "{}", place.shell);
        assert_eq!(fs::read_to_string(&kept("logback.xml")[0]).unwrap(), "<mine/>");
        assert_eq!(fs::read_link(&kept("it's $HOME.properties")[0]).unwrap(), Path::new("../a dir"));
        for dir in place.kept() {
            assert_eq!(fs::metadata(&dir).unwrap().mode() & 0o77, 0, "{}", dir.display());
            assert!(!dir.parent().unwrap().join("stage").exists());
        }
        // nothing to do is no harm, and nothing more is kept
        let before = place.kept().len();
        assert_eq!(place.restore(&tag("t1"), &[], Some(CLUSTER)).await.exit, 0);
        assert_eq!(place.kept().len(), before);
    }
}

#[tokio::test]
async fn nothing_is_replaced_without_the_clusters_name_or_on_another_cluster() {
    for place in places() {
        place.configured();
        assert_eq!(place.backup(&tag("t1")).await.exit, 0);
        fs::write(place.conf("empty"), "x").unwrap();
        for confirm in [None, Some("Other")] {
            assert_eq!(place.restore(&tag("t1"), &[], confirm).await.exit, 4, "{}", place.shell);
        }
        assert_eq!(place.restore(&tag("t1"), &["none.yaml"], Some(CLUSTER)).await.exit, 2);
        assert_eq!(place.restore(&tag("t9"), &[], Some(CLUSTER)).await.exit, 3);
        fs::write(place.conf("cassandra.yaml"), "cluster_name: Other\n").unwrap();
        let ended = place.restore(&tag("t1"), &[], Some(CLUSTER)).await;
        assert_eq!((ended.outcome, ended.exit), (RunOutcome::Refused, 4), "{}", place.shell);
        assert_eq!(fs::read_to_string(place.conf("empty")).unwrap(), "x");
        // what is kept and was changed is not put back
        let file = place.store().dir() + "/t1/hosts/n1" + place.conf("empty").to_str().unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&file, "y").unwrap();
        fs::write(place.conf("cassandra.yaml"), format!("cluster_name: {CLUSTER}\n")).unwrap();
        let ended = place.restore(&tag("t1"), &[], Some(CLUSTER)).await;
        assert_eq!((ended.outcome, ended.exit), (RunOutcome::Paused, 5), "{}", place.shell);
        assert_eq!(fs::read_to_string(place.conf("empty")).unwrap(), "x");
    }
}

/// The last event is the end itself: then there is nothing left to go on with.
#[tokio::test]
async fn a_run_whose_coordinator_dies_at_any_record_is_gone_on_with_to_the_same_end() {
    let Some(place) = places().into_iter().next() else { return };
    place.configured();
    let yaml = fs::read(place.conf("cassandra.yaml")).unwrap();
    let mut died = [0, 0];
    for events in 1.. {
        let name = tag(&format!("t{events}"));
        let errand = Errand::ConfigBackup { tag: name.clone(), dir: place.store().dir(), limit: config::LIMIT };
        let (times, ended) = place.killed(place.order("config-backup", errand, None), events).await;
        assert_eq!((ended.outcome, ended.exit), (RunOutcome::Done, 0), "a backup, {events} events");
        assert_eq!(place.differs(&name).await, Vec::<String>::new(), "{events} events");
        died[0] += times;
        if times == 0 {
            break;
        }
    }
    for events in 1.. {
        fs::write(place.conf("cassandra.yaml"), format!("cluster_name: {CLUSTER}\nbroken{events}: 1\n")).unwrap();
        fs::remove_file(place.conf("it's $HOME.properties")).unwrap();
        let (tag, dir, hosts, files) = (tag("t1"), place.store().dir(), vec![], vec![]);
        let before = place.kept().len();
        let errand = Errand::ConfigRestore { tag, dir, hosts, files };
        let (times, ended) = place.killed(place.order("config-restore", errand, Some(CLUSTER)), events).await;
        assert_eq!((ended.outcome, ended.exit), (RunOutcome::Done, 0), "a restore, {events} events");
        assert_eq!(fs::read(place.conf("cassandra.yaml")).unwrap(), yaml, "{events} events");
        assert_eq!(fs::read(place.conf("it's $HOME.properties")).unwrap(), b"a=1\n", "{events} events");
        let kept = place.conf("cassandra.yaml");
        let kept = place
            .kept()
            .iter()
            .filter_map(|dir| fs::read_to_string(dir.join(kept.strip_prefix("/").unwrap())).ok())
            .collect::<Vec<_>>();
        assert_eq!((kept.len(), place.kept().len()), (before + 1, before + 1), "{events} events");
        assert!(kept.iter().any(|text| text.contains(&format!("broken{events}:"))), "{events} events");
        died[1] += times;
        if times == 0 {
            break;
        }
    }
    println!("died and gone on with: {} backups, {} restores", died[0], died[1]);
    assert!(died[0] >= 8 && died[1] >= 10, "{died:?}");
}

#[tokio::test]
async fn a_directory_that_is_missing_or_too_large_is_refused() {
    for place in places() {
        assert_eq!(place.backup(&tag("t1")).await.exit, 4, "{}: there is none", place.shell);
        place.configured();
        let (tag, dir) = (tag("t1"), place.store().dir());
        let ended = place.run("config-backup", Errand::ConfigBackup { tag, dir, limit: 100_000 }, None).await;
        assert_eq!((ended.outcome, ended.exit), (RunOutcome::Refused, 4));
        assert_eq!(place.store().list().unwrap(), [], "nothing was begun");
    }
}

#[tokio::test]
async fn a_link_to_a_directory_elsewhere_is_told_and_no_directory_of_a_node_is_left_out() {
    for place in places() {
        place.configured();
        for dir in ["conf/logs", "else where", "real"] {
            fs::create_dir_all(place.host.path().join(dir)).unwrap();
            fs::write(place.host.path().join(dir).join("x"), "x").unwrap();
        }
        symlink("../else where", place.conf("to")).unwrap();
        symlink("tri ggers", place.conf("inside")).unwrap();
        assert_eq!(place.backup(&tag("t1")).await.exit, 0, "{}", place.shell);
        let host = HostName::parse("n1").unwrap();
        let kept = place.store().read(&tag("t1")).unwrap().hosts.remove(&host).unwrap();
        let told: Vec<&String> = kept.skipped.iter().filter(|why| why.contains("of which nothing is kept")).collect();
        assert!(told.len() == 1 && told[0].contains("conf/to: ") && told[0].contains("else where"), "{told:?}");
        let logs = place.conf("logs/x");
        assert!(kept.entries.iter().any(|entry| Path::new(&entry.path) == logs), "{}", place.shell);
        // the directory that is named may itself be a link
        let real = place.host.path().join("conf.real");
        fs::rename(place.conf(""), &real).unwrap();
        symlink("conf.real", place.host.path().join("conf")).unwrap();
        assert_eq!(place.backup(&tag("t2")).await.exit, 0, "{}", place.shell);
        let kept = place.store().read(&tag("t2")).unwrap().hosts.remove(&host).unwrap();
        assert!(kept.entries.iter().any(|entry| Path::new(&entry.path) == real.join("logs/x")), "{}", place.shell);
    }
}

#[tokio::test]
async fn of_a_gateway_the_documented_list_is_kept_without_logs_and_traces() {
    for place in places() {
        let base = place.host.path().join("Ax way/apigateway");
        for file in [
            "groups/group-2/conf/a.xml",
            "groups/group-2/instance-1/conf/envSettings.props",
            "groups/group-2/instance-1/logs/transaction.log",
            "groups/group-2/instance-1/trace/x.trc",
            "groups/group-2/instance-1/conf/opsdb.d/db",
            "conf/license.xml",
            "system/conf/nodemanager.xml",
            "system/conf/other.xml",
            "ext/lib/a b.jar",
            "logs/x.log",
            "posix/bin/startinstance",
        ] {
            fs::create_dir_all(base.join(file).parent().unwrap()).unwrap();
            fs::write(base.join(file), file).unwrap();
        }
        for install in [base.parent().unwrap(), base.as_path()] {
            let text = format!(
                "cluster: {CLUSTER}\nnodes:\n  - {{name: n1, host: h1, seed: true}}\ngateways:\n  - {{name: gw1, host: g1, install_dir: {}, instances: [{{name: I, group: G}}]}}\n",
                serde_json::to_string(install.to_str().unwrap()).unwrap()
            );
            let inventory = Inventory::parse(&text, Path::new("i.yaml")).unwrap();
            let host = HostName::parse("gw1").unwrap();
            let porter = Porter::new(&Arc::new(place.transport()), Duration::from_secs(5), "");
            let list = config::list(&inventory, &host, true).unwrap();
            let listing = porter.list(&host, "g1", &list).await.unwrap();
            let below = |path: &str| path.strip_prefix(base.to_str().unwrap()).unwrap_or(path).to_owned();
            let files: Vec<String> = listing.kept.files().map(|(entry, ..)| below(&entry.path)).collect();
            let own: Vec<&str> = files.iter().map(String::as_str).filter(|f| !f.starts_with("/etc/init.d")).collect();
            let expected = [
                "/conf/license.xml",
                "/ext/lib/a b.jar",
                "/groups/group-2/conf/a.xml",
                "/groups/group-2/instance-1/conf/envSettings.props",
                "/system/conf/nodemanager.xml",
            ];
            assert_eq!(own, expected, "{}", place.shell);
            assert!(listing.unreadable.is_empty() && listing.missing.is_empty(), "{listing:?}");
        }
    }
}
