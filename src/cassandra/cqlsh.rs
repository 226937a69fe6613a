//! What cqlsh prints for `SELECT JSON …` and for a query with one value.
//!
//! ```text
//!
//!  [json]
//! ----------------------------
//!  {"keyspace_name": "x"}
//!
//! (1 rows)
//! ```
//! Facts: cqlsh doubles backslashes in text; pads rows; repeats the header for every page of 100
//! rows but counts once; may print `WARNING:` or `Notice:` lines on stdout before. Hence a result
//! set is what ends with `(N rows)`, and N must be what was read: a cut output is never taken for
//! a short table.

use serde_json::Value;

use super::{Unreadable, excerpt};

fn bad(why: impl Into<String>) -> Unreadable {
    Unreadable::new("the output of cqlsh", why)
}

/// The result sets of one or several `SELECT JSON`, in order.
pub fn json(text: &str) -> Result<Vec<Vec<Value>>, Unreadable> {
    let mut sets = Vec::new();
    let mut open: Option<Vec<Value>> = None;
    for line in text.lines().map(str::trim) {
        if line == "[json]" {
            open.get_or_insert_default();
        } else if let Some(count) = row_count(line) {
            let rows = open.take().unwrap_or_default();
            if rows.len() != count {
                return Err(bad(format!("{count} rows were announced, {} were read", rows.len())));
            }
            sets.push(rows);
        } else if let Some(rows) = &mut open {
            if line.starts_with('{') {
                rows.push(row(line)?);
            } else if !line.bytes().all(|b| b == b'-') {
                return Err(bad(format!("a row is {:?}", excerpt(line))));
            }
        }
    }
    if open.is_some() {
        return Err(bad("it ends in the middle of a result: no row count"));
    }
    Ok(sets)
}

fn row(line: &str) -> Result<Value, Unreadable> {
    let text = undouble(line);
    serde_json::from_str(&text).map_err(|error| bad(format!("a row is no JSON ({error}): {}", excerpt(line))))
}

/// cqlsh writes `\` as `\\`.
fn undouble(text: &str) -> String {
    text.replace(r"\\", r"\")
}

/// `(3 rows)`.
fn row_count(line: &str) -> Option<usize> {
    let inner = line.strip_prefix('(')?.strip_suffix(')')?;
    inner.strip_suffix(" rows").or_else(|| inner.strip_suffix(" row"))?.parse().ok()
}

/// The value of a query that must give one row with one column, as cqlsh prints it.
pub fn single(text: &str) -> Result<String, Unreadable> {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let rule = |line: &&str| !line.is_empty() && line.bytes().all(|b| b == b'-' || b == b'+') && line.contains("--");
    let Some(at) = lines.iter().position(rule) else {
        let first = lines.iter().find(|line| !line.is_empty()).unwrap_or(&"nothing was printed");
        return Err(bad(format!("no table: {}", excerpt(first))));
    };
    if lines[at].contains('+') {
        return Err(bad(format!("more than one column: {}", excerpt(lines[at.saturating_sub(1)]))));
    }
    let end = lines[at..].iter().position(|line| row_count(line).is_some()).ok_or_else(|| bad("no row count"))? + at;
    match row_count(lines[end]) {
        Some(1) => {}
        count => return Err(bad(format!("{} rows instead of one", count.unwrap_or(0)))),
    }
    match &lines[at + 1..end] {
        [value, ""] | [value] => Ok(undouble(value.trim())),
        _ => Err(bad("the value has more than one line")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn several_results_are_read_in_order() {
        let text = "
 [json]
---------------------------------------------------
                {\"keyspace_name\": \"a\", \"n\": 1}
 {\"keyspace_name\": \"bbbbbbbbbbbbbbbbbbbb\", \"n\": 2}

(2 rows)

 [json]
--------

(0 rows)
";
        let sets = json(text).unwrap();
        assert_eq!(
            sets,
            [
                vec![json!({"keyspace_name": "a", "n": 1}), json!({"keyspace_name": "bbbbbbbbbbbbbbbbbbbb", "n": 2})],
                vec![]
            ]
        );
        assert!(json("").unwrap().is_empty());
    }

    #[test]
    fn doubled_backslashes_are_undone() {
        let text = " [json]\n---\n {\"a\": \"quote \\\\\" and \\\\\\\\ and \\\\n\"}\n\n(1 rows)\n";
        assert_eq!(json(text).unwrap()[0], [json!({"a": "quote \" and \\ and \n"})]);
    }

    #[test]
    fn warnings_before_and_headers_between_pages_are_no_rows() {
        let text = "\
WARNING: cqlsh was built against 5.0.0, but this server is 4.0.19.  All features may not work!

 [json]
--------
 {\"a\": 1}

 [json]
--------
 {\"a\": 2}

(2 rows)

Warnings :
Aggregation query used without partition key
";
        assert_eq!(json(text).unwrap(), [vec![json!({"a": 1}), json!({"a": 2})]]);
    }

    #[test]
    fn a_cut_output_is_an_error_and_not_a_short_table() {
        assert!(json(" [json]\n---\n {\"a\": 1}\n").is_err());
        assert!(json(" [json]\n---\n {\"a\": 1}\n\n(2 rows)\n").is_err());
        assert!(json(" [json]\n---\n {\"a\": \n\n(1 rows)\n").is_err());
        assert!(
            json(" [json]\n---\nTraceback (most recent call last):\n").unwrap_err().to_string().contains("Traceback")
        );
    }

    #[test]
    fn one_value_is_read_as_text() {
        assert_eq!(single("\n count\n-------\n    42\n\n(1 rows)\n\nWarnings :\nx\n").unwrap(), "42");
        assert_eq!(single("\n v\n-----------\n a | b\\\\c \n\n(1 rows)\n").unwrap(), "a | b\\c");
        for bad in [
            "",
            "\n a | b\n---+---\n 1 | 2\n\n(1 rows)\n",
            "\n a\n---\n 1\n 2\n\n(2 rows)\n",
            "\n a\n---\n\n(0 rows)\n",
            "\n a\n---\n 1\n",
        ] {
            assert!(single(bad).is_err(), "{bad}");
        }
    }
}
