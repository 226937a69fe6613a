//! A simulated cluster: `FakeTransport` with a world behind it, faults that can be injected, and
//! a coordinator that can die and come back.
//!
//! ```text
//!  run::conduct ─> Link (faults of the line) ─> FakeTransport (jobs) ─> faults of the script ─> World
//! ```

mod answers;
mod back;
mod facts;
mod lease;
pub mod order;
pub mod world;

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use reseed::engine::bus::Subscriber;
use reseed::engine::stop::StopFlag;
use reseed::event::{Body, Event, RunOutcome};
use reseed::guard::Override;
use reseed::inventory::Inventory;
use reseed::journal::History;
use reseed::name::{HostName, Tag};
use reseed::playbook;
use reseed::remote::fake::{FakeTransport, Recorded};
use reseed::remote::{Call, Reply, Transport, TransportError};
use reseed::run::conduct::{ConductError, Confirm};
use reseed::run::{self, Ask, Ended, OfError, Order, RunDir, Stand, StateDir, Verb};
use tempfile::TempDir;
use tokio::sync::Notify;

pub use world::{CLUSTER, Data, SMALL, Shape, TAG, WHOLE, World};

/// What goes wrong when a script runs.
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
}

/// A fault: what, at which call of which script.
#[derive(Debug, Clone)]
pub struct Fault {
    script: String,
    host: Option<String>,
    skip: usize,
    what: What,
    fired: bool,
}

type Hook = Box<dyn FnMut(&str, &str, &mut World) + Send>;

struct Inner {
    world: Arc<Mutex<World>>,
    faults: Arc<Mutex<Vec<Fault>>>,
    hook: Arc<Mutex<Option<Hook>>>,
    fake: FakeTransport,
    refuse: Mutex<Vec<TransportError>>,
    connected: AtomicUsize,
    died: Notify,
    keep: AtomicBool,
    sent: Mutex<Vec<String>>,
}

/// The line to the simulated hosts; outlives any coordinator.
#[derive(Clone)]
pub struct Link(Arc<Inner>);

/// Finds the fault that fires at this call, of those that `wanted` takes.
fn fires(faults: &Mutex<Vec<Fault>>, host: &str, script: &str, wanted: fn(What) -> bool) -> Option<What> {
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
        self.0.connected.fetch_add(1, Ordering::SeqCst);
        match self.0.refuse.lock().unwrap().iter().find(|e| e.host() == host) {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }

    async fn exec(&self, host: &HostName, call: Call) -> Result<Reply, TransportError> {
        let inner = &*self.0;
        let script = call.script.vars.get("ACT").unwrap_or(&call.script.name).clone();
        if inner.keep.load(Ordering::SeqCst) {
            inner.sent.lock().unwrap().push(format!("{call:?}"));
        }
        let of_the_line = |what| !matches!(what, What::FailBefore | What::FailAfter);
        let fault = fires(&inner.faults, host.as_str(), &script, of_the_line);
        let lost = || Err(TransportError::LinkLost { host: host.clone(), why: "injected".to_owned() });
        match fault {
            Some(What::LoseBefore) => return lost(),
            Some(What::DieBefore) => return inner.die().await,
            Some(What::Late(time)) => tokio::time::sleep(time).await,
            _ => {}
        }
        let reply = inner.fake.exec(host, call).await;
        match fault {
            Some(What::LoseAfter) => lost(),
            Some(What::DieAfter) => inner.die().await,
            _ => reply,
        }
    }

    async fn close(&self) {}
}

impl Inner {
    async fn die(&self) -> Result<Reply, TransportError> {
        self.died.notify_one();
        std::future::pending().await
    }
}

/// A cluster, its coordinator's state directory, and everything that happened.
pub struct Sim {
    pub inventory: Inventory,
    pub state: StateDir,
    _home: TempDir,
    link: Link,
    events: Arc<Mutex<Vec<Event>>>,
    /// The coordinator dies after so many events of one process.
    pub die_after: Option<usize>,
    /// The operator presses Ctrl-C when this says so.
    pub interrupt: Option<fn(&Event) -> bool>,
}

/// A directory in memory where there is one: the journal's fsync would cost most of the time.
pub fn scratch() -> TempDir {
    let shm = Path::new("/dev/shm");
    tempfile::tempdir_in(shm).or_else(|_| tempfile::tempdir()).expect("a temporary directory")
}

/// The inventory of a simulated cluster.
pub fn inventory_text(shape: Shape, more: &str) -> String {
    let node =
        |n| format!("  - {{name: cass{n}, host: 10.77.0.{}{}}}\n", 10 + n, if n == 1 { ", seed: true" } else { "" });
    let gateway = |n| {
        format!(
            "  - {{name: gw{n}, host: 10.77.0.{}, install_dir: /opt/Axway, instances: [{{name: Instance1, group: Group1}}]}}\n",
            20 + n
        )
    };
    let client = |n| {
        format!("  - {{name: portal{n}, host: 10.77.0.{}, stop: stop it, start: start it, status: ask it}}\n", 30 + n)
    };
    let list = |name: &str, n: usize, one: &dyn Fn(usize) -> String| {
        let items: String = (1..=n).map(one).collect();
        if items.is_empty() { String::new() } else { format!("{name}:\n{items}") }
    };
    format!("cluster: {CLUSTER}\n{more}")
        + &list("nodes", shape.nodes, &node)
        + &list("gateways", shape.gateways, &gateway)
        + &list("clients", shape.clients, &client)
        + "backup: {root: /backup}\n"
}

