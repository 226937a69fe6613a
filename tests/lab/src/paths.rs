//! Where the lab keeps things on the machine, and small helpers for files.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use crate::{Error, Result};

/// Jars, golden images and the Python environment: `LAB_CACHE`.
pub(crate) fn cache() -> PathBuf {
    env::var_os("LAB_CACHE").map_or_else(|| "/var/cache/reseed-lab".into(), PathBuf::from)
}

/// The folder of all running labs: `LAB_DIR`.
pub(crate) fn labs() -> Result<PathBuf> {
    let dir = env::var_os("LAB_DIR").map_or_else(|| "/var/lib/reseed-lab".into(), PathBuf::from);
    if dir.starts_with("/tmp") || !dir.is_absolute() {
        let why = format!("{} must be absolute and not under /tmp", dir.display());
        return Err(Error::broken("LAB_DIR", why));
    }
    Ok(dir)
}

/// The folder of one lab.
pub(crate) fn lab(name: &str) -> Result<PathBuf> {
    Ok(labs()?.join(name))
}

/// The Python environment that `setup.sh` makes.
pub(crate) fn venv() -> PathBuf {
    cache().join("venv")
}

/// Makes a folder and those above it.
pub(crate) fn make_dir(path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    fs::create_dir_all(path).map_err(Error::file("making the folder", path))
}

/// Writes a file with exactly this mode.
pub(crate) fn write(path: impl AsRef<Path>, content: impl AsRef<[u8]>, mode: u32) -> Result<()> {
    let path = path.as_ref();
    fs::write(path, content).map_err(Error::file("writing", path))?;
    set_mode(path, mode)
}

/// Sets a mode.
pub(crate) fn set_mode(path: impl AsRef<Path>, mode: u32) -> Result<()> {
    let path = path.as_ref();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(Error::file("setting the mode of", path))
}

/// Reads a text file.
pub(crate) fn read(path: impl AsRef<Path>) -> Result<String> {
    let path = path.as_ref();
    fs::read_to_string(path).map_err(Error::file("reading", path))
}

/// Removes a folder with all that is in it; one that is not there is fine.
pub(crate) fn remove_dir(path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::file("removing", path)(error)),
        _ => Ok(()),
    }
}
