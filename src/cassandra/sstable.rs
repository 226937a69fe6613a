//! Names of sstable files, and which server reads which format.
//!
//! A name is `nb-1-big-Data.db`: format version, id, format, component; before 2.2
//! `ks-cf-ka-1-Data.db`. The format version is checkable before anything is stopped.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Unreadable;
use super::version::Version;

/// A component's file name, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// Format version.
    pub version: FormatVersion,
    /// Id: a number, or (4.1+) a UUID in base 36.
    pub id: String,
    /// `big` or `bti`; also `big` for the names of before 2.2, which do not say it.
    pub format: Format,
    /// What it is: `Data.db`, `Digest.crc32`, `TOC.txt`, `SAI+aa+meta.db`.
    pub component: String,
}

impl Component {
    /// Takes a file name apart; `None` when it belongs to no sstable (`manifest.json`).
    pub fn parse(name: &str) -> Option<Self> {
        Self::modern(name).or_else(|| Self::legacy(name))
    }

    fn modern(name: &str) -> Option<Self> {
        let mut parts = name.splitn(4, '-');
        let version = FormatVersion::parse(parts.next()?).ok()?;
        let id = parts.next().filter(|id| is_id(id))?;
        let format = match parts.next()? {
            "big" => Format::Big,
            "bti" => Format::Bti,
            _ => return None,
        };
        let component = parts.next().filter(|c| is_component(c))?;
        Some(Self { version, id: id.to_owned(), format, component: component.to_owned() })
    }

    /// `<keyspace>-<table>[.<index>]-ka-1-Data.db`, until 2.1.
    fn legacy(name: &str) -> Option<Self> {
        let parts: Vec<&str> = name.split('-').collect();
        let [keyspace, table, version, id, component] = parts[..] else { return None };
        let word = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.');
        let version = FormatVersion::parse(version).ok()?;
        let sound = word(keyspace) && word(table) && is_component(component);
        let sound = sound && !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit());
        sound.then(|| Self { version, id: id.to_owned(), format: Format::Big, component: component.to_owned() })
    }

    /// Whether its id is a UUID (4.1+).
    pub fn has_uuid(&self) -> bool {
        self.id.contains('_')
    }

    /// Whether counters in it are told apart by where they were counted (before 2.1). The letters of bti begin anew.
    pub fn splits_counters(&self) -> bool {
        self.format == Format::Big && self.version.0 < *b"ka"
    }

    /// Whether this is the data itself.
    pub fn is_data(&self) -> bool {
        self.component == "Data.db"
    }

    /// Whether this holds the checksum of the data, as decimal text.
    pub fn is_digest(&self) -> bool {
        self.component.starts_with("Digest.")
    }

    /// The checksum's algorithm.
    pub fn digest(&self) -> Option<Digest> {
        match self.component.as_str() {
            "Digest.crc32" => Some(Digest::Crc32),
            "Digest.adler32" => Some(Digest::Adler32),
            "Digest.sha1" => Some(Digest::Sha1),
            _ => None,
        }
    }

    /// Whether this belongs to an index in the table's own directory (SAI, SASI).
    pub fn is_attached_index(&self) -> bool {
        self.component.starts_with("SAI+") || self.component.starts_with("SI_")
    }
}

/// Algorithm of a digest component, over all bytes of `Data.db`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digest {
    /// 3.0+.
    Crc32,
    /// 2.1 and 2.2.
    Adler32,
    /// Before.
    Sha1,
}

/// Digits, or `3gks_1b2c_0abcdefghijklmnopq`: time-ordered UUID in base 36.
fn is_id(id: &str) -> bool {
    let base36 = |b: u8| b.is_ascii_digit() || b.is_ascii_lowercase();
    (!id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()))
        || (id.split('_').map(str::len).eq([4, 4, 18]) && id.bytes().all(|b| base36(b) || b == b'_'))
}

fn is_component(text: &str) -> bool {
    let named = text.rsplit_once('.').is_some_and(|(stem, suffix)| !stem.is_empty() && !suffix.is_empty());
    named && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+.-".contains(&b))
}

/// An sstable format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// The one that every version has.
    Big,
    /// Trie-indexed, 5.0+.
    Bti,
}

/// A format version such as `nb`: two lower-case letters, ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FormatVersion([u8; 2]);

impl FormatVersion {
    /// Reads a version.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        match text.as_bytes() {
            [a, b] if a.is_ascii_lowercase() && b.is_ascii_lowercase() => Ok(Self([*a, *b])),
            _ => Err(Unreadable::new("an sstable version", format!("{:?}", super::excerpt(text)))),
        }
    }

    fn letter(self) -> u8 {
        self.0[0]
    }
}

impl fmt::Display for FormatVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", char::from(self.0[0]), char::from(self.0[1]))
    }
}

impl TryFrom<String> for FormatVersion {
    type Error = Unreadable;
    fn try_from(text: String) -> Result<Self, Unreadable> {
        Self::parse(&text)
    }
}

impl From<FormatVersion> for String {
    fn from(version: FormatVersion) -> Self {
        version.to_string()
    }
}

/// `storage_compatibility_mode` of 5.0: what it writes, and with it what it reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum StorageMode {
    /// As 4.x, the default.
    #[default]
    Cassandra4,
    /// On the way.
    Upgrading,
    /// 5.0's own formats.
    None,
}

