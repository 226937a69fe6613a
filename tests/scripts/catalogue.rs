//! What becomes of backups: an import of what the written scripts left, and deletion.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

use reseed::backup::manifest::Manifest;
use reseed::script::Script;
use sha2::{Digest, Sha256};

use super::tree::{KS, TABLE, Tree};

const PARTS: [(&str, &str); 3] =
    [("Data.db", "data"), ("Digest.crc32", "2918445923"), ("TOC.txt", "Data.db\nDigest.crc32\nTOC.txt\n")];

fn source(tree: &Tree) -> PathBuf {
    tree.root.join("theirs/snap")
}

/// A copy as the written script leaves it.
fn written(tree: &Tree) {
    let table = source(tree).join(TABLE);
    fs::create_dir_all(&table).unwrap();
    for (part, text) in PARTS {
        fs::write(table.join(format!("nb-1-big-{part}")), text).unwrap();
    }
}

fn copy(tree: &Tree) -> Script {
    let backup = |below: &str| tree.root.join("backup").join(below).display().to_string();
    Script::new("import.copy.act")
        .var("SNAPSHOT", "reseed-new")
        .var("PARTIAL", backup(".partial-new"))
        .var("FINAL", backup("new"))
        .var("RATE", 0)
        .var("AT_ONCE", 2)
        .list("KEYSPACES", [KS])
        .var("SOURCE", source(tree).display())
        .var("KEYSPACE", KS)
        .var("TAKEN_AT", "2026-01-01T00:00:00Z")
        .list("TABLES", [TABLE])
        .list("FILES", PARTS.map(|(part, text)| format!("{}\t{TABLE}/nb-1-big-{part}", text.len())))
        .list("DIGESTS", [format!("crc32\t{TABLE}/nb-1-big-Data.db\t{TABLE}/nb-1-big-Digest.crc32")])
}

/// Inode, time and bytes of every file.
fn state(dir: &Path) -> BTreeMap<String, (u64, i64, Vec<u8>)> {
    let files = Tree::list(dir).into_iter();
    files
        .map(|file| {
            let path = dir.join(&file);
            let meta = fs::metadata(&path).unwrap();
            (file, (meta.ino(), meta.mtime_nsec(), fs::read(path).unwrap()))
        })
        .collect()
}

/// The copy is a backup with a manifest, and theirs is as it was.
pub async fn imported(tree: &mut Tree) {
    written(tree);
    let before = state(&source(tree));
    for _ in 0..2 {
        tree.ok(&copy(tree)).await;
    }
    tree.ok(&tree.backup_script("backup.verify.act")).await;
    tree.ok(&tree.publish()).await;
    let printed = tree.ok(&tree.backup_script("backup.publish.proof")).await;
    let (sum, json) = printed.split_once('\n').unwrap();
    let manifest = Manifest::parse(json, sum).unwrap();
    assert_eq!((manifest.file_count(), manifest.taken_at.to_string().as_str()), (3, "2026-01-01T00:00:00Z"));
    assert_eq!(before, state(&source(tree)), "theirs is not touched");
    let made = state(&tree.root.join(format!("backup/new/{KS}")));
    let inodes: Vec<u64> = before.values().map(|(inode, ..)| *inode).collect();
    assert!(made.values().all(|(inode, ..)| !inodes.contains(inode)), "no inode is shared with theirs");
}

/// Data that Cassandra did not write, a file that is gone, one that became a link.
pub async fn import_refused(tree: &mut Tree) {
    written(tree);
    let data = source(tree).join(TABLE).join("nb-1-big-Data.db");
    fs::write(&data, "dada").unwrap();
    tree.fails(&copy(tree), "is not what Cassandra wrote").await;
    fs::remove_file(&data).unwrap();
    tree.fails(&copy(tree), "cannot copy").await;
    symlink("/etc/hostname", &data).unwrap();
    let none: [&str; 0] = [];
    tree.ok(&copy(tree).list("DIGESTS", none)).await;
    tree.fails(&tree.backup_script("backup.verify.act"), "differs from the snapshot").await;
    assert!(!tree.root.join("backup/new").exists(), "nothing of it is published");
}

