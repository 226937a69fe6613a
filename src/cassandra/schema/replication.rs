//! [`Replication`]: who holds a keyspace's data.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::bad;
use crate::cassandra::conf::short;
use crate::cassandra::{Unreadable, excerpt};

/// A keyspace's replication; serialized as the map that CQL shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
pub struct Replication {
    /// What it means.
    pub strategy: Strategy,
    /// The options as written, without the class.
    pub options: BTreeMap<String, String>,
}

/// How replicas are chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Strategy {
    /// `SimpleStrategy`: so many in the whole ring, whatever the datacenter.
    Simple(Factor),
    /// `NetworkTopologyStrategy`: so many per datacenter.
    NetworkTopology(BTreeMap<String, Factor>),
    /// `LocalStrategy`: every node its own.
    Local,
    /// `EverywhereStrategy` (vendors'): all nodes.
    Everywhere,
    /// Not known; the full class name.
    Other(String),
}

/// A replication factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Factor {
    /// All replicas.
    pub all: u32,
    /// How many of them are transient (4.0+, `3/1`): these do not hold all data.
    pub transient: u32,
}

impl Factor {
    fn parse(text: &str) -> Option<Self> {
        let (all, transient) = text.split_once('/').unwrap_or((text, "0"));
        let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u32>().ok())?;
        let factor = Self { all: number(all)?, transient: number(transient)? };
        (factor.transient <= factor.all).then_some(factor)
    }
}

impl std::fmt::Display for Replication {
    /// `SimpleStrategy 3`, `NetworkTopologyStrategy dc1: 3, dc2: 3`, as written.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let option = |(key, value): (&String, &String)| match key.as_str() {
            "replication_factor" => value.clone(),
            _ => format!("{key}: {value}"),
        };
        let options: Vec<String> = self.options.iter().map(option).collect();
        write!(f, "{} {}", self.class(), options.join(", "))
    }
}

impl Replication {
    /// Reads `{"class": "…SimpleStrategy", "replication_factor": "3"}`; class names short or full.
    pub fn parse(value: &Value) -> Result<Self, Unreadable> {
        let Value::Object(map) = value else { return Err(bad("a replication is no map")) };
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        map.iter().map(|(key, value)| (key.clone(), text(value))).collect::<BTreeMap<_, _>>().try_into()
    }

    /// Replicas that a datacenter of so many nodes has; `None`: the strategy does not say.
    /// Under `SimpleStrategy` this is right for the only datacenter, the one case that it is for.
    pub fn replicas_in(&self, dc: &str, nodes: u32) -> Option<u32> {
        match &self.strategy {
            Strategy::Simple(factor) => Some(factor.all.min(nodes)),
            Strategy::NetworkTopology(factors) => Some(factors.get(dc).map_or(0, |f| f.all).min(nodes)),
            Strategy::Local => Some(nodes.min(1)),
            Strategy::Everywhere => Some(nodes),
            Strategy::Other(_) => None,
        }
    }

    /// Whether every node of these datacenters (with their number of nodes) holds all the data.
    pub fn is_on_every_node(&self, centers: &BTreeMap<&str, u32>) -> bool {
        let whole = match &self.strategy {
            Strategy::Simple(factor) => factor.all >= centers.values().sum(),
            _ => centers.iter().all(|(center, nodes)| self.replicas_in(center, *nodes) == Some(*nodes)),
        };
        whole && !self.is_transient()
    }

    /// The factor as written for a datacenter, which may be more than it has nodes.
    pub fn factor_in(&self, dc: &str) -> Option<u32> {
        match &self.strategy {
            Strategy::Simple(factor) => Some(factor.all),
            Strategy::NetworkTopology(factors) => factors.get(dc).map(|f| f.all),
            Strategy::Local | Strategy::Everywhere | Strategy::Other(_) => None,
        }
    }

    /// Whether some replicas hold only part of the data.
    pub fn is_transient(&self) -> bool {
        match &self.strategy {
            Strategy::Simple(factor) => factor.transient > 0,
            Strategy::NetworkTopology(factors) => factors.values().any(|f| f.transient > 0),
            Strategy::Local | Strategy::Everywhere | Strategy::Other(_) => false,
        }
    }

    /// Whether the data is every node's own affair.
    pub fn is_local(&self) -> bool {
        self.strategy == Strategy::Local
    }

    /// The class without its package.
    pub fn class(&self) -> &str {
        match &self.strategy {
            Strategy::Simple(_) => "SimpleStrategy",
            Strategy::NetworkTopology(_) => "NetworkTopologyStrategy",
            Strategy::Local => "LocalStrategy",
            Strategy::Everywhere => "EverywhereStrategy",
            Strategy::Other(class) => class,
        }
    }
}

impl TryFrom<BTreeMap<String, String>> for Replication {
    type Error = Unreadable;

