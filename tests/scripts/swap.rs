//! What happens to live tables, commit log and hints while a node is stopped.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use super::tree::{KS, Tree};

pub async fn swap_renames(tree: &mut Tree) {
    let files = tree.backup();
    tree.ok(&tree.stage(&files)).await;
    let (old, new) = (Tree::inode(&tree.live(0)), Tree::inode(&tree.stage_dir()));
    let data = Tree::inode(&tree.stage_dir().join("nb-9-big-Data.db"));
    let foreign = Tree::inode(&tree.live(0).join("snapshots/theirs/nb-1-big-Data.db"));
    for _ in 0..2 {
        tree.ok(&tree.table("table.swap.act")).await;
        assert_eq!(Tree::inode(&tree.live(0)), new, "renamed, not copied");
        assert_eq!(Tree::inode(&tree.aside(0)), old);
        tree.is_swapped(data, foreign);
        let proof = tree.ok(&tree.table("table.swap.proof").var("COUNT", 3)).await;
        assert!(proof.contains("3 files live"), "{proof}");
    }
    tree.fails(&tree.table("table.swap.proof").var("COUNT", 4), "3 live files instead of 4").await;
}

pub async fn swap_taken_up(tree: &mut Tree) {
    let shell = tree.shell.clone();
    for cut in 0..5 {
        *tree = Tree::new(shell.clone());
        let files = tree.backup();
        tree.ok(&tree.stage(&files)).await;
        let data = Tree::inode(&tree.stage_dir().join("nb-9-big-Data.db"));
        let foreign = Tree::inode(&tree.live(0).join("snapshots/theirs/nb-1-big-Data.db"));
        let renames = [
            (tree.live(0), tree.aside(0)),
            (tree.stage_dir(), tree.live(0)),
            (tree.aside(0).join("snapshots"), tree.live(0).join("snapshots")),
            (tree.aside(0).join("backups"), tree.live(0).join("backups")),
            (tree.live(1), tree.aside(1)),
        ];
        for (from, to) in &renames[..=cut] {
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::rename(from, to).unwrap();
        }
        tree.ok(&tree.table("table.swap.act")).await;
        tree.is_swapped(data, foreign);
    }
}

pub async fn swap_refuses(tree: &mut Tree) {
    let files = tree.backup();
    // nothing is staged and nothing was swapped
    tree.fails(&tree.table("table.swap.act"), "neither swapped nor as it was").await;
    tree.live_is_untouched();
    // stage, live and quarantine are all there
    tree.ok(&tree.stage(&files)).await;
    fs::create_dir_all(tree.aside(0)).unwrap();
    tree.fails(&tree.table("table.swap.act"), "is in the way").await;
    tree.live_is_untouched();
    assert!(tree.stage_dir().exists());
    // live and quarantine are both gone
    fs::remove_dir(tree.aside(0)).unwrap();
    fs::rename(tree.live(0), tree.root.join("taken")).unwrap();
    tree.fails(&tree.table("table.swap.act"), "is not there").await;
    assert!(tree.stage_dir().exists());
}

pub async fn aside_renames(tree: &mut Tree) {
    let (old, mode) = (Tree::inode(&tree.live(0)), Tree::mode(&tree.live(0)));
    let foreign = Tree::inode(&tree.live(0).join("snapshots/theirs/nb-1-big-Data.db"));
    for _ in 0..2 {
        tree.ok(&tree.table("table.aside.act")).await;
        assert_eq!((Tree::inode(&tree.aside(0)), Tree::mode(&tree.live(0))), (old, mode));
        tree.is_aside(foreign);
        assert!(tree.ok(&tree.table("table.aside.proof")).await.contains("empty"));
    }
    fs::write(tree.live(1).join("nb-3-big-Data.db"), "x").unwrap();
    tree.fails(&tree.table("table.aside.proof"), "not empty").await;
}

pub async fn aside_taken_up(tree: &mut Tree) {
    let shell = tree.shell.clone();
    for cut in 0..4_usize {
        *tree = Tree::new(shell.clone());
        let foreign = Tree::inode(&tree.live(0).join("snapshots/theirs/nb-1-big-Data.db"));
        fs::create_dir_all(tree.aside(0).parent().unwrap()).unwrap();
        fs::rename(tree.live(0), tree.aside(0)).unwrap();
        let mode = Tree::mode(&tree.aside(0));
        if cut > 0 {
            // made, and cut off before it was given owner and mode
            fs::create_dir(tree.live(0)).unwrap();
            fs::set_permissions(tree.live(0), fs::Permissions::from_mode(0o700)).unwrap();
        }
        for name in ["snapshots", "backups"].iter().take(cut.saturating_sub(1)) {
            fs::rename(tree.aside(0).join(name), tree.live(0).join(name)).unwrap();
        }
        tree.ok(&tree.table("table.aside.act")).await;
        tree.is_aside(foreign);
        assert_eq!(Tree::mode(&tree.live(0)), mode, "Cassandra's user can read it");
    }
}

