//! Where backups of configuration are kept on this machine, and the only place that writes there.
//!
//! ```text
//!  DIR/<tag>/manifest.json, manifest.json.sha256
//!  DIR/<tag>/hosts/<host>/etc/cassandra/cassandra.yaml   each file under its own path, as it was
//!  DIR/.partial-<tag>/                                   while it is made; told/<host>.json: what a host had
//! ```
//!
//! Everything is 0600 in directories of 0700: keystores' passwords are in there.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::ConfigError;
use super::listing::is_safe;
use super::manifest::{self, Entry, Kept, Manifest};
use crate::digest::{hex, sha256};
use crate::name::{ClusterName, HostName, Tag};

/// The directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store(PathBuf);

/// One backup, for a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The directory's name.
    pub name: String,
    /// What it holds, or why it does not count.
    pub state: Result<Summary, String>,
}

/// What a backup holds, in figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// When it was made.
    pub taken_at: Timestamp,
    /// Of which cluster.
    pub cluster: ClusterName,
    /// Of these hosts.
    pub hosts: Vec<HostName>,
    /// Files in all.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
}

fn io_at(path: &Path) -> impl Fn(io::Error) -> ConfigError + use<> {
    let path = path.display().to_string();
    move |source| ConfigError::Io { path: path.clone(), source }
}

