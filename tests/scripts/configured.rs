//! Putting configuration back: attempts after the first one, and what may stand in the way.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use reseed::digest::sha256;
use reseed::script::Script;

use super::tree::Tree;

const WANTED: &str = "keystore_password: hunter2\n";

/// The file in an own directory, the step that puts it back, and where it keeps what was there.
struct Place {
    file: PathBuf,
    part: PathBuf,
    kept: PathBuf,
}

impl Place {
    fn of(tree: &Tree) -> Self {
        let conf = tree.root.join("co nf");
        let base = tree.root.join("jobs/r1/config");
        fs::create_dir_all(&conf).unwrap();
        fs::create_dir_all(base.join("stage")).unwrap();
        fs::write(base.join("stage").join(sha256(WANTED)), WANTED).unwrap();
        let file = conf.join("a.yaml");
        fs::write(&file, "first\n").unwrap();
        let kept = base.join("replaced").join(file.strip_prefix("/").unwrap());
        Self { part: conf.join(".reseed-r1.part"), file, kept }
    }

    /// Owned by the directory's owner, whose name here is `user`.
    fn script(&self, tree: &Tree, name: &str, (uid, user): (u32, &str)) -> Script {
        let gid = fs::metadata(tree.root.join("co nf")).unwrap().gid();
        let file = self.file.display();
        Script::new(name)
            .var("ROOT", tree.root.join("jobs").display())
            .list("DIRS", [""; 0])
            .list("FILES", [format!("{}\t640\t{uid}\t{user}\t{gid}\tno such group\t1\t-\t{file}", sha256(WANTED))])
            .list("LINKS", [""; 0])
            .list("TARGETS", [""; 0])
    }

    fn more(&self, ending: &str) -> PathBuf {
        Path::new(&format!("{}{ending}", self.kept.display())).to_owned()
    }
}

fn me(tree: &Tree) -> (u32, &'static str) {
    (fs::metadata(&tree.root).unwrap().uid(), "no such user")
}

pub async fn again(tree: &mut Tree) {
    let place = Place::of(tree);
    let act = place.script(tree, "config.replace.act", me(tree));
    tree.ok(&act).await;
    let read = |path: &Path| fs::read_to_string(path).unwrap();
    assert_eq!((read(&place.file).as_str(), read(&place.kept).as_str()), (WANTED, "first\n"));
    // a second attempt keeps nothing anew, also when it has to begin again
    fs::remove_file(&place.file).unwrap();
    fs::hard_link(&place.kept, &place.file).unwrap();
    tree.ok(&act).await;
    assert!(!place.more(".2").exists());
    // what somebody wrote there during the pause is kept, each time
    for (text, ending) in [("second\n", ".2"), ("third\n", ".3")] {
        fs::remove_file(&place.file).unwrap();
        fs::write(&place.file, text).unwrap();
        tree.ok(&act).await;
        assert_eq!((read(&place.file).as_str(), read(&place.more(ending)).as_str()), (WANTED, text));
    }
    fs::remove_file(&place.file).unwrap();
    symlink("elsewhere", &place.file).unwrap();
    tree.ok(&act).await;
    assert_eq!(fs::read_link(place.more(".4")).unwrap(), Path::new("elsewhere"));
    assert_eq!((read(&place.kept).as_str(), read(&place.file).as_str()), ("first\n", WANTED));
    tree.ok(&place.script(tree, "config.replace.proof", me(tree))).await;
}

pub async fn half(tree: &mut Tree) {
    let place = Place::of(tree);
    let act = place.script(tree, "config.replace.act", me(tree));
    // a link that somebody planted is not written through
    let victim = tree.root.join("victim");
    fs::write(&victim, "theirs").unwrap();
    symlink(&victim, &place.part).unwrap();
    tree.tool("chown", "#!/bin/sh\nexit 1\n");
    tree.fails(&act, "its owner").await;
    assert!(fs::symlink_metadata(&place.part).is_err(), "no half file, which may be a secret, is left");
    assert_eq!(fs::read_to_string(&place.file).unwrap(), "first\n");
    fs::remove_file(tree.bin().join("chown")).unwrap();
    // nor is what is not what was sent
    let stage = tree.root.join("jobs/r1/config/stage").join(sha256(WANTED));
    fs::write(&stage, "other").unwrap();
    tree.fails(&act, "is not what was sent").await;
    assert!(fs::symlink_metadata(&place.part).is_err());
    fs::write(&stage, WANTED).unwrap();
    symlink(&victim, &place.part).unwrap();
    tree.ok(&act).await;
    assert_eq!(fs::read_to_string(&victim).unwrap(), "theirs");
    assert_eq!(fs::metadata(&place.file).unwrap().permissions().mode() & 0o777, 0o640);
}

pub async fn owners(tree: &mut Tree) {
    let place = Place::of(tree);
    fs::write(&place.file, WANTED).unwrap();
    fs::set_permissions(&place.file, fs::Permissions::from_mode(0o640)).unwrap();
    let proof = |who| place.script(tree, "config.replace.proof", who);
    let (uid, nobody) = me(tree);
    // the host knows the name: then the number says nothing
    tree.ok(&proof((uid, nobody))).await;
    tree.fails(&proof((uid + 1, nobody)), "is not as it was").await;
    let other = if uid == 0 { "daemon" } else { "root" };
    tree.fails(&proof((uid, other)), "is not as it was").await;
    if uid == 0 {
        tree.ok(&proof((uid + 7, "root"))).await;
    }
}
