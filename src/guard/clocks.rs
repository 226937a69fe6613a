//! `clocks`: the nodes agree on the time.
//!
//! Cassandra decides by timestamps which of two values is the newer: a node that is ahead wins over
//! what is written after it. Each clock is held against this machine's, as exactly as the round trip
//! allows.

use super::{Case, Guard, Objection, When};
use crate::facts::Clock;

/// The guard.
pub const GUARD: Guard = Guard {
    name: "clocks",
    about: "the clock of every node agrees with this machine's",
    when: When::Restore,
    overridable: true,
    judge,
};

/// More than this is no accident of scheduling.
const TOLD_MS: u64 = 1000;
/// More than this is a clock that nobody sets.
const REFUSED_MS: u64 = 30_000;

fn judge(case: &Case) -> Vec<Objection> {
    case.facts.nodes.iter().filter_map(|(host, node)| Some(objection(node.clock)?.on(host))).collect()
}

fn objection(clock: Option<Clock>) -> Option<Objection> {
    let cure = "chronyc makestep (or: ntpdate, w32tm) there, or on this machine; then see that chronyd runs";
    let Some(clock) = clock else {
        return Some(Objection::fail("it did not tell the time in a way that can be read", cure));
    };
    let (least, most) = clock.off_by_ms();
    let seconds = |ms: u64| format!("{}.{} s", ms / 1000, ms % 1000 / 100);
    let side = if clock.low_ms > 0 { "ahead of" } else { "behind" };
    let off = || format!("its clock is at least {} {side} this machine's", seconds(least));
    if least > REFUSED_MS {
        Some(Objection::fail(off(), cure))
    } else if most > REFUSED_MS {
        let message = format!("it took too long to tell the time: its clock may be off by up to {}", seconds(most));
        Some(Objection::fail(message, "try again when the host, or the line to it, is less busy"))
    } else if least > TOLD_MS {
        Some(Objection::warn(off(), cure))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Level;

    #[test]
    fn a_second_is_told_half_a_minute_refused_and_so_is_what_cannot_be_told() {
        let says = |low_ms, high_ms| objection(Some(Clock { low_ms, high_ms })).map(|o| (o.level, o.message));
        assert_eq!((says(-200, 900), says(900, 1500), says(-1500, -900)), (None, None, None));
        assert_eq!(
            says(1800, 2000),
            Some((Level::Warn, "its clock is at least 1.8 s ahead of this machine's".to_owned()))
        );
        let behind = says(-70_500, -70_100).unwrap();
        assert!(behind.0 == Level::Fail && behind.1.contains("70.1 s behind"), "{behind:?}");
        assert!(says(-40_000, 100).unwrap().1.contains("took too long"));
        assert_eq!(objection(None).unwrap().level, Level::Fail);
    }
}
