//! Golden images: the data of a cluster after its first boot, kept in the cache
//! per shape of cluster, so that later labs skip joining and roles.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
};

use crate::{
    Error, Host, Options, Result, conf,
    conf::HOME,
    paths::{self, cache, make_dir},
    process::{command, run},
    version::Version,
};

/// Raised when the first boot does something else than before.
const FORMAT: u32 = 1;

/// The image for clusters of this shape: named by it and by all configuration.
pub(crate) fn image(options: &Options, version: &Version) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    FORMAT.hash(&mut hasher);
    conf::yaml(options, version, &[], "").hash(&mut hasher);
    let shape = format!(
        "{}-n{}-d{}-dc{}-{:016x}",
        options.version,
        options.nodes,
        options.data_dirs,
        options.dcs,
        hasher.finish()
    );
    cache().join("golden").join(shape)
}

/// Keeps the data of stopped nodes as the image: made aside, then renamed.
pub(crate) fn save(image: &Path, options: &Options, nodes: &[&Host]) -> Result<()> {
    let work = cache().join("golden").join(format!(".{}", options.name));
    paths::remove_dir(&work)?;
    for node in nodes {
        let target = work.join(&node.name);
        make_dir(&target)?;
        for root in conf::data_roots(options) {
            copy(&node.path(HOME).join(root), &target)?;
        }
    }
    match fs::rename(&work, image) {
        // Another lab was quicker; its image is as good.
        Err(_) if image.exists() => paths::remove_dir(&work),
        renamed => renamed.map_err(Error::file("renaming to", image)),
    }
}

/// Gives the nodes, which never ran, the data of the image.
pub(crate) fn restore(image: &Path, options: &Options, nodes: &[&Host]) -> Result<()> {
    for node in nodes {
        for root in conf::data_roots(options) {
            let home = node.path(HOME);
            paths::remove_dir(home.join(root))?;
            copy(&image.join(&node.name).join(root), &home)?;
        }
    }
    Ok(())
}

fn copy(from: &Path, into: &Path) -> Result<()> {
    let (from, into) = (from.to_string_lossy(), into.to_string_lossy());
    let args = ["-a", "--reflink=auto", "--", &from, &into];
    run("copying a golden image", &mut command("cp", args)).map(drop)
}