impl Sim {
    pub fn new(shape: Shape) -> Self {
        Self::with(shape, "")
    }

    /// With more lines for the inventory.
    pub fn with(shape: Shape, more: &str) -> Self {
        let text = inventory_text(shape, more);
        let inventory = Inventory::parse(&text, Path::new("inventory/cluster.yaml")).unwrap();
        let home = scratch();
        let state = StateDir::locate(Some(home.path().to_owned()));
        let world = Arc::new(Mutex::new(World::of(shape)));
        let faults: Arc<Mutex<Vec<Fault>>> = Arc::default();
        let hook: Arc<Mutex<Option<Hook>>> = Arc::default();
        let fake = {
            let (world, faults, hook) = (Arc::clone(&world), Arc::clone(&faults), Arc::clone(&hook));
            FakeTransport::new(move |host, call| {
                let mut world = world.lock().unwrap();
                let fail = |what| matches!(what, What::FailBefore | What::FailAfter);
                let fault = fires(&faults, host.as_str(), &call.script.name, fail);
                let failed = Reply { rc: 1, stderr: "injected\n".to_owned(), ..Reply::default() };
                if fault == Some(What::FailBefore) {
                    return Ok(failed);
                }
                let reply = answers::answer(&mut world, host.as_str(), call);
                if let Some(hook) = &mut *hook.lock().unwrap() {
                    hook(host.as_str(), &call.script.name, &mut world);
                }
                Ok(if fault.is_some() { failed } else { reply })
            })
        };
        let link = Link(Arc::new(Inner {
            world,
            faults,
            hook,
            fake,
            refuse: Mutex::default(),
            connected: AtomicUsize::new(0),
            died: Notify::new(),
            keep: AtomicBool::new(false),
            sent: Mutex::default(),
        }));
        Self { inventory, state, _home: home, link, events: Arc::default(), die_after: None, interrupt: None }
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.link.0.world.lock().unwrap()
    }

    pub fn link(&self) -> Link {
        self.link.clone()
    }

    /// Something goes wrong the first time that `script` runs (on `host`).
    pub fn fault(&self, script: &str, host: Option<&str>, what: What) {
        self.fault_at(script, host, 0, what);
    }

    /// The same, at a later call.
    pub fn fault_at(&self, script: &str, host: Option<&str>, skip: usize, what: What) {
        let (script, host) = (script.to_owned(), host.map(str::to_owned));
        self.link.0.faults.lock().unwrap().push(Fault { script, host, skip, what, fired: false });
    }

    /// Asserts that all faults happened: a test that injected nothing proves nothing.
    pub fn assert_faults_fired(&self) {
        let faults = self.link.0.faults.lock().unwrap();
        assert!(faults.iter().all(|f| f.fired), "{faults:?}");
    }

    /// Called after every script, with the world.
    pub fn hook(&self, hook: impl FnMut(&str, &str, &mut World) + Send + 'static) {
        *self.link.0.hook.lock().unwrap() = Some(Box::new(hook));
    }

    /// That host cannot be connected to.
    pub fn refuse(&self, error: TransportError) {
        self.link.0.refuse.lock().unwrap().push(error);
    }

    pub fn admit(&self) {
        self.link.0.refuse.lock().unwrap().clear();
    }

    pub fn connections(&self) -> usize {
        self.link.0.connected.load(Ordering::SeqCst)
    }

    /// Keeps every call with its whole text from now on.
    pub fn keep_calls(&self) {
        self.link.0.keep.store(true, Ordering::SeqCst);
    }

    pub fn sent(&self) -> Vec<String> {
        self.link.0.sent.lock().unwrap().clone()
    }

    /// Every script that ran, in order.
    pub fn calls(&self) -> Vec<Recorded> {
        self.link.0.fake.calls()
    }

    /// The acts among them: `host script`.
    pub fn acts(&self) -> Vec<String> {
        let calls = self.calls();
        calls.iter().filter(|c| c.name.ends_with(".act")).map(|c| format!("{} {}", c.host, c.name)).collect()
    }

