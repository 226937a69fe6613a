//! The lease: one run per cluster, also when two coordinators on two machines want it (safety
//! rule 7). It lies on every host, and belongs to the run, not to the process that conducts it.
//!
//! ```text
//!  look at every host ─> judge ─> take: seed first, then the others ─> beat every 15 s ─> end
//!                          └─ held: by whom, since when, what to do (exit 6)
//! ```
//!
//! Below `REMOTE_DIR/<cluster>/` on each host: `epoch` (only grows), `lease` (who holds it), `beat`
//! (the holder's last sign of life, in the host's own uptime, so that no clock matters), `.fence`
//! (the file that is locked while these change or a job is claimed).
//!
//! Invariants: whoever takes the lease raises the epoch on every host, and a job starts only under
//! the host's epoch, so a coordinator that wakes up later can start nothing; a take is refused when
//! what was looked at has changed meanwhile; the epoch file is never removed; a run that changed things goes on only
//! where each host is the machine that it was.
//!
//! One machine may be several hosts of an inventory (a gateway on a node, a client beside it): what one of them finds taken
//! by the very same holder is taken.

mod host;
mod judge;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

pub use host::{Holder, Left, Standing};
pub use judge::{Claim, FORGOTTEN, Held, SILENT, judge, unheld};

pub use super::owner::Owner;
use crate::inventory::Inventory;
use crate::name::{HostName, RunId};
use crate::remote::job::OTHERWISE;
use crate::remote::{Call, Transport, TransportError};
use crate::script::{Embedded, Library, Script};

/// A script that works under the lock of the fence that jobs must pass too.
macro_rules! locked {
    ($file:literal) => {
        concat!(include_str!("../../remote/job_fence.sh"), include_str!("put.sh"), include_str!($file))
    };
}

/// The lease's own scripts.
pub const SCRIPTS: &[Embedded] = &[
    ("lease.look", concat!(include_str!("../../remote/job_lives.sh"), include_str!("look.sh"))),
    (
        "lease.remains",
        concat!(include_str!("../../remote/job_lives.sh"), include_str!("look.sh"), include_str!("remains.sh")),
    ),
    ("lease.recall", include_str!("recall.sh")),
    ("lease.take", locked!("take.sh")),
    ("lease.keep", locked!("keep.sh")),
    ("lease.commit", locked!("commit.sh")),
];

/// Between two signs of life.
pub const BEAT: Duration = Duration::from_secs(15);
/// What one of these scripts may take; they wait for a lock at most 30 s, and count large trees.
const LIMIT: Duration = Duration::from_mins(2);

/// Why a lease cannot be had or kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeaseError {
    /// Another run holds the cluster.
    #[error(transparent)]
    Held(#[from] Held),
    /// A host gave no answer.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The run knew that machine by another name: the inventory has changed since.
    #[error(
        "the address of {host} leads to the machine that was {} in run {run}: put the inventory's addresses right",
        .was.join(" and ")
    )]
    Stranger {
        /// The host, as the inventory has it now.
        host: HostName,
        /// The run.
        run: RunId,
        /// Its names in that run.
        was: Vec<String>,
    },
    /// The run has worked there, and that host knows nothing of it: another machine, or its records are lost. What
    /// ran there once could run again.
    #[error(
        "{host} knows nothing of run {run}, which has worked there: it is another machine, or has lost what was below {root}"
    )]
    Unknown {
        /// The host.
        host: HostName,
        /// The run.
        run: RunId,
        /// Where its records were.
        root: String,
    },
    /// A host cannot keep a lease.
    #[error("{host} cannot keep the run's lease: {why}")]
    Host {
        /// The host.
        host: HostName,
        /// Its words.
        why: String,
    },
}

/// Where the lease is, and how to ask for it.
#[derive(Debug, Clone)]
pub struct Office {
    /// `REMOTE_DIR/<cluster>` on every host.
    pub root: String,
    /// All hosts; the seed is the first.
    hosts: Vec<HostName>,
    library: Arc<Library>,
}

impl Office {
    /// That of a cluster.
    pub fn of(inventory: &Inventory) -> Self {
        let seed = inventory.seed().name.clone();
        let others = inventory.hosts().map(|(name, ..)| name.clone()).filter(|name| *name != seed);
        Self {
            root: inventory.job_root(),
            hosts: std::iter::once(seed.clone()).chain(others).collect(),
            library: Arc::new(Library::of(SCRIPTS)),
        }
    }

    /// What every host says; hosts that say nothing are errors.
    pub async fn look<T: Transport>(&self, transport: &Arc<T>) -> Vec<(HostName, Result<Standing, LeaseError>)> {
        let answers = self.ask_all(transport, &self.hosts, &self.script("lease.look")).await;
        answers.into_iter().map(|(host, said)| (host, said.map(|text| Standing::parse(&text)))).collect()
    }

    /// The same, with what runs have left there; that may take a while.
    pub async fn remains<T: Transport>(&self, transport: &Arc<T>) -> Vec<(HostName, Result<Standing, LeaseError>)> {
        let answers = self.ask_all(transport, &self.hosts, &self.script("lease.remains")).await;
        answers.into_iter().map(|(host, said)| (host, said.map(|text| Standing::parse(&text)))).collect()
    }

