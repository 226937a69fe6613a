//! The parsers on what `lab capture` took from real clusters of each version: `tests/fixtures/VERSION/NAME.txt`.
//! What each file is, tests/lab/src/capture.rs tells.

use std::fs;
use std::path::PathBuf;

use reseed::cassandra::info::Info;
use reseed::cassandra::insync::Compared;
use reseed::cassandra::netstats::Mode;
use reseed::cassandra::repair::Verdict;
use reseed::cassandra::schema::Schema;
use reseed::cassandra::startlog::Kind;
use reseed::cassandra::status::Row;
use reseed::cassandra::version::Version;
use reseed::cassandra::{
    cqlsh, describecluster, drainlog, gossipinfo, info, insync, netstats, repair, startlog, status,
};
use reseed::name::{Keyspace, Table};

const VERSIONS: [&str; 5] = ["2.2.19", "3.11.19", "4.0.19", "4.1.10", "5.0.8"];
/// The node that was drained, and missed a write.
const THIRD: &str = "10.77.0.13";

fn path(version: &str, name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(version).join(format!("{name}.txt"))
}

/// What was printed, and the exit code.
fn captured(version: &str, name: &str) -> (String, i32) {
    let path = path(version, name);
    let text = fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    let (printed, code) = text.trim_end().rsplit_once('\n').unwrap_or(("", text.trim_end()));
    let code = code.strip_prefix("exit code ").and_then(|code| code.parse().ok());
    (printed.to_owned(), code.unwrap_or_else(|| panic!("{}: no exit code", path.display())))
}

fn text(version: &str, name: &str) -> String {
    captured(version, name).0
}

fn rows(version: &str, name: &str) -> Vec<Row> {
    status::parse(&text(version, name)).unwrap_or_else(|why| panic!("{version}, {name}: {why}"))
}

fn from_4_0(version: &str) -> bool {
    Version::parse(version).unwrap().previews_repairs()
}

#[test]
fn a_healthy_ring_is_read() {
    for version in VERSIONS {
        let ring = rows(version, "status");
        assert_eq!(ring.len(), 3, "{version}");
        assert!(ring.iter().all(|row| row.is_up_and_normal() && row.owns == Some(100.0)), "{version}: {ring:?}");
        assert_eq!(netstats::mode(&text(version, "netstats")), Ok(Mode::Normal), "{version}");
        let Info { host_id, gossip_active, native_transport_active, .. } =
            info::parse(&text(version, "info")).unwrap_or_else(|why| panic!("{version}: {why}"));
        assert!(gossip_active && native_transport_active, "{version}");
        assert_eq!(ring.iter().filter(|row| row.host_id.as_ref() == Some(&host_id)).count(), 1, "{version}");
        let told = Version::parse(&text(version, "version")).unwrap_or_else(|why| panic!("{version}: {why}"));
        assert_eq!(told.as_str(), version);
        let endpoints = gossipinfo::parse(&text(version, "gossipinfo")).unwrap();
        assert_eq!(endpoints.iter().filter(|endpoint| endpoint.is_normal()).count(), 3, "{version}: {endpoints:?}");
        assert!(endpoints.iter().all(|e| e.release_version.as_deref() == Some(version)), "{version}");
        let cluster = describecluster::parse(&text(version, "describecluster")).unwrap();
        assert!(cluster.name == "Lab Cluster" && cluster.agrees(), "{version}: {cluster:?}");
    }
}

#[test]
fn the_schema_is_read() {
    for version in VERSIONS {
        let sets = cqlsh::json(&text(version, "schema")).unwrap_or_else(|why| panic!("{version}: {why}"));
        let schema = Schema::from_rows(&Version::parse(version).unwrap(), &sets);
        let schema = schema.unwrap_or_else(|why| panic!("{version}: {why}"));
        let keyspace = schema.keyspace(&Keyspace::parse("captured").unwrap()).unwrap();
        let names: Vec<String> = keyspace.tables.iter().map(|table| table.name.to_string()).collect();
        assert_eq!(names, ["Items", "hits", "plain"], "{version}");
        assert_eq!(keyspace.replication.factor_in("dc1"), Some(3), "{version}");
        let items = keyspace.table(&Table::parse("Items").unwrap()).unwrap();
        let indexes: Vec<&str> = items.indexes.iter().map(|index| index.name.as_str()).collect();
        let dropped: Vec<&str> = items.dropped.iter().map(|column| column.name.as_str()).collect();
        assert_eq!((indexes, dropped), (vec!["ByOwner"], vec!["gone"]), "{version}");
        let kind =
            |name: &str| items.columns.iter().find(|c| c.name == name).map(|c| (c.kind.as_str(), c.is_reversed()));
        assert_eq!(kind("fixed"), Some(("static", false)), "{version}");
        assert_eq!(kind("seq").map(|(_, reversed)| reversed), Some(true), "{version}");
        assert_eq!(keyspace.types.len(), 1, "{version}");
    }
}