    /// Everything that was told, over all processes.
    pub fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap().clone()
    }

    /// The last end of a run: outcome, exit code, reason.
    pub fn end(&self) -> (RunOutcome, u8, String) {
        let events = self.events();
        let last = events.iter().rev().find_map(|e| match &e.body {
            Body::RunFinished { outcome, exit, reason, .. } => Some((*outcome, *exit, reason.clone())),
            _ => None,
        });
        last.expect("a run has an end")
    }

    #[expect(clippy::unused_self, reason = "read as `sim.ask(…)` beside `sim.order(…)`")]
    pub fn ask(&self, playbook: &str, tag: &str) -> Ask {
        let playbook = playbook::built_in(playbook).unwrap();
        Ask { playbook, tag: Some(Tag::parse(tag).unwrap()), keyspaces: vec![], overrides: vec![], of: None }
    }

    pub fn order(&self, command: &str, tag: &str) -> Order {
        let confirm = (command == "restore").then(|| Confirm(Some(CLUSTER.to_owned())));
        let (inventory, ask) = (self.inventory.clone(), self.ask(command, tag));
        Order { inventory, ask, command: command.to_owned(), args: vec!["reseed".into(), command.into()], confirm }
    }

    /// A restore of the good backup.
    pub async fn restore(&self) -> u8 {
        self.run(self.order("restore", TAG)).await.expect("the coordinator lives")
    }

    /// A restore with overrides.
    pub async fn restore_over(&self, guards: &[&str]) -> u8 {
        let mut order = self.order("restore", TAG);
        let one = |guard: &&str| Override { guard: (*guard).to_owned(), reason: "a test".to_owned() };
        order.ask.overrides = guards.iter().map(one).collect();
        self.run(order).await.expect("the coordinator lives")
    }

    /// An order about the run that `wanted` names, or the newest that fits.
    pub fn order_about(&self, verb: Verb, wanted: Option<&str>, guards: &[&str]) -> Result<Order, OfError> {
        let of = run::find_earlier(&self.state, &self.inventory.cluster, verb, wanted)?;
        let one = |guard: &&str| Override { guard: (*guard).to_owned(), reason: "a test".to_owned() };
        let ask = Ask::about(verb, of, guards.iter().map(one).collect());
        let (inventory, command) = (self.inventory.clone(), verb.name().to_owned());
        let confirm = Some(Confirm(Some(CLUSTER.to_owned())));
        Ok(Order { inventory, ask, args: vec!["reseed".into(), command.clone()], command, confirm })
    }

    /// Goes back from the newest restore.
    pub async fn rollback(&self, guards: &[&str]) -> u8 {
        self.run(self.order_about(Verb::Rollback, None, guards).unwrap()).await.expect("the coordinator lives")
    }

    /// Deletes what the newest restore set aside.
    pub async fn discard(&self) -> u8 {
        self.run(self.order_about(Verb::Discard, None, &[]).unwrap()).await.expect("the coordinator lives")
    }

    /// A backup under the tag `new`.
    pub async fn backup(&self) -> u8 {
        self.run(self.order("backup", "new")).await.expect("the coordinator lives")
    }

    /// Conducts a run; `None`: the coordinator died.
    pub async fn run(&self, order: Order) -> Option<u8> {
        self.try_run(order).await.map(|ended| ended.unwrap().exit)
    }

    pub async fn try_run(&self, order: Order) -> Option<Result<Ended, ConductError>> {
        let (subscribers, stop) = self.listeners();
        let stand = Stand { state: &self.state, subscribers, stop, pulse: &|_| {} };
        self.until_death(Box::pin(run::conduct(order, self.link(), stand))).await
    }

    /// Goes on with the newest run; `None`: the coordinator died again.
    pub async fn resume(&self) -> Option<u8> {
        self.try_resume().await.map(|ended| ended.unwrap().exit)
    }

    pub async fn try_resume(&self) -> Option<Result<Ended, ConductError>> {
        let (subscribers, stop) = self.listeners();
        let (dir, inventory) = (self.dir(), self.inventory.clone());
        let stand = Stand { state: &self.state, subscribers, stop, pulse: &|_| {} };
        self.until_death(Box::pin(run::resume(dir, inventory, self.link(), stand))).await
    }

    /// The process of these tests goes on, so only silence tells that its coordinator died.
    async fn until_death<R>(&self, run: impl Future<Output = R>) -> Option<R> {
        tokio::select! {
            biased;
            () = self.link.0.died.notified() => {
                tokio::time::sleep(Duration::from_mins(10)).await;
                None
            }
            ended = run => Some(ended),
        }
    }

    /// The newest run.
    pub fn dir(&self) -> RunDir {
        self.state.find(&self.inventory.cluster, None, |_| true).unwrap()
    }

    pub fn history(&self) -> History {
        self.dir().history().unwrap()
    }

    fn listeners(&self) -> (Vec<Subscriber>, StopFlag) {
        let (events, link) = (Arc::clone(&self.events), self.link());
        let (mut left, interrupt) = (self.die_after, self.interrupt);
        let stop = StopFlag::default();
        let flag = stop.clone();
        let subscriber: Subscriber = Box::new(move |event, _| {
            events.lock().unwrap().push(event.clone());
            if interrupt.is_some_and(|wanted| wanted(event)) {
                flag.raise();
            }
            if let Some(left) = left.as_mut().filter(|left| **left > 0) {
                *left -= 1;
                if *left == 0 {
                    link.0.died.notify_one();
                }
            }
        });
        (vec![subscriber], stop)
    }
}
