//! Hosts, as the rest of the program sees them: a [`Transport`] runs one script on one host, which gives
//! an answer (`exec`), or takes and gives data of any length meanwhile (`stream`).
//!
//! All else is composed of these: a read-only call is one `exec`, repeated while the host is out of
//! reach ([`retry`]); an act is a [`job`] made of `exec`s, which outlives the connection. Three transports share one conformance suite:
//! [`ssh`] (openssh native-mux, strict host keys), [`local`] (this machine) and [`fake`] (scripted).
//!
//! Invariant: only this module knows openssh; only [`crate::script`] makes shell text.

mod channel;
pub mod fake;
pub mod flow;
mod frame;
pub mod job;
pub mod local;
pub mod metered;
pub mod retry;
pub mod ssh;

pub use flow::{Chunk, Flow};

use std::fmt;
use std::future::Future;
use std::time::Duration;

use crate::name::HostName;
use crate::script::Rendered;

/// A secret: never printed, never serialized, reaches a host over stdin only.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret. It travels as one line, so a line break or NUL in it is refused.
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        (!text.contains(['\n', '\r', '\0'])).then_some(Self(text))
    }

    /// The secret itself, for the one place that sends it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// One script to run on a host, attached: it ends with the connection at the latest.
#[derive(Debug, Clone)]
pub struct Call {
    /// The script.
    pub script: Rendered,
    /// Becomes `$RESEED_RUN` (empty when there is no run yet).
    pub run: String,
    /// Becomes `$RESEED_SECRET`, a shell variable that is not exported.
    pub secret: Option<Secret>,
    /// After this long without an answer the call fails with [`TransportError::Timeout`].
    pub limit: Duration,
    /// What runs behind it, in a subshell of its own, when it ended with 0: saves the way there and back. Not behind a
    /// stream, whose output is data.
    pub then: Option<Rendered>,
}

impl Call {
    /// Without a secret, and with nothing behind it.
    pub fn new(script: Rendered, run: impl Into<String>, limit: Duration) -> Self {
        Self { script, run: run.into(), secret: None, limit, then: None }
    }
}

/// What a script answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    /// Its exit code.
    pub rc: i32,
    /// What it printed, without anything a noisy login shell added.
    pub stdout: String,
    /// Its error output (may hold lines of a noisy login shell).
    pub stderr: String,
    /// How long it ran on the host, by the host's own clock (10 ms steps).
    pub remote: Duration,
    /// What the script behind it answered ([`Call::then`]), if that ran.
    pub then: Option<Box<Reply>>,
}

impl Reply {
    /// Its answer in one line: the last line of output that says something.
    pub fn last_line(&self) -> &str {
        last_line(&self.stdout)
    }

    /// Why it failed, in one line: its last words, on stderr if there are any, else its exit code.
    pub fn reason(&self) -> String {
        let words = [last_line(&self.stderr), last_line(&self.stdout)];
        words.into_iter().find(|line| !line.is_empty()).map_or_else(|| format!("exit code {}", self.rc), str::to_owned)
    }
}

fn last_line(text: &str) -> &str {
    text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("")
}

/// Why a host gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// No connection could be made: name, route, port, time.
    #[error("cannot reach {host}: {why}")]
    Unreachable {
        /// The host.
        host: HostName,
        /// ssh's own words.
        why: String,
    },
    /// The host's key is unknown or changed. Never retried, never accepted.
    #[error("the host key of {host} is not trusted: {why}")]
    HostKey {
        /// The host.
        host: HostName,
        /// ssh's own words.
        why: String,
    },
    /// The login or sudo was refused. Never retried: servers penalise that.
    #[error("login on {host} was refused: {why}")]
    Denied {
        /// The host.
        host: HostName,
        /// The remote words.
        why: String,
    },
    /// The connection broke while a script ran; what became of the script is unknown.
    #[error("the connection to {host} was lost: {why}")]
    LinkLost {
        /// The host.
        host: HostName,
        /// What was seen.
        why: String,
    },
    /// No answer within the limit; what became of the script is unknown.
    #[error("no answer from {host} within {}", HumanSeconds(*.limit))]
    Timeout {
        /// The host.
        host: HostName,
        /// The limit that passed.
        limit: Duration,
    },
    /// The answer was not in the expected form, such as no `sh` on the host.
    #[error("{host} gave no proper answer: {why}")]
    Garbled {
        /// The host.
        host: HostName,
        /// What came instead.
        why: String,
    },
}

impl TransportError {
    /// The host that it is about.
    pub fn host(&self) -> &HostName {
        match self {
            Self::Unreachable { host, .. }
            | Self::HostKey { host, .. }
            | Self::Denied { host, .. }
            | Self::LinkLost { host, .. }
            | Self::Timeout { host, .. }
            | Self::Garbled { host, .. } => host,
        }
    }

    /// Whether trying again can help.
    pub fn retryable(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::LinkLost { .. } | Self::Timeout { .. })
    }
}

struct HumanSeconds(Duration);

impl fmt::Display for HumanSeconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", self.0.as_secs())
    }
}

/// A random number, for marks, directory names and jitter; not a key.
fn random() -> u64 {
    let mut bytes = [0; 8];
    // Linux answers requests of up to 256 bytes whole, and never fails once it has booted.
    let _ = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty());
    u64::from_ne_bytes(bytes)
}

/// Keeps our own variables (such as `RESEED_CQL_PASSWORD`) out of a child's environment.
fn forget_our_variables(command: &mut tokio::process::Command) {
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"RESEED_")) {
        command.env_remove(name);
    }
}

/// Runs scripts on hosts.
pub trait Transport: Send + Sync + 'static {
    /// Makes sure `host` can be reached, before anything else is asked of it.
    fn connect(&self, host: &HostName) -> impl Future<Output = Result<(), TransportError>> + Send;

    /// Runs one script and waits for its answer. Connects when needed (also again after a loss).
    fn exec(&self, host: &HostName, call: Call) -> impl Future<Output = Result<Reply, TransportError>> + Send;

    /// Runs one script that reads and prints data: `flow` goes to its stdin and comes from its stdout. Never
    /// repeated here; a script of a stream must stand being cut off at any byte of either. The call's limit is for all
    /// of it; without a byte where one is due for the flow's silence it fails with [`TransportError::Timeout`].
    fn stream(
        &self,
        host: &HostName,
        call: Call,
        flow: Flow,
    ) -> impl Future<Output = Result<Reply, TransportError>> + Send;

    /// Ends all connections.
    fn close(&self) -> impl Future<Output = ()> + Send;
}
