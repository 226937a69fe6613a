//! Made-up facts for tests.

use std::collections::BTreeMap;

use super::{Dir, Disk, NodeFacts, Restart, Writes};
use crate::cassandra::conf::Conf;

/// A plain node: one real data directory, root, no systemd.
pub(crate) fn node() -> NodeFacts {
    let dir = Dir {
        label: "data-0".to_owned(),
        path: "/var/lib/cassandra/data".to_owned(),
        place: "/var/lib/cassandra/.reseed".to_owned(),
        symlink: false,
        rename: Ok(()),
        fs: "1".to_owned(),
        free: 1 << 30,
    };
    NodeFacts {
        version: "5.0.8".parse().expect("a version"),
        host_id: "4f065e01-c613-422a-81f0-27f6b127bab0".to_owned(),
        datacenter: "dc1".to_owned(),
        conf: Conf::from_yaml("cluster_name: Lab\n", "/opt/cassandra").expect("a cassandra.yaml"),
        dirs: vec![dir],
        run_as: "cassandra".to_owned(),
        log: "/var/log/cassandra/system.log".to_owned(),
        processes: 1,
        log_readable: true,
        log_foreign: None,
        native_active: true,
        ring: vec![],
        keyspace_bytes: BTreeMap::new(),
        commitlog_restore: false,
        hint_files: 0,
        no_cqlsh: None,
        missing_tools: vec![],
        backup_fs: ("2".to_owned(), 1 << 30),
        backup_sum: None,
        backup_unwritable: None,
        conf_file: "/etc/cassandra/cassandra.yaml".to_owned(),
        conf_fixed: None,
        unit: None,
        uid: Some(0),
        down: None,
        addresses: vec![],
        restart: Restart::default(),
        disk: Disk::default(),
        clock: None,
        schedulers: vec![],
        writes: Writes::default(),
    }
}
