//! What the written scripts leave: `<snapshot>/<table>/<files>`, without a manifest. Pure.
//!
//! Flow: `written.sh` lists a directory → [`Written`] → [`Written::judge`] says what stands against
//! taking it for a backup, [`Written::limits`] what nobody can know about it.
//!
//! Their copies are partial in silence (a table dropped meanwhile, a full disk), so everything that
//! can tell is asked: each `TOC.txt` names the components of its sstable, Cassandra's `manifest.json`
//! the sstables of its table.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::manifest::judge_path;
use crate::cassandra::conf::Conf;
use crate::cassandra::schema::KeyspaceSchema;
use crate::cassandra::sstable::{self, Component};
use crate::cassandra::version::Version;
use crate::name::Table;

/// A directory that the written scripts may have made.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Written {
    /// The directory that holds the tables' directories.
    pub dir: String,
    /// What is wrong before anything can be judged, such as that it is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrong: Option<String>,
    /// Table directories, empty ones too.
    pub tables: BTreeSet<String>,
    /// Everything in them that is no directory, `table/path`.
    pub files: BTreeMap<String, File>,
    /// What each `TOC.txt` names, by its path.
    pub tocs: BTreeMap<String, BTreeSet<String>>,
    /// What Cassandra's own `manifest.json` names, by table.
    pub listed: BTreeMap<String, BTreeSet<String>>,
}

/// One thing in a table's directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// In bytes.
    pub size: u64,
    /// When it was last written, in seconds since 1970.
    pub touched: i64,
    /// `regular file`, or what else it is.
    pub kind: String,
}

/// Something that stands against an import, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// What.
    pub message: String,
    /// What to do.
    pub cure: String,
    /// Whether it could be taken all the same.
    pub tolerable: bool,
}

fn flaw(message: String, cure: &str) -> Flaw {
    Flaw { message, cure: cure.to_owned(), tolerable: false }
}

const AGAIN: &str = "the copy is not whole: fetch it again from your archive, or choose another one";

impl Written {
    /// Reads what `written.sh` prints.
    pub fn parse(text: &str) -> Self {
        let mut found = Self::default();
        for (key, value) in text.lines().filter_map(|line| line.split_once('=')) {
            let cells: Vec<&str> = value.split('\t').collect();
            match (key, &cells[..]) {
                ("dir", [dir]) => (*dir).clone_into(&mut found.dir),
                ("wrong", _) => found.wrong = Some(value.replace('\t', " ")),
                ("table", [table]) => drop(found.tables.insert((*table).to_owned())),
                ("file", [kind, size, touched, path]) => {
                    let kind = if kind.starts_with("regular") { "regular file" } else { kind };
                    let (size, touched) = (size.parse().unwrap_or(0), touched.parse().unwrap_or(0));
                    found.files.insert((*path).to_owned(), File { size, touched, kind: kind.to_owned() });
                }
                ("toc", [path, names]) => {
                    let names = names.split(' ').filter(|name| !name.is_empty());
                    found.tocs.insert((*path).to_owned(), names.map(str::to_owned).collect());
                }
                ("listed", [table, json]) => drop(found.listed.insert((*table).to_owned(), listed(json))),
                // a name with a tab or a line break in it is no name of Cassandra's
                ("file" | "table" | "toc", _) => found.wrong = Some(format!("a strange file name: {value:?}")),
                _ => {}
            }
        }
        found
    }

    /// What stands against it as a backup of that keyspace.
    pub fn judge(&self, keyspace: &KeyspaceSchema, server: &Version, conf: &Conf) -> Vec<Flaw> {
        if let Some(wrong) = &self.wrong {
            return vec![flaw(wrong.clone(), "name the directory that holds a directory for each table")];
        }
        let mut flaws = vec![];
        let known: BTreeSet<String> = keyspace.dirs().iter().map(|dir| dir.table.to_string()).collect();
        for table in self.tables.difference(&known) {
            let message = format!("the cluster has no table {}.{table}, which {} holds", keyspace.name, self.dir);
            flaws.push(flaw(
                message,
                "check -k; else create the table (by deploying the gateway's configuration, or from its schema.cql), \
                 or move that directory elsewhere",
            ));
        }
        for table in known.difference(&self.tables) {
            let view = keyspace.views.iter().any(|view| view.name.as_str() == table);
            let (what, cure) = if view {
                (
                    "view",
                    "drop the view before a restore of this backup, and create it again after it: it would keep its rows",
                )
            } else {
                ("table", "right when it was created later; a restore then wants --extra-tables")
            };
            let message = format!("{what} {}.{table} is not in {}", keyspace.name, self.dir);
            flaws.push(Flaw { tolerable: true, ..flaw(message, cure) });
        }
        for table in &self.tables {
            let own = |path: &&String| path.strip_prefix(table.as_str()).is_some_and(|rest| rest.starts_with('/'));
            if !self.files.keys().any(|path| own(&path)) {
                let cure = "an empty table has at least Cassandra's manifest.json in its snapshot; fetch it again, or \
                            move the directory away if the table may stay out of the backup";
                flaws.push(flaw(format!("the directory of table {table} is empty"), cure));
            }
        }
        flaws.extend(self.files.iter().filter_map(|(path, file)| odd(path, file)));
        flaws.extend(self.incomplete());
        flaws.extend(self.unreadable(server, conf));
        if flaws.is_empty() && !self.files.keys().any(|path| path.ends_with("-Data.db")) {
            flaws.push(flaw(format!("{} holds no sstable", self.dir), "name the snapshot's directory"));
        }
        flaws
    }

