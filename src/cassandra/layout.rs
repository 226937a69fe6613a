//! Names of directories below a data directory:
//! `<keyspace>/<table>-<32 hex>/[snapshots/<tag>/][.<index>/]`.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Unreadable;
use super::status::is_uuid;
use crate::name::{Table, Tag};

/// A table's id, printed as a UUID with dashes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TableId(String);

impl TableId {
    /// Reads a UUID, with or without its dashes.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        let lower = text.to_ascii_lowercase();
        if is_uuid(&lower) {
            return Ok(Self(lower));
        }
        if lower.len() == 32 && lower.bytes().all(|b| b.is_ascii_hexdigit()) {
            let cuts = [&lower[..8], &lower[8..12], &lower[12..16], &lower[16..20], &lower[20..]];
            return Ok(Self(cuts.join("-")));
        }
        Err(Unreadable::new("a table id", format!("{:?}", super::excerpt(text))))
    }

    /// When a table of that id was made; `None`: the id does not tell, such as those of Cassandra's own.
    pub fn made_at(&self) -> Option<jiff::Timestamp> {
        // a UUID of version 1: tenths of microseconds since 15 October 1582
        const EPOCH: i64 = 0x01b2_1dd2_1381_4000;
        let hex = self.hex();
        let time = hex.get(12..13).filter(|version| *version == "1").map(|_| [&hex[13..16], &hex[8..12], &hex[..8]])?;
        let ticks = i64::from_str_radix(&time.concat(), 16).ok()?;
        jiff::Timestamp::from_microsecond((ticks - EPOCH) / 10).ok()
    }

    /// The 32 digits of the directory's name.
    pub fn hex(&self) -> String {
        self.0.replace('-', "")
    }
}

impl fmt::Display for TableId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl TryFrom<String> for TableId {
    type Error = Unreadable;
    fn try_from(text: String) -> Result<Self, Unreadable> {
        Self::parse(&text)
    }
}

impl From<TableId> for String {
    fn from(id: TableId) -> Self {
        id.0
    }
}

/// A table's directory below its keyspace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TableDir {
    /// Table or view.
    pub table: Table,
    /// Its id.
    pub id: TableId,
}

impl TableDir {
    /// Takes `<table>-<32 hex>` apart. A bare table name, as before 2.1, is refused on purpose:
    /// Cassandra would prefer such a directory to the right one.
    pub fn parse(name: &str) -> Result<Self, Unreadable> {
        let bad = |why| Unreadable::new("a table directory", format!("{:?} {why}", super::excerpt(name)));
        let (table, hex) = name.rsplit_once('-').ok_or_else(|| bad("holds no table id"))?;
        if hex.len() != 32 || hex.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(bad("does not end with 32 hexadecimal digits"));
        }
        let id = TableId::parse(hex).map_err(|_| bad("does not end with 32 hexadecimal digits"))?;
        let table = Table::parse(table).map_err(|_| bad("does not begin with a table name"))?;
        Ok(Self { table, id })
    }
}

impl fmt::Display for TableDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.table, self.id.hex())
    }
}

/// Where a snapshot of a table is, relative to the table's directory.
pub fn snapshot_dir(tag: &Tag) -> String {
    format!("snapshots/{tag}")
}

/// The index whose own directory this is: `.by_owner` → `by_owner`.
pub fn index_of(dir: &str) -> Option<&str> {
    let name = dir.strip_prefix('.')?;
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    (!name.is_empty() && name.bytes().all(word)).then_some(name)
}

/// The directory of a legacy index.
pub fn index_dir(index: &str) -> String {
    format!(".{index}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIR: &str = "kps_a-f58cb0e0c9a611e7a9d0b5b6a2d0a1b2";

    #[test]
    fn a_table_directory_is_name_and_id() {
        let dir = TableDir::parse(DIR).unwrap();
        assert_eq!(dir.table.as_str(), "kps_a");
        assert_eq!(dir.id.to_string(), "f58cb0e0-c9a6-11e7-a9d0-b5b6a2d0a1b2");
        assert_eq!(dir.to_string(), DIR);
        let same =
            TableDir { table: dir.table.clone(), id: TableId::parse(&dir.id.to_string().to_uppercase()).unwrap() };
        assert_eq!(same, dir);
    }

    #[test]
    fn anything_else_is_refused() {
        for bad in [
            "kps_a",
            "kps_a-",
            "-f58cb0e0c9a611e7a9d0b5b6a2d0a1b2",
            "kps_a-f58c",
            "a/b-f58cb0e0c9a611e7a9d0b5b6a2d0a1b2",
            "kps_a-F58CB0E0C9A611E7A9D0B5B6A2D0A1B2",
            "",
            "é-x",
        ] {
            assert!(TableDir::parse(bad).is_err(), "{bad}");
        }
        assert!(TableId::parse("f58cb0e0-c9a6-11e7").is_err());
    }

    #[test]
    fn index_and_snapshot_directories_have_names() {
        assert_eq!(index_of(".by_owner"), Some("by_owner"));
        for no in ["by_owner", ".", "..", "./x", ".a b"] {
            assert_eq!(index_of(no), None, "{no}");
        }
        assert_eq!(index_dir("by_owner"), ".by_owner");
        assert_eq!(snapshot_dir(&Tag::parse("t-1").unwrap()), "snapshots/t-1");
    }
}