#[test]
fn a_repair_is_believed_and_one_without_a_node_is_not_whatever_its_exit_code() {
    for version in VERSIONS {
        for name in ["repair", "repair-cures"] {
            let (printed, code) = captured(version, name);
            assert_eq!(repair::judge(&printed, code), Verdict::Repaired, "{version}, {name}");
        }
        let (printed, code) = captured(version, "repair-node-gone");
        let verdict = repair::judge(&printed, code);
        assert!(
            !matches!(verdict, Verdict::Repaired | Verdict::Nothing(_)),
            "{version}, exit code {code}: {verdict:?}"
        );
    }
    // CASSANDRA-12508: this one says nothing by its exit code
    assert_eq!(captured("2.2.19", "repair-node-gone").1, 0);
}

#[test]
fn a_node_that_differs_is_found() {
    for version in VERSIONS {
        if from_4_0(version) {
            let (printed, code) = captured(version, "preview");
            assert!(matches!(insync::preview(&printed, code), Compared::Same(_)), "{version}: {printed}");
            let (printed, code) = captured(version, "preview-differs");
            let found = insync::preview(&printed, code);
            assert!(
                matches!(&found, Compared::Differ(tables) if tables.contains("captured.plain")),
                "{version}: {found:?}"
            );
        } else {
            // what keyspace_repair.act.sh sums up
            let log = text(version, "log-repair-cures");
            assert!(log.lines().any(|line| line.contains(" range(s) out of sync for plain")), "{version}: {log}");
            let whole = ["Items", "hits"].iter().all(|table| log.contains(&format!("{table} is fully synced")));
            assert!(whole, "{version}: {log}");
        }
    }
}

#[test]
fn a_drained_node_calls_itself_un_and_the_others_do_not() {
    for version in VERSIONS {
        let third =
            |name: &str| rows(version, name).into_iter().find(|row| row.host() == THIRD).expect("it is a member");
        assert!(third("status-drained-own").is_up_and_normal(), "{version}: the trap");
        assert!(third("status-drained-peer").is_down_and_normal(), "{version}");
        assert_eq!(netstats::mode(&text(version, "netstats-drained")), Ok(Mode::Drained), "{version}");
        // a drain says nothing and exits with 0, also one that does nothing
        for name in ["drain", "drain-again"] {
            assert_eq!(captured(version, name).1, 0, "{version}, {name}");
        }
        assert_eq!(drainlog::failures(&text(version, "log-drain")), Vec::<String>::new(), "{version}");
        let endpoints = gossipinfo::parse(&text(version, "gossipinfo-drained-peer")).unwrap();
        assert!(endpoints.iter().any(|e| e.address == THIRD && e.is_shut_down()), "{version}: {endpoints:?}");
        assert!(netstats::mode(&text(version, "netstats-stopped")).is_err(), "{version}");
    }
}

#[test]
fn a_starting_node_calls_itself_up() {
    for version in VERSIONS {
        let own = rows(version, "status-starting-own");
        let itself = own.iter().find(|row| row.host() == THIRD).expect("it lists itself");
        assert_eq!(itself.status, status::Liveness::Up, "{version}: {own:?}");
        assert_eq!(startlog::findings(&text(version, "log-start")), [], "{version}");
        assert_eq!(startlog::findings(&text(version, "log-healthy")), [], "{version}");
    }
}

/// In its first moment it is UN to itself with mode NORMAL, does not know who the others are, and has no host id: what
/// is asked is whether each *other* node sees it.
#[test]
fn a_starting_node_of_3_11_is_un_and_normal_while_nobody_is_known_to_it() {
    let own = rows("3.11.19", "status-starting-own");
    assert_eq!(netstats::mode(&text("3.11.19", "netstats-starting")), Ok(Mode::Normal), "the trap");
    for row in &own {
        assert_eq!(row.is_up_and_normal(), row.host() == THIRD, "{own:?}");
        assert_eq!(row.host_id, None, "{own:?}");
    }
}

#[test]
fn a_node_that_lost_files_is_un_and_only_its_log_tells() {
    for version in VERSIONS {
        assert!(rows(version, "status-broken-own").iter().all(Row::is_up_and_normal), "{version}: the trap");
        let found = startlog::findings(&text(version, "log-broken"));
        let of = |table: &str| found.iter().any(|f| f.kind == Kind::NotLoaded && f.line.contains(table));
        assert!(of("captured/plain-"), "{version}, without Data.db: {found:?}");
        // before 4.0 such an sstable is loaded with statistics of Cassandra's own making, and nothing is said
        assert_eq!(
            of("captured/hits-") || found.len() > 1,
            from_4_0(version),
            "{version}, without Statistics.db: {found:?}"
        );
    }
}
