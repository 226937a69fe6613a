//! What the `facts.*` scripts print, in the words of the real tools.

use std::fmt::Write as _;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::node::{Data, NodeState, Process, TableDef};
use super::world::World;

fn base64(text: &str) -> String {
    BASE64_STANDARD.encode(text)
}

pub fn host(node: &NodeState) -> String {
    let yaml = format!(
        "cluster_name: '{}'\npartitioner: org.apache.cassandra.dht.Murmur3Partitioner\nlisten_address: {}\nrpc_address: {}\n\
         data_file_directories:\n    - /d1/data\n    - /d2/data\ncommitlog_directory: /c/commitlog\n\
         saved_caches_directory: /c/saved_caches\nhints_directory: /c/hints\nauthenticator: {}\n\
         seed_provider: [{{parameters: [{{seeds: {}}}]}}]\n",
        node.cluster_name, node.address, node.address, node.authenticator, node.seeds
    );
    let now = jiff::Timestamp::now().as_second() + node.ahead_s;
    let mut text = format!("yaml={}\nnow={now}\n", base64(&yaml));
    if node.commitlog_restore {
        text.push_str("commitlog_restore=yes\n");
    }
    if node.process != Process::Stopped {
        text.push_str("pid=4711\n");
    }
    if node.crowded {
        text.push_str("pid=4712\n");
    }
    let _ = writeln!(text, "log=/var/log/cassandra/system.log\naddress={}", node.address);
    if node.log_readable {
        text.push_str("log_readable=yes\n");
    }
    if let Some(tool) = &node.missing_tool {
        let _ = writeln!(text, "missing={tool}");
    }
    if let Some(unit) = &node.unit {
        let _ = writeln!(text, "unit={unit}");
    }
    text
}

pub fn node(world: &World, name: &str, dirs: &str) -> String {
    let node = &world.nodes[name];
    let mut text = "run_as=cassandra\n".to_owned();
    for line in dirs.lines() {
        let (label, path) = line.split_once('\t').expect("label and path");
        let place = format!("{}/.reseed", path.rsplit_once('/').unwrap().0);
        let link = if node.symlink && label.starts_with("data-") { "yes" } else { "no" };
        let _ = writeln!(text, "dir={label}\t{path}\t{place}\t{link}\t{}\t66304\t{}", node.rename_trouble, node.free);
        match label {
            "hints" => {
                let _ = writeln!(text, "hint_files={}", node.hints);
                for id in &node.hints_for {
                    let _ = writeln!(text, "hint={id}");
                }
            }
            "data-0" => {
                for keyspace in world.keyspaces() {
                    let _ = writeln!(text, "size={keyspace}\t1048576");
                }
            }
            _ => {}
        }
    }
    text.push_str(&node.more);
    // since long before the last repair
    text.push_str("log_from=1700000000\n");
    text.push_str("writer=cassandra\ninodes=data-0\t6553600\t6000000\nuser=cassandra\nstarted=1795380000\n");
    let _ = writeln!(
        text,
        "java=/usr/bin/java\njar=/c/lib/apache-cassandra-{0}.jar\ninstalled=apache-cassandra-{0}.jar",
        node.version
    );
    let _ = writeln!(text, "backup_fs=66305\t{}", node.free);
    if node.unwritable {
        text.push_str("backup_unwritable=/backup\n");
    }
    // one that serves clients is told from the others by its address
    if node.process == Process::Stopped || !node.native_open {
        let _ = writeln!(text, "info={}", base64(&info(node)));
    }
    if node.process == Process::Stopped {
        let _ = writeln!(text, "died={}\nlogged={}", base64(CORRUPT), node.version);
    } else {
        let _ = writeln!(text, "status={}", base64(&status(world, name)));
    }
    text
}

/// Last words of a node that does not start any more.
const CORRUPT: &str = "ERROR [main] 2026-01-01 00:00:00,000 CassandraDaemon.java:900 - Exception encountered during startup\n\
                       CorruptSSTableException: Corrupted: /d1/data/ks1/plain/nb-1-big-Data.db\n";

fn info(node: &NodeState) -> String {
    if node.process == Process::Stopped {
        return "nodetool: Failed to connect to '127.0.0.1:7199' - ConnectException: 'Connection refused'.\n"
            .to_owned();
    }
    format!(
        "ID                     : {}\nGossip active          : true\nNative Transport active: {}\nLoad                   : 145.77 KiB\n\
         Uptime (seconds)       : 61\nData Center            : datacenter1\nRack                   : rack1\n",
        node.host_id, node.native_open
    )
}

