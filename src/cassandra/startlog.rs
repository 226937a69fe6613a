//! What the log says about a start: a node that could not load its sstables still comes up, is UN
//! for everyone, and tells only its log. The excerpt must begin at the start.

use super::excerpt;

/// What a line means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Data was not loaded, the node runs nevertheless.
    NotLoaded,
    /// The process ended, or will.
    Refused,
}

/// One offending line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it means.
    pub kind: Kind,
    /// The line.
    pub line: String,
}

/// Texts that tell of data that was not loaded.
pub const NOT_LOADED: &[&str] = &[
    "[SSTableBatchOpen",
    "Removing orphans for",
    "Corrupt",
    "FSReadError",
    "UnknownColumnException",
    "Cannot open ",
    "Unable to verify sstable files on disk",
];

const REFUSED: &[&str] = &[
    "encountered during startup",
    "Fatal configuration error",
    "Detected unreadable sstables",
    "Insufficient permissions on directory",
    "Unable to gossip with any peers",
    "UUID sstable identifiers are disabled",
    "Invalid yaml",
];

/// The offending lines, in order.
pub fn findings(log: &str) -> Vec<Finding> {
    log.lines().filter(|line| !is_chatter(line)).filter_map(finding).collect()
}

fn finding(line: &str) -> Option<Finding> {
    let has = |texts: &[&str]| texts.iter().any(|text| line.contains(text));
    let kind = if has(REFUSED) {
        Kind::Refused
    } else if has(NOT_LOADED) {
        Kind::NotLoaded
    } else {
        return None;
    };
    Some(Finding { kind, line: excerpt(line) })
}

/// Lines below WARN: `INFO [SSTableBatchOpen:1] … Opening …` is a good sign, and a table may be
/// named Corrupt. Lines without a level belong to a stack trace or the console and count.
pub(super) fn is_chatter(line: &str) -> bool {
    ["INFO", "DEBUG", "TRACE"]
        .iter()
        .any(|level| line.strip_prefix(level).is_some_and(|rest| rest.starts_with([' ', '['])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clean_start_has_no_findings() {
        let log = "\
INFO  [SSTableBatchOpen:1] 2024-07-01 10:00:00,001 SSTableReader.java:467 - Opening /data/ks/Corrupt-0/nb-1-big (1.2KiB)
DEBUG [SSTableBatchOpen:1] 2024-07-01 10:00:00,001 SSTableReader.java:467 - INDEX LOAD TIME
INFO  [main] 2024-07-01 10:00:03,001 PipelineConfigurator.java:125 - Starting listening for CQL clients on /10.0.0.1:9042 (unencrypted)...
INFO  [main] 2024-07-01 10:00:03,010 CassandraDaemon.java:780 - Startup complete
";
        assert_eq!(findings(log), []);
    }

    #[test]
    fn what_was_not_loaded_is_found() {
        let log = "\
ERROR [SSTableBatchOpen:2] 2024-07-01 10:00:00,001 CassandraDaemon.java:579 - Exception in thread Thread[SSTableBatchOpen:2,5,main]
org.apache.cassandra.db.UnknownColumnException: Unknown column owner during deserialization
WARN  [main] 2024-07-01 10:00:00,001 Directories.java:1 - Removing orphans for /data/ks/t-1/na-1-big: [Digest.crc32]
org.apache.cassandra.io.sstable.CorruptSSTableException: Corrupted: /data/ks/t-1/na-1-big-Data.db
\tat org.apache.cassandra.io.FSReadError.x(Y.java:1)
";
        let found = findings(log);
        assert_eq!(found.len(), 5);
        assert!(found.iter().all(|f| f.kind == Kind::NotLoaded));
    }

    #[test]
    fn a_refused_start_is_told_from_lost_data() {
        for line in [
            "ERROR [main] 2024-07-01 10:00:00,001 CassandraDaemon.java:900 - Exception encountered during startup",
            "Exception (org.apache.cassandra.exceptions.ConfigurationException) encountered during startup: Invalid yaml.",
            "ERROR [main] 2024-07-01 CassandraDaemon.java:1 - Fatal configuration error",
            "ERROR [main] x - Detected unreadable sstables /data/RESTORE-IN-PROGRESS.db, please check NEWS.txt and ensure",
            "Unable to gossip with any peers",
        ] {
            let found = findings(line);
            assert_eq!(found.iter().map(|f| f.kind).collect::<Vec<_>>(), [Kind::Refused], "{line}");
        }
    }
}
