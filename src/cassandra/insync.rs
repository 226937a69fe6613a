//! Whether replicas hold the same, judged by what a comparison printed.
//!
//! Two ways to compare: `repair --full --preview` (4.0+) compares and changes nothing; before that
//! only a repair compares, and tells only its node's log what it found. That log is summed up where
//! it is (`keyspace_repair.act.sh`), in lines that begin with `reseed: `.
//!
//! Rule: the words of success must be there, every table of every session must have been compared,
//! and nothing may have differed. Exit code 0 alone proves nothing.

use super::excerpt;
use super::repair::{self, Verdict};

/// What a comparison came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compared {
    /// All the same; how much was compared.
    Same(String),
    /// They differ: in which tables, and in how many ranges each.
    Differ(String),
    /// There is nothing to compare, for instance with one replica; the line.
    Nothing(String),
    /// It was not shown; why.
    Unproven(String),
}

/// Judges `nodetool repair --full --preview`.
pub fn preview(output: &str, rc: i32) -> Compared {
    let same = "previewed by Merkle trees".to_owned();
    match repair::judge_by(output, rc, "Repair preview completed successfully") {
        Verdict::Nothing(line) => return Compared::Nothing(line),
        Verdict::Repaired => {}
        Verdict::Failed(why) | Verdict::Lost(why) | Verdict::Unproven(why) => return Compared::Unproven(why),
    }
    if output.contains("Total estimated streaming:") {
        // all versions say it several times
        let mut tables: Vec<String> = vec![];
        for table in output.lines().filter_map(differing) {
            if !tables.contains(&table) {
                tables.push(table);
            }
        }
        return Compared::Differ(if tables.is_empty() { "tables are not named".to_owned() } else { tables.join(", ") });
    }
    if output.contains("Previewed data was in sync") {
        Compared::Same(same)
    } else {
        Compared::Unproven("the output holds no `Previewed data was in sync`".to_owned())
    }
}

/// `shop.hits - 1 ranges, 18 sstables, 10.857KiB bytes`, unless it is 0 ranges.
fn differing(line: &str) -> Option<String> {
    let (table, rest) = line.split_once(" - ")?;
    let ranges: u64 = rest.split_once(" ranges, ")?.0.parse().ok()?;
    let named = table.contains('.') && !table.contains(' ');
    (named && ranges > 0).then(|| excerpt(&format!("{table} ({ranges} ranges)")))
}