/// Whether a server reads a file of that version; otherwise why not.
///
/// Cassandra compares first letters only: same or older than its own, not older than its earliest.
/// A `d` of bti is no `d` of before 2.0: bti has its own row of letters, begun anew in 5.0. Under
/// [`StorageMode::Cassandra4`] bti is refused although 5.0 may be able to read it: not proven.
pub fn readable_by(server: &Version, mode: StorageMode, format: Format, file: FormatVersion) -> Result<(), String> {
    let fives = server.has_sai();
    let modern = fives && mode != StorageMode::Cassandra4;
    if format == Format::Bti {
        return if modern && file.letter() == b'd' {
            Ok(())
        } else if fives {
            Err(format!("files of format bti ({file}) need storage_compatibility_mode UPGRADING or NONE"))
        } else {
            Err(format!("Cassandra {server} does not know the format bti ({file})"))
        };
    }
    let (earliest, letter) = match server.line() {
        (..=2, _) => (*b"jb", b'l'),
        (3, _) => (*b"jb", b'm'),
        (4, _) => (*b"ma", b'n'),
        _ if modern => (*b"ma", b'o'),
        _ => (*b"ma", b'n'),
    };
    if file.0 < earliest {
        let earliest = FormatVersion(earliest);
        Err(format!(
            "Cassandra {server} reads sstables from {earliest} on, these are {file}: upgrade them on an older version first"
        ))
    } else if file.letter() > letter {
        Err(format!("sstables of version {file} are newer than Cassandra {server} can read ({}*)", char::from(letter)))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(name: &str) -> Option<(String, String, Format, String)> {
        Component::parse(name).map(|c| (c.version.to_string(), c.id, c.format, c.component))
    }

    #[test]
    fn names_of_all_versions_are_taken_apart() {
        let of = |v: &str, id: &str, f, c: &str| Some((v.to_owned(), id.to_owned(), f, c.to_owned()));
        assert_eq!(component("nb-1-big-Data.db"), of("nb", "1", Format::Big, "Data.db"));
        assert_eq!(component("me-27-big-Digest.crc32"), of("me", "27", Format::Big, "Digest.crc32"));
        assert_eq!(component("lb-3-big-Digest.adler32"), of("lb", "3", Format::Big, "Digest.adler32"));
        assert_eq!(component("da-2-bti-Rows.db"), of("da", "2", Format::Bti, "Rows.db"));
        assert_eq!(component("ks-users-ka-1-Data.db"), of("ka", "1", Format::Big, "Data.db"));
        assert_eq!(component("ks-users.by_owner-ka-1-Index.db"), of("ka", "1", Format::Big, "Index.db"));
        assert_eq!(component("nb-1-big-SAI+aa+meta.db"), of("nb", "1", Format::Big, "SAI+aa+meta.db"));
        assert_eq!(component("nb-1-big-SI_my-idx.db"), of("nb", "1", Format::Big, "SI_my-idx.db"));
        let uuid = "nb-3gks_1b2c_0abcdefghijklmnopq-big-Data.db";
        assert_eq!(component(uuid).unwrap().1, "3gks_1b2c_0abcdefghijklmnopq");
        for other in [
            "manifest.json",
            "schema.cql",
            "nb-1-big-",
            "nb--big-Data.db",
            "nb_txn_flush_1.log",
            "x",
            "",
            "NB-1-big-Data.db",
            "nb-1-big-../x.db",
        ] {
            assert_eq!(component(other), None, "{other}");
        }
    }

    #[test]
    fn components_say_what_they_are() {
        let c = |name: &str| Component::parse(name).unwrap();
        assert!(c("nb-1-big-Data.db").is_data() && !c("nb-1-big-Index.db").is_data());
        assert_eq!(c("la-1-big-Digest.adler32").digest(), Some(Digest::Adler32));
        assert!(c("nb-1-big-SAI+aa+meta.db").is_attached_index() && !c("nb-1-big-Summary.db").is_attached_index());
    }

    #[test]
    fn a_server_reads_its_own_letter_and_older_ones_down_to_its_earliest() {
        let reads = |server: &str, mode, file: &str| {
            readable_by(&Version::parse(server).unwrap(), mode, Format::Big, FormatVersion::parse(file).unwrap())
                .is_ok()
        };
        let table = [
            ("2.2.19", "lb", true),
            ("2.2.19", "jb", true),
            ("2.2.19", "ja", false),
            ("2.2.19", "ma", false),
            ("3.11.19", "lb", true),
            ("3.11.19", "me", true),
            ("3.11.19", "na", false),
            ("4.0.19", "me", true),
            ("4.0.19", "ma", true),
            ("4.0.19", "lb", false),
            ("4.1.10", "nb", true),
            ("4.1.10", "oa", false),
            ("5.0.8", "nb", true),
            ("5.0.8", "oa", false),
            ("5.0.8", "la", false),
        ];
        for (server, file, expected) in table {
            assert_eq!(reads(server, StorageMode::Cassandra4, file), expected, "{server} {file}");
        }
        assert!(reads("5.0.8", StorageMode::None, "oa") && reads("5.0.8", StorageMode::Upgrading, "nb"));
    }

    #[test]
    fn bti_needs_a_server_that_has_it() {
        let da = FormatVersion::parse("da").unwrap();
        let bti = |server: &str, mode| readable_by(&Version::parse(server).unwrap(), mode, Format::Bti, da);
        assert!(bti("5.0.8", StorageMode::None).is_ok());
        assert!(bti("5.0.8", StorageMode::Cassandra4).unwrap_err().contains("storage_compatibility_mode"));
        assert!(bti("4.1.10", StorageMode::None).is_err());
    }
}
