//! Answers every script by its name, as the real script would: reads its variables, changes the
//! state, and refuses what the real world would refuse.

use std::collections::BTreeSet;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use reseed::remote::{Call, Reply, Secret};

use super::backups::{relay, snapshot, stage, staged_files};
use super::clients::{client, gateway};
use super::node::{Data, Process};
use super::repair::{preview, repair};
use super::world::World;
use super::{back, facts};

/// rc and last words, or the output.
pub type Answer = Result<String, (i32, String)>;

pub fn no(why: impl Into<String>) -> Answer {
    Err((1, why.into()))
}

pub fn check(holds: bool, why: &str) -> Result<(), (i32, String)> {
    if holds { Ok(()) } else { Err((1, why.to_owned())) }
}

/// What the host answers.
pub fn answer(world: &mut World, host: &str, call: &Call) -> Reply {
    match script(world, host, call) {
        Ok(stdout) => Reply { stdout, ..Reply::default() },
        Err((rc, why)) => Reply { rc, stderr: format!("{why}\n"), ..Reply::default() },
    }
}

fn script(world: &mut World, host: &str, call: &Call) -> Answer {
    assert!(
        world.nodes.get(host).is_none_or(|node| !node.gone),
        "{} was sent to {host}, which is gone",
        call.script.name
    );
    let vars = &call.script.vars;
    let var = |name: &str| -> &str {
        vars.get(name).unwrap_or_else(|| panic!("{} has no variable {name}", call.script.name))
    };
    let name = call.script.name.as_str();
    match name.split('.').next().unwrap_or_default() {
        "lease" => Ok(world.leases.entry(host.to_owned()).or_default().answer(name, vars)),
        "facts" => facts_script(world, host, call),
        "gateway" => gateway(world, host, name, vars),
        "client" => client(world, host, name, vars),
        "snapshot" => snapshot(world, host, call),
        "backup" if name == "backup.stage.act" => stage(world, host, vars),
        "backup" if name.starts_with("backup.relay") => relay(world, host, name, vars),
        "backup" if name == "backup.stage.proof" => {
            let prefix = format!("{}/", var("KEYSPACE"));
            let files = world.node(host).staged.get(var("KEYSPACE")).copied().unwrap_or(0);
            check(world.node(host).stage.keys().any(|d| d.starts_with(&prefix)), "the stage is not there")?;
            check(files.to_string() == var("COUNT"), &format!("{files} files are staged instead of {}", var("COUNT")))?;
            Ok(format!("{files} files, every byte as in the manifest\n"))
        }
        "backup" => snapshot(world, host, call),
        "jobs" | "run" => back::answer(world, host, call),
        _ if name.starts_with("table.back") || name.starts_with("node.back") || name.starts_with("node.quiet") => {
            back::answer(world, host, call)
        }
        "table" => table(world, host, call),
        "tables" => loaded(world, host, call),
        "clients" => Ok(connected(world, host) + "reseed: end\n"),
        "guard" => guard(world, host, name),
        "node" => node(world, host, call),
        "native" | "ring" | "schema" | "hints" | "repair" | "others" | "streams" => running(world, host, call),
        "index" | "acceptance" => queries(world, host, call),
        _ => panic!("the simulated cluster does not know {name}"),
    }
}

fn logged_in(world: &World, host: &str, call: &Call) -> Result<(), (i32, String)> {
    check(world.nodes[host].native_open, "Connection error: ('Unable to connect to any servers', Connection refused)")?;
    let given = call.secret.as_ref();
    let right = world.password.as_ref().map(|p| Secret::new(p.as_str()).unwrap());
    check(
        right.is_none() || given == right.as_ref(),
        "AuthenticationFailed: Provided username and/or password are incorrect",
    )
}

