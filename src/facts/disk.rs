//! What lies below a node's directories beside live data: [`Disk`]. From `disk.sh`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::parse::Fields;

/// What lies below a node's directories beside live data.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Disk {
    /// The user that Cassandra writes as.
    pub writer: String,
    /// Directories of Cassandra, of keyspaces and of tables that this user cannot write to.
    pub unwritable: Vec<String>,
    /// Why that could not be told.
    pub unjudged: Option<String>,
    /// Directories in the place of a table's that carry no table id: `keyspace/name` and where.
    pub stray: Vec<(String, String)>,
    /// Keyspaces and tables that are links to elsewhere, or mounts: `keyspace` or `keyspace/table-id`, and where.
    #[serde(default)]
    pub detours: Vec<(String, String)>,
    /// Logs of transactions that nobody ended for a day.
    pub txn_logs: u64,
    /// Snapshots and incremental backups: `keyspace/table-id` and their bytes (some shared with live data).
    pub foreign: Vec<(String, u64)>,
    /// How many files still fit, by directory's label; not here when the filesystem has no such limit.
    pub inodes: BTreeMap<String, u64>,
}

impl Disk {
    /// From what the script printed.
    pub fn read(fields: &Fields) -> Self {
        let pairs = |key| fields.all(key).filter_map(|line| line.split_once('\t'));
        let owned = |key| pairs(key).map(|(name, path)| (name.to_owned(), path.to_owned())).collect();
        let inodes = |(label, line): (&str, &str)| {
            let (total, free) = line.split_once('\t')?;
            (total != "0").then_some((label.to_owned(), free.trim().parse().ok()?))
        };
        Self {
            writer: fields.get("writer").unwrap_or_default().to_owned(),
            unwritable: fields.all("unwritable").map(str::to_owned).collect(),
            unjudged: fields.get("unjudged").map(str::to_owned),
            stray: owned("stray"),
            detours: owned("detour"),
            txn_logs: fields.all("txn_logs").filter_map(|n| n.trim().parse::<u64>().ok()).sum(),
            foreign: pairs("foreign")
                .filter_map(|(dir, kib)| Some((dir.to_owned(), kib.parse::<u64>().ok()? << 10)))
                .collect(),
            inodes: pairs("inodes").filter_map(inodes).collect(),
        }
    }

    /// Snapshots and incremental backups in directories of that keyspace: how many tables have some, and bytes.
    pub fn foreign_of(&self, keyspace: &str) -> (usize, u64) {
        let of = |dir: &str| dir.split_once('/').is_some_and(|(name, _)| name == keyspace);
        let sizes: Vec<u64> = self.foreign.iter().filter(|(dir, _)| of(dir)).map(|(_, bytes)| *bytes).collect();
        (sizes.len(), sizes.iter().sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_script_prints_is_read() {
        let text = "writer=cassandra\ninodes=data-0\t6553600\t6000000\ninodes=hints\t0\t0\nunwritable=/d/ks/t-1\n\
                    stray=ks/t\t/d/ks/t\ndetour=ks2\t/d/ks2\ntxn_logs=1\ntxn_logs=2\nforeign=ks/t-1\t12\nforeign=ks2/t-1\t1\n";
        let found = Disk::read(&Fields::parse(text));
        assert_eq!(found.inodes, BTreeMap::from([("data-0".to_owned(), 6_000_000)]));
        assert_eq!((found.txn_logs, found.foreign_of("ks"), found.foreign_of("k")), (3, (1, 12 << 10), (0, 0)));
        assert_eq!(found.stray, [("ks/t".to_owned(), "/d/ks/t".to_owned())]);
        assert_eq!(found.detours, [("ks2".to_owned(), "/d/ks2".to_owned())]);
        assert_eq!((found.unwritable.len(), found.unjudged), (1, None));
    }
}
