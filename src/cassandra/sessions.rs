//! Incremental repair sessions, as `system.repairs` keeps them (4.0+).

use serde_json::Value;

use super::Unreadable;

/// What to send through cqlsh.
pub const QUERY: &str = "SELECT JSON parent_id, state FROM system.repairs";

/// States of a session that is not over, by their number (the same in 4.0, 4.1 and 5.0); after them
/// come `FINALIZED` and `FAILED`.
const OPEN: [&str; 4] = ["PREPARING", "PREPARED", "REPAIRING", "FINALIZE_PROMISED"];

/// Sessions that are not over: `<id> (<state>)`.
pub fn open(rows: &[Value]) -> Result<Vec<String>, Unreadable> {
    let mut open = vec![];
    for row in rows {
        let id = row.get("parent_id").and_then(Value::as_str);
        let state = row.get("state").and_then(Value::as_u64);
        let (Some(id), Some(state)) = (id, state) else {
            return Err(Unreadable::new("system.repairs", super::excerpt(&row.to_string())));
        };
        open.extend(OPEN.get(usize::try_from(state).unwrap_or(usize::MAX)).map(|state| format!("{id} ({state})")));
    }
    open.sort();
    Ok(open)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_neither_finalized_nor_failed_is_open() {
        let row = |state: u64| json!({"parent_id": format!("{state}-id"), "state": state});
        let rows: Vec<Value> = (0..6).rev().map(row).collect();
        let open_ones = open(&rows).unwrap();
        assert_eq!(open_ones.first().map(String::as_str), Some("0-id (PREPARING)"));
        assert_eq!(open_ones.len(), 4);
        assert!(open(&[]).unwrap().is_empty());
        assert!(open(&[json!({"parent_id": "x", "state": null})]).is_err());
    }
}
