//! Turns the scripts' answers into facts. Pure.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::{BackupFacts, Clock, Dir, Disk, NodeFacts, Restart, Writes};
use crate::backup::manifest::Manifest;
use crate::backup::verify::{self, Damage, Harm};
use crate::cassandra::conf::Conf;
use crate::cassandra::info::{self, Info};
use crate::cassandra::status::{self, Row};
use crate::cassandra::version::Version;

/// `key=value` lines; a key may come several times.
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Splits the lines; what is not of that form is left out.
    pub fn parse(text: &str) -> Self {
        let pair = |line: &str| line.split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned()));
        Self(text.lines().filter_map(pair).collect())
    }

    /// Adds what was measured here.
    pub fn put(&mut self, key: &str, value: &impl ToString) {
        self.0.push((key.to_owned(), value.to_string()));
    }

    /// The first value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    /// All values of a key.
    pub fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    /// A value that came in base64.
    pub fn decoded(&self, key: &str) -> Result<String, String> {
        let text = self.get(key).ok_or_else(|| format!("there was no {key}"))?;
        let bytes = BASE64_STANDARD.decode(text).map_err(|why| why.to_string())?;
        String::from_utf8(bytes).map_err(|why| why.to_string())
    }
}

/// The directories to look at: label and path.
pub fn directories(conf: &Conf) -> Vec<(String, String)> {
    let data = conf.data_file_directories.iter().enumerate().map(|(i, path)| (format!("data-{i}"), path.clone()));
    let others = [
        ("commitlog", Some(&conf.commitlog_directory)),
        ("saved_caches", Some(&conf.saved_caches_directory)),
        ("hints", Some(&conf.hints_directory)),
        (Dir::LOCAL_SYSTEM, conf.local_system_data_file_directory.as_ref()),
    ];
    data.chain(others.into_iter().filter_map(|(label, path)| Some((label.to_owned(), path?.clone())))).collect()
}

/// What a node is in the ring.
pub struct Identity {
    /// Cassandra's version.
    pub version: Version,
    /// Its id.
    pub host_id: String,
    /// Its data center.
    pub datacenter: String,
}

/// What `nodetool info` says of a node that is up; `None`: it was not asked, because the node serves
/// clients and its ring tells who it is.
pub fn said(live: &Fields) -> Result<Option<Info>, (&'static str, String)> {
    if live.get("info").is_none() {
        return Ok(None);
    }
    let text = live.decoded("info").map_err(|why| ("nodetool info", why))?;
    info::parse(&text).map(Some).map_err(|why| ("nodetool info", why.to_string()))
}

/// The ring as a node that is up sees it.
pub fn ring(live: &Fields) -> Result<Vec<Row>, (&'static str, String)> {
    let text = live.decoded("status").map_err(|why| ("nodetool status", why))?;
    status::parse(&text).map_err(|why| ("nodetool status", why.to_string()))
}