    /// What every host keeps of a run: its jobs (`STEP.ATTEMPT`), and the head of its journal.
    pub async fn recall<T: Transport>(
        &self,
        transport: &Arc<T>,
        run: &RunId,
    ) -> Vec<(HostName, Result<(Vec<String>, String), LeaseError>)> {
        let answers = self.ask_all(transport, &self.hosts, &self.script("lease.recall").var("RUN", run)).await;
        let read = |text: String| {
            let (jobs, head) = text.split_once("head\n").unwrap_or((&text, ""));
            (jobs.lines().filter_map(|line| line.strip_prefix("job=").map(str::to_owned)).collect(), head.to_owned())
        };
        answers.into_iter().map(|(host, said)| (host, said.map(read))).collect()
    }

    /// Raises the epoch on hosts that were looked at, so that whoever held them is refused from now
    /// on, and leaves the lease to its run as paused (`End::Paused`) or to nobody.
    pub async fn seize<T: Transport>(
        &self,
        transport: &Arc<T>,
        seen: &[(HostName, Standing)],
        me: &Owner,
        end: End,
    ) -> Result<(), LeaseError> {
        let Some(holder) = seen.iter().find_map(|(_, standing)| standing.holder.clone()) else { return Ok(()) };
        let epoch = seen.iter().map(|(_, standing)| standing.epoch).max().unwrap_or(0) + 1;
        let claim = Claim { run: holder.run.clone(), of: None, begun: BTreeSet::new(), me: me.clone() };
        self.take_at(transport, seen, epoch, &holder, &claim).await?;
        let hosts = seen.iter().map(|(host, _)| host.clone()).collect();
        Lease { office: Self { hosts, ..self.clone() }, epoch, holder, former: None }.end(transport, end).await;
        Ok(())
    }

    /// Takes the lease for a claim, on every host or on none.
    pub async fn take<T: Transport>(
        &self,
        transport: &Arc<T>,
        claim: &Claim,
        holder: &Holder,
    ) -> Result<Lease, LeaseError> {
        // one that has begun left its own names
        let run = claim.of.as_ref().filter(|_| claim.begun.is_empty()).unwrap_or(&claim.run);
        let mut seen = vec![];
        for (host, said) in self.ask_all(transport, &self.hosts, &self.script("lease.look").var("RUN", run)).await {
            let standing = Standing::parse(&said?);
            if !standing.names.is_empty() && standing.names.iter().all(|name| name != host.as_str()) {
                return Err(LeaseError::Stranger { host, run: run.clone(), was: standing.names });
            }
            if claim.begun.contains(&host) && standing.names.is_empty() {
                return Err(LeaseError::Unknown { host, run: run.clone(), root: self.root.clone() });
            }
            seen.push((host, standing));
        }
        let epoch = judge(&seen, claim)?;
        let (first, others) = seen.split_first().expect("a cluster has a seed");
        // the first host decides between two that want it at the same moment
        self.take_at(transport, std::slice::from_ref(first), epoch, holder, claim).await?;
        // the judgement lets none but a run of this claim keep the cluster
        let former = seen.iter().find_map(|(_, standing)| standing.holder.clone().filter(|holder| holder.changes));
        let lease = Lease { office: self.clone(), epoch, holder: holder.clone(), former };
        if let Err(error) = self.take_at(transport, others, epoch, holder, claim).await {
            lease.end(transport, End::Free).await;
            return Err(error);
        }
        Ok(Lease { former: lease.former.filter(|former| former.run != claim.run), ..lease })
    }

    async fn take_at<T: Transport>(
        &self,
        transport: &Arc<T>,
        seen: &[(HostName, Standing)],
        epoch: u64,
        holder: &Holder,
        claim: &Claim,
    ) -> Result<(), LeaseError> {
        let mut asking = JoinSet::new();
        for (host, standing) in seen {
            let script = self
                .script("lease.take")
                .var("EPOCH", standing.epoch)
                .var("NEXT", epoch)
                .var("LEASE", holder.text())
                .var("IF_RUN", standing.holder.as_ref().map_or("", |holder| holder.run.as_str()));
            let (office, transport, host) = (self.clone(), Arc::clone(transport), host.clone());
            asking.spawn(async move { (office.ask(&transport, &host, &script).await, host) });
        }
        for (said, host) in asking.join_all().await {
            if !said?.is_empty() {
                // whoever was quicker holds it; a claim that could take even that is told to try again
                let now = Standing::parse(&self.ask(transport, &host, &self.script("lease.look")).await?);
                if now.epoch == epoch && now.holder.as_ref() == Some(holder) {
                    continue; // another name of a machine where it is ours already
                }
                return Err(judge(&[(host.clone(), now)], claim).err().unwrap_or_else(|| Held::quicker(&host)).into());
            }
        }
        Ok(())
    }