fn remove(tree: &Tree, name: &str, script: &str) -> Script {
    let tag = name.trim_start_matches(".partial-").trim_start_matches(".pruned-");
    let text = fs::read(tree.root.join("backup").join(name).join("manifest.json")).unwrap_or_default();
    let sum = Sha256::digest(&text).iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().concat();
    let script = Script::new(script).var("ROOT", tree.root.join("backup").display()).var("NAME", name).var("TAG", tag);
    if script.name.ends_with("act") {
        script.var("DIGEST", if text.is_empty() { String::new() } else { sum })
    } else {
        script
    }
}

fn backup(tree: &Tree, name: &str) -> PathBuf {
    let dir = tree.root.join("backup").join(name);
    fs::create_dir_all(dir.join(KS).join(TABLE)).unwrap();
    fs::write(dir.join(KS).join(TABLE).join("nb-1-big-Data.db"), "x".repeat(9000)).unwrap();
    fs::write(dir.join("manifest.json"), format!("{{{name}}}")).unwrap();
    dir
}

/// It is gone, and no other one is; a second time changes nothing.
pub async fn removed(tree: &mut Tree) {
    let (old, kept) = (backup(tree, "old"), backup(tree, "old-2"));
    let act = remove(tree, "old", "backup.remove.act");
    assert!(tree.ok(&act).await.contains("freed="));
    tree.ok(&act).await;
    tree.ok(&remove(tree, "old", "backup.remove.proof")).await;
    assert!(!old.exists() && kept.exists());
    // unfinished ones have no manifest; what an earlier prune began is ended
    for name in [".partial-half", ".pruned-other"] {
        fs::create_dir_all(tree.root.join("backup").join(name).join("ks")).unwrap();
        tree.ok(&remove(tree, name, "backup.remove.act")).await;
        tree.ok(&remove(tree, name, "backup.remove.proof")).await;
    }
    assert_eq!(fs::read_dir(tree.root.join("backup")).unwrap().count(), 1);
}

/// Whichever command is the last: a backup that has its name is whole.
pub async fn remove_cut(tree: &mut Tree) {
    let mut cuts = 0;
    for at in 0.. {
        let old = backup(tree, "old");
        fs::create_dir_all(tree.root.join("backup/.pruned-old/junk")).unwrap();
        let act = remove(tree, "old", "backup.remove.act");
        tree.pretend_configured();
        if !tree.dies_at(at, &act).await {
            break;
        }
        cuts += 1;
        let whole = old.join("manifest.json").exists() && old.join(KS).join(TABLE).join("nb-1-big-Data.db").exists();
        assert!(whole || !old.exists(), "cut {at}");
        tree.ok(&act).await;
        tree.ok(&remove(tree, "old", "backup.remove.proof")).await;
    }
    assert!(cuts >= 3, "{cuts} cuts");
}

/// Another backup of that name, a link, a name that is a path.
pub async fn remove_refused(tree: &mut Tree) {
    let old = backup(tree, "old");
    let act = remove(tree, "old", "backup.remove.act");
    fs::write(old.join("manifest.json"), "{another}").unwrap();
    tree.fails(&act, "its manifest is another one").await;
    fs::remove_file(old.join("manifest.json")).unwrap();
    tree.fails(&act, "its manifest is another one").await;
    assert!(old.join(KS).exists());
    symlink(&old, tree.root.join("backup/linked")).unwrap();
    tree.fails(&remove(tree, "linked", "backup.remove.act").var("DIGEST", ""), "is no directory").await;
    for name in ["..", "a/b", ""] {
        tree.fails(&remove(tree, "x", "backup.remove.act").var("NAME", name), "no name of a backup").await;
    }
    assert!(old.join(KS).exists());
}
