//! Reading the one secret that the coordinator itself must know: the CQL role's password.
//!
//! It is read when it is needed, never while the inventory is loaded, so that reading commands
//! work without it and it stays in memory for as short as possible.

use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::PasswordSource;
use super::error::PasswordError;
use crate::remote::Secret;

impl PasswordSource {
    /// The password. A file that its group or others can read is refused, since it is no secret.
    pub fn read(&self) -> Result<Secret, PasswordError> {
        match self {
            Self::Env(name) => {
                let text = std::env::var(name).unwrap_or_default();
                if text.is_empty() {
                    return Err(PasswordError::NoVariable { name: name.clone() });
                }
                secret(text, || format!("the environment variable {name}"))
            }
            Self::File(path) => secret(read_private(path)?, || format!("the password file {}", path.display())),
        }
    }
}

/// The first line of a file that only its owner can read. The mode is asked of the open file, so
/// that the file judged is the file read.
fn read_private(path: &Path) -> Result<String, PasswordError> {
    let unreadable = |source| PasswordError::Unreadable { path: path.to_owned(), source };
    let mut file = std::fs::File::open(path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(PasswordError::Exposed { path: path.to_owned(), mode });
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(unreadable)?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

fn secret(text: String, place: impl Fn() -> String) -> Result<Secret, PasswordError> {
    if text.is_empty() {
        return Err(PasswordError::Unusable { place: place(), why: "it is empty" });
    }
    Secret::new(text).ok_or_else(|| PasswordError::Unusable { place: place(), why: "it has more than one line" })
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;

    use super::*;

    fn file(content: &str, mode: u32) -> (tempfile::TempDir, PasswordSource) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pw");
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        (dir, PasswordSource::File(path))
    }

    #[test]
    fn the_first_line_of_a_private_file_is_the_password() {
        let (_dir, source) = file("s3 cret'\"\n", 0o600);
        assert_eq!(source.read().unwrap().expose(), "s3 cret'\"");
    }

    #[test]
    fn a_file_that_others_can_read_is_refused_with_the_cure() {
        for mode in [0o640, 0o604, 0o660] {
            let (_dir, source) = file("x\n", mode);
            let message = source.read().unwrap_err().to_string();
            assert!(message.contains(&format!("mode {mode:04o}")) && message.contains("chmod 600"), "{message}");
        }
    }

    #[test]
    fn no_error_holds_the_password() {
        let (_dir, source) = file("one\ntwo\n", 0o600);
        let error = source.read().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("two"), "{error:?}");
        assert!(error.to_string().contains("more than one line"));
        let (_dir, source) = file("\n", 0o400);
        assert!(source.read().unwrap_err().to_string().contains("it is empty"));
    }

    #[test]
    fn a_missing_variable_or_file_is_named() {
        let error = PasswordSource::Env("RESEED_NO_SUCH_VARIABLE".into()).read().unwrap_err().to_string();
        assert!(error.contains("RESEED_NO_SUCH_VARIABLE") && error.contains("export"), "{error}");
        let error = PasswordSource::File("/nonexistent/pw".into()).read().unwrap_err().to_string();
        assert!(error.contains("/nonexistent/pw"), "{error}");
    }
}
