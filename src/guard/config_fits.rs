//! `config-fits`: configuration goes back to where it came from.

use super::{Case, Guard, Objection, When};

/// The guard.
pub const GUARD: Guard = Guard {
    name: "config-fits",
    about: "configuration goes back to the cluster and the hosts from which it came",
    when: When::ConfigRestore,
    overridable: true,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let ours = case.inventory.cluster.as_str();
    let mut objections = vec![];
    let put = case.request.config.iter().flat_map(|config| config.put.keys());
    for host in put {
        let Some(found) = case.facts.config.get(host) else { continue };
        match &found.cluster_name {
            Some(name) if name != ours => {
                let message = format!("its cassandra.yaml says cluster_name {name:?}, the inventory {ours:?}");
                objections.push(Objection::fail(message, "use the inventory of that cluster").on(host));
            }
            None if case.inventory.node(host).is_some() => {
                let message = "of which cluster it is cannot be told: its cassandra.yaml is missing or cannot be read";
                objections.push(Objection::warn(message, "make sure that it is the right machine").on(host));
            }
            _ => {}
        }
        for doubt in &found.doubts {
            objections.push(Objection::fail(doubt, "make sure that it is the right machine").on(host));
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
    use crate::step::ConfigRequest;

    #[test]
    fn another_cluster_or_another_address_is_refused_and_an_unreadable_one_is_told() {
        let text = "cluster: Lab\nnodes:\n  - {name: n, host: h, seed: true}\nbackup: {root: /backup}\n";
        let inventory = Inventory::parse(text, std::path::Path::new("i.yaml")).unwrap();
        let host = HostName::parse("n").unwrap();
        let put = [(host.clone(), vec![])].into();
        let config = Some(ConfigRequest { dir: "/d".into(), limit: 1, put });
        let request = Request { config, ..Request::of("config-restore", Tag::parse("t").unwrap()) };
        let judged = |cluster_name: Option<&str>, doubts: &[&str]| {
            let doubts = doubts.iter().map(|d| (*d).to_owned()).collect();
            let found = ConfigFacts { cluster_name: cluster_name.map(str::to_owned), doubts, ..ConfigFacts::default() };
            let facts = Facts { config: [(host.clone(), found)].into(), ..Facts::default() };
            let case = case(&inventory, &facts, &request);
            judge(&case).into_iter().map(|o| o.level).collect::<Vec<_>>()
        };
        assert_eq!(judged(Some("Lab"), &[]), []);
        assert_eq!(judged(Some("Other"), &[]), [Level::Fail]);
        assert_eq!(judged(None, &[]), [Level::Warn]);
        assert_eq!(judged(Some("Lab"), &["it was at 10.0.0.1"]), [Level::Fail]);
    }
}
