//! This machine as a host: for a coordinator that is itself a node, and for tests.
//!
//! The same frame and the same command text as over ssh, given to a plain `sh` child, so that
//! what holds here holds there. One transport is one machine: every host name means this one.
//!
//! Invariant: a call ends with its limit at the latest: its process group is killed then. (ssh
//! can only drop the connection; detached jobs outlive both.)

use std::ffi::OsString;
use std::path::Path;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::channel::talk;
use super::frame::{self, Ended, Frame};
use super::{Call, Flow, Reply, Transport, TransportError};
use crate::inventory::Become;
use crate::name::HostName;

/// Runs scripts on this machine.
#[derive(Debug, Default)]
pub struct LocalTransport {
    privilege: Become,
    path: Option<OsString>,
}

impl LocalTransport {
    /// Scripts run as this process's user, or through sudo.
    pub fn new(privilege: Become) -> Self {
        Self { privilege, path: None }
    }

    /// Looks for programs, `sh` itself among them, in `dir` first: how tests choose the shell.
    #[must_use]
    pub fn with_path(mut self, dir: &Path) -> Self {
        let mut path = dir.as_os_str().to_owned();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        self.path = Some(path);
        self
    }

    fn spawn(&self, loader: &str) -> std::io::Result<Child> {
        let mut command = Command::new("sh");
        super::forget_our_variables(&mut command);
        if let Some(path) = &self.path {
            command.env("PATH", path);
        }
        command
            .arg("-c")
            .arg(frame::command(&self.privilege, loader))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
    }

    async fn run(&self, host: &HostName, call: &Call, mut frame: Frame, flow: Flow) -> Result<Reply, TransportError> {
        let unreachable = |why: String| TransportError::Unreachable { host: host.clone(), why };
        let mut child =
            self.spawn(frame.loader).map_err(|error| unreachable(format!("sh cannot be started: {error}")))?;
        let group = Group(child.id().and_then(|id| Pid::from_raw(id.cast_signed())));
        let (Some(stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(unreachable("sh has no streams".into()));
        };
        let silence = flow.silence;
        let conversation = async {
            let heard = talk(&mut frame, stdin, stdout, stderr, flow).await;
            if heard.stuck {
                return None;
            }
            let ended = match child.wait().await {
                Ok(status) => match status.code() {
                    Some(code) => Ended::Exit(code),
                    None => Ended::Broken(format!("its shell ended by {status}")),
                },
                Err(error) => Ended::Broken(error.to_string()),
            };
            Some(frame.read(host, &heard, ended))
        };
        let limit = match timeout(call.limit, conversation).await {
            Ok(Some(answer)) => {
                group.forget();
                return answer;
            }
            Ok(None) => silence,
            Err(_) => call.limit,
        };
        Err(TransportError::Timeout { host: host.clone(), limit })
    }
}

impl Transport for LocalTransport {
    async fn connect(&self, _host: &HostName) -> Result<(), TransportError> {
        Ok(())
    }

    async fn exec(&self, host: &HostName, call: Call) -> Result<Reply, TransportError> {
        self.run(host, &call, Frame::of(&call), Flow::default()).await
    }

    async fn stream(&self, host: &HostName, call: Call, flow: Flow) -> Result<Reply, TransportError> {
        self.run(host, &call, Frame::stream(&call), flow).await
    }

    async fn close(&self) {}
}

/// A child's process group, killed when dropped: at the limit, or when the call is abandoned.
struct Group(Option<Pid>);

impl Group {
    fn forget(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