    fn try_from(mut options: BTreeMap<String, String>) -> Result<Self, Unreadable> {
        let class = options.remove("class").ok_or_else(|| bad("a replication has no class"))?;
        let factor = |key: &str, text: &str| {
            Factor::parse(text).ok_or_else(|| bad(format!("the replication factor {key:?} is {:?}", excerpt(text))))
        };
        let strategy = match short(&class) {
            "SimpleStrategy" => {
                let text = options.get("replication_factor").ok_or_else(|| bad("SimpleStrategy without a factor"))?;
                Strategy::Simple(factor("replication_factor", text)?)
            }
            "NetworkTopologyStrategy" => {
                let factors = options.iter().map(|(dc, text)| Ok((dc.clone(), factor(dc, text)?)));
                Strategy::NetworkTopology(factors.collect::<Result<_, Unreadable>>()?)
            }
            "LocalStrategy" => Strategy::Local,
            "EverywhereStrategy" => Strategy::Everywhere,
            _ => Strategy::Other(class),
        };
        Ok(Self { strategy, options })
    }
}

impl From<Replication> for BTreeMap<String, String> {
    fn from(replication: Replication) -> Self {
        let class = replication.class().to_owned();
        let mut map = replication.options;
        map.insert("class".to_owned(), class);
        map
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(value: impl Into<Value>) -> Replication {
        Replication::parse(&value.into()).unwrap()
    }

    #[test]
    fn every_strategy_is_read_by_its_short_or_full_name() {
        let simple = parse(json!({"class": "org.apache.cassandra.locator.SimpleStrategy", "replication_factor": "3"}));
        assert_eq!(
            (simple.replicas_in("dc1", 3), simple.replicas_in("dc1", 2), simple.factor_in("x")),
            (Some(3), Some(2), Some(3))
        );
        let nts = parse(json!({"class": "NetworkTopologyStrategy", "dc1": "3", "dc2": "2"}));
        assert_eq!(
            (nts.replicas_in("dc1", 3), nts.replicas_in("dc3", 3), nts.factor_in("dc2")),
            (Some(3), Some(0), Some(2))
        );
        assert!(parse(json!({"class": "org.apache.cassandra.locator.LocalStrategy"})).is_local());
        assert_eq!(parse(json!({"class": "com.v.EverywhereStrategy"})).replicas_in("d", 5), Some(5));
        assert_eq!(parse(json!({"class": "com.v.Odd"})).replicas_in("d", 5), None);
    }

    #[test]
    fn every_node_holds_all_only_with_as_many_whole_replicas_as_nodes() {
        let on_all =
            |value, centers: &[(&'static str, u32)]| parse(value).is_on_every_node(&centers.iter().copied().collect());
        let (one, two) = ([("dc1", 3)], [("dc1", 2), ("dc2", 1)]);
        let simple = |factor: &str| json!({"class": "SimpleStrategy", "replication_factor": factor});
        assert!(on_all(simple("3"), &one) && on_all(simple("3"), &two) && on_all(simple("4"), &one));
        assert!(!on_all(simple("2"), &one) && !on_all(simple("2"), &two), "two of three, wherever they are");
        let nts = |text: &str| json!({"class": "NetworkTopologyStrategy", "dc1": text});
        assert!(on_all(nts("3"), &one) && !on_all(nts("2"), &one) && !on_all(nts("3/1"), &one));
        assert!(!on_all(nts("3"), &two), "none in the other datacenter");
        assert!(on_all(json!({"class": "EverywhereStrategy"}), &two));
        assert!(!on_all(json!({"class": "com.example.Odd"}), &one), "nobody knows");
    }

    #[test]
    fn transient_replicas_are_flagged() {
        let nts = parse(json!({"class": "NetworkTopologyStrategy", "dc1": "3/1"}));
        assert!(nts.is_transient() && nts.factor_in("dc1") == Some(3));
        assert!(!parse(json!({"class": "NetworkTopologyStrategy", "dc1": "3"})).is_transient());
    }

    #[test]
    fn nonsense_is_refused() {
        for bad in [
            json!([]),
            json!({}),
            json!({"class": "SimpleStrategy"}),
            json!({"class": "NetworkTopologyStrategy", "dc1": "x"}),
            json!({"class": "SimpleStrategy", "replication_factor": "1/2"}),
        ] {
            assert!(Replication::parse(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn it_survives_a_manifest() {
        let nts = parse(json!({"class": "org.apache.cassandra.locator.NetworkTopologyStrategy", "dc1": "3"}));
        let text = serde_json::to_string(&nts).unwrap();
        assert_eq!(text, r#"{"class":"NetworkTopologyStrategy","dc1":"3"}"#);
        assert_eq!(serde_json::from_str::<Replication>(&text).unwrap(), nts);
    }
}
