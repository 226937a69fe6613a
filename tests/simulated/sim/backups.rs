//! How a backup comes to be, and how it comes to the nodes: snapshot, copy, manifest, relay, stage.

use std::collections::{BTreeMap, BTreeSet};

use reseed::backup::manifest::Manifest;
use reseed::remote::Call;
use serde_json::{Value, json};

use super::answers::{Answer, check, no};
use super::node::{Data, Process};
use super::world::World;

pub fn snapshot(world: &mut World, host: &str, call: &Call) -> Answer {
    let vars = &call.script.vars;
    let tag = vars["SNAPSHOT"].clone();
    let (partial, published) = (vars["PARTIAL"].clone(), vars["FINAL"].clone());
    let keyspaces: Vec<&str> = vars["KEYSPACES"].lines().collect();
    match call.script.name.as_str() {
        "snapshot.take.act" => {
            check(world.node(host).process == Process::Normal, "nodetool snapshot failed")?;
            check(world.node(host).snapshots.insert(tag), "nodetool snapshot failed: the snapshot already exists")?;
            world.partial.entry(partial).or_default();
        }
        "snapshot.copy.act" => {
            check(world.nodes[host].snapshots.contains(&tag), "table plain has no snapshot: was it dropped just now?")?;
            let (copied, verified) = world.partial.get_mut(&partial).ok_or((1, "no partial directory".to_owned()))?;
            copied.insert(vars["KEYSPACE"].clone());
            *verified = false;
        }
        "backup.verify.act" => {
            let (copied, verified) = world.partial.get_mut(&partial).ok_or((1, "no partial directory".to_owned()))?;
            check(keyspaces.iter().all(|k| copied.contains(*k)), "cannot enter a keyspace's copy")?;
            *verified = true;
        }
        "snapshot.clear.act" => {
            check(world.nodes[host].process == Process::Normal, "nodetool clearsnapshot failed")?;
            world.node(host).snapshots.remove(&tag);
        }
        "snapshot.clear.proof" => {
            check(!world.nodes[host].snapshots.contains(&tag), "still there")?;
            return Ok(format!("snapshot {tag} is gone\n"));
        }
        "backup.publish.act" => {
            let renamed = world.backups.contains_key(&published);
            if renamed && !world.partial.contains_key(&partial) {
                return Ok(String::new()); // an earlier attempt came to its last rename
            }
            check(!renamed, "it exists already")?;
            let (_, verified) = world.partial.remove(&partial).ok_or((1, "no partial directory".to_owned()))?;
            assert!(verified, "published without verification");
            world.backups.insert(published, manifest(vars));
        }
        "backup.publish.proof" => {
            return match world.backups.get(&published) {
                Some((json, line)) => Ok(format!("{line}\n{json}")),
                None => no("cat: manifest.json.sha256: No such file or directory"),
            };
        }
        other => panic!("the simulated cluster does not know {other}"),
    }
    Ok(String::new())
}

/// The manifest as `backup_publish.act.sh` puts it together: heads from the plan, files measured.
fn manifest(vars: &BTreeMap<String, String>) -> (String, String) {
    let close = |head: &str| -> Value { serde_json::from_str(&format!("{head}}}")).unwrap() };
    let mut whole = close(&format!("{{{}", vars["HEAD"]));
    whole["taken_at"] = json!("2026-01-01T00:00:00Z");
    let tables = |keyspace: &str| -> Vec<Value> {
        let own = vars["TABLE_HEADS"].lines().filter(|l| l.split('\t').next() == Some(keyspace));
        own.map(|line| {
            let mut table = close(line.splitn(3, '\t').nth(2).unwrap());
            table["rows_estimate"] = json!(42);
            table["files"] = json!([{"path": "nb-1-big-Data.db", "size": 1000, "sha256": "ab".repeat(32)}]);
            table
        })
        .collect()
    };
    let keyspace = |line: &str| {
        let (name, head) = line.split_once('\t').unwrap();
        let mut keyspace = close(head);
        keyspace["tables"] = json!(tables(name));
        keyspace
    };
    whole["keyspaces"] = vars["KEYSPACE_HEADS"].lines().map(keyspace).collect();
    let text = whole.to_string();
    let line = format!("{}  manifest.json", Manifest::digest(&text));
    (text, line)
}

