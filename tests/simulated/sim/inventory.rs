//! The inventory of a simulated cluster.

use super::world::{CLUSTER, Shape};

/// The inventory of a simulated cluster.
pub fn inventory_text(shape: Shape, more: &str) -> String {
    let node =
        |n| format!("  - {{name: cass{n}, host: 10.77.0.{}{}}}\n", 10 + n, if n == 1 { ", seed: true" } else { "" });
    let gateway = |n| {
        format!(
            "  - {{name: gw{n}, host: 10.77.0.{}, install_dir: /opt/Axway, instances: [{{name: Instance1, group: Group1}}]}}\n",
            20 + n
        )
    };
    let client = |n| {
        format!("  - {{name: portal{n}, host: 10.77.0.{}, stop: stop it, start: start it, status: ask it}}\n", 30 + n)
    };
    let list = |name: &str, n: usize, one: &dyn Fn(usize) -> String| {
        let items: String = (1..=n).map(one).collect();
        if items.is_empty() { String::new() } else { format!("{name}:\n{items}") }
    };
    format!("cluster: {CLUSTER}\n{more}")
        + &list("nodes", shape.nodes, &node)
        + &list("gateways", shape.gateways, &gateway)
        + &list("clients", shape.clients, &client)
        + "backup: {root: /backup}\n"
}