fn facts_script(world: &mut World, host: &str, call: &Call) -> Answer {
    let vars = &call.script.vars;
    match call.script.name.as_str() {
        "facts.host" => Ok(facts::host(&world.nodes[host])),
        "facts.node" => Ok(facts::node(world, host, &vars["DIRS"])),
        "facts.gossip" => {
            check(world.nodes[host].process != Process::Stopped, "nodetool: Failed to connect to '127.0.0.1:7199'")?;
            Ok(facts::gossip(world))
        }
        "facts.cql" => {
            logged_in(world, host, call)?;
            Ok(facts::cql(world, &vars["CQL"]))
        }
        "facts.tables" => Ok(facts::tables(&world.nodes[host])),
        "facts.left" => back::answer(world, host, call),
        "facts.gateway" => {
            let instances = &world.gateways[host];
            let root = &vars["INSTALL_DIR"];
            let mut text =
                format!("startinstance={root}/apigateway/posix/bin/startinstance\nowner=axway\nrun_as=axway\n");
            if world.roots_file {
                text += &format!("foreign={root}/apigateway/logs/trace.log\n");
            }
            for line in vars["INSTANCES"].lines() {
                let rc = instances[line.split('\t').next().unwrap()];
                text += &match rc {
                    0 => "running=yes\n".to_owned(),
                    1 => "running=no\n".to_owned(),
                    rc => format!("running={rc}\n"),
                };
            }
            Ok(text)
        }
        "facts.backup" => Ok(match world.backups.get(&vars["FINAL"]) {
            Some((json, line)) => {
                let manifest = BASE64_STANDARD.encode(json);
                format!(
                    "state=whole\nsum={line}\nmanifest={manifest}\n{}",
                    facts::backup_files(json, &world.lost_files)
                )
            }
            None if world.partial.contains_key(&vars["PARTIAL"]) => {
                format!("state={} was never finished\n", vars["PARTIAL"])
            }
            None => "state=missing\n".to_owned(),
        }),
        other => panic!("the simulated cluster does not know {other}"),
    }
}

fn table(world: &mut World, host: &str, call: &Call) -> Answer {
    let (name, vars) = (call.script.name.as_str(), &call.script.vars);
    let keyspace = &vars["KEYSPACE"];
    let dirs: Vec<String> = vars["TABLES"].lines().map(|dir| format!("{keyspace}/{dir}")).collect();
    let files = staged_files(world, &format!("{keyspace}/"));
    let node = world.node(host);
    match name {
        "table.swap.act" | "table.aside.act" => {
            check(node.process == Process::Stopped, "Cassandra runs")?;
            for dir in dirs {
                if !vars["FRESH"].is_empty() && !node.quarantine.contains_key(&format!("{}/{dir}", call.run)) {
                    node.live.entry(dir.clone()).or_insert(Data::Empty);
                }
                let there = node.live.get(&dir).copied().ok_or_else(|| (1, format!("rename: {dir} is not there")))?;
                let swap = name == "table.swap.act";
                let aside = format!("{}/{dir}", call.run);
                if node.quarantine.contains_key(&aside) && (!swap || !node.stage.contains_key(&dir)) {
                    continue; // taken up where it was
                }
                check(!swap || node.stage.contains_key(&dir), "neither swapped nor as it was")?;
                check(!node.quarantine.contains_key(&aside), "rename: the target is in the way")?;
                node.quarantine.insert(aside, there);
                let new = if swap { node.stage.remove(&dir).unwrap() } else { Data::Empty };
                node.live.insert(dir, new);
            }
            Ok(String::new())
        }
        "table.swap.proof" => {
            check(dirs.iter().all(|d| !node.stage.contains_key(d)), "still staged")?;
            check(dirs.iter().all(|d| node.live.get(d) == Some(&Data::Backup)), "other files are live")?;
            check(files.to_string() == vars["COUNT"], "the count differs")?;
            Ok(format!("{files} files live\n"))
        }
        _ => {
            check(dirs.iter().all(|d| node.live.get(d) == Some(&Data::Empty)), "not empty")?;
            Ok("empty\n".to_owned())
        }
    }
}

/// What the node said and holds since its start.
fn loaded(world: &mut World, host: &str, call: &Call) -> Answer {
    let vars = &call.script.vars;
    let node = world.node(host);
    check(node.process != Process::Stopped, "Cassandra does not run")?;
    let files: Vec<&str> = vars.get("FILES").map_or(vec![], |files| files.lines().collect());
    let missed: Vec<&&str> = files.iter().filter(|file| Some(**file) == node.unloaded.as_deref()).collect();
    let mut text = String::new();
    if !vars["KEYSPACE"].is_empty() {
        text += &missed.iter().map(|file| format!("reseed: not open {file}\n")).collect::<Vec<_>>().concat();
        text += &format!("reseed: open {}\n", files.len() - missed.len());
        let looks = node.besides.iter().filter(|_| !vars["BASES"].is_empty());
        text += &looks.map(|file| format!("reseed: besides {file}\n")).collect::<Vec<_>>().concat();
    }
    let said = node.complaint.iter().filter(|line| vars["SIGNS"].lines().any(|sign| line.contains(sign)));
    Ok(text + "reseed: log\n" + &said.map(|line| format!("{line}\n")).collect::<Vec<_>>().concat() + "reseed: end\n")
}

