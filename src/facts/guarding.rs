//! What keeps a node from starting while its data is not whole: which guards take effect there.
//!
//! | guard | where | holds against |
//! |---|---|---|
//! | file | `RESEED-RUN-IN-PROGRESS.db` in each data directory | any start, when at least one data directory is a real one: Cassandra's start-up walk does not follow symbolic links, and refuses as soon as one directory has it |
//! | conf | a key in cassandra.yaml that Cassandra refuses | any start; only where the file is not seen, because a configuration is others' business |
//! | unit | a drop-in whose condition fails | systemd, which else restarts without end, trips the start limit, and then refuses the real start |

use super::NodeFacts;
use crate::cassandra::version::Version;

/// The guards that take effect on a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guarding<'a> {
    /// The guard file is seen.
    pub file: bool,
    /// The `cassandra.yaml` that gets the key.
    pub conf: Option<&'a str>,
    /// The unit that gets the drop-in.
    pub unit: Option<&'a str>,
}

impl Guarding<'_> {
    /// Whether nothing starts Cassandra, whoever asks.
    pub fn complete(&self) -> bool {
        self.file || self.conf.is_some()
    }
}

impl NodeFacts {
    /// The guards that take effect here.
    pub fn guarding(&self) -> Guarding<'_> {
        let file = self.data().any(|dir| !dir.symlink);
        let conf = !file && self.conf_fixed().is_none();
        let unit = if self.uid == Some(0) { self.unit.as_deref() } else { None };
        Guarding { file, conf: conf.then_some(self.conf_file.as_str()), unit }
    }

    /// Why cassandra.yaml cannot be made to refuse a start.
    pub fn conf_fixed(&self) -> Option<String> {
        if nodetool_reads_conf(&self.version) {
            // seen on 2.2.19: `error: Invalid yaml`, so the node could not be drained any more
            return Some(format!("the nodetool of Cassandra {} reads it too", self.version));
        }
        if self.conf_file.is_empty() {
            return Some("it was not found".to_owned());
        }
        self.conf_fixed.clone()
    }
}

/// Before 3.10 whatever names `DatabaseDescriptor` loads cassandra.yaml, and fails at a key that it
/// does not know; since then only the daemon does (seen on 3.11, 4.0, 4.1, 5.0).
fn nodetool_reads_conf(version: &Version) -> bool {
    version.line() < (3, 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_nodetool_would_stumble_over_the_key() {
        let old = |text| nodetool_reads_conf(&Version::parse(text).unwrap());
        assert_eq!(["2.2.19", "3.0.30", "3.11.19", "4.0.19", "5.0.8"].map(old), [true, true, false, false, false]);
    }
}
