//! One record as one line, and its sum.
//!
//! The sum is the last member of the object and covers the bytes before it, so that a reader checks
//! what is on disk and not what it would have written: `{…,"sum":"0123456789abcdef"}`. It is the
//! beginning of a SHA-256: it must notice a bad disk or a slip in an editor, not a forger.

use serde::Deserialize;

use super::Record;
use crate::digest::sha256;

const BEFORE: &[u8] = b",\"sum\":\"";
const DIGITS: usize = 16;
const AFTER: &[u8] = b"\"}";

/// The line, with its line break.
pub(super) fn write(record: &Record) -> Vec<u8> {
    let mut line = serde_json::to_vec(record).expect("a record is plain data");
    // the closing brace
    line.pop();
    let sum = sum(&line);
    line.extend_from_slice(BEFORE);
    line.extend_from_slice(sum.as_bytes());
    line.extend_from_slice(AFTER);
    line.push(b'\n');
    line
}

/// The record in a whole line, or why there is none.
pub(super) fn read(line: &[u8]) -> Result<Record, String> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let none = || "it has no checksum".to_owned();
    let (rest, digits) = line.strip_suffix(AFTER).ok_or_else(none)?.split_last_chunk::<DIGITS>().ok_or_else(none)?;
    let body = rest.strip_suffix(BEFORE).ok_or_else(none)?;
    if sum(body).as_bytes() != digits {
        return Err("its checksum does not fit".to_owned());
    }
    serde_json::from_slice(line).map_err(|why| why.to_string())
}

/// The format that a header names, whatever else is in it: a later one may sum up in another way.
pub(super) fn format(line: &[u8]) -> Option<u32> {
    #[derive(Deserialize)]
    struct Head {
        format: u32,
    }
    serde_json::from_slice(line).ok().map(|Head { format }| format)
}

fn sum(bytes: &[u8]) -> String {
    let mut sum = sha256(bytes);
    sum.truncate(DIGITS);
    sum
}
