//! The ssh process that holds one host's connection, and its control socket.
//!
//! `ssh -f` returns once it is authenticated and its socket listens; the process in the background
//! then belongs to nobody: it ends by [`Master::end`], when idle for ten minutes, when the link
//! breaks, or when its server is silent for three intervals.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use openssh::{Child, Session};
use tokio::process::Command;
use tokio::time::timeout;

use super::config::Place;
use super::error::{Refusal, interpret, last_words};
use crate::name::HostName;
use crate::remote::{TransportError, forget_our_variables};

/// A channel with its three streams.
pub(super) type Channel = Child<Arc<Session>>;

/// An established connection.
#[derive(Debug)]
pub(super) struct Master {
    session: Arc<Session>,
    log: PathBuf,
    ended: AtomicBool,
}

impl Master {
    /// Connects; `deadline` covers authentication too, which `ConnectTimeout` does not.
    pub(super) async fn launch(
        host: &HostName,
        place: &Place,
        attempt: u64,
        deadline: Duration,
    ) -> Result<Self, Refusal> {
        let refused = |why| Refusal { error: TransportError::Unreachable { host: host.clone(), why }, busy: false };
        let (socket, log) = (place.socket(attempt), place.log(attempt));
        // A file, not a pipe: the background process keeps it open. Its own log goes there too,
        // and so does what a jump host's ssh says.
        let stderr = std::fs::File::create(&log).map_err(|e| refused(format!("cannot write ssh's log: {e}")))?;
        let mut ssh = Command::new("ssh");
        forget_our_variables(&mut ssh);
        ssh.env("LC_ALL", "C")
            .arg("-F")
            .arg(&place.config)
            .arg("-E")
            .arg(&log)
            .arg("-S")
            .arg(&socket)
            .args(["-M", "-N", "-f", "--", &place.address])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr)
            // Away from the terminal's Ctrl-C: what that means is for the engine to decide.
            .process_group(0)
            .kill_on_drop(true);
        match timeout(deadline, ssh.status()).await {
            Err(_) => Err(refused(format!("no connection within {} s", deadline.as_secs()))),
            Ok(Err(error)) => Err(refused(format!("the ssh program cannot be started: {error}"))),
            Ok(Ok(status)) if status.success() => {
                let session = Session::resume_mux(socket.into(), None);
                Ok(Self { session: Arc::new(session), log, ended: AtomicBool::new(false) })
            }
            Ok(Ok(_)) => Err(interpret(host, &std::fs::read_to_string(&log).unwrap_or_default())),
        }
    }

    /// Opens a channel that runs `command`.
    pub(super) async fn open(&self, command: &str) -> Result<Channel, openssh::Error> {
        let mut channel = Arc::clone(&self.session).arc_raw_command(command);
        // All three, always: what an unset stream means depends on the method called.
        channel.stdin(openssh::Stdio::piped()).stdout(openssh::Stdio::piped()).stderr(openssh::Stdio::piped());
        channel.spawn().await
    }

    /// Whether the local process still serves its socket. Says nothing about the host.
    pub(super) async fn serves(&self) -> bool {
        timeout(Duration::from_secs(2), self.session.check()).await.is_ok_and(|answer| answer.is_ok())
    }

    /// What ssh logged last: why a link broke.
    pub(super) fn last_logged(&self) -> Option<String> {
        let log = std::fs::read_to_string(&self.log).ok().filter(|log| !log.trim().is_empty())?;
        Some(last_words(&log))
    }

    pub(super) fn is_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// Ends the connection with all its channels: `ssh -O exit`. The crate's `close` only stops
    /// the listening, so an abandoned command would keep its slot on the server.
    pub(super) async fn end(&self) {
        if self.ended.swap(true, Ordering::AcqRel) {
            return;
        }
        let _ = timeout(Duration::from_secs(5), exit_command(self.session.control_socket()).status()).await;
    }
}

/// What ends the master behind `socket`.
pub(super) fn exit_command(socket: &Path) -> Command {
    let mut ssh = Command::new("ssh");
    ssh.args(["-F", "/dev/null", "-O", "exit", "-S"]).arg(socket).arg("master");
    ssh.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    ssh
}