/// The ring as `name` sees it: a drained node calls itself UN, its peers do not.
pub fn status(world: &World, name: &str) -> String {
    let mut text =
        "Datacenter: datacenter1\n=======================\nStatus=Up/Down\n|/ State=Normal/Leaving/Joining/Moving\n\
                    --  Address    Load        Tokens  Owns (effective)  Host ID                               Rack\n"
            .to_owned();
    for (other, node) in &world.nodes {
        let up = node.process == Process::Normal || other == name;
        let letters = if up { "UN" } else { "DN" };
        let _ = writeln!(
            text,
            "{letters}  {}  145.77 KiB  4       100.0%            {}  rack1",
            node.address, node.host_id
        );
    }
    if world.nodes[name].stranger {
        text.push_str("UN  10.77.0.99  1 KiB  4  100.0%  aaaaaaaa-c613-422a-81f0-27f6b127bab0  rack1\n");
    }
    text
}

pub fn gossip(world: &World) -> String {
    let mut text = String::new();
    for node in world.nodes.values() {
        let _ = writeln!(
            text,
            "/{}\n  generation:1719838293\n  heartbeat:312\n  STATUS:20:NORMAL,-1076411383834873226\n  SCHEMA:41:{}\n  DC:8:datacenter1\n  \
             RELEASE_VERSION:5:{}\n  HOST_ID:2:{}\n  RPC_READY:44:true\n  STATUS_WITH_PORT:19:NORMAL,-1076411383834873226",
            node.address, node.schema_version, node.version, node.host_id
        );
    }
    text
}

/// What cqlsh prints for the statements, one a line.
pub fn cql(world: &World, statements: &str) -> String {
    let mut text =
        "WARNING: cqlsh was built against 5.0.0, but this server is 4.1.10.  All features may not work!\n".to_owned();
    for statement in statements.lines() {
        if let Some(name) = statement.strip_prefix("DESCRIBE KEYSPACE \"") {
            text += &world.schema_cql(name.trim_end_matches("\";"));
            continue;
        }
        if statement.contains("parent_repair_history") {
            answer(&mut text, &history(world, statement.contains("successful_ranges")));
            continue;
        }
        if statement.contains("writetime(") {
            let set = |name: &String| json!({"keyspace_name": name, "set_at": 1_700_000_000_000_000_i64});
            answer(&mut text, &world.keyspaces().iter().map(set).collect::<Vec<_>>());
            continue;
        }
        let repairs = statement.contains("system.repairs").then_some("repairs");
        let from = repairs.or(statement.split("system_schema.").nth(1)).expect("a schema query").trim_end_matches(';');
        let rows = rows(world, from);
        answer(&mut text, &rows);
    }
    text
}

fn answer(text: &mut String, rows: &[Value]) {
    text.push_str("\n [json]\n----------------------------\n");
    for row in rows {
        let _ = writeln!(text, "   {}", row.to_string().replace('\\', "\\\\"));
    }
    let _ = writeln!(text, "\n({} rows)", rows.len());
}

/// One full repair of each keyspace, after the nodes' start.
fn history(world: &World, ranges: bool) -> Vec<Value> {
    let row = |(n, keyspace): (usize, String)| {
        let tables: Vec<_> = world.tables.iter().filter(|t| t.keyspace == keyspace).map(|t| &t.name).collect();
        let id = format!("{n:08}-ea8e-11f1-9426-23d1496f3683");
        if ranges {
            return json!({"parent_id": id, "successful_ranges": ["(0,0]"]});
        }
        json!({"parent_id": id, "keyspace_name": keyspace, "columnfamily_names": tables,
            "started_at": "2025-01-01 00:00:00.000Z", "finished_at": "2025-01-01 00:01:00.000Z",
            "exception_message": null, "options": {"incremental": "false", "hosts": "", "dataCenters": ""}})
    };
    world.keyspaces().into_iter().enumerate().map(row).collect()
}

