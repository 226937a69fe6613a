//! A backup comes to be: copied, read back, published.

use std::fs;

use super::tree::{KS, TABLE, Tree};

pub async fn backup_published(tree: &mut Tree) {
    tree.snapshot();
    for _ in 0..2 {
        tree.ok(&tree.copy()).await;
    }
    tree.ok(&tree.backup_script("backup.verify.act")).await;
    tree.ok(&tree.publish()).await;
    let printed = tree.ok(&tree.backup_script("backup.publish.proof")).await;
    let (sum, json) = printed.split_once('\n').unwrap();
    let manifest = reseed::backup::manifest::Manifest::parse(json, sum).unwrap();
    let mut files: Vec<_> = manifest.files().map(|(_, _, f)| (f.path.clone(), f.size)).collect();
    files.sort();
    let expected =
        [(".idx_a/nb-1-big-Data.db", 9), ("manifest.json", 2), ("nb-1-big-Data.db", 8), ("nb-2-big-Data.db", 8)];
    assert_eq!(files, expected.map(|(p, s)| (p.to_owned(), s)), "files of both data directories");
    let table = &manifest.keyspaces[0].tables[0];
    assert_eq!(table.rows_estimate, 17);
    assert!(!tree.root.join("backup/.partial-new").exists() && !tree.root.join("backup/new/.work").exists());
    // a table whose snapshot is gone makes no whole backup
    fs::remove_dir_all(tree.live(0).join("snapshots/reseed-new")).unwrap();
    fs::remove_dir_all(tree.live(1).join("snapshots/reseed-new")).unwrap();
    fs::create_dir_all(tree.root.join("backup/.partial-new/.work")).unwrap();
    tree.fails(&tree.copy(), "has no snapshot").await;
}

pub async fn backup_verified(tree: &mut Tree) {
    tree.snapshot();
    tree.ok(&tree.copy()).await;
    let copied = tree.root.join(format!("backup/.partial-new/{KS}/{TABLE}/nb-1-big-Data.db"));
    fs::write(&copied, "old dat!").unwrap();
    tree.fails(&tree.backup_script("backup.verify.act"), "differs from the snapshot").await;
    fs::remove_file(&copied).unwrap();
    tree.fails(&tree.backup_script("backup.verify.act"), "differs from the snapshot").await;
    tree.ok(&tree.copy()).await;
    fs::write(copied.with_file_name("more.db"), "x").unwrap();
    tree.fails(&tree.backup_script("backup.verify.act"), "differs from the snapshot").await;
    // a link in a snapshot is nothing that a backup may hold
    std::os::unix::fs::symlink("/etc/passwd", tree.live(0).join("snapshots/reseed-new/nb-4-big-Data.db")).unwrap();
    tree.fails(&tree.copy(), "neither a file nor a directory").await;
}

pub async fn publish_taken_up(tree: &mut Tree) {
    let shell = tree.shell.clone();
    for cut in ["before the rename", "after the manifest", "after the rename"] {
        *tree = Tree::new(shell.clone());
        tree.snapshot();
        tree.ok(&tree.copy()).await;
        tree.ok(&tree.backup_script("backup.verify.act")).await;
        let (partial, done) = (tree.root.join("backup/.partial-new"), tree.root.join("backup/new"));
        if cut == "after the manifest" {
            fs::copy(partial.join(".work/taken_at"), partial.join("manifest.json")).unwrap();
        } else {
            tree.ok(&tree.publish()).await;
            if cut == "before the rename" {
                fs::rename(&done, &partial).unwrap();
            }
        }
        tree.ok(&tree.publish()).await;
        let printed = tree.ok(&tree.backup_script("backup.publish.proof")).await;
        let (sum, json) = printed.split_once('\n').unwrap();
        reseed::backup::manifest::Manifest::parse(json, sum).unwrap();
    }
    // but never over another backup
    fs::create_dir_all(tree.root.join("backup/.partial-new/.work")).unwrap();
    tree.fails(&tree.publish(), "exists already").await;
}