/// A node's facts; `down`: why it does not answer.
pub fn node(
    conf: Conf,
    files: &Fields,
    live: &Fields,
    identity: Identity,
    down: Option<String>,
) -> Result<NodeFacts, (&'static str, String)> {
    let dirs = live.all("dir").map(dir).collect::<Option<Vec<_>>>().ok_or(("its directories", String::new()))?;
    // before 3.0 hints are a table
    let dirs = dirs.into_iter().filter(|dir| dir.label != "hints" || identity.version.hints_are_files()).collect();
    let (native_active, ring) = if down.is_some() {
        (false, vec![])
    } else {
        (said(live)?.is_none_or(|info| info.native_transport_active), ring(live)?)
    };
    let Identity { version, host_id, datacenter } = identity;
    let (fs, free) = live.get("backup_fs").and_then(|v| v.split_once('\t')).unwrap_or(("", "0"));
    Ok(NodeFacts {
        version,
        host_id,
        datacenter,
        dirs,
        run_as: live.get("run_as").unwrap_or("").to_owned(),
        processes: files.all("pid").count(),
        log: live.get("log").or(files.get("log")).unwrap_or("").to_owned(),
        log_foreign: live.get("log_foreign").map(|names| names.trim().to_owned()),
        log_readable: files.get("log_readable").is_some(),
        native_active,
        ring,
        keyspace_bytes: keyspace_bytes(live),
        commitlog_restore: files.get("commitlog_restore").is_some(),
        hint_files: live.get("hint_files").and_then(|n| n.trim().parse().ok()).unwrap_or(0),
        no_cqlsh: files.get("no_cqlsh").map(str::to_owned),
        missing_tools: files.all("missing").map(str::to_owned).collect(),
        backup_fs: (fs.to_owned(), free.parse().unwrap_or(0)),
        backup_sum: live.get("backup_sum").map(str::to_owned),
        backup_unwritable: live.get("backup_unwritable").map(str::to_owned),
        conf_file: files.get("conf_file").unwrap_or("").to_owned(),
        conf_fixed: files.get("conf_fixed").map(str::to_owned),
        unit: files.get("unit").map(str::to_owned),
        uid: files.get("uid").and_then(|uid| uid.parse().ok()),
        down,
        addresses: vec![],
        restart: Restart::read(live),
        disk: Disk::read(live),
        clock: clock(files),
        schedulers: live.all("scheduler").map(str::to_owned).collect(),
        writes: Writes::read(live),
        conf,
    })
}

fn clock(files: &Fields) -> Option<Clock> {
    let time = |key| files.get(key).and_then(|time| time.parse().ok());
    Clock::bounds(files.get("now")?, time("asked")?, time("answered")?)
}

fn keyspace_bytes(live: &Fields) -> BTreeMap<String, u64> {
    let mut sizes = BTreeMap::new();
    for (name, size) in live.all("size").filter_map(|line| line.split_once('\t')) {
        *sizes.entry(name.to_owned()).or_default() += size.parse().unwrap_or(0);
    }
    sizes
}

fn dir(line: &str) -> Option<Dir> {
    let mut cells = line.split('\t');
    let mut next = || cells.next().map(str::to_owned);
    let (label, path, place, symlink, why, fs, free) = (next()?, next()?, next()?, next()?, next()?, next()?, next()?);
    Some(Dir {
        label,
        path,
        place,
        symlink: symlink == "yes",
        rename: if why.is_empty() { Ok(()) } else { Err(why) },
        fs,
        free: free.parse().ok()?,
    })
}

/// What is there of a backup.
pub fn backup(fields: &Fields) -> BackupFacts {
    match fields.get("state") {
        Some("missing") | None => BackupFacts::Missing,
        Some("whole") => {
            let sum = fields.get("sum").unwrap_or("");
            let manifest =
                fields.decoded("manifest").and_then(|text| Manifest::parse(&text, sum).map_err(|e| e.to_string()));
            match manifest {
                Ok(manifest) => {
                    let digest = sum.split_whitespace().next().unwrap_or("").to_owned();
                    BackupFacts::Whole(Box::new(manifest), digest)
                }
                Err(why) => BackupFacts::Damaged(why),
            }
        }
        Some(other) => BackupFacts::Incomplete(other.to_owned()),
    }
}

/// What names and sizes of its files show to be wrong with a backup. More than the manifest names does no harm.
pub fn flaws(manifest: &Manifest, fields: &Fields) -> Vec<Damage> {
    let listing: Vec<&str> = fields.all("file").collect();
    let (damage, _) = verify::compare(&verify::expected(manifest), &verify::listed(&listing.join("\n")));
    damage.into_iter().filter(|damage| damage.harm != Harm::Extra).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_line_with_a_failed_rename_keeps_the_reason() {
        let found = dir("data-0\t/d/data\t/d/.reseed\tno\tcannot write in /d/.reseed\t66304\t1024").unwrap();
        assert_eq!(found.rename, Err("cannot write in /d/.reseed".to_owned()));
        assert_eq!(found.free, 1024);
    }
}
