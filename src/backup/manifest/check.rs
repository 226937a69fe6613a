//! The judgement of everything in a manifest that could do harm.

use std::collections::BTreeSet;

use super::{FORMAT, FileEntry, KeyspaceEntry, Manifest, ManifestError, TableEntry};
use crate::cassandra::layout::index_of;
use crate::cassandra::schema::is_internal;
use crate::cassandra::status::is_uuid;

pub fn check(manifest: &Manifest) -> Result<(), ManifestError> {
    if manifest.format != FORMAT {
        return Err(ManifestError::Format { found: manifest.format.into() });
    }
    if !is_uuid(&manifest.host_id) {
        return Err(hostile(format!("the host id {:?}", manifest.host_id), "it is no UUID"));
    }
    let mut names = BTreeSet::new();
    let mut bytes = 0_u64;
    for keyspace in &manifest.keyspaces {
        if !names.insert(&keyspace.name) {
            return Err(hostile(format!("keyspace {}", keyspace.name), "it is there twice"));
        }
        if is_internal(keyspace.name.as_str()) {
            return Err(hostile(format!("keyspace {}", keyspace.name), "it is Cassandra's own"));
        }
        tables(keyspace, &mut bytes)?;
    }
    Ok(())
}

fn tables(keyspace: &KeyspaceEntry, bytes: &mut u64) -> Result<(), ManifestError> {
    let (mut names, mut ids) = (BTreeSet::new(), BTreeSet::new());
    for table in &keyspace.tables {
        let what = || format!("table {}.{}", keyspace.name, table.name);
        if !names.insert(&table.name) || !ids.insert(&table.id) {
            return Err(hostile(what(), "its name or id is there twice"));
        }
        for index in &table.indexes {
            if index_of(&format!(".{}", index.name)).is_none() {
                return Err(hostile(format!("index {:?} of {}", index.name, what()), "it is no index name"));
            }
        }
        files(table, &what(), bytes)?;
    }
    Ok(())
}

fn files(table: &TableEntry, what: &str, bytes: &mut u64) -> Result<(), ManifestError> {
    let mut paths = BTreeSet::new();
    for FileEntry { path, size, sha256 } in &table.files {
        let refuse = |why| Err(hostile(format!("the file {path:?} of {what}"), why));
        if let Err(why) = judge_path(path) {
            return refuse(why);
        }
        if !paths.insert(path) {
            return refuse("it is there twice");
        }
        if !is_sha256(sha256) {
            return refuse("its sha256 is not 64 lower-case hexadecimal digits");
        }
        match bytes.checked_add(*size) {
            Some(sum) => *bytes = sum,
            None => return refuse("the sizes add up to more than any disk holds"),
        }
    }
    Ok(())
}

/// `nb-1-big-Data.db`, or the same below one `.index` directory.
pub fn judge_path(path: &str) -> Result<(), &'static str> {
    if path.len() > 512 {
        return Err("the path is too long");
    }
    if path.starts_with('/') {
        return Err("the path is absolute");
    }
    let parts: Vec<&str> = path.split('/').collect();
    if parts.iter().any(|part| part.is_empty()) {
        return Err("the path has an empty part");
    }
    if parts.contains(&"..") || parts.contains(&".") {
        return Err("the path has a `.` or `..` part");
    }
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_.+=-".contains(&b);
    if !path.split('/').all(|part| part.bytes().all(allowed)) {
        return Err("only letters, digits and _ . + = - are allowed");
    }
    let file = match parts[..] {
        [file] => file,
        [dir, file] if index_of(dir).is_some() => file,
        [_, _] => return Err("the only directories are those of indexes, `.name`"),
        _ => return Err("the path is too deep"),
    };
    if file.starts_with(['.', '-']) {
        return Err("a file may not start with `.` or `-`");
    }
    Ok(())
}

pub fn is_sha256(hex: &str) -> bool {
    hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

fn hostile(what: String, why: &'static str) -> ManifestError {
    ManifestError::Hostile { what, why }
}
