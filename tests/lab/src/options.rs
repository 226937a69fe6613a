//! What a lab is made of.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::{Error, Result, version};

/// The first process of every host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Init {
    /// A shell script with sshd; Cassandra is started by `/etc/init.d/cassandra`.
    #[default]
    Sh,
    /// systemd, with logind; Cassandra is a unit with `Restart=always`.
    Systemd,
}

/// What a node's data directories are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Data {
    /// Directories.
    #[default]
    Plain,
    /// Symbolic links to directories elsewhere.
    Symlink,
    /// Mounts of their own.
    Mount,
    /// Mounts on the first node, links on the second, and so on in turn.
    Mixed,
}

/// Where a host's files are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Disk {
    /// In its folder on the machine; backups in memory, gone when the host ends.
    #[default]
    Folder,
    /// In file systems of their own, whose power can be cut.
    Image,
}

/// What a lab is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// The lab's name: 1-8 of a-z and 0-9. Labs of different names run side by side.
    pub name: String,
    /// Cassandra's version: one of 2.2.19, 3.11.19, 4.0.19, 4.1.10, 5.0.8.
    pub version: String,
    /// Cassandra nodes, `cass1` …; 1-9.
    pub nodes: usize,
    /// Data directories of each node: 1 or 2.
    pub data_dirs: usize,
    /// Data centres: 1, or 2 with half of the nodes each.
    pub dcs: usize,
    /// What the data directories are.
    #[serde(default)]
    pub data: Data,
    /// The first process of every host.
    #[serde(default)]
    pub init: Init,
    /// Where the hosts' files are.
    #[serde(default)]
    pub disk: Disk,
    /// Gateway hosts, `gw1` …; 0-9.
    pub gateways: usize,
    /// Whether the gateways' instances are started once the cluster is up.
    pub start_gateways: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            name: "lab".into(),
            version: "5.0.8".into(),
            nodes: 3,
            data_dirs: 1,
            data: Data::Plain,
            init: Init::Sh,
            disk: Disk::Folder,
            dcs: 1,
            gateways: 1,
            start_gateways: true,
        }
    }
}

impl Options {
    /// Refuses what cannot be built.
    pub(crate) fn check(&self) -> Result<()> {
        check_name(&self.name)?;
        version::find(&self.version)?;
        let range = |what: &str, value: usize, least: usize, most: usize| {
            if (least..=most).contains(&value) {
                return Ok(());
            }
            Err(Error::Options(format!("{what}: {value} is not in {least}-{most}")))
        };
        range("nodes", self.nodes, 1, 9)?;
        range("data directories", self.data_dirs, 1, 2)?;
        range("data centres", self.dcs, 1, 2.min(self.nodes))?;
        range("gateways", self.gateways, 0, 9)
    }

    /// The data centre of node number `index` (from 0): the first half is in dc1.
    pub(crate) fn dc(&self, index: usize) -> usize {
        if self.dcs == 2 && index >= self.nodes.div_ceil(2) { 2 } else { 1 }
    }

    /// The data centres with the number of their nodes.
    pub fn replication(&self) -> Vec<(String, usize)> {
        (1..=self.dcs)
            .map(|dc| (format!("dc{dc}"), (0..self.nodes).filter(|&node| self.dc(node) == dc).count()))
            .collect()
    }

    /// In a few words.
    pub fn summary(&self) -> String {
        let mut text = format!(
            "Cassandra {}, {} nodes, {} data dir(s), {} DC(s), {} gateway(s)",
            self.version, self.nodes, self.data_dirs, self.dcs, self.gateways
        );
        for (unusual, words) in [
            (self.init == Init::Systemd, ", systemd"),
            (self.data == Data::Symlink, ", data behind symbolic links"),
            (self.data == Data::Mount, ", data on mounts of their own"),
            (self.data == Data::Mixed, ", data on mounts and behind symbolic links"),
            (self.disk == Disk::Image, ", disks in images"),
        ] {
            if unusual {
                text.push_str(words);
            }
        }
        text
    }
}

/// Names of network namespaces and folders are made of it.
pub(crate) fn check_name(name: &str) -> Result<()> {
    let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    if (1..=8).contains(&name.len()) && name.bytes().all(good) {
        return Ok(());
    }
    Err(Error::Options(format!("the name {name:?} is not 1-8 of a-z and 0-9")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_built_is_refused() {
        assert!(Options::default().check().is_ok());
        for broken in [
            Options { name: "Lab-1".into(), ..Options::default() },
            Options { version: "3.0".into(), ..Options::default() },
            Options { nodes: 0, ..Options::default() },
            Options { nodes: 1, dcs: 2, ..Options::default() },
            Options { data_dirs: 3, ..Options::default() },
        ] {
            assert!(broken.check().is_err(), "{broken:?}");
        }
    }

    #[test]
    fn the_first_half_is_in_dc1() {
        let options = Options { dcs: 2, nodes: 5, ..Options::default() };
        assert_eq!((0..5).map(|node| options.dc(node)).collect::<Vec<_>>(), [1, 1, 1, 2, 2]);
        assert_eq!(options.replication(), [("dc1".to_owned(), 3), ("dc2".to_owned(), 2)]);
    }
}
