//! `schedulers`: nothing repairs or snapshots by the clock meanwhile, or its owner knows.

use super::{Case, Guard, Objection, When};

/// The guard.
pub const GUARD: Guard = Guard {
    name: "schedulers",
    about: "neither cron nor systemd runs repairs or snapshots on a node",
    when: When::Restore,
    overridable: false,
    judge,
};

/// Only warnings: when they run, and whether that is during the restore, is not told by a file.
fn judge(case: &Case) -> Vec<Objection> {
    let some = case.facts.nodes.iter().filter(|(_, node)| !node.schedulers.is_empty());
    some.map(|(host, node)| objection(&node.schedulers).on(host)).collect()
}

fn objection(files: &[String]) -> Objection {
    let message = format!("{} may start a repair, a snapshot or the like during the restore", files.join(", "));
    Objection::warn(message, "see when it runs; switch it off until the restore is over")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Level;

    #[test]
    fn each_file_is_named() {
        let found = objection(&["/etc/cron.d/repair".to_owned(), "/var/spool/cron/root".to_owned()]);
        assert_eq!(found.level, Level::Warn);
        assert!(found.message.starts_with("/etc/cron.d/repair, /var/spool/cron/root may start"));
    }
}
