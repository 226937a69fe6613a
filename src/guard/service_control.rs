//! `service-control`: Cassandra can be stopped and started by who will do it.

use super::{Case, Guard, Objection, When};

/// The guard.
pub const GUARD: Guard = Guard {
    name: "service-control",
    about: "the user who runs the start and stop commands may",
    when: When::Restore,
    overridable: true,
    judge,
};

/// systemd starts and stops a unit for root only, `service` asks systemd, and a stop that is refused
/// would be seen after the drain. Rules of polkit that allow it to somebody are not looked at: who
/// has such overrides this.
fn judge(case: &Case) -> Vec<Objection> {
    let mut objections = vec![];
    for (host, node) in &case.facts.nodes {
        let Some((unit, known)) = node.unit.as_ref().zip(case.inventory.node(host)) else { continue };
        let asks = [&known.cassandra.start, &known.cassandra.stop].into_iter().find(|command| asks_systemd(command));
        if let Some(command) = asks.filter(|_| node.run_as != "root") {
            let message = format!(
                "`{command}` runs as {}, and systemd, which runs Cassandra as {unit}, starts and stops units for root only",
                node.run_as
            );
            let cure = "set cassandra.run_as: root, or begin start and stop with `sudo -n` where that user may";
            objections.push(Objection::fail(message, cure).on(host));
        }
    }
    objections
}

fn asks_systemd(command: &str) -> bool {
    let program = command.split_whitespace().next().unwrap_or_default();
    ["service", "systemctl"].contains(&program.rsplit('/').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_commands_that_ask_systemd_directly_count() {
        assert!(asks_systemd("service cassandra start") && asks_systemd("/usr/bin/systemctl stop cassandra"));
        assert!(!asks_systemd("sudo -n systemctl start cassandra") && !asks_systemd("/opt/service/start.sh"));
    }
}
