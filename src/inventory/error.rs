//! Why an inventory is refused: all problems that could be found, each with its line.

use std::fmt;
use std::path::PathBuf;

/// Why an inventory is refused.
#[derive(Debug, thiserror::Error)]
pub enum InventoryError {
    /// The file cannot be read.
    #[error(
        "cannot read the inventory {path}: {source}; name another one with -i or RESEED_INVENTORY, \
         or write one (docs/inventory.md; inventory/cluster.example.yaml has every key)",
        path = path.display()
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It says something that cannot be.
    #[error("{}", Listed { path, problems })]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Everything that is wrong, by line. Never empty.
        problems: Vec<Problem>,
    },
}

/// One thing that is wrong in an inventory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, why, and what to do.
    pub what: String,
}

struct Listed<'a> {
    path: &'a PathBuf,
    problems: &'a [Problem],
}

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{}:{}: {}", self.path.display(), problem.line, problem.what)?;
        }
        Ok(())
    }
}

/// Why a password cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// The variable does not exist or is empty.
    #[error(
        "the environment variable {name}, named by cqlsh.password_env, is not set; export it before running reseed"
    )]
    NoVariable {
        /// The variable.
        name: String,
    },
    /// The file cannot be read.
    #[error("cannot read the password file {path}, named by cqlsh.password_file: {source}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Others could have read it.
    #[error("the password file {path} can be read by others (mode {mode:04o}); run: chmod 600 '{path}'", path = path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// What is there is no password: empty, or more than one line.
    #[error("{place} holds no usable password: {why}")]
    Unusable {
        /// `environment variable X` or `password file F`.
        place: String,
        /// Why.
        why: &'static str,
    },
}
