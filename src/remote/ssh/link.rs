//! One host: its connection, made when needed, and the calls that run over it.
//!
//! Flow of a call: a free channel, the connection (made if there is none), the conversation under
//! the call's limit, the judgement of how it ended. Waiting for a channel or a connection does not
//! count towards the limit: both are bounded themselves.
//!
//! Invariants: a command is sent again only when it certainly was not sent (the socket was gone,
//! or the server refused the channel); after a timeout or a broken link the master is ended, so no
//! abandoned command keeps one of the server's slots (`MaxSessions`).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Mutex, Semaphore};
use tokio::time::{Instant, sleep, timeout};

use super::config::Place;
use super::master::{Channel, Master};
use crate::inventory::{Become, Limits};
use crate::name::HostName;
use crate::remote::channel::talk;
use crate::remote::frame::{self, Ended, Frame};
use crate::remote::{Call, Flow, Reply, TransportError, random};

/// Tries against a server that drops connections.
const KNOCKS: u32 = 5;
/// Connections that may be found gone when a call wants to use them.
const STALE: u32 = 3;
/// For the exit code after the answer is whole.
const GOODBYE: Duration = Duration::from_secs(5);

/// One host.
#[derive(Debug)]
pub(super) struct Link {
    host: HostName,
    place: Place,
    privilege: Become,
    deadline: Duration,
    /// Calls at once. A server allows ten channels by default (`MaxSessions`), and one that was
    /// abandoned counts until its command ends; so well below ten.
    channels: Semaphore,
    /// Streams at once, beside these: one may last for hours, and what keeps the lease must not wait for it.
    streams: Semaphore,
    state: Mutex<State>,
    /// Numbers masters.
    masters: AtomicU64,
    /// Counts attempts to connect that have ended.
    attempts: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    master: Option<Arc<Master>>,
    failure: Option<TransportError>,
}

impl Link {
    pub(super) fn new(host: HostName, place: Place, privilege: &Become, limits: &Limits) -> Self {
        Self {
            host,
            place,
            privilege: privilege.clone(),
            deadline: limits.connect * 2,
            channels: Semaphore::new(limits.channels.max(1)),
            streams: Semaphore::new(limits.channels.saturating_sub(1).max(1)),
            state: Mutex::default(),
            masters: AtomicU64::new(0),
            attempts: AtomicU64::new(0),
        }
    }

    /// The connection; made if there is none. Callers that waited for an attempt share its
    /// failure: each trying again would be a burst of refused logins.
    pub(super) async fn connect(&self, connects: &Semaphore) -> Result<Arc<Master>, TransportError> {
        let before = self.attempts.load(Ordering::Acquire);
        let mut state = self.state.lock().await;
        if let Some(master) = state.master.as_ref().filter(|master| !master.is_ended()) {
            return Ok(Arc::clone(master));
        }
        if let Some(failure) = state.failure.as_ref().filter(|_| self.attempts.load(Ordering::Acquire) != before) {
            return Err(failure.clone());
        }
        let dialled = self.dial(connects).await;
        self.attempts.fetch_add(1, Ordering::AcqRel);
        match dialled {
            Ok(master) => {
                let master = Arc::new(master);
                *state = State { master: Some(Arc::clone(&master)), failure: None };
                Ok(master)
            }
            Err(failure) => {
                *state = State { master: None, failure: Some(failure.clone()) };
                Err(failure)
            }
        }
    }

    async fn dial(&self, connects: &Semaphore) -> Result<Master, TransportError> {
        let mut knock = 1;
        loop {
            let attempt = {
                let _permit = connects.acquire().await;
                let number = self.masters.fetch_add(1, Ordering::AcqRel);
                Master::launch(&self.host, &self.place, number, self.deadline).await
            };
            match attempt {
                Ok(master) => return Ok(master),
                Err(refusal) if refusal.busy && knock < KNOCKS => {
                    let base = 150_u64 << knock;
                    sleep(Duration::from_millis(base + random() % base)).await;
                    knock += 1;
                }
                Err(refusal) => return Err(refusal.error),
            }
        }
    }

    /// Runs one call that waits for its answer.
    pub(super) async fn exec(&self, connects: &Semaphore, call: Call) -> Result<Reply, TransportError> {
        let _channel = self.channels.acquire().await;
        // the text goes once it is framed, see `talk`
        let (frame, limit) = (Frame::of(&call), call.limit);
        drop(call);
        self.run(connects, limit, frame, Flow::default()).await
    }

    /// Runs one call with data on its streams.
    pub(super) async fn stream(&self, connects: &Semaphore, call: Call, flow: Flow) -> Result<Reply, TransportError> {
        let _stream = self.streams.acquire().await;
        self.run(connects, call.limit, Frame::stream(&call), flow).await
    }

