//! `gateways-unattended`: each gateway can start without a human, as far as can be told.
//!
//! `startinstance` under sudo leaves files of root behind, which its own user cannot write to later
//! (domain.md section 0). An instance that asks for a passphrase is not known from outside.

use super::{Case, Guard, Objection, When};
use crate::facts::GatewayFacts;

/// The guard.
pub const GUARD: Guard = Guard {
    name: "gateways-unattended",
    about: "every gateway can be started by the user that will start it",
    when: When::Restore,
    overridable: true,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let of = |facts| objections(facts).into_iter();
    case.facts.gateways.iter().flat_map(|(host, facts)| of(facts).map(|objection| objection.on(host))).collect()
}

fn objections(facts: &GatewayFacts) -> Vec<Objection> {
    let Some(startinstance) = &facts.startinstance else { return vec![] };
    let mut found = vec![];
    let (owner, user) = (&facts.owner, &facts.run_as);
    if user != owner {
        let message = format!("{startinstance} belongs to {owner} and will be run as {user}, whose files it leaves");
        found.push(Objection::warn(message, format!("set run_as: {owner} for this gateway, or leave run_as out")));
    }
    if !facts.foreign.is_empty() {
        let named = facts.foreign.join(" ");
        let message = format!("{user} cannot write to what belongs to root: {}", facts.foreign.join(", "));
        found.push(Objection::fail(message, format!("chown -R {owner}: {named} (perhaps more: these are the first)")));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Level;

    fn found(run_as: &str, foreign: &[&str]) -> Vec<(Level, String)> {
        let facts = GatewayFacts {
            startinstance: Some("/opt/Axway/apigateway/posix/bin/startinstance".to_owned()),
            owner: "axway".to_owned(),
            run_as: run_as.to_owned(),
            foreign: foreign.iter().map(|file| (*file).to_owned()).collect(),
            running: vec![],
        };
        objections(&facts).into_iter().map(|o| (o.level, o.message)).collect()
    }

    #[test]
    fn another_user_is_told_and_what_root_left_is_refused() {
        assert_eq!(found("axway", &[]), []);
        let root = found("root", &[]);
        assert!(root[0].0 == Level::Warn && root[0].1.contains("run as root"), "{root:?}");
        let left = found("axway", &["/opt/Axway/apigateway/logs/a.log"]);
        assert!(left[0].0 == Level::Fail && left[0].1.contains("logs/a.log"), "{left:?}");
    }
}
