//! What can go wrong in the lab: every error says what failed, where and why.

use std::{io, path::PathBuf};

/// The lab's result.
pub type Result<T> = std::result::Result<T, Error>;

/// An error of the lab.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The options contradict each other or ask for what there is not.
    #[error("lab options: {0}")]
    Options(String),
    /// A file or folder could not be read, written or made.
    #[error("{what} {}: {source}", path.display())]
    File {
        /// What was attempted, as a verb phrase.
        what: &'static str,
        /// On which path.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// A program could not be started.
    #[error("{what}: cannot run `{program}`: {source}")]
    Spawn {
        /// What it was for.
        what: String,
        /// The program.
        program: String,
        /// Why it failed.
        source: io::Error,
    },
    /// A program ran and failed.
    #[error("{what}: `{command}` ended with {status}{}", indent(tail))]
    Command {
        /// What it was for.
        what: String,
        /// The command line.
        command: String,
        /// How it ended.
        status: String,
        /// The last lines of its standard error (or output).
        tail: String,
    },
    /// Something did not happen in time.
    #[error("{what}: not within {seconds} s{}", indent(tail))]
    Timeout {
        /// What was waited for, and where.
        what: String,
        /// How long.
        seconds: u64,
        /// What was seen last.
        tail: String,
    },
    /// Something is not as it must be.
    #[error("{what}: {why}")]
    Broken {
        /// What, and where.
        what: String,
        /// What is wrong, and what to do.
        why: String,
    },
    /// A statement was refused.
    #[error("CQL through {host}: {error}{}", indent(statement))]
    Cql {
        /// The node it was sent to.
        host: String,
        /// What the driver said.
        error: String,
        /// The statement, when one was reached.
        statement: String,
    },
    /// No such lab runs.
    #[error("no lab {0:?} is running; start it with `lab up --name {0}`")]
    NoLab(String),
    /// The lab has no such host.
    #[error("lab {lab:?} has no host {host:?}; it has {known}")]
    NoHost {
        /// The lab.
        lab: String,
        /// The name asked for.
        host: String,
        /// The names there are.
        known: String,
    },
    /// The lab runs, but is another one than asked for.
    #[error("lab {name:?} runs with other options ({running}); `lab down --name {name}` first")]
    OtherOptions {
        /// The lab.
        name: String,
        /// What runs.
        running: String,
    },
    /// Ctrl-C, SIGTERM or SIGHUP.
    #[error("interrupted")]
    Interrupted,
}

impl Error {
    /// Makes an I/O error say what was attempted on which path.
    pub(crate) fn file(what: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { what, path, source }
    }

    pub(crate) fn broken(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Broken { what: what.into(), why: why.into() }
    }
}

/// Lines on lines of their own, set in.
fn indent(text: &str) -> String {
    text.trim_end().lines().fold(String::new(), |all, line| all + "\n    " + line)
}

/// The last few lines of a text.
pub(crate) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_of_a_text() {
        assert_eq!(last_lines("a\nb\nc\n", 2), "b\nc");
        assert_eq!(last_lines("a", 2), "a");
        assert_eq!(last_lines("", 2), "");
    }

    #[test]
    fn a_failed_command_says_what_and_why() {
        let error = Error::Command {
            what: "making the bridge".into(),
            command: "ip link add".into(),
            status: "exit status: 2".into(),
            tail: "RTNETLINK answers: File exists\n".into(),
        };
        assert_eq!(
            error.to_string(),
            "making the bridge: `ip link add` ended with exit status: 2\n    RTNETLINK answers: File exists"
        );
    }
}
