//! A coordinator's line to the simulated hosts, and the faults that happen on it, in the coordinator, or on a host.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reseed::name::HostName;
use reseed::remote::fake::{FakeTransport, Recorded};
use reseed::remote::{Call, Flow, Reply, Transport, TransportError};
use tokio::sync::{Notify, watch};

use super::world::World;

/// What goes wrong when a script runs. (One that runs behind an act has run, whatever comes: it only reads.)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The script fails and has done nothing.
    FailBefore,
    /// The script does its work, then fails.
    FailAfter,
    /// The host never hears of it.
    LoseBefore,
    /// The host does it; the answer is lost.
    LoseAfter,
    /// The answer comes, but late.
    Late(Duration),
    /// The coordinator dies before the host hears of it.
    DieBefore,
    /// The host does it; the coordinator dies before it hears the answer.
    DieAfter,
    /// The job is claimed and never begins.
    Unbegun,
    /// The job begins, does nothing, and is gone without an exit code.
    LostBefore,
    /// The job does its work, and is gone without an exit code.
    LostAfter,
    /// The job begins and does not end by itself.
    Hangs,
    /// The coordinator is frozen before the host hears of it, until it is thawed.
    FreezeBefore,
    /// The host does it; the coordinator is frozen before it hears the answer.
    FreezeAfter,
}

impl What {
    /// Whether it happens on the host, not on the line to it or in the coordinator.
    pub(super) fn on_host(self) -> bool {
        matches!(
            self,
            Self::FailBefore | Self::FailAfter | Self::Unbegun | Self::LostBefore | Self::LostAfter | Self::Hangs
        )
    }
}

/// A fault: what, at which call of which script.
#[derive(Debug, Clone)]
pub struct Fault {
    pub(super) script: String,
    pub(super) host: Option<String>,
    pub(super) skip: usize,
    pub(super) what: What,
    pub(super) fired: bool,
}

/// Acts that the hosts do twice, and how often they did.
#[derive(Default)]
pub(super) struct Twice {
    pub(super) acts: BTreeSet<String>,
    pub(super) done: usize,
}

pub(super) type Hook = Box<dyn FnMut(&str, &str, &mut World) + Send>;

pub(super) struct Inner {
    pub(super) world: Arc<Mutex<World>>,
    pub(super) faults: Arc<Mutex<Vec<Fault>>>,
    pub(super) hook: Arc<Mutex<Option<Hook>>>,
    pub(super) twice: Arc<Mutex<Twice>>,
    pub(super) fake: FakeTransport,
    pub(super) refuse: Mutex<Vec<TransportError>>,
    pub(super) connected: AtomicUsize,
    pub(super) died: Notify,
    /// A job hangs now.
    pub(super) hangs: Arc<Notify>,
    pub(super) keep: AtomicBool,
    pub(super) sent: Mutex<Vec<String>>,
}

/// A coordinator's line to the simulated hosts, which outlive it.
#[derive(Clone)]
pub struct Link {
    pub(super) inner: Arc<Inner>,
    /// Whether the coordinator is frozen: nothing it asks goes out, no answer comes in.
    pub(super) frozen: Arc<watch::Sender<bool>>,
}

/// Finds the fault that fires at this call, of those that `wanted` takes.
pub(super) fn fires(faults: &Mutex<Vec<Fault>>, host: &str, script: &str, wanted: fn(What) -> bool) -> Option<What> {
    let mut faults = faults.lock().unwrap();
    for fault in faults.iter_mut().filter(|f| !f.fired && wanted(f.what) && f.script == script) {
        if fault.host.as_deref().is_some_and(|h| h != host) {
            continue;
        }
        if fault.skip > 0 {
            fault.skip -= 1;
            continue;
        }
        fault.fired = true;
        return Some(fault.what);
    }
    None
}

