//! A scripted transport: a function answers instead of hosts. For tests of everything above.
//!
//! It understands jobs: the function and the record see the act's own name and variables, once per
//! job; launching it again (or waiting for it) gives the kept answer, as on a host.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::job::{answer, unwrap};
use super::{Call, Reply, Transport, TransportError};
use crate::name::HostName;

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
}

/// Hosts that exist only in a function.
pub struct FakeTransport {
    handler: Box<Handler>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    calls: Vec<Recorded>,
    jobs: HashMap<(HostName, String), (String, Reply)>,
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

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask(&self, host: &HostName, call: &Call, job: Option<String>) -> Result<Reply, TransportError> {
        let (name, vars) = (call.script.name.clone(), call.script.vars.clone());
        self.state().calls.push(Recorded { host: host.clone(), name, vars, job });
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
            return self.ask(host, &call, None);
        };
        let key = (host.clone(), job.directory.clone());
        let line = |text: String| Ok(Reply { stdout: text, ..Reply::default() });
        let known = self.state().jobs.get(&key).cloned();
        match (known, job.act) {
            (Some((token, _)), _) if token != job.token => line(format!("refused {token}\n")),
            (Some((_, reply)), _) => Ok(answer(&reply)),
            (None, None) => line("absent\n".into()),
            (None, Some(act)) => {
                let reply = self.ask(host, &act, Some(job.directory))?;
                self.state().jobs.insert(key, (job.token, reply.clone()));
                Ok(answer(&reply))
            }
        }
    }

    async fn close(&self) {}
}
