//! Which entries of a backup are put back. Pure.

use std::collections::BTreeMap;
use std::path::Path;

use super::manifest::{Entry, Manifest, What};
use crate::name::HostName;

/// Files, links and the directories above them, per host. `there`: hosts that can be written to; `hosts`, `files`: as the
/// operator named them, empty for all.
pub fn select(
    manifest: &Manifest,
    there: &[HostName],
    hosts: &[HostName],
    files: &[String],
) -> Result<BTreeMap<HostName, Vec<Entry>>, String> {
    for host in hosts {
        if !manifest.hosts.contains_key(host) {
            let known: Vec<&str> = manifest.hosts.keys().map(HostName::as_str).collect();
            return Err(format!("it holds nothing of host {host}; it holds {}", known.join(", ")));
        }
        if !there.contains(host) {
            return Err(format!("host {host} is no node or gateway of the inventory that is there"));
        }
    }
    let chosen = |host: &HostName| there.contains(host) && (hosts.is_empty() || hosts.contains(host));
    let mut put = BTreeMap::new();
    let mut used = vec![false; files.len()];
    for (host, kept) in manifest.hosts.iter().filter(|(host, _)| chosen(host)) {
        let named = |entry: &&Entry| {
            let mut hit = files.is_empty();
            for (file, used) in files.iter().zip(&mut used) {
                if entry.is_named(file) {
                    (hit, *used) = (true, true);
                }
            }
            hit
        };
        let of = |entry: &&Entry| entry.what != What::Directory;
        let wanted: Vec<&Entry> = kept.entries.iter().filter(of).filter(named).collect();
        let above = |dir: &&Entry| {
            dir.what == What::Directory
                && wanted.iter().any(|entry| entry.path != dir.path && Path::new(&entry.path).starts_with(&dir.path))
        };
        let dirs: Vec<Entry> = kept.entries.iter().filter(above).cloned().collect();
        if !wanted.is_empty() {
            put.insert(host.clone(), dirs.into_iter().chain(wanted.into_iter().cloned()).collect());
        }
    }
    if let Some((file, _)) = files.iter().zip(&used).find(|(_, used)| !**used) {
        return Err(format!("it holds no file {file} of these hosts"));
    }
    if put.is_empty() { Err("it holds nothing for these hosts".to_owned()) } else { Ok(put) }
}

#[cfg(test)]
mod tests {
    use super::super::manifest::{FORMAT, Kept};
    use super::*;
    use crate::name::{ClusterName, Tag};

    fn entry(path: &str, what: What) -> Entry {
        let (user, group) = ("root".to_owned(), "root".to_owned());
        Entry { path: path.into(), mode: "600".into(), uid: 0, user, gid: 0, group, mtime: 0, label: None, what }
    }

    #[test]
    fn hosts_and_files_are_chosen_by_name_and_what_is_not_there_is_an_error() {
        let host = |name: &str| HostName::parse(name).unwrap();
        let file = |path: &str| entry(path, What::File { size: 1, sha256: "00".repeat(32) });
        let entries = vec![entry("/c", What::Directory), entry("/c/d", What::Directory), file("/c/a"), file("/c/d/b")];
        let kept = Kept { entries, ..Kept::default() };
        let manifest = Manifest {
            format: FORMAT,
            tag: Tag::parse("t").unwrap(),
            cluster: ClusterName::parse("Lab").unwrap(),
            taken_at: jiff::Timestamp::UNIX_EPOCH,
            reseed: "0".into(),
            hosts: [(host("n1"), kept.clone()), (host("n2"), kept.clone()), (host("old"), kept)].into(),
        };
        let there = [host("n1"), host("n2"), host("n3")];
        let told = |hosts: &[&str], files: &[&str]| {
            let hosts: Vec<HostName> = hosts.iter().map(|name| host(name)).collect();
            let files: Vec<String> = files.iter().map(|f| (*f).to_owned()).collect();
            select(&manifest, &there, &hosts, &files).map(|put| {
                let of = |(host, entries): (HostName, Vec<Entry>)| {
                    format!("{host}:{}", entries.iter().map(|e| e.path.as_str()).collect::<Vec<_>>().join(","))
                };
                put.into_iter().map(of).collect::<Vec<_>>().join(" ")
            })
        };
        assert_eq!(told(&[], &["a"]).unwrap(), "n1:/c,/c/a n2:/c,/c/a");
        assert_eq!(told(&["n2"], &["/c/d"]).unwrap(), "n2:/c,/c/d,/c/d/b");
        assert_eq!(told(&["n1"], &[]).unwrap(), "n1:/c,/c/d,/c/a,/c/d/b");
        for (hosts, files, words) in [
            (&["n3"][..], &[][..], "nothing of host n3"),
            (&["old"], &[], "no node or gateway"),
            (&[], &["a", "x.yaml"], "no file x.yaml"),
        ] {
            assert!(told(hosts, files).unwrap_err().contains(words));
        }
    }
}