impl Transport for Link {
    async fn connect(&self, host: &HostName) -> Result<(), TransportError> {
        self.inner.connected.fetch_add(1, Ordering::SeqCst);
        match self.inner.refuse.lock().unwrap().iter().find(|e| e.host() == host) {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }

    async fn exec(&self, host: &HostName, call: Call) -> Result<Reply, TransportError> {
        let inner = &*self.inner;
        let script = call.script.vars.get("ACT").unwrap_or(&call.script.name).clone();
        if inner.keep.load(Ordering::SeqCst) {
            inner.sent.lock().unwrap().push(format!("{call:?}"));
        }
        let behind = call.then.as_ref().map(|then| then.name.clone());
        self.thawed().await;
        let mut fault = fires(&inner.faults, host.as_str(), &script, |what| !what.on_host());
        let lost = || Err(TransportError::LinkLost { host: host.clone(), why: "injected".to_owned() });
        match fault {
            Some(What::LoseBefore) => return lost(),
            Some(What::DieBefore) => return inner.die().await,
            Some(What::Late(time)) => tokio::time::sleep(time).await,
            Some(What::FreezeBefore) => self.freeze().await,
            _ => {}
        }
        let recalled = (call.script.name == "lease.recall").then(|| inner.recall(host, &call.script.vars["RUN"]));
        let reply = match recalled {
            Some(text) => Ok(Reply { stdout: text, ..Reply::default() }),
            None => inner.fake.exec(host, call).await,
        };
        if let Some(held) = inner.world.lock().unwrap().leases.get(host.as_str()) {
            inner.fake.hold(host, held.epoch, "the lease's holder");
        }
        // what ran behind it came in the same answer
        if let (Some(behind), Ok(Reply { then: Some(_), .. }), None) = (behind, &reply, fault) {
            fault = fires(&inner.faults, host.as_str(), &behind, |what| !what.on_host());
            match fault {
                Some(What::Late(time)) => tokio::time::sleep(time).await,
                Some(What::FreezeBefore) => self.freeze().await,
                Some(What::LoseBefore) => return lost(),
                Some(What::DieBefore) => return inner.die().await,
                _ => {}
            }
        }
        if fault == Some(What::FreezeAfter) {
            self.freeze().await;
        }
        self.thawed().await;
        match fault {
            Some(What::LoseAfter) => lost(),
            Some(What::DieAfter) => inner.die().await,
            _ => reply,
        }
    }

    /// Only what comes in between is what is made up here: the rest is as of a call.
    async fn stream(&self, host: &HostName, call: Call, flow: Flow) -> Result<Reply, TransportError> {
        let inner = &*self.inner;
        self.thawed().await;
        let fault = fires(&inner.faults, host.as_str(), &call.script.name, |what| !what.on_host());
        let lost = || Err(TransportError::LinkLost { host: host.clone(), why: "injected".to_owned() });
        match fault {
            Some(What::LoseBefore) => return lost(),
            Some(What::DieBefore) => return inner.die().await,
            _ => {}
        }
        let reply = inner.fake.stream(host, call, flow).await;
        match fault {
            Some(What::LoseAfter) => lost(),
            Some(What::DieAfter) => inner.die().await,
            _ => reply,
        }
    }

    async fn close(&self) {}
}

impl Link {
    async fn freeze(&self) {
        self.frozen.send_replace(true);
        self.thawed().await;
    }

    async fn thawed(&self) {
        let _ = self.frozen.subscribe().wait_for(|frozen| !frozen).await;
    }
}

impl Inner {
    /// What a host keeps of a run: the jobs that it was given, and the head of the journal.
    fn recall(&self, host: &HostName, run: &str) -> String {
        let given = |call: Recorded| call.job.filter(|_| call.host == *host);
        let jobs = self.fake.calls().into_iter().filter_map(given);
        let name = |job: String| Some(job.split_once(&format!("/{run}/"))?.1.to_owned());
        let lines = jobs.filter_map(name).fold(String::new(), |text, job| text + "job=" + &job + "\n");
        let world = self.world.lock().unwrap();
        let head = world.leases.get(host.as_str()).and_then(|held| held.heads.get(run).cloned());
        format!("{lines}head\n{}", head.unwrap_or_default())
    }

    async fn die(&self) -> Result<Reply, TransportError> {
        self.died.notify_one();
        std::future::pending().await
    }
}
