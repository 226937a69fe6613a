//! The floor: what Cassandra itself takes to be drained, stopped and started, without any tool
//! and without any data moved. Nodes drain and stop at the same time; the seed is launched first, the
//! others as soon as its storage port is open. `parts` is the sum of drain, stop, the seed's start and the
//! slowest other one's, as long as each took (they overlap).

use super::site::{Site, each, on};
use crate::{Result, meter};

/// Seconds by name. Leaves the cluster up.
pub fn measure(site: &Site) -> Result<Vec<(&'static str, f64)>> {
    let nodes = site.lab.nodes();
    let (drain, drained) = meter::timed(|| each(nodes, |node| on(node, "nodetool drain")));
    drained?;
    let (stop, stopped) = meter::timed(|| each(nodes, |node| Ok(site.lab.stop_node(node)?)));
    stopped?;
    let (start, open) = meter::timed(|| site.start(nodes));
    let started = open?;
    Ok(vec![
        ("drain", drain),
        ("stop", stop),
        ("seed_port", started.open),
        ("seed_serves", started.seed_serves),
        ("slowest", started.slowest),
        ("start", start),
        ("parts", drain + stop + started.seed_serves + started.slowest),
        ("downtime", drain + stop + start),
    ])
}