/// Who is connected: as `connected` of the prelude.
fn connected(world: &World, host: &str) -> String {
    let node = &world.nodes[host];
    let open = node.connected.iter().filter(|_| node.native_open);
    open.map(|address| {
        let parts: Vec<u8> = address.split('.').map(|part| part.parse().unwrap()).collect();
        format!("reseed: client {:02X}{:02X}{:02X}{:02X}\n", parts[3], parts[2], parts[1], parts[0])
    })
    .collect::<Vec<_>>()
    .concat()
}

fn guard(world: &mut World, host: &str, name: &str) -> Answer {
    let node = world.node(host);
    match name {
        "guard.set.act" => node.guarded = true,
        "guard.clear.act" => node.guarded = false,
        "guard.set.proof" => check(node.guarded, "no guard file")?,
        _ => check(!node.guarded, "the guard file is still there")?,
    }
    Ok("in every data directory\n".to_owned())
}

fn node(world: &mut World, host: &str, call: &Call) -> Answer {
    let (name, vars) = (call.script.name.as_str(), &call.script.vars);
    let node = world.node(host);
    match name {
        "node.drain.probe" | "node.drain.proof" => {
            check(node.process != Process::Stopped, "nodetool: Failed to connect to '127.0.0.1:7199'")?;
            let mode = if node.process == Process::Drained { "DRAINED" } else { "NORMAL" };
            Ok(format!("Mode: {mode}\nNot sending any streams.\n"))
        }
        "node.drain.act" => {
            check(node.process != Process::Stopped, "nodetool drain failed")?;
            (node.process, node.native_open, node.unflushed) = (Process::Drained, false, false);
            node.late.unflushed = false;
            Ok(String::new())
        }
        "node.stop.probe" => {
            check(node.process == Process::Stopped, "Cassandra runs")?;
            Ok("Cassandra does not run\n".to_owned())
        }
        "node.stop.act" => {
            (node.process, node.native_open) = (Process::Stopped, false);
            Ok(String::new())
        }
        "node.stop.proof" => {
            check(node.process == Process::Stopped, "process 4711 still runs")?;
            Ok(format!("no process, ports {} closed\n", vars["PORTS"]))
        }
        "node.clear.act" => {
            check(node.process == Process::Stopped, "Cassandra runs")?;
            let aside = node.aside.entry(call.run.clone()).or_default();
            let late = std::mem::take(&mut node.late);
            aside.unflushed |= std::mem::take(&mut node.unflushed) || late.unflushed;
            aside.hints += std::mem::take(&mut node.hints) + late.hints;
            node.litter = false;
            Ok(String::new())
        }
        "node.clear.proof" => {
            check(!node.litter && node.hints == 0 && node.late.is_empty(), "commitlog is not empty")?;
            Ok("empty\n".to_owned())
        }
        "node.launch.act" => world.launch(host).map(|()| String::new()).map_err(|why| (1, why)),
        "node.launch.proof" => {
            check(matches!(node.process, Process::Starting | Process::Normal), "port 7000 7001 does not listen")?;
            Ok("port 7000 listens\n".to_owned())
        }
        "node.start.act" => world.start(host).map(|()| String::new()).map_err(|why| (1, why)),
        "node.start.proof" => {
            check(node.native_open, "port 9042 does not listen")?;
            let mode = if node.process == Process::Normal { "NORMAL" } else { "STARTING" };
            Ok(format!("Mode: {mode}\nNot sending any streams.\n"))
        }
        other => panic!("the simulated cluster does not know {other}"),
    }
}

