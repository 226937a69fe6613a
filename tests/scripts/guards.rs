//! Guards are set and cleared, whatever cuts in between.

use std::fs;

use super::tree::Tree;

pub async fn guards(tree: &mut Tree) {
    let file = |n: usize| tree.data(n).join("RESEED-RUN-IN-PROGRESS.db");
    tree.fails(&tree.guard("guard.set.proof"), "no RESEED-RUN-IN-PROGRESS.db").await;
    for _ in 0..2 {
        tree.ok(&tree.guard("guard.set.act")).await;
        tree.ok(&tree.guard("guard.set.proof")).await;
        assert!(fs::read_to_string(file(1)).unwrap().contains("run r1"));
        assert_eq!(Tree::mode(&file(0)), 0o644, "Cassandra's user can read it");
    }
    tree.fails(&tree.guard("guard.clear.proof"), "is still there").await;
    for _ in 0..2 {
        tree.ok(&tree.guard("guard.clear.act")).await;
        tree.ok(&tree.guard("guard.clear.proof")).await;
    }
    assert!(!file(0).exists() && !file(1).exists());
    // what a disk that was full, or a power cut, left of one
    fs::write(file(0), "").unwrap();
    tree.fails(&tree.guard("guard.set.proof"), "no RESEED-RUN-IN-PROGRESS.db").await;
    tree.ok(&tree.guard("guard.set.act")).await;
    tree.ok(&tree.guard("guard.set.proof")).await;
    tree.ok(&tree.guard("guard.clear.act")).await;
    tree.live_is_untouched();
}

/// After every command that changes something the host dies; what is there is set, or cleared, by
/// the next attempt, whatever the first one was.
pub async fn guards_cut(tree: &mut Tree) {
    let shell = tree.shell.clone();
    for (first, then) in [("set", "set"), ("set", "clear"), ("clear", "clear")] {
        let mut cuts = 0;
        loop {
            *tree = Tree::new(shell.clone());
            let conf = tree.pretend_configured();
            let (inode, text) = (Tree::inode(&conf), fs::read(&conf).unwrap());
            if first == "clear" {
                tree.ok(&tree.guard("guard.set.act")).await;
            }
            let cut = tree.dies_at(cuts, &tree.guard(&format!("guard.{first}.act"))).await;
            tree.ok(&tree.guard(&format!("guard.{then}.act"))).await;
            tree.ok(&tree.guard(&format!("guard.{then}.proof"))).await;
            if then == "set" {
                assert_ne!(fs::read(&conf).unwrap(), text);
                assert_eq!(Tree::mode(&conf), 0o640, "as the original's");
                tree.ok(&tree.guard("guard.clear.act")).await;
            }
            assert!(fs::read(&conf).unwrap() == text && Tree::inode(&conf) == inode, "{first}, {then}: {cuts}");
            let beside = fs::read_dir(conf.parent().unwrap()).unwrap().count();
            assert_eq!(beside, 1, "nothing is left beside cassandra.yaml");
            if !cut {
                break;
            }
            cuts += 1;
        }
        // busybox may take its own commands instead of those that count
        assert!(cuts >= 6 || shell.ends_with("busybox"), "{first}: only {cuts} commands");
    }
}

pub async fn guard_conf_edited(tree: &mut Tree) {
    let conf = tree.pretend_configured();
    let kept = conf.with_file_name("cassandra.yaml.reseed-guard");
    tree.ok(&tree.guard("guard.set.act")).await;
    let guarded = fs::read_to_string(&conf).unwrap();
    assert!(guarded.ends_with("\nreseed_run_in_progress: r1\n"), "{guarded}");
    fs::write(&conf, format!("{guarded}num_tokens: 9\n")).unwrap();
    tree.fails(&tree.guard("guard.clear.act"), "was edited since the guard was set").await;
    fs::write(&conf, guarded.replace("Lab", "Lob")).unwrap();
    tree.fails(&tree.guard("guard.clear.act"), "was edited since the guard was set").await;
    // replaced by a tool that knows nothing of us: the guard is gone, and the proof says so
    fs::write(&conf, "cluster_name: Other\n").unwrap();
    tree.fails(&tree.guard("guard.set.proof"), "no reseed_run_in_progress").await;
    tree.fails(&tree.guard("guard.set.act"), "is another file and has no guard").await;
    tree.fails(&tree.guard("guard.clear.act"), "was edited since the guard was set").await;
    // as the message says
    fs::remove_file(&kept).unwrap();
    tree.ok(&tree.guard("guard.clear.act")).await;
    tree.ok(&tree.guard("guard.clear.proof")).await;
    assert_eq!(fs::read_to_string(&conf).unwrap(), "cluster_name: Other\n");
    // without the original the guard is not taken for cleared
    tree.ok(&tree.guard("guard.set.act")).await;
    fs::remove_file(&kept).unwrap();
    tree.fails(&tree.guard("guard.set.proof"), "its original is not kept").await;
    tree.fails(&tree.guard("guard.clear.act"), "its original").await;
}
