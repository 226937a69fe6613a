//! The copy of the backup beside the data.

use std::fs;

use super::tree::{KS, TABLE, Tree};

pub async fn stage_copies(tree: &mut Tree) {
    let files = tree.backup();
    tree.ok(&tree.stage(&files)).await;
    let staged = tree.stage_dir();
    assert_eq!(
        Tree::list(&staged),
        ["nb-9-big-Data.db", "nb-9-big-Index.db", ".idx_a/nb-9-big-Data.db"].map(String::from).into()
    );
    assert_eq!(fs::read(staged.join("nb-9-big-Data.db")).unwrap(), b"new data");
    let source = tree.root.join(format!("backup/good/{KS}/{TABLE}/nb-9-big-Data.db"));
    assert_ne!(
        Tree::inode(&staged.join("nb-9-big-Data.db")),
        Tree::inode(&source),
        "no inode is shared with the backup"
    );
    assert_eq!(Tree::mode(&staged), Tree::mode(&tree.live(0)), "mode of the live directory");
    assert_eq!(Tree::mode(&staged.join(".idx_a")), Tree::mode(&tree.live(0)));
    assert_eq!(Tree::mode(&staged.join("nb-9-big-Data.db")) & 0o111, 0, "files are not executable");
    let proof = tree.ok(&tree.stage_proof(3)).await;
    assert!(proof.contains("3 files"), "{proof}");
    tree.fails(&tree.stage_proof(4), "3 files are staged instead of 4").await;
    tree.live_is_untouched();
}

pub async fn stage_again(tree: &mut Tree) {
    let files = tree.backup();
    tree.ok(&tree.stage(&files)).await;
    // half of a second one, and something strange in the first
    fs::write(tree.stage_dir().join("stale.db"), "x").unwrap();
    let partial = tree.stage_on(0).with_extension("partial");
    fs::create_dir_all(partial.join("junk")).unwrap();
    tree.ok(&tree.stage(&files)).await;
    assert_eq!(Tree::list(&tree.stage_dir()).len(), 3);
    assert!(!partial.exists());
}

pub async fn stage_refuses(tree: &mut Tree) {
    let files = tree.backup();
    let file = tree.root.join(format!("backup/good/{KS}/{TABLE}/nb-9-big-Data.db"));
    // one byte
    fs::write(&file, b"new dat!").unwrap();
    tree.fails(&tree.stage(&files), "differs from the manifest").await;
    assert!(!tree.stage_dir().exists(), "what is not right does not get the final name");
    // one file less
    fs::remove_file(&file).unwrap();
    tree.fails(&tree.stage(&files), "cannot copy").await;
    // more than the manifest names is not copied
    fs::write(&file, b"new data").unwrap();
    fs::write(file.with_file_name("nb-10-big-Data.db"), b"extra").unwrap();
    tree.ok(&tree.stage(&files)).await;
    assert_eq!(Tree::list(&tree.stage_dir()).len(), 3);
    tree.live_is_untouched();
}
