//! Disks as images: a host's files in a file system of their own.

use std::fs::{self, File};

use crate::{
    Error, Host, Result,
    paths::{make_dir, remove_dir},
    process::{command, run},
};

/// What a host's disk holds.
const TREES: [&str; 7] = ["etc", "opt", "home", "tmp", "var", "lab", "root-home"];
/// Room on each disk; a file with holes takes only what is used.
const BYTES: u64 = 3 << 30;

/// Puts a host's folder, which is complete, into an image, and makes an empty one for backups.
pub(crate) fn pack(host: &Host) -> Result<()> {
    let tree = host.dir.join("disk");
    make_dir(&tree)?;
    for name in TREES {
        let (from, to) = (host.dir.join(name), tree.join(name));
        fs::rename(&from, &to).map_err(Error::file("moving", from))?;
    }
    let what = format!("making the disks of {}", host.name);
    for (image, from) in [("disk.img", Some(&tree)), ("backup.img", None)] {
        let path = host.dir.join(image);
        let file = File::create(&path).map_err(Error::file("making", &path))?;
        file.set_len(BYTES).map_err(Error::file("making", &path))?;
        let mut make = command("mkfs.ext4", ["-q", "-F", "-m", "0", "-E", "lazy_itable_init=1,lazy_journal_init=1"]);
        if let Some(from) = from {
            make.arg("-d").arg(from);
        }
        run(&what, make.arg(path))?;
    }
    remove_dir(tree)
}