    async fn run(
        &self,
        connects: &Semaphore,
        limit: Duration,
        mut frame: Frame,
        mut flow: Flow,
    ) -> Result<Reply, TransportError> {
        let started = Instant::now();
        let (mut stale, mut pause) = (0, Duration::from_millis(20));
        loop {
            let master = self.connect(connects).await?;
            let attempt = timeout(limit, self.converse(&master, &mut frame, &mut flow)).await;
            match attempt {
                Err(_) => {
                    master.end().await;
                    return Err(TransportError::Timeout { host: self.host.clone(), limit });
                }
                Ok(Attempt::Done(answer)) => return answer,
                Ok(Attempt::Stale) if stale < STALE => stale += 1,
                Ok(Attempt::Stale) => {
                    let why = "its connections break as soon as they are made".into();
                    return Err(TransportError::Unreachable { host: self.host.clone(), why });
                }
                Ok(Attempt::Full(why)) if started.elapsed() > limit => {
                    return Err(TransportError::Unreachable { host: self.host.clone(), why });
                }
                // Another channel will end, or what holds it.
                Ok(Attempt::Full(_)) => {
                    sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_millis(500));
                }
            }
        }
    }

    /// `frame` and `flow` are used up once the command is sent.
    async fn converse(&self, master: &Master, frame: &mut Frame, flow: &mut Flow) -> Attempt {
        let mut channel = match master.open(&frame::command(&self.privilege, frame.loader)).await {
            Ok(channel) => channel,
            // The socket is gone: idle for long, or lost while nothing ran.
            Err(openssh::Error::Disconnected) => {
                master.end().await;
                return Attempt::Stale;
            }
            Err(openssh::Error::SshMux(error)) if error.to_string().contains("refused the request") => {
                return Attempt::Full(format!("it opens no more sessions on this connection (MaxSessions?): {error}"));
            }
            Err(error) => return Attempt::Done(Err(self.lost(master, &error).await)),
        };
        let (Some(stdin), Some(stdout), Some(stderr)) =
            (channel.stdin().take(), channel.stdout().take(), channel.stderr().take())
        else {
            return Attempt::Done(Err(self.lost(master, &openssh::Error::RemoteProcessTerminated).await));
        };
        let silence = flow.silence;
        let heard = talk(frame, stdin, stdout, stderr, std::mem::take(flow)).await;
        if heard.stuck {
            master.end().await;
            return Attempt::Done(Err(TransportError::Timeout { host: self.host.clone(), limit: silence }));
        }
        let ended = if heard.lingering {
            // The answer is whole, but what the script left running keeps the slot.
            master.end().await;
            Ended::Broken("something that the script started holds its output".into())
        } else {
            self.farewell(master, channel).await
        };
        Attempt::Done(frame.read(&self.host, &heard, ended))
    }

    /// How the channel ended, after its streams did.
    async fn farewell(&self, master: &Master, channel: Channel) -> Ended {
        match timeout(GOODBYE, channel.wait()).await {
            Ok(Ok(status)) => Ended::Exit(status.code().unwrap_or(255)),
            // The crate's way to say 127.
            Ok(Err(openssh::Error::Remote(_))) => Ended::Exit(127),
            // A signal or a lost link: the protocol cannot tell. The local process can.
            Ok(Err(error @ openssh::Error::RemoteProcessTerminated)) if master.serves().await => {
                Ended::Broken(format!("{error} (by a signal?)"))
            }
            Ok(Err(error)) => Ended::Broken(self.end_and_explain(master, &error).await),
            Err(_) => {
                master.end().await;
                Ended::Broken("its streams ended but the command did not".into())
            }
        }
    }

    async fn lost(&self, master: &Master, error: &openssh::Error) -> TransportError {
        let why = self.end_and_explain(master, error).await;
        TransportError::LinkLost { host: self.host.clone(), why }
    }

    async fn end_and_explain(&self, master: &Master, error: &openssh::Error) -> String {
        master.end().await;
        master.last_logged().unwrap_or_else(|| {
            std::error::Error::source(error).map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
        })
    }

    /// Ends the connection, whatever runs over it.
    pub(super) async fn close(&self) {
        let master = self.state.lock().await.master.take();
        if let Some(master) = master {
            master.end().await;
        }
    }
}

enum Attempt {
    /// The command was, or may have been, sent.
    Done(Result<Reply, TransportError>),
    /// It certainly was not: the connection was gone.
    Stale,
    /// It certainly was not: the server refused a channel.
    Full(String),
}
