//! A file of the backup on its way to the stage, and the carrying of such files between hosts.

use serde::{Deserialize, Serialize};

use super::Ask;
use crate::cassandra::sstable::Component;

/// A file of the backup and where it goes below the keyspace's stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StagedFile {
    /// From the manifest.
    pub sha256: String,
    /// From the manifest, in bytes.
    pub size: u64,
    /// `<table>/<path>` below the keyspace's backup.
    pub from: String,
    /// `<table>-<id>/<path>` below the keyspace's stage.
    pub to: String,
}

impl StagedFile {
    /// What all components of its sstable have in common of `to`: they stay together on one disk. (An index in a
    /// directory of its own has sstables of its own.)
    pub fn sstable(&self) -> &str {
        let name = self.to.rsplit('/').next().unwrap_or_default();
        let component = Component::parse(name).map_or(0, |component| component.component.len());
        &self.to[..self.to.len() - component]
    }

    /// As `backup_shelf.sh` reads it.
    pub fn line(&self) -> String {
        format!("{}\t{}\t{}\t{}\t{}", self.sha256, self.size, self.from, self.to, self.sstable())
    }
}

/// Files to be carried from one host to others, through the coordinator. Both scripts run attached, with data on
/// their streams: `from` reads the lines of files and prints the files; `to` reads its wish, `list` (it gets the lines of
/// all files, and prints the numbers of those that it lacks) or `take` (it gets what `from` prints).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relay {
    /// The files, in the order in which they travel.
    pub files: Vec<StagedFile>,
    /// Where they are.
    pub from: Ask,
    /// Where they go.
    pub to: Vec<Ask>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_components_of_an_sstable_have_one_prefix_that_no_other_sstable_has() {
        let of = |to: &str| {
            let file = StagedFile { sha256: String::new(), size: 1, from: String::new(), to: to.to_owned() };
            file.sstable().to_owned()
        };
        assert_eq!(of("t-1/nb-1-big-Data.db"), "t-1/nb-1-big-");
        assert_eq!(of("t-1/nb-10-big-SAI+aa+idx-x+Meta.db"), "t-1/nb-10-big-");
        assert_eq!(of("t-1/.idx/la-1-big-TOC.txt"), "t-1/.idx/la-1-big-");
        assert_eq!(of("t-1/da-3gks_1b2c_0abcdefghijklmnopq-bti-Data.db"), "t-1/da-3gks_1b2c_0abcdefghijklmnopq-bti-");
        assert_eq!(of("t-1/ks-t-ka-1-Data.db"), "t-1/ks-t-ka-1-");
        assert_eq!(of("t-1/other"), "t-1/other", "on its own");
    }
}
