//! Repairs that are over, as `system_distributed.parent_repair_history` keeps them (2.2+): since when
//! all replicas of a table agree.
//!
//! Two questions: [`QUERY`] lists the repairs, [`ranges`] asks for the token ranges of some of them,
//! which is much text. A table is fully repaired since T when the repairs that began at T or later
//! cover the whole ring. Counts only: finished, without an exception, not incremental, no preview, of
//! all replicas, of the data and not of Paxos alone, and not one that went on without nodes that were down. 2.2 keeps no options: there every finished one counts.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

use super::version::Version;

/// One repair of a keyspace, coordinated by one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    /// Its id.
    pub id: String,
    /// The keyspace.
    pub keyspace: String,
    /// Its tables that took part.
    pub tables: BTreeSet<String>,
    /// When it began: what was written later need not be in it.
    pub began: Timestamp,
}

/// Lists repairs.
pub fn query(version: &Version) -> &'static str {
    if version.tells_repair_options() {
        "SELECT JSON parent_id, keyspace_name, columnfamily_names, started_at, finished_at, exception_message, options \
         FROM system_distributed.parent_repair_history"
    } else {
        "SELECT JSON parent_id, keyspace_name, columnfamily_names, started_at, finished_at, exception_message \
         FROM system_distributed.parent_repair_history"
    }
}

/// Asks for the ranges of these.
pub fn ranges(ids: &[&str]) -> String {
    let from = "SELECT JSON parent_id, successful_ranges FROM system_distributed.parent_repair_history";
    format!("{from} WHERE parent_id IN ({})", ids.join(", "))
}

/// Those that count, the newest first. A row that cannot be read proves nothing and is left out.
pub fn read(rows: &[Value]) -> Vec<Repair> {
    let mut repairs: Vec<Repair> = rows.iter().filter_map(repair).collect();
    repairs.sort_by(|a, b| b.began.cmp(&a.began).then_with(|| a.id.cmp(&b.id)));
    repairs
}

fn repair(row: &Value) -> Option<Repair> {
    let text = |key: &str| row.get(key).and_then(Value::as_str).map(str::to_owned);
    let id = text("parent_id").filter(|id| super::status::is_uuid(id))?;
    text("finished_at")?;
    if text("exception_message").is_some_and(|why| !why.is_empty()) || !of_all(row.get("options")) {
        return None;
    }
    let tables = row.get("columnfamily_names")?.as_array()?;
    let tables = tables.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    Some(Repair { id, keyspace: text("keyspace_name")?, tables, began: text("started_at")?.parse().ok()? })
}

/// Whether it was a full one, for real, of all replicas.
fn of_all(options: Option<&Value>) -> bool {
    let Some(options) = options.and_then(Value::as_object) else { return true };
    let is = |key: &str, words: &[&str]| {
        options.get(key).and_then(Value::as_str).is_none_or(|said| words.contains(&said.to_ascii_lowercase().as_str()))
    };
    let nobody = ["", "[]", "{}"];
    // `--paxos-only` (4.1) compares no data; `--force` (4.0) goes on without replicas that are down
    let plain = ["incremental", "paxosOnly", "forceRepair"].iter().all(|key| is(key, &["false"]));
    plain && is("previewKind", &["none"]) && is("hosts", &nobody) && is("dataCenters", &nobody)
}

/// The answer to [`ranges`]: by id, from where (exclusive) to where (inclusive).
pub fn read_ranges(rows: &[Value]) -> BTreeMap<String, Vec<(i128, i128)>> {
    let pair = |text: &str| {
        let (left, right) = text.strip_prefix('(')?.strip_suffix(']')?.split_once(',')?;
        Some((left.trim().parse().ok()?, right.trim().parse().ok()?))
    };
    let row = |row: &Value| {
        let id = row.get("parent_id")?.as_str()?.to_owned();
        let all = row.get("successful_ranges")?.as_array()?;
        Some((id, all.iter().filter_map(Value::as_str).filter_map(pair).collect()))
    };
    rows.iter().filter_map(row).collect()
}

