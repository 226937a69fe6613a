//! `nodetool describecluster`: the cluster's name and who agrees on the schema.

use std::collections::BTreeMap;

use super::{Unreadable, excerpt};

/// What it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeCluster {
    /// `Name:`.
    pub name: String,
    /// Schema version → addresses that have it.
    pub schema_versions: BTreeMap<String, Vec<String>>,
    /// Addresses that gave no answer.
    pub unreachable: Vec<String>,
}

impl DescribeCluster {
    /// Whether all nodes answered with one and the same schema.
    pub fn agrees(&self) -> bool {
        self.agrees_but_for(|_| false)
    }

    /// The same, when those that are known to be gone need not answer.
    pub fn agrees_but_for(&self, gone: impl Fn(&str) -> bool) -> bool {
        let host = |address: &String| address.split_once('/').map_or(address.as_str(), |(_, host)| host).to_owned();
        self.schema_versions.len() == 1 && self.unreachable.iter().all(|address| gone(&host(address)))
    }
}

/// Reads the output.
pub fn parse(text: &str) -> Result<DescribeCluster, Unreadable> {
    let bad = |why: String| Unreadable::new("nodetool describecluster", why);
    let mut lines = text.lines().map(str::trim);
    let Some(name) = lines.by_ref().find_map(|line| line.strip_prefix("Name:")) else {
        let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("nothing was printed");
        return Err(bad(format!("no Name line: {}", excerpt(first))));
    };
    let mut cluster =
        DescribeCluster { name: name.trim().to_owned(), schema_versions: BTreeMap::new(), unreachable: Vec::new() };
    if !lines.by_ref().any(|line| line.starts_with("Schema versions:")) {
        return Err(bad("no Schema versions".to_owned()));
    }
    // An empty line follows every entry, so only another heading (4.0+) ends the block.
    for line in lines.filter(|line| !line.is_empty()).take_while(|line| !line.ends_with(':')) {
        let entry = line.strip_suffix(']').and_then(|line| line.split_once(": ["));
        let (version, hosts) = entry.ok_or_else(|| bad(format!("a schema line is {:?}", excerpt(line))))?;
        let hosts: Vec<String> = hosts.split(',').map(|h| h.trim().to_owned()).filter(|h| !h.is_empty()).collect();
        if version == "UNREACHABLE" {
            cluster.unreachable = hosts;
        } else {
            cluster.schema_versions.insert(version.to_owned(), hosts);
        }
    }
    Ok(cluster)
}

#[cfg(test)]
mod tests {
    use super::*;

    const V50: &str = "\
Cluster Information:
\tName: Lab Cluster
\tSnitch: org.apache.cassandra.locator.SimpleSnitch
\tDynamicEndPointSnitch: enabled
\tPartitioner: org.apache.cassandra.dht.Murmur3Partitioner
\tSchema versions:
\t\t59adb24e-f3cd-3e02-97f0-5b395827453f: [10.77.0.11, 10.77.0.12]

\t\tUNREACHABLE: [10.77.0.13]

Stats for all nodes:
\tLive: 2
";

    #[test]
    fn name_and_agreement_are_read() {
        let text = V50.replace("\n\n\t\tUNREACHABLE: [10.77.0.13]", "");
        let cluster = parse(&text).unwrap();
        assert_eq!(cluster.name, "Lab Cluster");
        assert!(cluster.agrees());
        assert_eq!(cluster.schema_versions["59adb24e-f3cd-3e02-97f0-5b395827453f"], ["10.77.0.11", "10.77.0.12"]);
    }

    #[test]
    fn unreachable_nodes_and_two_versions_are_no_agreement() {
        let cluster = parse(V50).unwrap();
        assert_eq!((cluster.unreachable.len(), cluster.agrees()), (1, false));
        assert!(cluster.agrees_but_for(|address| address == "10.77.0.13"));
        let two = "Cluster Information:\n\tName: L: x\n\tSchema versions:\n\t\ta: [1.1.1.1]\n\n\t\tb: [2.2.2.2]\n\n";
        let cluster = parse(two).unwrap();
        assert_eq!((cluster.name.as_str(), cluster.schema_versions.len(), cluster.agrees()), ("L: x", 2, false));
    }

    #[test]
    fn an_error_instead_is_reported() {
        assert!(parse("error: null\n-- StackTrace --\n").unwrap_err().to_string().contains("error: null"));
        assert!(parse("Cluster Information:\n\tName: x\n").is_err());
    }
}