impl Store {
    /// The one in that directory, which need not exist yet.
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        Self(dir.into())
    }

    /// Its directory, for messages.
    pub fn dir(&self) -> String {
        self.0.display().to_string()
    }

    /// Whether a whole backup has that tag.
    pub fn has(&self, tag: &Tag) -> bool {
        self.0.join(tag.as_str()).exists()
    }

    /// Everything that is there, newest first.
    pub fn list(&self) -> Result<Vec<Found>, ConfigError> {
        let entries = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
            other => other.map_err(io_at(&self.0))?,
        };
        let mut all: Vec<Found> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter_map(|name| {
                let state = match (Tag::parse(name.clone()), name.strip_prefix(".partial-")) {
                    (Ok(tag), _) => self.read(&tag).map(|m| summary(&m)).map_err(|error| error.to_string()),
                    (_, Some(_)) => Err("it was never finished".to_owned()),
                    _ => return None,
                };
                Some(Found { name, state })
            })
            .collect();
        let taken = |found: &Found| found.state.as_ref().ok().map(|summary| summary.taken_at);
        all.sort_by(|a, b| (taken(b), &a.name).cmp(&(taken(a), &b.name)));
        Ok(all)
    }

    /// The newest whole one.
    pub fn newest(&self) -> Result<Option<Tag>, ConfigError> {
        let whole = self.list()?.into_iter().find(|found| found.state.is_ok());
        Ok(whole.and_then(|found| Tag::parse(found.name).ok()))
    }

    /// What a backup holds.
    pub fn read(&self, tag: &Tag) -> Result<Manifest, ConfigError> {
        let dir = self.0.join(tag.as_str());
        if !dir.is_dir() {
            let partial = self.partial(tag).is_dir();
            let why = if partial { "; it was never finished" } else { "" }.to_owned();
            return Err(ConfigError::Unknown { tag: tag.clone(), dir: self.dir(), why });
        }
        let damaged = |why: String| ConfigError::Damaged { tag: tag.clone(), why };
        let text = fs::read_to_string(dir.join("manifest.json")).map_err(|e| damaged(format!("manifest.json: {e}")))?;
        let sum = fs::read_to_string(dir.join("manifest.json.sha256")).unwrap_or_default();
        if sum.split_whitespace().next() != Some(sha256(&text).as_str()) {
            return Err(damaged("manifest.json is not what manifest.json.sha256 says".to_owned()));
        }
        let manifest: Manifest = serde_json::from_str(&text).map_err(|e| damaged(format!("manifest.json: {e}")))?;
        if manifest.format != manifest::FORMAT {
            return Err(damaged(format!("its format is {}; this reseed reads {}", manifest.format, manifest::FORMAT)));
        }
        if let Some(entry) = manifest.hosts.values().flat_map(|kept| &kept.entries).find(|e| !is_safe(&e.path)) {
            return Err(damaged(format!("{:?} is no path", entry.path)));
        }
        Ok(manifest)
    }

    /// A file's bytes, which are those that were kept.
    pub fn bytes(&self, tag: &Tag, host: &HostName, entry: &Entry) -> Result<Vec<u8>, ConfigError> {
        let path = self.0.join(tag.as_str()).join("hosts").join(host.as_str()).join(entry.path.trim_start_matches('/'));
        let mut bytes = vec![];
        File::open(&path).and_then(|mut file| file.read_to_end(&mut bytes)).map_err(io_at(&path))?;
        if entry.file().is_some_and(|(_, sum)| sum == sha256(&bytes)) {
            return Ok(bytes);
        }
        Err(ConfigError::Damaged { tag: tag.clone(), why: format!("{} is not what was kept", path.display()) })
    }

    fn partial(&self, tag: &Tag) -> PathBuf {
        self.0.join(format!(".partial-{tag}"))
    }

    /// Begins with one host anew.
    pub(super) fn begin(&self, tag: &Tag, host: &HostName) -> Result<(), ConfigError> {
        let partial = self.partial(tag);
        // what an earlier run of that tag left says nothing of this one
        for file in [partial.join("manifest.json"), partial.join("told").join(format!("{host}.json"))] {
            match fs::remove_file(&file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io_at(&file)(error)),
                _ => {}
            }
        }
        let dir = partial.join("hosts").join(host.as_str());
        if dir.exists() {
            fs::remove_dir_all(&dir).map_err(io_at(&dir))?;
        }
        private(&dir)
    }

    /// A file of the host, to be written piece by piece.
    pub(super) fn create(&self, tag: &Tag, host: &HostName, path: &str) -> Result<Incoming, ConfigError> {
        let root = self.partial(tag).join("hosts").join(host.as_str());
        let path = root.join(path.trim_start_matches('/'));
        private(path.parent().unwrap_or(&root))?;
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(io_at(&path))?;
        Ok(Incoming { file, path, hash: Sha256::new(), size: 0 })
    }

    /// All of a host is here.
    pub(super) fn keep(&self, tag: &Tag, host: &HostName, kept: &Kept) -> Result<(), ConfigError> {
        let text = serde_json::to_vec(kept).expect("it is plain data");
        let told = self.partial(tag).join("told");
        private(&told)?;
        write(&told.join(format!("{host}.json")), &text)
    }

    /// All hosts are here: the backup gets its manifest and its name. It may have them already.
    pub fn publish(&self, tag: &Tag, cluster: &ClusterName, hosts: &[HostName]) -> Result<Manifest, ConfigError> {
        let (partial, done) = (self.partial(tag), self.0.join(tag.as_str()));
        if done.exists() && !partial.exists() {
            return self.read(tag);
        }
        let told = partial.join("told");
        if Self::sealed(&partial).is_none() {
            let text = serde_json::to_string_pretty(&Self::told(tag, cluster, hosts, &told)?)
                .expect("it is plain data")
                + "\n";
            write(&partial.join("manifest.json.sha256"), format!("{}  manifest.json\n", sha256(&text)).as_bytes())?;
            write(&partial.join("manifest.json"), text.as_bytes())?;
        }
        if told.exists() {
            fs::remove_dir_all(&told).map_err(io_at(&told))?;
        }
        // never onto another: a rename of directories fails there
        fs::rename(&partial, &done).map_err(io_at(&done))?;
        File::open(&self.0).and_then(|dir| dir.sync_all()).map_err(io_at(&self.0))?;
        self.read(tag)
    }

    /// Whether it lacks nothing but its name.
    fn sealed(partial: &Path) -> Option<()> {
        let text = fs::read_to_string(partial.join("manifest.json")).ok()?;
        let sum = fs::read_to_string(partial.join("manifest.json.sha256")).ok()?;
        (sum.split_whitespace().next() == Some(sha256(&text).as_str())).then_some(())
    }

    fn told(tag: &Tag, cluster: &ClusterName, hosts: &[HostName], told: &Path) -> Result<Manifest, ConfigError> {
        let mut all = BTreeMap::new();
        for host in hosts {
            let path = told.join(format!("{host}.json"));
            let text = fs::read(&path).map_err(io_at(&path))?;
            let kept: Kept = serde_json::from_slice(&text)
                .map_err(|why| ConfigError::Damaged { tag: tag.clone(), why: format!("{host}.json: {why}") })?;
            all.insert(host.clone(), kept);
        }
        Ok(Manifest {
            format: manifest::FORMAT,
            tag: tag.clone(),
            cluster: cluster.clone(),
            taken_at: Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default(),
            reseed: env!("CARGO_PKG_VERSION").to_owned(),
            hosts: all,
        })
    }
}