/// A keyspace that is a link to another disk: nothing is copied, not even begun.
pub async fn across_disks(tree: &mut Tree) {
    let Ok(other) = tempfile::tempdir_in("/dev/shm") else {
        println!("skipped: /dev/shm cannot be written");
        return;
    };
    let device = |path: &std::path::Path| fs::metadata(path).unwrap().dev();
    if device(other.path()) == device(&tree.data(0)) {
        println!("skipped: /dev/shm is no other filesystem");
        return;
    }
    let (here, there) = (tree.data(0).join(KS), other.path().join(KS));
    assert!(std::process::Command::new("cp").arg("-a").args([&here, &there]).status().unwrap().success());
    fs::remove_dir_all(&here).unwrap();
    std::os::unix::fs::symlink(&there, &here).unwrap();
    let before = Tree::list(&there);
    tree.fails(&tree.table("table.aside.act"), "are on different filesystems").await;
    assert_eq!(Tree::list(&there), before);
    assert!(!tree.aside(0).exists(), "nothing was begun");
}

/// The table, or its whole keyspace, was created while the node was down.
pub async fn fresh(tree: &mut Tree) {
    let shell = tree.shell.clone();
    for (keyspace_too, name) in [(true, "table.swap.act"), (false, "table.aside.act")] {
        for cut in [1, 3, 5, 100] {
            *tree = Tree::new(shell.clone());
            for n in 0..2 {
                let gone = if keyspace_too { tree.data(n).join(KS) } else { tree.live(n) };
                fs::remove_dir_all(gone).unwrap();
                fs::set_permissions(tree.data(n), fs::Permissions::from_mode(0o710)).unwrap();
            }
            let files = tree.backup();
            tree.ok(&tree.stage(&files)).await;
            let script = tree.table(name);
            if cut == 1 {
                tree.fails(&script, "is not there").await; // a node that is up must have it
            }
            let script = script.var("FRESH", "yes");
            assert_eq!(tree.cut(&script, cut).await, cut == 100, "{name}: {cut}");
            tree.ok(&script).await;
            let swapped = name == "table.swap.act";
            assert_eq!(Tree::list(&tree.live(0)).len(), if swapped { 3 } else { 0 }, "{name}");
            for n in 0..2 {
                assert!(Tree::list(&tree.aside(n)).is_empty(), "what was set aside is the empty table that was there");
                assert!(n == 0 && swapped || Tree::list(&tree.live(n)).is_empty());
                assert!(!keyspace_too || Tree::mode(&tree.live(n)) == 0o710, "as the directory above");
            }
        }
    }
}

pub async fn clear_moves(tree: &mut Tree) {
    for (dir, files) in [
        ("commitlog", vec!["CommitLog-7-1.log", ".hidden"]),
        ("hints", vec!["a.hints", "a.crc32"]),
        ("saved_caches", vec![]),
        ("system/paxos-b7", vec!["nb-1-big-Data.db"]),
        ("system/paxos_repair_history-1a", vec!["nb-1-big-Data.db"]),
    ] {
        for file in files {
            fs::write(tree.root.join("c").join(dir).join(file), dir).unwrap();
        }
    }
    let theirs = tree.root.join("c/system/paxos-b7/snapshots/theirs");
    fs::create_dir_all(&theirs).unwrap();
    tree.fails(&tree.clear("node.clear.proof"), "is not empty").await;
    let inode = Tree::inode(&tree.root.join("c/hints/a.hints"));
    tree.ok(&tree.clear("node.clear.act")).await;
    let quarantine = tree.root.join("c/.reseed/r1/quarantine");
    assert_eq!(Tree::inode(&quarantine.join("hints/a.hints")), inode);
    assert!(quarantine.join("commitlog/.hidden").exists());
    assert!(quarantine.join("data-0/system/paxos-b7/nb-1-big-Data.db").exists());
    assert!(theirs.exists() && tree.root.join("c/system/paxos_repair_history-1a/nb-1-big-Data.db").exists());
    tree.ok(&tree.clear("node.clear.proof")).await;
    // more came (a node that was started by mistake): it goes too; the same name is in the way
    fs::write(tree.root.join("c/commitlog/CommitLog-7-2.log"), "late").unwrap();
    tree.ok(&tree.clear("node.clear.act")).await;
    assert!(quarantine.join("commitlog/CommitLog-7-2.log").exists());
    fs::write(tree.root.join("c/hints/a.hints"), "other").unwrap();
    tree.fails(&tree.clear("node.clear.act"), "is in the way").await;
    assert_eq!(fs::read(quarantine.join("hints/a.hints")).unwrap(), b"hints");
}

pub async fn refuses_while_running(tree: &mut Tree) {
    let files = tree.backup();
    tree.ok(&tree.stage(&files)).await;
    if !tree.takes_our_tools() {
        return;
    }
    tree.pretend_cassandra();
    tree.tool("sleep", "#!/bin/sh\n"); // they wait for a while
    let acts = ["table.swap.act", "table.aside.act", "table.back.act"].map(|name| tree.table(name));
    let others = ["node.clear.act", "node.back.act"].map(|name| tree.clear(name));
    for script in acts.into_iter().chain(others) {
        tree.fails(&script, "Cassandra runs").await;
    }
    tree.live_is_untouched();
}
