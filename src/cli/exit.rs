//! Exit codes, and how a failure is printed: what, why, what to do next.
//!
//! The second layer of errors: modules of the library have their own error types and know
//! nothing of exit codes; each is turned into a [`Failure`] once, where the command ends.
//!
//! ```text
//! error: failed to connect to cass2
//!   because: ssh: connect to host 10.77.0.12 port 22: No route to host
//!
//! hint: reseed doctor
//! ```

use std::io::{self, Write};
use std::process;

use super::view::Look;
use crate::report::words;

/// The exit codes of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ExitCode {
    /// Done.
    Done = 0,
    /// An internal error: a bug in reseed, or its own files cannot be written.
    Internal = 1,
    /// Wrong usage: an unknown option, a missing argument.
    Usage = 2,
    /// Inventory, playbook or plan invalid, secret missing, TAG unknown.
    Invalid = 3,
    /// Refused by a guard, `--confirm` wrong or missing, host key unknown or changed, `check` or
    /// `doctor` with a failing finding. No data, service or client was touched.
    Refused = 4,
    /// A step failed or its outcome is unknown, or a host was lost: the run is paused, resumable.
    Paused = 5,
    /// Another run holds the cluster.
    Busy = 6,
    /// Verification failed, or `backups verify` found damage.
    Damaged = 7,
    /// A host was unreachable before any change.
    Unreachable = 8,
    /// Interrupted by SIGINT or SIGTERM; resumable.
    Interrupted = 130,
}

impl ExitCode {
    /// The code of that number: what a run ended with. Others are internal errors.
    pub fn of_number(number: u8) -> Self {
        let all = [
            Self::Done,
            Self::Usage,
            Self::Invalid,
            Self::Refused,
            Self::Paused,
            Self::Busy,
            Self::Damaged,
            Self::Unreachable,
            Self::Interrupted,
        ];
        all.into_iter().find(|code| code.number() == number).unwrap_or(Self::Internal)
    }

    /// The number.
    pub fn number(self) -> u8 {
        self as u8
    }
}

impl From<ExitCode> for process::ExitCode {
    fn from(code: ExitCode) -> Self {
        code.number().into()
    }
}

/// Why a command ended without doing what it was asked, ready to be printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What the process ends with.
    pub code: ExitCode,
    /// What failed, in one line, without a full stop.
    pub message: String,
    /// Why, the nearest cause first.
    pub causes: Vec<String>,
    /// What to type or to do next.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure with nothing but its message.
    pub fn new(code: ExitCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), causes: vec![], hint: None }
    }

    /// A failure from an error: its text, and the chain of its sources as causes. A source whose
    /// text its parent already ends with is left out, so that nothing is read twice.
    pub fn of(code: ExitCode, error: &dyn std::error::Error) -> Self {
        let mut failure = Self::new(code, error.to_string());
        let mut last = failure.message.clone();
        let mut next = error.source();
        while let Some(cause) = next {
            let text = cause.to_string();
            if !last.ends_with(&text) {
                failure.causes.push(text.clone());
                last = text;
            }
            next = cause.source();
        }
        failure
    }

    /// Adds a cause.
    #[must_use]
    pub fn because(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// Says what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Prints it, for standard error.
    pub fn print(&self, out: &mut impl Write, look: Look) -> io::Result<()> {
        writeln!(out, "{} {}", look.bad("error:"), indented(&self.message, "       "))?;
        for cause in &self.causes {
            writeln!(out, "  because: {}", indented(cause, "           "))?;
        }
        if let Some(hint) = &self.hint {
            writeln!(out, "\n{} {}", look.good("hint:"), indented(hint, "      "))?;
        }
        Ok(())
    }
}

/// Further lines of a text under its first one.
fn indented(text: &str, by: &str) -> String {
    words::clean(text.trim_end()).replace('\n', &format!("\n{by}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(failure: &Failure) -> String {
        let mut out = vec![];
        failure.print(&mut out, Look::default()).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_failure_says_what_why_and_what_next() {
        let failure = Failure::new(ExitCode::Unreachable, "failed to connect to cass2")
            .because("ssh: connect to host 10.77.0.12 port 22: No route to host\nlost connection")
            .hint("reseed doctor");
        insta::assert_snapshot!(printed(&failure), @"
        error: failed to connect to cass2
          because: ssh: connect to host 10.77.0.12 port 22: No route to host
                   lost connection

        hint: reseed doctor
        ");
    }

    #[test]
    fn a_failure_without_cause_and_hint_is_one_line() {
        assert_eq!(printed(&Failure::new(ExitCode::Usage, "no command")), "error: no command\n");
    }

    #[test]
    fn a_chain_of_errors_becomes_causes_and_nothing_is_said_twice() {
        #[derive(Debug, thiserror::Error)]
        #[error("failed to read inventory/cluster.yaml")]
        struct Outer(#[source] Middle);
        #[derive(Debug, thiserror::Error)]
        #[error("cannot open it: {0}")]
        struct Middle(#[source] io::Error);
        let error = Outer(Middle(io::Error::other("permission denied")));
        let failure = Failure::of(ExitCode::Invalid, &error);
        assert_eq!(failure.causes, ["cannot open it: permission denied"]);
    }

    #[test]
    fn exit_codes_are_those_of_the_contract() {
        use ExitCode as C;
        let all = [
            C::Done,
            C::Internal,
            C::Usage,
            C::Invalid,
            C::Refused,
            C::Paused,
            C::Busy,
            C::Damaged,
            C::Unreachable,
            C::Interrupted,
        ];
        assert_eq!(all.map(C::number), [0, 1, 2, 3, 4, 5, 6, 7, 8, 130]);
    }
}