fn rows(world: &World, table: &str) -> Vec<Value> {
    let of = |t: &TableDef, more: Value| {
        let mut row = json!({"keyspace_name": t.keyspace, "table_name": t.name});
        row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        row
    };
    let simple = |name: &str, rf: u32| {
        json!({"keyspace_name": name, "durable_writes": true, "replication":
            {"class": "org.apache.cassandra.locator.SimpleStrategy", "replication_factor": rf.to_string()}})
    };
    match table {
        "keyspaces" => {
            let local = json!({"class": "org.apache.cassandra.locator.LocalStrategy"});
            let mut rows = vec![json!({"keyspace_name": "system", "durable_writes": true, "replication": local})];
            rows.push(simple("system_auth", 1));
            rows.extend(world.keyspaces().iter().map(|name| simple(name, world.rf)));
            rows
        }
        "tables" => world.tables.iter().map(|t| of(t, json!({"id": t.id}))).collect(),
        "columns" => {
            let column = |t, name: &str, kind: &str| {
                of(
                    t,
                    json!({"column_name": name, "type": "text", "kind": kind, "position": if kind == "regular" { -1 } else { 0 }}),
                )
            };
            let both = |t| {
                let mut owner = column(t, "owner", "regular");
                owner["type"] = world.owner_type.into();
                [column(t, "id", "partition_key"), owner]
            };
            world.tables.iter().flat_map(both).collect()
        }
        "indexes" => {
            let index =
                |t, i: &String| of(t, json!({"index_name": i, "kind": "COMPOSITES", "options": {"target": "owner"}}));
            world.tables.iter().flat_map(|t| t.indexes.iter().map(move |i| index(t, i)).collect::<Vec<_>>()).collect()
        }
        "dropped_columns" => {
            let dropped = |at| of(&world.tables[0], json!({"column_name": "owner", "dropped_time": at}));
            world.dropped_at.map(dropped).into_iter().collect()
        }
        "repairs" => {
            let session = |state: &u64| json!({"parent_id": format!("{state}a7d1c30-0000-11ef-9d6b-8d1c1f9a7e11"), "state": state});
            world.sessions.iter().map(session).collect()
        }
        "views" | "types" => vec![],
        other => panic!("the simulated cluster has no table system_schema.{other}"),
    }
}

/// Directories of tables, and which hold sstables.
pub fn tables(node: &NodeState) -> String {
    let internal = "table=system\tlocal-7ad54392bcdd35a684174e047860b377\tyes\ntable=system_auth\troles-5bc52802de2535edaeab188eecebb090\tyes\n";
    let line = |(dir, data): (&String, &Data)| {
        let (keyspace, table) = dir.split_once('/').expect("keyspace and table");
        format!("table={keyspace}\t{table}\t{}\n", if *data == Data::Empty { "no" } else { "yes" })
    };
    node.live.iter().map(line).fold(internal.to_owned(), |text, line| text + &line)
}

/// As `schema.known` asks for them.
pub fn known_tables(world: &World) -> String {
    let mut text = "\n [json]\n------\n".to_owned();
    for t in &world.tables {
        let _ = writeln!(text, "   {}", json!({"keyspace_name": t.keyspace, "name": t.name, "id": t.id}));
    }
    text + &format!("\n({} rows)\n\n [json]\n------\n\n(0 rows)\n", world.tables.len())
}

pub fn describe(world: &World) -> String {
    let mut versions: std::collections::BTreeMap<&str, Vec<&str>> = std::collections::BTreeMap::new();
    for node in world.nodes.values() {
        let key = if node.process == Process::Normal { node.schema_version.as_str() } else { "UNREACHABLE" };
        versions.entry(key).or_default().push(&node.address);
    }
    let mut text = "Cluster Information:\n\tName: Lab Cluster\n\tSnitch: org.apache.cassandra.locator.SimpleSnitch\n\
                    \tPartitioner: org.apache.cassandra.dht.Murmur3Partitioner\n\tSchema versions:\n"
        .to_owned();
    for (version, hosts) in versions {
        let _ = writeln!(text, "\t\t{version}: [{}]\n", hosts.join(", "));
    }
    text + "Stats for all nodes:\n\tLive: 3\n"
}

/// The files that a manifest names, but these.
pub fn backup_files(manifest: &str, lost: &[&str]) -> String {
    let mut text = String::new();
    let Ok(manifest) = serde_json::from_str::<serde_json::Value>(manifest) else { return text };
    for keyspace in manifest["keyspaces"].as_array().into_iter().flatten() {
        for table in keyspace["tables"].as_array().into_iter().flatten() {
            for file in table["files"].as_array().into_iter().flatten() {
                let name = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
                let path = [name(&keyspace["name"]), name(&table["name"]), name(&file["path"])].join("/");
                if !lost.iter().any(|lost| path.ends_with(lost)) {
                    let _ = writeln!(text, "file=regular file\t{}\t./{path}", file["size"]);
                }
            }
        }
    }
    text
}