fn summary(manifest: &Manifest) -> Summary {
    Summary {
        taken_at: manifest.taken_at,
        cluster: manifest.cluster.clone(),
        hosts: manifest.hosts.keys().cloned().collect(),
        files: manifest.hosts.values().map(|kept| kept.files().count()).sum(),
        bytes: manifest.hosts.values().map(Kept::bytes).sum(),
    }
}

/// A file on its way here.
pub(super) struct Incoming {
    file: File,
    path: PathBuf,
    hash: Sha256,
    size: u64,
}

impl Incoming {
    pub(super) fn add(&mut self, bytes: &[u8]) -> Result<(), ConfigError> {
        self.hash.update(bytes);
        self.size += bytes.len() as u64;
        self.file.write_all(bytes).map_err(io_at(&self.path))
    }

    /// Whether it is what the host told.
    pub(super) fn finish(self, size: u64, sum: &str) -> Result<bool, ConfigError> {
        self.file.sync_all().map_err(io_at(&self.path))?;
        Ok(self.size == size && hex(&self.hash.finalize()) == sum)
    }
}

fn private(dir: &Path) -> Result<(), ConfigError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(io_at(dir))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), ConfigError> {
    let mut options = OpenOptions::new();
    let opened = options.write(true).create(true).truncate(true).mode(0o600).open(path);
    opened.and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all())).map_err(io_at(path))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::super::manifest::What;
    use super::*;

    fn entry(path: &str, text: &str) -> Entry {
        Entry {
            path: path.to_owned(),
            mode: "600".into(),
            uid: 0,
            user: "root".into(),
            gid: 0,
            group: "root".into(),
            mtime: 0,
            label: None,
            what: What::File { size: text.len() as u64, sha256: sha256(text) },
        }
    }

    #[test]
    fn a_backup_has_its_name_only_when_all_of_it_is_there_and_nobody_else_can_read_it() {
        let home = tempfile::tempdir().unwrap();
        let store = Store::at(home.path().join("config"));
        let (tag, host) = (Tag::parse("t1").unwrap(), HostName::parse("cass1").unwrap());
        let cluster = ClusterName::parse("Lab").unwrap();
        assert_eq!(store.list().unwrap(), []);
        let entry = entry("/etc/a b/c.yaml", "secret");
        // a second time: from the beginning
        for _ in 0..2 {
            store.begin(&tag, &host).unwrap();
            let mut incoming = store.create(&tag, &host, &entry.path).unwrap();
            incoming.add(b"sec").unwrap();
            incoming.add(b"ret").unwrap();
            assert!(incoming.finish(6, entry.file().unwrap().1).unwrap());
        }
        let hosts = [host.clone()];
        assert!(store.publish(&tag, &cluster, &hosts).is_err(), "the host is not whole");
        let kept = Kept { entries: vec![entry.clone()], ..Kept::default() };
        store.keep(&tag, &host, &kept).unwrap();
        assert!(store.read(&tag).unwrap_err().to_string().contains("never finished"));
        for _ in 0..2 {
            assert_eq!(store.publish(&tag, &cluster, &hosts).unwrap().hosts[&host], kept);
        }
        assert_eq!(store.bytes(&tag, &host, &entry).unwrap(), b"secret");
        assert_eq!(store.newest().unwrap(), Some(tag.clone()));
        let mode = |path: &str| fs::metadata(home.path().join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("config"), mode("config/t1/hosts/cass1/etc/a b")), (0o700, 0o700));
        let file = "config/t1/hosts/cass1/etc/a b/c.yaml";
        assert_eq!((mode(file), mode("config/t1/manifest.json")), (0o600, 0o600));
        fs::write(home.path().join(file), "sacred").unwrap();
        assert!(store.bytes(&tag, &host, &entry).unwrap_err().to_string().contains("is not what was kept"));
        let manifest = home.path().join("config/t1/manifest.json");
        fs::write(&manifest, fs::read_to_string(&manifest).unwrap() + " ").unwrap();
        assert!(matches!(store.read(&tag), Err(ConfigError::Damaged { .. })));
    }
}
