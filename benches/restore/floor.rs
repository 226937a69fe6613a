//! The floor: what Cassandra itself takes to be drained, stopped and started, without any tool
//! and without any data moved. Nodes drain and stop at the same time; the seed is launched first, the
//! others as soon as its storage port is open.

use std::thread;
use std::time::{Duration, Instant};

use lab::Host;

use super::site::{Site, each, on};
use crate::{Result, meter};

/// The port that nodes talk to each other on.
const STORAGE: u16 = 7000;

/// Seconds by name. Leaves the cluster up.
pub fn measure(site: &Site) -> Result<Vec<(&'static str, f64)>> {
    let nodes = site.lab.nodes();
    let (drain, drained) = meter::timed(|| each(nodes, |node| on(node, "nodetool drain")));
    drained?;
    let (stop, stopped) = meter::timed(|| each(nodes, |node| Ok(site.lab.stop_node(node)?)));
    stopped?;
    let began = Instant::now();
    let seed = nodes.first().ok_or("no nodes")?;
    on(seed, "service cassandra start")?;
    while !listens(seed) {
        if began.elapsed() > Duration::from_mins(5) {
            return Err("the seed does not start".into());
        }
        thread::sleep(Duration::from_millis(50));
    }
    let open = began.elapsed().as_secs_f64();
    each(nodes, |node| Ok(site.lab.start_node(node)?))?;
    let start = began.elapsed().as_secs_f64();
    Ok(vec![
        ("drain", drain),
        ("stop", stop),
        ("seed_port", open),
        ("start", start),
        ("downtime", drain + stop + start),
    ])
}

fn listens(host: &Host) -> bool {
    let wanted = format!(":{STORAGE:04X} ");
    let table = host.sh("cat /proc/net/tcp /proc/net/tcp6").map(|output| output.stdout).unwrap_or_default();
    // local address, remote address, state: 0A listens
    table.lines().any(|line| line.contains(&wanted) && line.split_whitespace().nth(3) == Some("0A"))
}
