//! The Cassandra versions the lab can boot, and how they differ.

use crate::{Error, Result};

/// One version.
#[derive(Debug)]
pub(crate) struct Version {
    pub(crate) name: &'static str,
    /// Maven artifacts, `group:artifact:version`.
    pub(crate) artifacts: &'static [&'static str],
    /// Lines of cassandra.yaml that not every version knows.
    pub(crate) yaml: &'static str,
    /// Whether `hints_directory` and `cdc_raw_directory` are known.
    pub(crate) hints_directory: bool,
    /// Whether the schema is in the keyspace `system_schema`.
    pub(crate) schema_tables: bool,
}

const YAML_4_1: &str = "materialized_views_enabled: true
sasi_indexes_enabled: true
auth_read_consistency_level: LOCAL_ONE
";

const VERSIONS: [Version; 5] = [
    Version {
        name: "5.0.8",
        artifacts: &["org.apache.cassandra:cassandra-all:5.0.8"],
        yaml: YAML_4_1,
        hints_directory: true,
        schema_tables: true,
    },
    Version {
        name: "4.1.10",
        artifacts: &["org.apache.cassandra:cassandra-all:4.1.10"],
        yaml: YAML_4_1,
        hints_directory: true,
        schema_tables: true,
    },
    Version {
        name: "4.0.19",
        artifacts: &["org.apache.cassandra:cassandra-all:4.0.19"],
        yaml: "enable_materialized_views: true\nenable_sasi_indexes: true\n",
        hints_directory: true,
        schema_tables: true,
    },
    Version {
        name: "3.11.19",
        artifacts: &["org.apache.cassandra:cassandra-all:3.11.19", "org.apache.cassandra:cassandra-thrift:3.11.19"],
        yaml: "start_rpc: false\nenable_materialized_views: true\n",
        hints_directory: true,
        schema_tables: true,
    },
    Version {
        name: "2.2.19",
        artifacts: &[
            "org.apache.cassandra:cassandra-all:2.2.19",
            "org.apache.cassandra:cassandra-thrift:2.2.19",
            "io.airlift:airline:0.6",
        ],
        yaml: "start_rpc: false\n",
        hints_directory: false,
        schema_tables: false,
    },
];

/// The versions that the lab can boot, the newest first.
pub fn versions() -> impl Iterator<Item = &'static str> {
    VERSIONS.iter().map(|version| version.name)
}

/// The version of this name.
pub(crate) fn find(name: &str) -> Result<&'static Version> {
    VERSIONS.iter().find(|version| version.name == name).ok_or_else(|| {
        let known = VERSIONS.iter().map(|version| version.name).collect::<Vec<_>>().join(", ");
        Error::Options(format!("the version {name:?} is none of {known}"))
    })
}
