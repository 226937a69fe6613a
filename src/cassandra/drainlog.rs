//! What the log says about a drain: since 3.11 a failing drain exits 0 and only logs it.
//!
//! The excerpt must begin at the start of the drain; lines of before are of no concern.

use super::excerpt;
use super::startlog::is_chatter;

/// Texts that mean: not everything is on disk.
const FAILURES: &[&str] = &[
    "Caught an exception while draining",
    "Caught exception while waiting for memtable flushes during shutdown hook",
    "FSWriteError",
    "No space left on device",
    "Exception in thread Thread[MemtableFlushWriter",
    "Exception in thread Thread[PerDiskMemtableFlushWriter",
    "Exception in thread Thread[MemtablePostFlush",
];

/// The offending lines; empty: none, which is half of the proof (the other is `Mode: DRAINED`).
pub fn failures(log: &str) -> Vec<String> {
    let offends = |line: &&str| !is_chatter(line) && FAILURES.iter().any(|text| line.contains(text));
    log.lines().filter(offends).map(excerpt).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clean_drain_leaves_no_line() {
        let log = "\
INFO  [RMI TCP Connection(4)-127.0.0.1] 2024-07-01 10:00:00,001 StorageService.java:4943 - DRAINING: starting drain process
INFO  [RMI TCP Connection(4)-127.0.0.1] 2024-07-01 10:00:04,001 StorageService.java:4943 - DRAINED
";
        assert!(failures(log).is_empty());
    }

    #[test]
    fn every_text_of_failure_is_reported_with_its_line() {
        let log = "\
ERROR [RMI TCP Connection(4)-127.0.0.1] 2024-07-01 10:00:00,001 StorageService.java:5029 - Caught an exception while draining
ERROR [RMI TCP Connection(4)-127.0.0.1] 2024-07-01 10:00:00,001 StorageService.java:5029 - Caught exception while waiting for memtable flushes during shutdown hook
ERROR [MemtableFlushWriter:2] 2024-07-01 10:00:00,002 CassandraDaemon.java:244 - Exception in thread Thread[MemtableFlushWriter:2,5,main]
Caused by: java.nio.file.FileSystemException: /data: No space left on device
INFO  [x] 2024-07-01 10:00:00,003 Odd.java:1 - a table named FSWriteError
";
        assert_eq!(failures(log).len(), 4);
        assert!(failures(log)[0].ends_with("Caught an exception while draining"));
    }
}
