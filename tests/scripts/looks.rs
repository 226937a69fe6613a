//! What is there now on the made-up node, and whether it is what it should be.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt;

use super::tree::Tree;

impl Tree {
    /// Every file and directory of the node but what lies in our places, with its inode.
    pub fn picture(&self) -> BTreeMap<String, u64> {
        let mut found = BTreeMap::new();
        let mut waiting = vec![self.data(0), self.data(1), self.root.join("c")];
        while let Some(at) = waiting.pop() {
            for entry in fs::read_dir(&at).unwrap().map(|e| e.unwrap().path()) {
                if entry.file_name().is_some_and(|name| name == ".reseed") {
                    continue;
                }
                let own = fs::symlink_metadata(&entry).unwrap();
                found.insert(entry.strip_prefix(&self.root).unwrap().to_str().unwrap().to_owned(), own.ino());
                if own.is_dir() {
                    waiting.push(entry);
                }
            }
        }
        found
    }

    pub fn live_is_untouched(&self) {
        assert_eq!(fs::read(self.live(0).join("nb-1-big-Data.db")).unwrap(), b"old data");
        assert_eq!(fs::read(self.live(0).join(".idx_a/nb-1-big-Data.db")).unwrap(), b"old index");
        assert_eq!(fs::read(self.live(1).join("nb-2-big-Data.db")).unwrap(), b"old data");
    }

    pub fn is_swapped(&self, data: u64, foreign: u64) {
        assert_eq!(Self::inode(&self.live(0).join("nb-9-big-Data.db")), data);
        let live: Vec<String> =
            Self::list(&self.live(0)).into_iter().filter(|f| !f.starts_with("snapshots/")).collect();
        assert_eq!(live, [".idx_a/nb-9-big-Data.db", "nb-9-big-Data.db", "nb-9-big-Index.db"], "nothing stale stays");
        self.others_are_back(foreign);
        assert_eq!(Self::list(&self.live(1)), BTreeSet::new(), "the second data directory holds nothing of the old");
        assert_eq!(Self::mode(&self.live(1)), 0o750);
        assert!(!self.stage_dir().exists());
        self.old_is_aside();
    }

    pub fn is_aside(&self, foreign: u64) {
        self.others_are_back(foreign);
        for n in 0..2 {
            assert!(Self::list(&self.live(n)).iter().all(|f| f.starts_with("snapshots/")));
        }
        self.old_is_aside();
    }

    fn others_are_back(&self, foreign: u64) {
        assert_eq!(Self::inode(&self.live(0).join("snapshots/theirs/nb-1-big-Data.db")), foreign);
        assert!(self.live(0).join("backups").is_dir());
    }

    fn old_is_aside(&self) {
        assert_eq!(fs::read(self.aside(0).join("nb-1-big-Data.db")).unwrap(), b"old data");
        assert_eq!(fs::read(self.aside(0).join(".idx_a/nb-1-big-Data.db")).unwrap(), b"old index");
        assert_eq!(fs::read(self.aside(1).join("nb-2-big-Data.db")).unwrap(), b"old data");
        assert!(!self.aside(0).join("snapshots").exists() && !self.aside(0).join("backups").exists());
    }
}