/// Judges a repair with the sum of its log: `reseed: compared SESSIONS WANTED DONE`, and one
/// `reseed: differ TABLE RANGES` for each table that differed.
pub fn repaired(output: &str, rc: i32) -> Compared {
    match repair::judge(output, rc) {
        Verdict::Nothing(line) => return Compared::Nothing(line),
        Verdict::Repaired => {}
        Verdict::Failed(why) | Verdict::Lost(why) | Verdict::Unproven(why) => return Compared::Unproven(why),
    }
    let differ: Vec<String> =
        output.lines().filter_map(|line| line.strip_prefix("reseed: differ ")).map(excerpt).collect();
    if !differ.is_empty() {
        let each = differ.iter().map(|line| line.replacen(' ', " (", 1) + " ranges)");
        return Compared::Differ(each.collect::<Vec<_>>().join(", "));
    }
    let sum = output.lines().find_map(|line| line.strip_prefix("reseed: compared "));
    let numbers: Vec<u64> = sum.unwrap_or_default().split(' ').filter_map(|word| word.parse().ok()).collect();
    let told = output.lines().filter(|line| line.contains("] Repair session ")).count() as u64;
    match numbers[..] {
        [sessions, wanted, done] if sessions > 0 && sessions >= told && wanted == done => {
            Compared::Same(format!("{sessions} sessions, none out of sync"))
        }
        [sessions, wanted, done] => Compared::Unproven(format!(
            "its log tells of {sessions} sessions (the repair of {told}), and of {done} comparisons instead of {wanted}"
        )),
        _ => Compared::Unproven("its log was not summed up".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 4.0.19; ids and lists of ranges are cut short here and below.
    const SAME_4_0: &str = "\
[2026-11-23 03:05:23,138] Starting repair command #1 (b9317d00), repairing keyspace shop with repair options (parallelism: parallel, primary range: false, incremental: false, job threads: 1, ColumnFamilies: [], dataCenters: [], hosts: [], previewKind: ALL, # of ranges: 12, pull repair: false, force repair: false, optimise streams: false, ignore unreplicated keyspaces: false)
[2026-11-23 03:05:24,414] Repair session b93e4e40 for range [(8079719364058676238,-8288920607115691570]] finished (progress: 57%)
[2026-11-23 03:05:24,423] Previewed data was in sync
[2026-11-23 03:05:24,423] Repair preview completed successfully
[2026-11-23 03:05:24,423] Repair command #1 finished in 1 second
[2026-11-23 03:05:24,503] condition satisfied queried for parent session status and discovered repair completed.
[2026-11-23 03:05:24,536] Repair preview completed successfully
";
    /// 4.1.10, and 5.0.8 word for word.
    const SAME_5_0: &str = "\
[2026-11-23 02:55:53,288] Starting repair command #2 (6591abd0), repairing keyspace small with repair options (parallelism: parallel, primary range: false, incremental: false, job threads: 1, ColumnFamilies: [], dataCenters: [], hosts: [], previewKind: ALL, # of ranges: 12, pull repair: false, force repair: false, optimise streams: false, ignore unreplicated keyspaces: false, repairPaxos: false, paxosOnly: false)
[2026-11-23 02:55:53,592] Repair session 65aef7d0 for range [(-8357576913073699740,-7193909404481519974]] finished (progress: 57%)
[2026-11-23 02:55:53,593] Previewed data was in sync
[2026-11-23 02:55:53,593] Repair preview completed successfully; Previewed data was in sync
[2026-11-23 02:55:53,593] Repair command #2 finished in 0 seconds
[2026-11-23 02:55:53,603] condition satisfied queried for parent session status and discovered repair completed.
[2026-11-23 02:55:53,611] Repair preview completed successfully; Previewed data was in sync
";
    const DIFFER_5_0: &str = "\
[2026-11-23 02:57:26,569] Starting repair command #4 (9d23e5e0), repairing keyspace shop with repair options (parallelism: parallel, primary range: false, incremental: false, job threads: 1, ColumnFamilies: [], dataCenters: [], hosts: [], previewKind: ALL, # of ranges: 12, pull repair: false, force repair: false, optimise streams: false, ignore unreplicated keyspaces: false, repairPaxos: false, paxosOnly: false)
[2026-11-23 02:57:28,542] Repair session 9d354b00 for range [(-8357576913073699740,-7193909404481519974]] finished (progress: 57%)
[2026-11-23 02:57:28,559] Preview complete
Total estimated streaming: 6 ranges, 50 sstables, 34.287KiB bytes
shop.OrderItems - 1 ranges, 18 sstables, 12.088KiB bytes
    Mismatching ranges: (-4472521225516396181,-3106940221407175642],
    /10.77.0.11:7000 -> /10.77.0.13:7000: 1 ranges, 8 sstables, 5.473KiB bytes
    /10.77.0.13:7000 -> /10.77.0.11:7000: 1 ranges, 1 sstables, 585B bytes

shop.bags - 0 ranges, 0 sstables, 0B bytes

shop.streams - 4 ranges, 18 sstables, 12.221KiB bytes
    Mismatching ranges: (-4077782966516074621,-4067114364921471335],(-736116887021339865,1500679445436141771],
    /10.77.0.11:7000 -> /10.77.0.13:7000: 4 ranges, 8 sstables, 5.567KiB bytes


[2026-11-23 02:57:28,559] Repair preview completed successfully; Preview complete
Total estimated streaming: 6 ranges, 50 sstables, 34.287KiB bytes
shop.OrderItems - 1 ranges, 18 sstables, 12.088KiB bytes
    /10.77.0.11:7000 -> /10.77.0.13:7000: 1 ranges, 8 sstables, 5.473KiB bytes

shop.streams - 4 ranges, 18 sstables, 12.221KiB bytes

[2026-11-23 02:57:28,559] Repair command #4 finished in 2 seconds
[2026-11-23 02:57:28,603] condition satisfied queried for parent session status and discovered repair completed.
";
    /// 4.0.19, which names no ranges and counts each of them once per pair and direction.
    const DIFFER_4_0: &str = "\
[2026-11-23 03:06:49,135] Starting repair command #4 (ec921b50), repairing keyspace shop with repair options (previewKind: ALL)
[2026-11-23 03:06:51,418] Preview complete
Total estimated streaming: 24 ranges, 50 sstables, 33.846KiB bytes
shop.OrderItems - 4 ranges, 18 sstables, 11.939KiB bytes
    /10.77.0.13:7000 -> /10.77.0.11:7000: 1 ranges, 1 sstables, 0.573KiB bytes

shop.bags - 0 ranges, 0 sstables, 0.000KiB bytes


[2026-11-23 03:06:51,426] Repair preview completed successfully
[2026-11-23 03:06:51,437] Repair command #4 finished in 2 seconds
";
    /// 4.1.10, while a node was still seen as down.
    const FAILED: &str = "\
[2026-11-23 03:10:57,684] Starting repair command #4 (80bb7d30), repairing keyspace shop with repair options (previewKind: ALL)
[2026-11-23 03:10:57,694] Repair command #4 failed with error Endpoint not alive: /10.77.0.13:7000
[2026-11-23 03:10:57,698] Repair command #4 finished with error
";
    const ONE: &str = "[2026-11-23 03:05:45,352] Replication factor is 1. No repair is needed for keyspace 'one'\n";
    /// 3.11.19; 2.2.19 has a session per range.
    const REPAIR: &str = "\
[2026-11-23 03:02:06,490] Starting repair command #1 (441db790), repairing keyspace shop with repair options (parallelism: parallel, primary range: false, incremental: false, job threads: 1, ColumnFamilies: [], dataCenters: [], hosts: [], # of ranges: 12, pull repair: false, ignore unreplicated keyspaces: false)
[2026-11-23 03:02:07,640] Repair session 442a3ab0 for range [(789636287778763653,1172448147516173827]] finished (progress: 57%)
[2026-11-23 03:02:07,809] Repair completed successfully
[2026-11-23 03:02:07,823] Repair command #1 finished in 1 second
";

    #[test]
    fn a_preview_must_say_that_data_was_in_sync() {
        for text in [SAME_4_0, SAME_5_0] {
            assert!(matches!(preview(text, 0), Compared::Same(_)));
            assert!(matches!(preview(text, 1), Compared::Unproven(_)), "the exit code counts too");
            let silent = text.replace("Previewed data was in sync", "");
            assert!(matches!(preview(&silent, 0), Compared::Unproven(_)));
            let unfinished = text.replace("Repair preview completed successfully", "");
            assert!(matches!(preview(&unfinished, 0), Compared::Unproven(_)));
        }
        // a repair is no preview
        assert!(matches!(preview(REPAIR, 0), Compared::Unproven(_)));
        assert_eq!(preview(FAILED, 0), Compared::Unproven(FAILED.lines().nth(1).unwrap().to_owned()));
        assert_eq!(preview(ONE, 0), Compared::Nothing(ONE.trim().to_owned()));
    }

    #[test]
    fn tables_that_differ_are_named_once_with_their_ranges() {
        let differ = "shop.OrderItems (1 ranges), shop.streams (4 ranges)";
        assert_eq!(preview(DIFFER_5_0, 0), Compared::Differ(differ.to_owned()));
        assert_eq!(preview(DIFFER_4_0, 0), Compared::Differ("shop.OrderItems (4 ranges)".to_owned()));
    }

    #[test]
    fn before_4_0_the_log_of_a_repair_tells() {
        let with = |sum: &str| repaired(&format!("{REPAIR}{sum}\n"), 0);
        assert_eq!(with("reseed: compared 1 5 5"), Compared::Same("1 sessions, none out of sync".to_owned()));
        assert_eq!(
            with("reseed: differ hits 2\nreseed: differ streams 8\nreseed: compared 1 5 5"),
            Compared::Differ("hits (2 ranges), streams (8 ranges)".to_owned())
        );
        for lack in ["", "reseed: compared 1 5 4", "reseed: compared 0 0 0", "reseed: compared"] {
            assert!(matches!(with(lack), Compared::Unproven(_)), "{lack}");
        }
        assert_eq!(repaired(ONE, 0), Compared::Nothing(ONE.trim().to_owned()));
    }
}
