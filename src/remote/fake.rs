//! A scripted transport: a function answers instead of hosts. For tests of everything above.
//!
//! It understands jobs: the function and the record see the act's own name and variables, once per
//! job; launching it again (or waiting for it) gives the kept answer, as on a host. By its exit code
//! the function may also say that a job [`HANGS`], is [`LOST`] or [`UNBEGUN`]; what hangs can be cancelled.
//!
//! A stream is asked as a call once its input has ended, with the input in the variable [`INPUT`]; what is
//! answered on stdout is its output.
//!
//! A host has a fence only after [`FakeTransport::hold`]; before, every epoch may act.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::job::{CANCELLED, NEVER_BEGAN, OTHERWISE, Wish, answer, unwrap};
use super::{Call, Flow, Reply, Transport, TransportError};
use crate::name::HostName;

/// The exit code of an act that began and is gone without one.
pub const LOST: i32 = i32::MIN;
/// The exit code of an act that was claimed and never begins.
pub const UNBEGUN: i32 = i32::MIN + 2;
/// The exit code of an act that does not end by itself.
pub const HANGS: i32 = i32::MIN + 1;

/// The variable that holds what came to a stream's stdin.
pub const INPUT: &str = "INPUT";

/// Answers a call in a host's place.
type Handler = dyn Fn(&HostName, &Call) -> Result<Reply, TransportError> + Send + Sync;

/// One call that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The host.
    pub host: HostName,
    /// The script; for a job, the act's.
    pub name: String,
    /// Its variables.
    pub vars: BTreeMap<String, String>,
    /// The job's directory, when it was one.
    pub job: Option<String>,
    /// The directory of the job that it ran behind, in the same call.
    pub behind: Option<String>,
}

/// Hosts that exist only in a function.
pub struct FakeTransport {
    handler: Box<Handler>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    calls: Vec<Recorded>,
    /// Token, and how it stands.
    jobs: HashMap<(HostName, String), (String, Stand)>,
    /// Epoch, and whose.
    held: HashMap<HostName, (u64, String)>,
}

/// How a job stands.
#[derive(Clone)]
enum Stand {
    Ended(Reply),
    Hangs,
    Unbegun,
    Lost(&'static str),
}

impl Stand {
    fn of(reply: Reply) -> Self {
        match reply.rc {
            LOST => Self::Lost("its process is gone and left no exit code"),
            HANGS => Self::Hangs,
            UNBEGUN => Self::Unbegun,
            _ => Self::Ended(reply),
        }
    }

    /// What a host would print.
    fn tell(&self) -> Reply {
        match self {
            Self::Ended(reply) => answer(reply),
            Self::Hangs => line("running \n".into()),
            Self::Unbegun => line("claimed\n".into()),
            Self::Lost(why) => line(format!("lost {why}\n")),
        }
    }
}

fn line(text: String) -> Reply {
    Reply { rc: OTHERWISE, stdout: text, ..Reply::default() }
}

impl fmt::Debug for FakeTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeTransport").field("calls", &self.calls().len()).finish_non_exhaustive()
    }
}

impl FakeTransport {
    /// Hosts that answer as `handler` says.
    pub fn new(handler: impl Fn(&HostName, &Call) -> Result<Reply, TransportError> + Send + Sync + 'static) -> Self {
        Self { handler: Box::new(handler), state: Mutex::default() }
    }

    /// What the handler was asked, in order.
    pub fn calls(&self) -> Vec<Recorded> {
        self.state().calls.clone()
    }

    /// Puts `host` under the lease of `who`: from now on only that epoch may start or cancel jobs.
    pub fn hold(&self, host: &HostName, epoch: u64, who: &str) {
        self.state().held.insert(host.clone(), (epoch, who.to_owned()));
    }

    fn fence(&self, host: &HostName, epoch: u64) -> Option<Reply> {
        let held = self.state().held.get(host).cloned().filter(|(held, _)| *held != epoch)?;
        Some(line(format!("fenced {} {}\n", held.0, held.1)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask(
        &self,
        host: &HostName,
        call: &Call,
        job: Option<String>,
        behind: Option<String>,
    ) -> Result<Reply, TransportError> {
        let (name, vars) = (call.script.name.clone(), call.script.vars.clone());
        self.state().calls.push(Recorded { host: host.clone(), name, vars, job, behind });
        (self.handler)(host, call)
    }
}

impl Transport for FakeTransport {
    async fn connect(&self, _host: &HostName) -> Result<(), TransportError> {
        Ok(())
    }

    async fn exec(&self, host: &HostName, call: Call) -> Result<Reply, TransportError> {
        // Lets other tasks run, as a real call would.
        tokio::task::yield_now().await;
        let Some(job) = unwrap(&call) else {
            return self.ask(host, &call, None, None);
        };
        if let Some(fenced) = self.fence(host, job.epoch).filter(|_| !matches!(job.wish, Wish::Wait)) {
            return Ok(fenced);
        }
        let key = (host.clone(), job.directory.clone());
        let known = self.state().jobs.get(&key).cloned();
        let stand = match (known, job.wish) {
            (Some((token, _)), _) if token != job.token => return Ok(line(format!("refused {token}\n"))),
            (Some((_, Stand::Hangs)), Wish::Cancel) => Stand::Lost(CANCELLED),
            (None | Some((_, Stand::Unbegun)), Wish::Cancel) => Stand::Lost(NEVER_BEGAN),
            (Some((_, stand)), _) => stand,
            (None, Wish::Wait) => return Ok(line("absent\n".into())),
            (None, Wish::Launch(act)) => Stand::of(self.ask(host, &act, Some(job.directory), None)?),
        };
        self.state().jobs.insert(key.clone(), (job.token, stand.clone()));
        if matches!(stand, Stand::Hangs | Stand::Unbegun) {
            // it may be cancelled meanwhile
            tokio::time::sleep(job.ceiling).await;
        }
        let now = self.state().jobs.get(&key).map(|(_, stand)| stand.tell());
        let mut now = now.unwrap_or_else(|| stand.tell());
        if let Some(then) = job.then.filter(|_| matches!(stand, Stand::Ended(Reply { rc: 0, .. }))) {
            now.then = Some(Box::new(self.ask(host, &then, None, Some(key.1))?));
        }
        Ok(now)
    }

    async fn stream(&self, host: &HostName, mut call: Call, flow: Flow) -> Result<Reply, TransportError> {
        let mut input = vec![];
        if let Some(mut from) = flow.input {
            while let Some(chunk) = from.recv().await {
                input.extend_from_slice(&chunk);
            }
        }
        call.script.vars.insert(INPUT.to_owned(), String::from_utf8_lossy(&input).into_owned());
        let mut reply = self.ask(host, &call, None, None)?;
        if let Some(to) = flow.output {
            for part in std::mem::take(&mut reply.stdout).into_bytes().chunks(7) {
                // whoever listened is gone: then nobody misses it
                let _ = to.send(part.to_vec().into()).await;
            }
        }
        Ok(reply)
    }

    async fn close(&self) {}
}
