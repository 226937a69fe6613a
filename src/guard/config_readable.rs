//! `config-readable`: what configures the hosts is there, can be read, and is not too much to be kept.

use super::{Case, Guard, Objection, When};

/// The guard.
pub const GUARD: Guard = Guard {
    name: "config-readable",
    about: "what configures the hosts is there, can be read, and is not too much",
    when: When::ConfigBackup,
    overridable: false,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let mut objections = vec![];
    for node in case.inventory.absent() {
        let message = "its machine is gone (absent: true): its configuration is not in this backup";
        objections.push(Objection::warn(message, "keep an earlier backup that holds it").on(&node.name));
    }
    for (host, found) in &case.facts.config {
        let is_node = case.inventory.node(host).is_some();
        // a gateway need not have all of them
        if found.files == 0 || (is_node && !found.missing.is_empty()) {
            let message = format!("there is no {}", found.missing.join(", "));
            let cure =
                if is_node { "name the directory in cassandra.conf" } else { "name the directory in install_dir" };
            objections.push(Objection::fail(message, cure).on(host));
        }
        if let [first, rest @ ..] = &found.unreadable[..] {
            let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
            let cure = "let a user who may read them connect, or set ssh.become";
            objections.push(Objection::fail(format!("cannot read {first}{more}"), cure).on(host));
        }
        if let Some(over) = &found.over {
            objections
                .push(Objection::fail(over, "allow more with --limit, or move what is no configuration").on(host));
        }
        if let [first, rest @ ..] = &found.skipped[..] {
            let more = if rest.is_empty() { String::new() } else { format!(", and {} more", rest.len()) };
            objections.push(Objection::warn(format!("left out: {first}{more}"), "see to it by hand").on(host));
        }
    }
    objections
}

#[cfg(test)]
mod tests {
    use super::super::fixture::case;
    use super::*;
    use crate::event::Level;
    use crate::facts::{ConfigFacts, Facts};
    use crate::inventory::Inventory;
    use crate::name::{HostName, Tag};
    use crate::plan::Request;

    #[test]
    fn what_is_missing_unreadable_or_too_much_is_refused_and_what_is_left_out_is_told() {
        let text = "cluster: Lab\nnodes:\n  - {name: n, host: h, seed: true}\n  - {name: gone, host: i, absent: true}\n\
                    gateways:\n  - {name: gw, host: g, install_dir: /opt/Axway, instances: [{name: I, group: G}]}\n\
                    backup: {root: /backup}\n";
        let inventory = Inventory::parse(text, std::path::Path::new("i.yaml")).unwrap();
        let request = Request::of("config-backup", Tag::parse("t").unwrap());
        let judged = |host: &str, found: ConfigFacts| {
            let config = [(HostName::parse(host).unwrap(), found)].into();
            let facts = Facts { config, ..Facts::default() };
            let case = case(&inventory, &facts, &request);
            judge(&case).into_iter().skip(1).map(|o| (o.level, o.message)).collect::<Vec<_>>()
        };
        let some = || ConfigFacts { files: 1, ..ConfigFacts::default() };
        let missing = || vec!["/x".to_owned()];
        assert_eq!(judged("n", some()), []);
        assert_eq!(judged("n", ConfigFacts { missing: missing(), ..some() }), [(Level::Fail, "there is no /x".into())]);
        assert_eq!(judged("gw", ConfigFacts { missing: missing(), ..some() }), []);
        assert_eq!(judged("gw", ConfigFacts { files: 0, missing: missing(), ..some() })[0].0, Level::Fail);
        let unreadable = vec!["/a".to_owned(), "/b".to_owned()];
        assert_eq!(judged("n", ConfigFacts { unreadable, ..some() })[0].1, "cannot read /a and 1 more");
        assert_eq!(judged("n", ConfigFacts { over: Some("big".into()), ..some() }), [(Level::Fail, "big".into())]);
        assert_eq!(judged("n", ConfigFacts { skipped: vec!["/s".into()], ..some() })[0].0, Level::Warn);
    }
}