/// What needs a running node, or asks whether it is one.
fn running(world: &mut World, host: &str, call: &Call) -> Answer {
    let (name, vars) = (call.script.name.as_str(), &call.script.vars);
    if name == "native.disable.proof" {
        check(!world.node(host).native_open, "port 9042 still listens")?;
        return Ok("port 9042 closed\n".to_owned());
    }
    if name == "others.repair.probe" {
        let node = world.node(host);
        let aside = node.aside.get(&call.run).copied().unwrap_or_default();
        check(aside.hints == 0, &format!("{} hint files were set aside", aside.hints))?;
        let lost = !vars["COMMITLOG"].is_empty() && node.undrained.contains(&call.run) && aside.unflushed;
        check(!lost, "the commit log of a node that was not drained was set aside")?;
        return Ok("no hints were set aside\n".to_owned());
    }
    if matches!(name, "schema.create.act" | "schema.known") {
        logged_in(world, host, call)?;
        if name == "schema.known" {
            return Ok(facts::known_tables(world));
        }
        for statement in vars["STATEMENTS"].split(";\n").map(|s| s.trim_end_matches(';')) {
            world.create(statement).map_err(|why| (1, why))?;
        }
        return Ok(String::new());
    }
    let refused = "nodetool: Failed to connect to '127.0.0.1:7199' - ConnectException: 'Connection refused'.";
    check(world.node(host).process != Process::Stopped, refused)?;
    match name {
        "native.disable.act" => {
            let said = connected(world, host);
            world.node(host).native_open = false;
            Ok(said)
        }
        "streams.unthrottle.act" => {
            let node = world.node(host);
            node.rate_noted.insert(call.run.clone());
            node.throttled = false;
            Ok(String::new())
        }
        "streams.unthrottle.proof" => {
            let limited = world.node(host).throttled;
            Ok(if limited { "nodetool did not lift the limit: 24 MiB/s\n" } else { "no limit; before: 24 MiB/s\n" }
                .to_owned())
        }
        "streams.throttle.probe" => {
            check(!world.node(host).rate_noted.contains(&call.run), "the limit was lifted")?;
            Ok("the limit was not lifted: the rate of before is not noted\n".to_owned())
        }
        "streams.throttle.act" => {
            world.node(host).throttled = true;
            Ok(String::new())
        }
        "streams.throttle.proof" => {
            check(world.node(host).throttled, "the limit on streams is none, and was 24 MiB/s")?;
            Ok("24 MiB/s again\n".to_owned())
        }
        "ring.view" => Ok(facts::status(world, host)),
        "schema.agree.proof" => Ok(facts::describe(world)),
        "hints.settle.act" => {
            let node = world.node(host);
            if !node.stuck {
                node.hints = 0;
            }
            Ok(format!("hints_left={}\n", node.hints))
        }
        "repair.act" => {
            let hosts: Vec<&str> = vars.get("HOSTS").map_or("", String::as_str).lines().collect();
            if vars["PREVIEW"] == "yes" {
                return Ok(preview(world, &vars["KEYSPACES"]));
            }
            repair(world, host, &vars["KEYSPACES"], &hosts)
        }
        other => panic!("the simulated cluster does not know {other}"),
    }
}

fn queries(world: &mut World, host: &str, call: &Call) -> Answer {
    let vars = &call.script.vars;
    let holds = |world: &World, keyspace: &str| {
        let prefix = format!("{keyspace}/");
        let live = world.nodes[host].live.iter().filter(|(dir, _)| dir.starts_with(&prefix));
        let held: BTreeSet<String> = live.map(|(_, data)| format!("{data:?}")).collect();
        held.into_iter().collect::<Vec<_>>().join("+")
    };
    match call.script.name.as_str() {
        "index.rebuild.probe" => {
            check(world.index_files_restored, "index owner_idx has no files")?;
            Ok("all index files restored\n".to_owned())
        }
        "index.rebuild.act" => {
            check(world.node(host).process == Process::Normal, "rebuild of index owner_idx failed")?;
            world.index_files_restored = true;
            Ok(String::new())
        }
        "index.query.proof" => {
            logged_in(world, host, call)?;
            check(world.index_files_restored, "no answer from index owner_idx although the table holds the value")?;
            Ok("1 of 1 index(es) held values, all answered\n".to_owned())
        }
        "acceptance.query.proof" => {
            logged_in(world, host, call)?;
            Ok(format!("\n count\n-------\n    {}\n\n(1 rows)\n", holds(world, &vars["KEYSPACE"])))
        }
        other => panic!("the simulated cluster does not know {other}"),
    }
}
