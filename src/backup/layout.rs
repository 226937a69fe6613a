//! Where a backup lies on the backup host:
//!
//! ```text
//! <root>/<tag>/manifest.json
//! <root>/<tag>/manifest.json.sha256
//! <root>/<tag>/<keyspace>/<table>/<files>
//! <root>/<tag>/roles.encrypted        with `--with-roles`
//! <root>/<tag>/verified.json          what the last `backups verify` found
//! <root>/<tag>/archived.json          the tar that was last sent elsewhere, or that it was fetched as
//! <root>/.partial-<tag>/…             while it is being made
//! <root>/.pruned-<tag>/…              while it is being deleted
//! ```
//! Invariant: a directory `<root>/<tag>` is complete, because it got that name by a rename after
//! everything in it was synced.

use crate::name::{Keyspace, Table, Tag};

/// Name of the manifest.
pub const MANIFEST: &str = "manifest.json";

/// Name of the manifest's checksum, in the form of `sha256sum`.
pub const MANIFEST_SHA256: &str = "manifest.json.sha256";

/// Name of the record of the last verification. Not in the manifest, whose bytes are hashed.
pub const VERIFIED: &str = "verified.json";

/// Name of the record of the last archive.
pub const ARCHIVED: &str = "archived.json";

/// What lies beside the keyspaces in a backup's directory.
pub const OWN: [&str; 5] = [MANIFEST, MANIFEST_SHA256, VERIFIED, ARCHIVED, ROLES];

/// Name of the encrypted roles, where they were asked for. Who encrypts also proves that they are whole.
pub const ROLES: &str = "roles.encrypted";

const PARTIAL: &str = ".partial-";
const PRUNED: &str = ".pruned-";

/// The finished backup.
pub fn dir(root: &str, tag: &Tag) -> String {
    format!("{root}/{tag}")
}

/// The backup while it is being made.
pub fn partial_dir(root: &str, tag: &Tag) -> String {
    format!("{root}/{PARTIAL}{tag}")
}

/// The backup while it is being deleted.
pub fn pruned_dir(root: &str, tag: &Tag) -> String {
    format!("{root}/{PRUNED}{tag}")
}

/// A table's files, below the backup's directory.
pub fn table_dir(backup: &str, keyspace: &Keyspace, table: &Table) -> String {
    format!("{backup}/{keyspace}/{table}")
}

/// The manifest, below the backup's directory.
pub fn manifest(backup: &str) -> String {
    format!("{backup}/{MANIFEST}")
}

/// The encrypted roles, below the backup's directory.
pub fn roles(backup: &str) -> String {
    format!("{backup}/{ROLES}")
}

/// The manifest's checksum, below the backup's directory.
pub fn manifest_sha256(backup: &str) -> String {
    format!("{backup}/{MANIFEST_SHA256}")
}

/// What a directory entry of the root is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A finished backup (or one of the written scripts, when it has no manifest).
    Backup(Tag),
    /// One that was never finished.
    Partial(Tag),
    /// One that was condemned, and is half deleted.
    Pruned(Tag),
    /// Something else, such as `lost+found`.
    Other,
}

/// Judges the name of a directory entry of the root.
pub fn entry(name: &str) -> Entry {
    if name == "lost+found" {
        return Entry::Other;
    }
    let of = |tag: &str, form: fn(Tag) -> Entry| Tag::parse(tag).map_or(Entry::Other, form);
    if let Some(tag) = name.strip_prefix(PARTIAL) {
        of(tag, Entry::Partial)
    } else if let Some(tag) = name.strip_prefix(PRUNED) {
        of(tag, Entry::Pruned)
    } else {
        of(name, Entry::Backup)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_follow_the_contract() {
        let tag = Tag::parse("lab-20240701T100000Z").unwrap();
        let backup = dir("/backup", &tag);
        assert_eq!(backup, "/backup/lab-20240701T100000Z");
        assert_eq!(partial_dir("/backup", &tag), "/backup/.partial-lab-20240701T100000Z");
        assert_eq!(manifest(&backup), "/backup/lab-20240701T100000Z/manifest.json");
        assert_eq!(manifest_sha256(&backup), "/backup/lab-20240701T100000Z/manifest.json.sha256");
        let (keyspace, table) = (Keyspace::parse("ks").unwrap(), Table::parse("t").unwrap());
        assert_eq!(table_dir(&backup, &keyspace, &table), "/backup/lab-20240701T100000Z/ks/t");
    }

    #[test]
    fn entries_of_the_root_are_told_apart() {
        let tag = Tag::parse("t-1").unwrap();
        assert_eq!(entry("t-1"), Entry::Backup(tag.clone()));
        assert_eq!(entry(".partial-t-1"), Entry::Partial(tag.clone()));
        assert_eq!(entry(".pruned-t-1"), Entry::Pruned(tag));
        for other in ["lost+found", ".partial-", ".pruned-a b", ".snapshot", "a b", "..", ""] {
            assert_eq!(entry(other), Entry::Other, "{other}");
        }
    }
}