    async fn ask_all<T: Transport>(
        &self,
        transport: &Arc<T>,
        hosts: &[HostName],
        script: &Script,
    ) -> Vec<(HostName, Result<String, LeaseError>)> {
        let mut asking = JoinSet::new();
        for (at, host) in hosts.iter().enumerate() {
            let (office, transport, host, script) = (self.clone(), Arc::clone(transport), host.clone(), script.clone());
            asking.spawn(async move {
                let said = office.ask(&transport, &host, &script).await;
                (at, host, said)
            });
        }
        let mut answers = asking.join_all().await;
        answers.sort_by_key(|(at, ..)| *at);
        answers.into_iter().map(|(_, host, said)| (host, said)).collect()
    }

    async fn ask<T: Transport>(
        &self,
        transport: &Arc<T>,
        host: &HostName,
        script: &Script,
    ) -> Result<String, LeaseError> {
        let script = self.library.render(script).expect("the lease's scripts are embedded");
        let call = Call::new(script, "", LIMIT);
        let reply = transport.exec(host, call).await?;
        match reply.rc {
            0 | OTHERWISE => Ok(reply.stdout),
            _ => Err(LeaseError::Host { host: host.clone(), why: reply.reason() }),
        }
    }

    fn script(&self, name: &str) -> Script {
        Script::new(name).var("ROOT", &self.root)
    }
}

/// What becomes of a lease when its process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The run is over: the cluster is free.
    Free,
    /// The run is paused: it keeps the cluster.
    Paused,
}

/// A lease that is held.
#[derive(Debug, Clone)]
pub struct Lease {
    office: Office,
    /// Its epoch.
    pub epoch: u64,
    holder: Holder,
    /// Whose it was: of a paused run that keeps the cluster. It is that one's again, unless this one changes things.
    former: Option<Holder>,
}

impl Lease {
    /// From here on the run may change things: says so on every host (`changes`: it takes the
    /// cluster down), and leaves there what is needed to go on should this machine be lost: the
    /// head of its journal, and the places where it will put things.
    pub async fn commit<T: Transport>(
        &mut self,
        transport: &Arc<T>,
        changes: bool,
        head: &str,
        places: &BTreeMap<HostName, Vec<String>>,
    ) -> Result<(), LeaseError> {
        self.holder.changes = changes;
        self.former = None;
        let mut asking = JoinSet::new();
        for host in &self.office.hosts {
            let script = self.office.script("lease.commit").var("EPOCH", self.epoch).var("LEASE", self.holder.text());
            let script = script.var("RUN", &self.holder.run).var("HEAD", head).var("NAME", host);
            let script = script.list("PLACES", places.get(host).into_iter().flatten());
            let (office, transport, host) = (self.office.clone(), Arc::clone(transport), host.clone());
            asking.spawn(async move {
                let said = office.ask(&transport, &host, &script).await?;
                match fenced(&said) {
                    Some(by) => Err(LeaseError::Host { host, why: format!("taken over by {by}") }),
                    None => Ok(()),
                }
            });
        }
        asking.join_all().await.into_iter().collect()
    }

    /// Gives a sign of life on every host, until another coordinator took over: where, and who.
    /// Hosts that do not answer are none of its business: the step that needs them will tell.
    pub async fn beat<T: Transport>(&self, transport: &Arc<T>) -> (HostName, String) {
        loop {
            tokio::time::sleep(BEAT).await;
            let script = self.keep("beat", "");
            if let Some(fenced) = self.told(transport, &script).await {
                return fenced;
            }
        }
    }

    /// The run whose it was is over.
    pub fn succeeds(&mut self) {
        self.former = None;
    }

    /// Gives it back (to the paused run that it was taken from, when there is one), or marks it as that of a paused run. A host that does not answer keeps what
    /// it has: the next claim will find its holder gone or silent.
    ///
    /// Where another coordinator took over meanwhile, and who: then what this one saw last, such as
    /// a step that seems to have failed, may be the other's doing.
    pub async fn end<T: Transport>(&self, transport: &Arc<T>, end: End) -> Option<(HostName, String)> {
        let keeps = match end {
            End::Free => self.former.as_ref(),
            End::Paused => Some(&self.holder),
        };
        let text = |holder: &Holder| Holder { paused: true, ..holder.clone() }.text();
        let script = keeps.map_or_else(|| self.keep("free", ""), |holder| self.keep("write", &text(holder)));
        self.told(transport, &script).await
    }

    /// Tells all hosts; who took over, when one says so.
    async fn told<T: Transport>(&self, transport: &Arc<T>, script: &Script) -> Option<(HostName, String)> {
        let answers = self.office.ask_all(transport, &self.office.hosts, script).await;
        answers.into_iter().find_map(|(host, said)| Some((host, fenced(&said.ok()?)?.to_owned())))
    }

    fn keep(&self, act: &str, text: &str) -> Script {
        self.office.script("lease.keep").var("EPOCH", self.epoch).var("KEEP", act).var("LEASE", text)
    }
}

/// Who holds it now, in what the fence prints (`fenced EPOCH WHO`) when it lets nobody through.
fn fenced(said: &str) -> Option<&str> {
    Some(said.strip_prefix("fenced ")?.split_once(' ')?.1.trim())
}
