//! `same-release`: all nodes run releases that can be mixed.
//!
//! Between lines such as 3.11 and 4.0 nothing is repaired or compared: what hints held of others could not be
//! brought, nor could anybody tell whether the nodes that were filled alike are alike.

use std::collections::BTreeSet;

use super::{Case, Guard, Objection, When};

/// The guard.
pub const GUARD: Guard = Guard {
    name: "same-release",
    about: "all nodes run releases of one line, such as 4.1",
    when: When::FanOut,
    overridable: false,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let versions: BTreeSet<_> =
        case.facts.nodes.values().map(|node| (node.version.line(), node.version.as_str())).collect();
    objection(&versions).into_iter().collect()
}

fn objection(versions: &BTreeSet<((u32, u32), &str)>) -> Option<Objection> {
    let lines: BTreeSet<_> = versions.iter().map(|(line, _)| line).collect();
    let list: Vec<&str> = versions.iter().map(|(_, text)| *text).collect();
    (lines.len() > 1).then(|| {
        let message = format!("the nodes run {}, between which nothing can be repaired or compared", list.join(", "));
        Objection::fail(message, "end the upgrade first")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patch_levels_may_differ_and_lines_may_not() {
        let says = |versions: &[((u32, u32), &'static str)]| {
            objection(&versions.iter().copied().collect()).map(|o| o.message).unwrap_or_default()
        };
        assert_eq!(says(&[((4, 1), "4.1.7"), ((4, 1), "4.1.10")]), "");
        assert!(says(&[((3, 11), "3.11.19"), ((4, 0), "4.0.19")]).contains("3.11.19, 4.0.19"));
    }
}
