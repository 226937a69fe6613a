//! The contents of a node's `conf/`.

use crate::{options::Options, version::Version};

/// The home of Cassandra on every node.
pub(crate) const HOME: &str = "/opt/cassandra";

const YAML: &str = include_str!("conf/cassandra.yaml");
const HINTS: &str = "hints_directory: /opt/cassandra/data/hints
cdc_raw_directory: /opt/cassandra/data/cdc_raw
";

/// The files of `conf/` but the two below: the same on every node.
pub(crate) const FILES: [(&str, &str); 5] = [
    ("logback.xml", include_str!("conf/logback.xml")),
    ("logback-tools.xml", include_str!("conf/logback-tools.xml")),
    ("commitlog_archiving.properties", include_str!("conf/commitlog_archiving.properties")),
    ("lab-jvm.options", include_str!("conf/lab-jvm.options")),
    ("lab-opens.options", include_str!("conf/lab-opens.options")),
];

/// `cassandra.yaml` of the node with this address.
pub(crate) fn yaml(options: &Options, version: &Version, seeds: &[&str], address: &str) -> String {
    let data_dirs: Vec<String> = data_roots(options).map(|root| format!("    - {HOME}/{root}/data")).collect();
    YAML.replace("@DATA_DIRS@", &data_dirs.join("\n"))
        .replace("@HINTS@\n", if version.hints_directory { HINTS } else { "" })
        .replace("@SEEDS@", &seeds.join(","))
        .replace("@ADDRESS@", address)
        .replace("@VERSION@\n", version.yaml)
}

/// `cassandra-rackdc.properties` of a node.
pub(crate) fn rackdc(dc: usize) -> String {
    format!("dc=dc{dc}\nrack=rack1\n")
}

/// The folders below the home that hold data: `data`, and `data2` when there are two.
pub(crate) fn data_roots(options: &Options) -> impl Iterator<Item = &'static str> {
    ["data", "data2"].into_iter().take(options.data_dirs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::version;

    #[test]
    fn every_version_has_a_complete_yaml() {
        for (name, hints) in [("2.2.19", false), ("3.11.19", true), ("5.0.8", true)] {
            let options = Options { data_dirs: 2, ..Options::default() };
            let yaml = yaml(&options, version::find(name).unwrap(), &["10.77.0.11"], "10.77.0.12");
            assert!(!yaml.contains('@'), "{yaml}");
            assert_eq!(yaml.contains("hints_directory"), hints);
            assert!(yaml.contains("    - /opt/cassandra/data/data\n    - /opt/cassandra/data2/data\n"));
            assert!(yaml.contains("seeds: \"10.77.0.11\"\nlisten_address: 10.77.0.12\n"));
        }
    }
}
