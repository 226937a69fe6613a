//! Answers of the scripts about an earlier run: what is left of it, the way back, the discard.

use std::fmt::Write as _;

use reseed::remote::Call;

use super::answers::{Answer, check};
use super::node::{Data, Process};
use super::world::World;

pub fn answer(world: &mut World, host: &str, call: &Call) -> Answer {
    let (name, vars) = (call.script.name.as_str(), &call.script.vars);
    if name == "jobs.ended.act" {
        return Ok("nothing of it runs\n".to_owned());
    }
    let node = world.node(host);
    let stopped = check(node.process == Process::Stopped, "Cassandra runs");
    match name {
        "facts.left" => Ok(left(world, host, vars["RUNS"].lines())),
        "node.quiet.act" => {
            match node.process {
                Process::Stopped => drop(node.undrained.insert(call.run.clone())),
                _ => {
                    (node.process, node.native_open, node.unflushed, node.late.unflushed) =
                        (Process::Drained, false, false, false);
                }
            }
            Ok(String::new())
        }
        "node.quiet.proof" => {
            check(node.process != Process::Normal, "its mode is NORMAL, not DRAINED")?;
            Ok("Mode: DRAINED, clean log\n".to_owned())
        }
        "node.back.act" => {
            stopped?;
            for label in vars["DIRS"].lines().map(|line| line.split('\t').next().unwrap()) {
                let Some(aside) = node.aside.get_mut(&vars["OF"]) else { continue };
                match label {
                    "hints" => node.hints += std::mem::take(&mut aside.hints),
                    "commitlog" => node.unflushed |= std::mem::take(&mut aside.unflushed),
                    other => panic!("{other} does not return"),
                }
            }
            Ok(String::new())
        }
        "node.back.proof" => {
            let hints = node.aside.get(&vars["OF"]).map_or(0, |aside| aside.hints);
            check(hints == 0, "hints is still in quarantine")?;
            Ok("returned\n".to_owned())
        }
        "table.back.act" => {
            stopped?;
            for dir in vars["TABLES"].lines().map(|dir| format!("{}/{dir}", vars["KEYSPACE"])) {
                let Some(old) = node.quarantine.remove(&format!("{}/{dir}", vars["OF"])) else { continue };
                let new = node.live.insert(dir.clone(), old).expect("a live directory");
                let before = node.quarantine.insert(format!("{}/{dir}", call.run), new);
                assert_eq!(before, None, "it is in the way");
            }
            Ok(String::new())
        }
        "table.back.proof" => {
            let prefix = format!("{}/{}/", vars["OF"], vars["KEYSPACE"]);
            check(!node.quarantine.keys().any(|key| key.starts_with(&prefix)), "still in quarantine")?;
            Ok("the tables of before the run are live\n".to_owned())
        }
        "run.discard.act" => {
            check(node.foreign.is_empty(), "is not ours to delete")?;
            let before = node.quarantine.len();
            for run in vars["RUNS"].lines() {
                node.quarantine.retain(|key, _| !key.starts_with(&format!("{run}/")));
                node.aside.remove(run);
            }
            node.stage.clear();
            Ok(format!("freed={}\n", (before - node.quarantine.len()) << 20))
        }
        "run.discard.proof" => {
            let kept = |run: &str| node.quarantine.keys().any(|key| key.starts_with(&format!("{run}/")));
            check(!vars["RUNS"].lines().any(kept), "still there")?;
            Ok("gone\n".to_owned())
        }
        other => panic!("the simulated cluster does not know {other}"),
    }
}

fn left<'a>(world: &World, host: &str, runs: impl Iterator<Item = &'a str>) -> String {
    let node = &world.nodes[host];
    let mut text = String::new();
    for run in runs {
        let tables: Vec<_> = node.quarantine.keys().filter_map(|key| key.strip_prefix(&format!("{run}/"))).collect();
        let aside = node.aside.contains_key(run);
        if aside || !tables.is_empty() || !node.stage.is_empty() {
            let _ = writeln!(text, "bytes=/d1/.reseed/{run}\t{}", (tables.len() + 1) << 20);
        }
        for label in ["commitlog", "saved_caches", "hints"].iter().filter(|_| aside) {
            let _ = writeln!(text, "aside={run}\t{label}");
        }
        for table in tables {
            let _ = writeln!(text, "aside={run}\tdata-0/{table}\naside={run}\tdata-1/{table}");
        }
    }
    for dir in &node.foreign {
        let _ = writeln!(text, "foreign={dir}");
    }
    text
}

impl World {
    /// The data of before the restore is live on every node, hints of then are there or delivered,
    /// nothing of later is, all serve.
    pub fn assert_rolled_back(&self) {
        self.assert_serves(Data::Old);
        for (name, node) in self.there() {
            assert!(node.late.is_empty(), "{name} holds what was written to the restored tables");
        }
    }
}
