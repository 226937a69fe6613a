//! What is known about Cassandra: parsers of what it prints and writes, its versions, its files.
//!
//! Everything here is pure: text in, values out. One file per thing that is read. All versions
//! from 2.2 to 5.0 are read by the same code where their output differs only in shape; where they
//! differ in meaning, [`version::Version`] has a predicate with the meaning as its name.
//!
//! Invariants: no parser trusts its input (a line that does not fit is an error or is left out as
//! documented, never a panic); no I/O, no async runtime here.

pub mod conf;
pub mod cqlsh;
pub mod ddl;
pub mod describecluster;
pub mod drainlog;
pub mod gossipinfo;
pub mod info;
pub mod insync;
pub mod layout;
pub mod netstats;
pub mod repair;
pub mod repairs;
pub mod schema;
pub mod sessions;
pub mod sstable;
pub mod startlog;
pub mod status;
pub mod types;
pub mod version;

/// Something that was read does not have the expected form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot understand {what}: {why}")]
pub struct Unreadable {
    /// What was read, such as `nodetool status`.
    pub what: &'static str,
    /// Why it was not understood, with the offending text.
    pub why: String,
}

impl Unreadable {
    fn new(what: &'static str, why: impl Into<String>) -> Self {
        Self { what, why: why.into() }
    }
}

/// One line of foreign output for a message: short, and without control characters.
pub(crate) fn excerpt(line: &str) -> String {
    line.trim().chars().filter(|c| !c.is_control()).take(300).collect()
}