    /// Sstables without a component that their TOC names, or without Data.db, TOC.txt; tables without
    /// an sstable that Cassandra's manifest.json names.
    fn incomplete(&self) -> Vec<Flaw> {
        let mut flaws = vec![];
        let stems: BTreeSet<String> = self.files.keys().filter_map(|path| Some(stem(path)?.0)).collect();
        for stem in &stems {
            let lacks = |component: &str| !self.files.contains_key(&format!("{stem}{component}"));
            for needed in ["Data.db", "TOC.txt"] {
                if lacks(needed) {
                    flaws.push(flaw(
                        format!("{stem}{needed} is missing, of an sstable of which other parts are there"),
                        AGAIN,
                    ));
                }
            }
            let named = self.tocs.get(&format!("{stem}TOC.txt")).into_iter().flatten();
            let missing = named.filter(|name| !matches!(name.as_str(), "Data.db" | "TOC.txt") && lacks(name));
            flaws.extend(missing.map(|name| flaw(format!("{stem}{name} is missing, which its TOC.txt names"), AGAIN)));
        }
        for (table, names) in &self.listed {
            // the written script leaves the directories of indexes behind
            let missing = names.iter().filter(|name| !name.contains('/'));
            let missing = missing.filter(|name| !self.files.contains_key(&format!("{table}/{name}")));
            let told = missing
                .map(|name| flaw(format!("{table}/{name} is missing, which Cassandra's manifest.json names"), AGAIN));
            flaws.extend(told);
        }
        flaws
    }

    fn unreadable(&self, server: &Version, conf: &Conf) -> Vec<Flaw> {
        let formats: BTreeSet<_> = self.components().map(|c| (c.format, c.version)).collect();
        let why =
            |(format, version)| sstable::readable_by(server, conf.storage_compatibility_mode, format, version).err();
        formats.into_iter().filter_map(why).map(|why| flaw(why, "import it where a Cassandra can read it")).collect()
    }

    fn components(&self) -> impl Iterator<Item = Component> {
        self.files.keys().filter_map(|path| Component::parse(path.rsplit('/').next()?))
    }

    /// When the snapshot was made, as far as its files tell: the time of the newest. `cp -a` and tar
    /// keep it.
    pub fn taken_at(&self) -> Option<Timestamp> {
        let newest = self.files.values().map(|file| file.touched).max()?;
        Timestamp::from_second(newest).ok()
    }

    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files.values().map(|file| file.size).sum()
    }

    /// Tables and views of the keyspace that it does not hold.
    pub fn lacks(&self, keyspace: &KeyspaceSchema) -> Vec<Table> {
        let tables = keyspace.dirs().into_iter().map(|dir| dir.table);
        tables.filter(|table| !self.tables.contains(table.as_str())).collect()
    }

    /// `Data.db` files that have a digest of Cassandra's own: algorithm, data, digest.
    pub fn digests(&self) -> Vec<(&'static str, String, String)> {
        let data = self.files.keys().filter(|path| path.ends_with("-Data.db"));
        let with = data.filter_map(|data| {
            let (stem, _) = stem(data)?;
            ["crc32", "adler32"].into_iter().find_map(|algorithm| {
                let digest = format!("{stem}Digest.{algorithm}");
                self.files.contains_key(&digest).then(|| (algorithm, data.clone(), digest))
            })
        });
        with.collect()
    }

    /// What the backup cannot vouch for, one sentence each.
    pub fn limits(&self, keyspace: &KeyspaceSchema, server: &Version) -> Vec<String> {
        let data = self.files.keys().filter(|path| path.ends_with("-Data.db")).count();
        let digests = self.digests().len();
        let mut limits = vec![
            format!(
                "its hashes were made at the import: damage of before is found by Cassandra's own digests alone, which {digests} \
                 of {data} Data.db have"
            ),
            "columns, types, table ids and statements are as the cluster had them at the import".to_owned(),
            format!("the Cassandra version is that of the import, {server}; the time is that of the newest file"),
        ];
        let bare: Vec<&str> = keyspace
            .tables
            .iter()
            .flat_map(|table| table.indexes.iter().map(move |index| (table, index)))
            .filter(|(table, index)| {
                let inside = format!("{}/.{}/", table.name, index.name);
                index.kind != "CUSTOM" && !self.files.keys().any(|path| path.starts_with(&inside))
            })
            .map(|(_, index)| index.name.as_str())
            .collect();
        if !bare.is_empty() {
            limits.push(format!("no index files ({}): rebuilt at restore", bare.join(", ")));
        }
        limits
    }
}

/// `table/nb-1-big-` and the component's name.
fn stem(path: &str) -> Option<(String, String)> {
    let (dir, name) = path.rsplit_once('/')?;
    let component = Component::parse(name)?.component;
    Some((format!("{dir}/{}", name.strip_suffix(&component)?), component))
}

fn odd(path: &str, file: &File) -> Option<Flaw> {
    let cure = "look at it; if nobody needs it, move it out of that directory";
    if file.kind != "regular file" {
        return Some(flaw(format!("{path} is a {}, not a file", file.kind), cure));
    }
    let (_, inside) = path.split_once('/')?;
    if let Err(why) = judge_path(inside) {
        return Some(flaw(format!("{path} cannot be in a backup: {why}"), cure));
    }
    let name = inside.rsplit('/').next().unwrap_or(inside);
    let known = Component::parse(name).is_some() || matches!(name, "manifest.json" | "schema.cql");
    (!known).then(|| flaw(format!("{path} is no file of Cassandra's"), cure))
}

/// The names in Cassandra's own manifest.json, which escapes slashes.
fn listed(base64: &str) -> BTreeSet<String> {
    #[derive(Deserialize)]
    struct Files {
        files: Vec<String>,
    }
    use base64::Engine;
    let text = base64::prelude::BASE64_STANDARD.decode(base64).unwrap_or_default();
    serde_json::from_slice::<Files>(&text).map(|files| files.files.into_iter().collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
