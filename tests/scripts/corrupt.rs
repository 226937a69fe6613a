//! Real backups, each file of which is damaged in every way: found by `backups verify`, by what a restore looks at before
//! anything is changed, and by the stage.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;

use reseed::backup::manifest::Manifest;
use reseed::backup::verify::{compare, expected, listed};
use reseed::catalogue::{Catalogue, CatalogueError, Manifested};
use reseed::inventory::Inventory;
use reseed::name::Tag;
use reseed::remote::local::LocalTransport;
use reseed::script::Script;
use reseed::step::StagedFile;
use sha2::{Digest, Sha256};

use super::archive::{TAG, real};
use super::tree::Tree;

/// How it is told, what is done to a file of these bytes, whether names and sizes alone show it. `None`: cannot be
/// done to this one (an empty file has no first byte).
type Damage = (&'static str, bool, fn(&Path, &[u8]) -> Option<()>);

fn flip(file: &Path, bytes: &[u8], at: impl Fn(usize) -> usize) -> Option<()> {
    let mut bytes = bytes.to_vec();
    let at = at(bytes.len().checked_sub(1)?);
    bytes[at] ^= 1;
    fs::write(file, bytes).ok()
}

fn instead(file: &Path, make: impl Fn(&Path)) -> Option<()> {
    fs::remove_file(file).ok()?;
    make(file);
    Some(())
}

const DAMAGES: [Damage; 10] = [
    ("bytes", false, |file, bytes| flip(file, bytes, |_| 0)),
    ("bytes", false, |file, bytes| flip(file, bytes, |last| last / 2)),
    ("bytes", false, |file, bytes| flip(file, bytes, |last| last)),
    ("size", true, |file, bytes| fs::write(file, &bytes[..bytes.len().checked_sub(1)?]).ok()),
    ("size", true, |file, bytes| if bytes.is_empty() { None } else { fs::write(file, "").ok() }),
    ("size", true, |file, bytes| fs::write(file, [bytes, b"x"].concat()).ok()),
    ("missing", true, |file, _| fs::remove_file(file).ok()),
    ("missing", true, |file, _| instead(file, |file| fs::create_dir(file).unwrap())),
    ("no-file", true, |file, _| instead(file, |file| symlink("/etc/hostname", file).unwrap())),
    ("no-file", true, |file, _| {
        instead(file, |file| assert!(std::process::Command::new("mkfifo").arg(file).status().unwrap().success()))
    }),
];

fn undo(file: &Path, bytes: &[u8]) {
    if file.is_dir() && !file.is_symlink() {
        fs::remove_dir(file).unwrap();
    } else {
        drop(fs::remove_file(file));
    }
    fs::write(file, bytes).unwrap();
}

fn catalogue(tree: &Tree) -> Arc<Catalogue<LocalTransport>> {
    let text = format!(
        "cluster: Lab Cluster\nnodes:\n  - {{name: n, host: h, seed: true}}\nbackup: {{root: \"{}\"}}\n",
        tree.root.join("backup").display()
    );
    let inventory = Inventory::parse(&text, Path::new("i.yaml")).unwrap();
    Arc::new(Catalogue::of(&inventory, &Arc::new(LocalTransport::default().with_path(tree.bin()))))
}

fn manifest(backup: &Path) -> Manifest {
    let read = |name: &str| fs::read_to_string(backup.join(name)).unwrap();
    Manifest::parse(&read("manifest.json"), &read("manifest.json.sha256")).unwrap()
}

/// The kind of component: `Data.db`, also of an index, and each part of SAI by itself.
fn kind(path: &str) -> String {
    let (dir, name) = path.rsplit_once('/').unwrap();
    let component = name.rsplit('-').next().unwrap();
    format!("{}{}", if dir.contains("/.") { "index " } else { "" }, component.rsplit('+').next().unwrap())
}

/// All files at once, one kind of damage after the other: each is named.
pub async fn verified(tree: &mut Tree) {
    for (version, kinds) in [("2.2.19", 19), ("5.0.8", 29)] {
        let backup = real(tree, version);
        let manifest = manifest(&backup);
        let files = expected(&manifest);
        let seen: BTreeSet<String> = files.iter().map(|file| kind(&file.path)).collect();
        assert_eq!(seen.len(), kinds, "every kind of component is there: {seen:?}");
        let whole: BTreeMap<&str, Vec<u8>> =
            files.iter().map(|file| (file.path.as_str(), fs::read(backup.join(&file.path)).unwrap())).collect();
        let catalogue = catalogue(tree);
        let sound = catalogue.verify(&Tag::parse(TAG).unwrap(), &|_, _| {}).await.unwrap();
        assert!(sound.sound() && sound.verified.digests > 2 && sound.verified.undigested == 0, "{sound:?}");
        for (number, (harm, seen_by_name, damage)) in DAMAGES.iter().enumerate() {
            let mut wanted = BTreeSet::new();
            for (path, bytes) in &whole {
                if damage(&backup.join(path), bytes).is_some() {
                    wanted.insert(((*path).to_owned(), *harm));
                }
            }
            let looked = catalogue.verify(&Tag::parse(TAG).unwrap(), &|_, _| {}).await.unwrap();
            let found: BTreeSet<(String, &str)> =
                looked.damage.iter().map(|d| (d.path.clone(), d.harm.word())).collect();
            assert_eq!(found, wanted, "{version}, damage {number}");
            assert!(!looked.sound() && matches!(looked.manifest, Manifested::Whole(..)), "{version}, damage {number}");
            // what a restore's first look sees of it
            let question =
                Script::new("facts.backup").var("FINAL", backup.display()).var("PARTIAL", "").var("LISTED", "yes");
            let said = tree.ok(&question).await;
            let listing: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("file=")).collect();
            let (first, _) = compare(&files, &listed(&listing.join("\n")));
            let first: BTreeSet<&str> = first.iter().map(|damage| damage.path.as_str()).collect();
            let named: BTreeSet<&str> =
                if *seen_by_name { wanted.iter().map(|(path, _)| path.as_str()).collect() } else { BTreeSet::new() };
            assert!(first.is_superset(&named), "{version}, damage {number}: {first:?}");
            for (path, bytes) in &whole {
                undo(&backup.join(path), bytes);
            }
        }
        fs::remove_dir_all(&backup).unwrap();
    }
}

