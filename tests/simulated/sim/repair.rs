//! What repairs answer, and the comparison by a preview.

use std::collections::BTreeSet;

use super::answers::Answer;
use super::world::World;

/// `nodetool repair --full --preview` of a running cluster.
pub fn preview(world: &World, keyspaces: &str) -> String {
    let one = |keyspace: &str| {
        let prefix = format!("{keyspace}/");
        let dirs: BTreeSet<&String> = world.nodes.values().flat_map(|n| n.live.keys()).collect();
        let differs = |dir: &&&String| {
            let held: BTreeSet<String> = world.there().map(|(_, n)| format!("{:?}", n.live[**dir])).collect();
            dir.starts_with(&prefix) && held.len() > 1
        };
        let differ: Vec<String> = dirs.iter().filter(differs).map(|dir| dir.replace('/', ".")).collect();
        let start = format!(
            "reseed: repair of {keyspace}\n[x] Starting repair command #7 (5a1c), repairing keyspace {keyspace}\n"
        );
        let end = "[x] Repair preview completed successfully\n";
        if differ.is_empty() {
            return format!("{start}[x] Previewed data was in sync\n{end}");
        }
        let lines: String = differ
            .iter()
            .map(|table| format!("{table} - 2 ranges, 1 sstables, 585B bytes\n"))
            .collect::<Vec<_>>()
            .concat();
        format!(
            "{start}[x] Preview complete\nTotal estimated streaming: 2 ranges, 1 sstables, 585B bytes\n{lines}\n{end}"
        )
    };
    keyspaces.lines().map(one).collect()
}

/// `nodetool repair` of these keyspaces, one after the other.
pub fn repair(world: &mut World, host: &str, keyspaces: &str, hosts: &[&str]) -> Answer {
    let mut text = String::new();
    for keyspace in keyspaces.lines() {
        text += &format!("reseed: repair of {keyspace}\n");
        if keyspace == "system_auth" {
            text += "[x] Replication factor is 1. No repair is needed for keyspace 'system_auth'\n";
            continue;
        }
        world.repair(host, keyspace, hosts).map_err(|why| (1, why))?;
        text += &format!(
            "[x] Starting repair command #1 (5a1c), repairing keyspace {keyspace} with repair options (primary range: true)\n\
             [x] Repair session 5b2d for range [(-1,2]] finished (progress: 45%)\n[x] Repair completed successfully\n"
        );
    }
    Ok(text)
}
