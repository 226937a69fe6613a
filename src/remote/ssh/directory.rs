//! The private directory of one transport: per host an `ssh_config`, control sockets and logs.
//!
//! It lives outside the run's directory, whose path may be long, and is recorded there, so that
//! the next coordinator of the run can end what a killed one left.
//!
//! Invariants: 0700; a socket's path stays far under the 108 bytes of `sun_path` (ssh binds a name
//! that is 17 longer first), so names in it are numbers, never host names.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::SshSetupError;

/// Names the directory in a run's directory, for [`sweep`].
const RECORD: &str = "ssh-directory";
const PREFIX: &str = "reseed-";
/// A longer `$XDG_RUNTIME_DIR` would make socket paths too long.
const LONGEST_PARENT: usize = 48;

/// Makes the private directory and records it in the run's.
pub(super) fn make(run_dir: Option<&Path>) -> Result<PathBuf, SshSetupError> {
    let fits = |path: &PathBuf| path.is_absolute() && path.as_os_str().len() <= LONGEST_PARENT && path.is_dir();
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(fits);
    let mut made = Err(io::ErrorKind::NotFound.into());
    let mut path = PathBuf::new();
    // A runtime directory may be named but not writable (after `su`, say).
    for parent in runtime.into_iter().chain([PathBuf::from("/tmp")]) {
        path = parent.join(format!("{PREFIX}{:08x}", crate::remote::random() & 0xffff_ffff));
        made = fs::DirBuilder::new().mode(0o700).create(&path);
        if made.is_ok() {
            break;
        }
    }
    made.map_err(|source| SshSetupError::Directory { path: path.clone(), source })?;
    if let Some(run_dir) = run_dir {
        let record = run_dir.join(RECORD);
        fs::write(&record, path.as_os_str().as_encoded_bytes())
            .map_err(|source| SshSetupError::Directory { path: record, source })?;
    }
    Ok(path)
}

/// Ends what an earlier coordinator of the run left. Best effort: a master that is not found ends
/// by itself when idle.
pub(super) fn sweep(run_dir: &Path) {
    let Ok(text) = fs::read_to_string(run_dir.join(RECORD)) else { return };
    let directory = PathBuf::from(text);
    let ours = directory.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(PREFIX.as_bytes()))
        && fs::symlink_metadata(&directory)
            .is_ok_and(|meta| meta.is_dir() && meta.uid() == rustix::process::geteuid().as_raw());
    if !ours {
        return;
    }
    for entry in fs::read_dir(&directory).into_iter().flatten().flatten() {
        if entry.path().extension().is_some_and(|ext| ext == "s") {
            let _ = super::master::exit_command(&entry.path()).into_std().status();
        }
    }
    let _ = fs::remove_dir_all(&directory);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_path_is_short_and_its_directory_private() {
        let path = make(None).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
        assert!(path.join("9999.9999.s.0123456789abcdef").as_os_str().len() < 90);
        fs::remove_dir(&path).unwrap();
    }

    #[test]
    fn a_record_that_names_something_else_is_left_alone() {
        let run_dir = tempfile::tempdir().unwrap();
        let other = run_dir.path().join("precious");
        fs::create_dir(&other).unwrap();
        fs::write(run_dir.path().join(RECORD), other.as_os_str().as_encoded_bytes()).unwrap();
        sweep(run_dir.path());
        assert!(other.exists());
    }
}
