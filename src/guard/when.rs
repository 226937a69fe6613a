//! Which commands a guard is for.

use crate::plan::Request;

/// Which commands a guard is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// All that go by the cluster as it is now, not as an earlier run found it.
    Present,
    /// Those that start from a cluster that serves: backup, import and restore.
    Live,
    /// Where data is replaced by a backup's.
    Restore,
    /// Where every node is filled from the same backup.
    FanOut,
    /// Where a backup comes to be from a cluster's tables.
    Makes,
    /// Where something gets a tag: a backup is made, or fetched.
    Tags,
    /// Where something is copied on the backup's host.
    Copies,
    /// Where a backup is made.
    Backup,
    /// Where what others copied becomes a backup.
    Import,
    /// Where a backup goes elsewhere, and nothing else is done.
    Archive,
    /// Where a backup comes back from elsewhere.
    Fetch,
    /// Where backups are deleted.
    Prune,
    /// Those about an earlier run, whose facts they have: rollback and discard.
    Past,
    /// The way back.
    Rollback,
    /// Where what was set aside is deleted.
    Discard,
    /// Those about configuration: they must work when Cassandra cannot even be asked.
    Config,
    /// Where configuration is backed up.
    ConfigBackup,
    /// Where configuration is put back.
    ConfigRestore,
}

impl When {
    /// Whether it is judged for that playbook.
    pub fn covers(self, playbook: &str) -> bool {
        match self {
            Self::Present => !Self::Past.covers(playbook) && !Self::Config.covers(playbook),
            Self::Live => Self::Present.covers(playbook) && !matches!(playbook, "archive" | "fetch" | "prune"),
            Self::Restore => Self::Live.covers(playbook) && !Self::Makes.covers(playbook),
            Self::FanOut => playbook == Request::FAN_OUT,
            Self::Makes => Self::Backup.covers(playbook) || Self::Import.covers(playbook),
            Self::Tags => Self::Makes.covers(playbook) || Self::Fetch.covers(playbook),
            Self::Copies => Self::Live.covers(playbook) || Self::Fetch.covers(playbook),
            Self::Backup => playbook == "backup",
            Self::Archive => playbook == "archive",
            Self::Fetch => playbook == "fetch",
            Self::Import => playbook == "import",
            Self::Prune => playbook == "prune",
            Self::Past => Self::Rollback.covers(playbook) || Self::Discard.covers(playbook),
            Self::Rollback => playbook == "rollback",
            Self::Discard => playbook == "discard",
            Self::Config => Self::ConfigBackup.covers(playbook) || Self::ConfigRestore.covers(playbook),
            Self::ConfigBackup => playbook == "config-backup",
            Self::ConfigRestore => playbook == "config-restore",
        }
    }
}