/// One file of each kind, each damage: the stage, which is made while the cluster serves, refuses it.
pub async fn staged(tree: &mut Tree) {
    for version in ["2.2.19", "5.0.8"] {
        let backup = real(tree, version);
        let manifest = manifest(&backup);
        let mut kinds = BTreeSet::new();
        for (keyspace, table, file) in manifest.files().filter(|(.., file)| file.goes_live()) {
            let path = format!("{}/{}/{}", keyspace.name, table.name, file.path);
            if !kinds.insert(kind(&path)) {
                continue;
            }
            let live = format!("{}-{}", table.name, table.id.hex());
            let (from, to) = (format!("{}/{}", table.name, file.path), format!("{live}/{}", file.path));
            let wanted = StagedFile { sha256: file.sha256.clone(), size: file.size, from, to }.line();
            let stage = tree
                .stage(&[wanted])
                .var("SOURCE", backup.join(keyspace.name.as_str()).display())
                .var("KEYSPACE", &keyspace.name)
                .list("TABLES", [&live]);
            let (at, bytes) = (backup.join(&path), fs::read(backup.join(&path)).unwrap());
            tree.ok(&stage).await;
            for (number, (.., damage)) in DAMAGES.iter().enumerate() {
                if damage(&at, &bytes).is_some() {
                    // what is staged whole would stay, and the backup not be read
                    for n in 0..2 {
                        let _ = fs::remove_dir_all(tree.place(n));
                    }
                    let reply = tree.run(&stage).await;
                    assert!(reply.rc != 0, "{version}, {path}, damage {number} was staged");
                    let words = reply.reason();
                    assert!(words.contains("differs from the manifest") || words.contains("cannot copy"), "{words}");
                }
                undo(&at, &bytes);
            }
        }
        assert!(kinds.len() > 12, "{kinds:?}");
        fs::remove_dir_all(&backup).unwrap();
    }
}

/// The manifest and its checksum: never taken for a whole one, whatever happens to a byte of them.
pub async fn manifested(tree: &mut Tree) {
    let backup = real(tree, "2.2.19");
    let catalogue = catalogue(tree);
    for name in ["manifest.json", "manifest.json.sha256"] {
        let (file, bytes) = (backup.join(name), fs::read(backup.join(name)).unwrap());
        for (number, (.., damage)) in DAMAGES.iter().enumerate() {
            // the line break that ends the checksum, and what follows it, say nothing
            if name.ends_with("sha256") && [2, 3, 5].contains(&number) {
                continue;
            }
            damage(&file, &bytes).unwrap();
            match catalogue.verify(&Tag::parse(TAG).unwrap(), &|_, _| {}).await {
                Ok(looked) => {
                    assert!(
                        !looked.sound() && !matches!(looked.manifest, Manifested::Whole(..)),
                        "{name}, damage {number}"
                    );
                    let data = looked.damage.iter().filter(|damage| !damage.path.starts_with("manifest.json")).count();
                    // another hash in the text is one file that is not as the text says
                    assert_eq!(
                        data,
                        usize::from(name == "manifest.json" && number == 1),
                        "{name}, damage {number}: the data are not damaged"
                    );
                }
                Err(CatalogueError::Unknown { .. }) => panic!("{name}, damage {number}: it is not said to be damaged"),
                Err(error) => panic!("{name}, damage {number}: {error}"),
            }
            // and a restore's first look
            let question =
                Script::new("facts.backup").var("FINAL", backup.display()).var("PARTIAL", "").var("LISTED", "");
            let said = tree.ok(&question).await;
            let text = said.lines().find_map(|line| line.strip_prefix("manifest=")).map(str::to_owned);
            let sum = said.lines().find_map(|line| line.strip_prefix("sum=")).unwrap_or("").to_owned();
            let read = text
                .and_then(|text| reseed::backup::catalogue::decoded(&text))
                .map(|text| Manifest::parse(&text, &sum));
            assert!(!matches!(read, Some(Ok(_))), "{name}, damage {number}: {said}");
            undo(&file, &bytes);
        }
    }
    let hex: Vec<String> =
        Sha256::digest(fs::read(backup.join("manifest.json")).unwrap()).iter().map(|b| format!("{b:02x}")).collect();
    let whole = catalogue.verify(&Tag::parse(TAG).unwrap(), &|_, _| {}).await.unwrap();
    assert!(whole.sound() && whole.verified.manifest_sha256 == hex.concat());
}
