//! `pending-repair`: no incremental repair is under way or left open.
//!
//! Its sessions hold sstables that a restore sets aside, and go on when the nodes are back.

use super::{Case, Guard, Objection, When};

/// The guard.
pub const GUARD: Guard = Guard {
    name: "pending-repair",
    about: "no incremental repair session is open",
    when: When::Restore,
    overridable: true,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    objection(case.facts.repair_sessions.as_deref()).into_iter().collect()
}

fn objection(open: Option<&[String]>) -> Option<Objection> {
    let open = open.filter(|open| !open.is_empty())?;
    let message = format!("{} incremental repair session(s) are open: {}", open.len(), open.join(", "));
    let id = open[0].split(' ').next().unwrap_or_default();
    let cure =
        format!("wait until it is over (nodetool repair_admin list); a dead one: nodetool repair_admin cancel -s {id}");
    Some(Objection::fail(message, cure))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_session_is_refused_and_a_version_without_them_has_none() {
        let open = ["1-2-3 (REPAIRING)".to_owned()];
        let found = objection(Some(&open)).unwrap();
        assert!(found.message.contains("1-2-3 (REPAIRING)") && found.cure.ends_with("-s 1-2-3"), "{found:?}");
        assert_eq!((objection(Some(&[])), objection(None)), (None, None));
    }
}