/// Files have no bytes here: their lines travel.
pub fn relay(world: &mut World, host: &str, name: &str, vars: &BTreeMap<String, String>) -> Answer {
    if name == "backup.relay.from" {
        let source = vars["SOURCE"].rsplit_once('/').unwrap().0;
        check(world.backups.contains_key(source), "the backup is not there")?;
        check(!world.corrupt_backup, "plain/nb-1-big-Data.db is not what the manifest says")?;
        let list = vars["INPUT"].strip_suffix("end\n").expect("a whole list");
        let cells = |line: &str| line.split('\t').map(str::to_owned).collect::<Vec<_>>();
        let lines = list.lines().map(cells).map(|f| format!("{}\t{}\t{}\t{}\n", f[0], f[1], f[3], f[4]));
        return Ok(lines.collect::<String>() + "end\n");
    }
    if name == "backup.relay.probe" {
        check(world.node(host).arrived_whole.contains(&vars["KEYSPACE"]), "not all has arrived")?;
        return Ok("all of it had arrived\n".to_owned());
    }
    let node = world.node(host);
    let arrived = node.arrived.entry(vars["KEYSPACE"].clone()).or_default();
    if name == "backup.relay.proof" {
        check(arrived.len().to_string() == vars["COUNT"], "not all has arrived")?;
        return Ok(format!("{} files, every byte as in the manifest\n", arrived.len()));
    }
    let (wish, text) = vars["INPUT"].split_once('\n').unwrap_or_default();
    let lines = text.lines().enumerate().filter(|(_, line)| *line != "end");
    let at = if wish == "list" { 3 } else { 2 };
    let files = lines.map(|(n, line)| (n + 1, line.split('\t').nth(at).unwrap().to_owned()));
    match wish {
        "list" => {
            let lacking: Vec<_> = files.filter(|(_, to)| !arrived.contains(to)).collect();
            if lacking.is_empty() {
                node.arrived_whole.insert(vars["KEYSPACE"].clone());
            }
            Ok(lacking.iter().fold(String::new(), |all, (n, _)| format!("{all}{n}\n")))
        }
        "take" => {
            arrived.extend(files.map(|(_, to)| to));
            check(text.ends_with("end\n"), "what is sent was cut off")?;
            node.arrived_whole.insert(vars["KEYSPACE"].clone());
            Ok(String::new())
        }
        _ => Err((1, "cut off before it began".to_owned())),
    }
}

pub fn stage(world: &mut World, host: &str, vars: &BTreeMap<String, String>) -> Answer {
    let source = vars["SOURCE"].rsplit_once('/').unwrap().0.to_owned();
    check(world.backups.contains_key(&source), "the backup is not there")?;
    check(
        !world.corrupt_backup,
        "the copy differs from the manifest: plain/nb-1-big-Data.db (corrupt backup, or disk)",
    )?;
    for line in vars["FILES"].lines() {
        assert_eq!(line.split('\t').count(), 5, "{line}");
    }
    let dirs: BTreeSet<&str> = vars["TABLES"].lines().collect();
    let files = vars["FILES"].lines().count();
    let keyspace = &vars["KEYSPACE"];
    if !vars["RELAYED"].is_empty() {
        let arrived = world.node(host).arrived.get(keyspace).map_or(0, BTreeSet::len);
        check(arrived == files, "a file has not arrived")?;
    }
    let node = world.node(host);
    node.staged.insert(keyspace.clone(), files);
    for dir in dirs {
        node.stage.insert(format!("{keyspace}/{dir}"), Data::Backup);
    }
    Ok("0 copied now\n".to_owned())
}

/// Files of a keyspace that go live, by the manifest.
pub fn staged_files(world: &World, prefix: &str) -> usize {
    let tables = world.tables.iter().filter(|t| !t.later && format!("{}/", t.keyspace) == prefix);
    tables.map(|t| 2 + t.indexes.len()).sum()
}