/// Since when a table is fully repaired; `None`: that is not known. `repairs`: the newest first.
pub fn since(
    repairs: &[Repair],
    ranges: &BTreeMap<String, Vec<(i128, i128)>>,
    keyspace: &str,
    table: &str,
) -> Option<Timestamp> {
    let mut done: Vec<(i128, i128)> = vec![];
    for repair in repairs.iter().filter(|repair| repair.keyspace == keyspace && repair.tables.contains(table)) {
        for (left, right) in ranges.get(&repair.id).into_iter().flatten() {
            if left < right {
                done.push((*left, *right));
            } else {
                // around the end of the ring; of equal ones, all of it
                done.extend([(*left, i128::MAX), (i128::MIN, *right)]);
            }
        }
        if covers(&mut done) {
            return Some(repair.began);
        }
    }
    None
}

/// Whether these leave no gap.
fn covers(done: &mut [(i128, i128)]) -> bool {
    done.sort_unstable();
    let mut reached = i128::MIN;
    for (left, right) in done {
        if *left > reached {
            return false;
        }
        reached = reached.max(*right);
    }
    reached == i128::MAX
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(id: u8, began: &str, options: &Value) -> Value {
        json!({"parent_id": format!("{id:08}-c9a6-11e7-a9d0-b5b6a2d0a1b2"), "keyspace_name": "ks", "columnfamily_names": ["t", "u"],
            "started_at": began, "finished_at": began, "exception_message": null, "options": options})
    }

    const FULL: &str =
        r#"{"incremental": "false", "previewKind": "NONE", "hosts": "", "dataCenters": "", "primaryRange": "true"}"#;

    fn full() -> Value {
        serde_json::from_str(FULL).unwrap()
    }

    #[test]
    fn a_table_is_repaired_since_the_oldest_of_the_newest_repairs_that_cover_the_ring() {
        let rows = [
            row(1, "2026-01-01 00:00:00.000Z", &full()),
            row(2, "2026-01-02 00:00:00.000Z", &full()),
            row(3, "2026-01-03 00:00:00.000Z", &full()),
            row(4, "2026-01-04 00:00:00.000Z", &full()),
        ];
        let repairs = read(&rows);
        let of = |id: u8, ranges: &[&str]| json!({"parent_id": format!("{id:08}-c9a6-11e7-a9d0-b5b6a2d0a1b2"), "successful_ranges": ranges});
        let answer = [of(1, &["(50,-50]"]), of(2, &["(-50,0]"]), of(3, &["(0,50]"]), of(4, &["(0,50]"])];
        let since =
            |answer: &[Value], table: &str| since(&repairs, &read_ranges(answer), "ks", table).map(|at| at.to_string());
        assert_eq!(since(&answer, "t").as_deref(), Some("2026-01-01T00:00:00Z"));
        assert_eq!(since(&answer, "v"), None, "a table that took no part");
        assert_eq!(since(&answer[1..], "t"), None, "a gap");
        let again = [&answer[..], &[of(4, &["(0,50]", "(50,-50]"])]].concat();
        assert_eq!(since(&again, "t").as_deref(), Some("2026-01-02T00:00:00Z"));
        assert_eq!(since(&[of(4, &["(7,7]"])], "t").as_deref(), Some("2026-01-04T00:00:00Z"), "the whole ring");
    }

    #[test]
    fn what_failed_or_compared_or_left_replicas_out_does_not_count() {
        let with = |key: &str, value: &str| {
            let mut options = full();
            options[key] = json!(value);
            row(1, "2026-01-01 00:00:00Z", &options)
        };
        for (key, value) in [
            ("incremental", "true"),
            ("previewKind", "ALL"),
            ("hosts", "10.0.0.1"),
            ("dataCenters", "dc1"),
            ("paxosOnly", "true"),
            ("forceRepair", "true"),
        ] {
            assert_eq!(read(&[with(key, value)]), [], "{key}");
        }
        for key in ["paxosOnly", "forceRepair"] {
            assert_eq!(read(&[with(key, "false")]).len(), 1, "{key}");
        }
        let mut failed = row(1, "2026-01-01 00:00:00Z", &full());
        failed["exception_message"] = json!("Some repair failed");
        let mut running = row(2, "2026-01-01 00:00:00Z", &full());
        running["finished_at"] = Value::Null;
        assert_eq!(read(&[failed, running, json!({"parent_id": "x"})]), []);
        assert_eq!(read(&[row(1, "2026-01-01 00:00:00Z", &Value::Null)]).len(), 1, "2.2 tells no options");
    }
}
