//! A simulated cluster: `FakeTransport` with a world behind it, faults that can be injected, and
//! a coordinator that can die and come back.
//!
//! ```text
//!  run::conduct ─> Link (faults of the line) ─> FakeTransport (jobs) ─> faults of the script ─> World
//! ```

mod answers;
mod back;
mod backups;
mod clients;
mod facts;
mod inventory;
pub mod lease;
mod link;
pub mod node;
pub mod order;
mod repair;
pub mod world;

use std::collections::BTreeSet;
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
use reseed::name::Tag;
use reseed::remote::fake::{FakeTransport, HANGS, LOST, Recorded, UNBEGUN};
use reseed::remote::{Reply, TransportError};
use reseed::run::conduct::{ConductError, Confirm};
use reseed::run::{self, Ask, Ended, OfError, Order, RunDir, Stand, StateDir, Verb};
use tempfile::TempDir;
use tokio::sync::{Notify, watch};

use link::{Hook, Inner, Twice, fires};

pub use inventory::inventory_text;
pub use link::{Fault, Link, What};
pub use node::Data;
pub use world::{CLUSTER, SMALL, Shape, TAG, WHOLE, World};

/// A cluster, its coordinator's state directory, and everything that happened.
pub struct Sim {
    pub inventory: Inventory,
    /// Restores go by fan-out.
    fan_out: bool,
    pub state: StateDir,
    _home: TempDir,
    link: Link,
    events: Arc<Mutex<Vec<Event>>>,
    /// The coordinator dies after so many events of one process.
    pub die_after: Option<usize>,
    /// The operator presses Ctrl-C when this says so.
    pub interrupt: Option<fn(&Event) -> bool>,
    /// The operator presses it twice when a job hangs.
    pub interrupt_hanging: bool,
}

/// A directory in memory where there is one: the journal's fsync would cost most of the time.
pub fn scratch() -> TempDir {
    let shm = Path::new("/dev/shm");
    tempfile::tempdir_in(shm).or_else(|_| tempfile::tempdir()).expect("a temporary directory")
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
        let twice: Arc<Mutex<Twice>> = Arc::default();
        let hangs: Arc<Notify> = Arc::default();
        let fake = {
            let (world, faults, hook) = (Arc::clone(&world), Arc::clone(&faults), Arc::clone(&hook));
            let (twice, hangs) = (Arc::clone(&twice), Arc::clone(&hangs));
            FakeTransport::new(move |host, call| {
                let mut world = world.lock().unwrap();
                let fault = fires(&faults, host.as_str(), &call.script.name, What::on_host);
                let ended = |rc| Reply { rc, stderr: "injected\n".to_owned(), ..Reply::default() };
                match fault {
                    Some(What::FailBefore) => return Ok(ended(1)),
                    Some(What::LostBefore) => return Ok(ended(LOST)),
                    Some(What::Unbegun) => return Ok(ended(UNBEGUN)),
                    Some(What::Hangs) => {
                        hangs.notify_one();
                        return Ok(ended(HANGS));
                    }
                    _ => {}
                }
                let mut reply = answers::answer(&mut world, host.as_str(), call);
                let mut twice = twice.lock().unwrap();
                if twice.acts.contains(&call.script.name) && reply.rc == 0 {
                    let once = format!("{world:?}");
                    reply = answers::answer(&mut world, host.as_str(), call);
                    assert_eq!(format!("{world:?}"), once, "{} on {host}, a second time", call.script.name);
                    twice.done += 1;
                }
                if let Some(hook) = &mut *hook.lock().unwrap() {
                    hook(host.as_str(), &call.script.name, &mut world);
                }
                Ok(match fault {
                    Some(What::FailAfter) => ended(1),
                    Some(What::LostAfter) => ended(LOST),
                    _ => reply,
                })
            })
        };
        let inner = Inner {
            world,
            faults,
            hook,
            twice,
            fake,
            refuse: Mutex::default(),
            connected: AtomicUsize::new(0),
            died: Notify::new(),
            hangs,
            keep: AtomicBool::new(false),
            sent: Mutex::default(),
        };
        let link = Link { inner: Arc::new(inner), frozen: Arc::new(watch::Sender::new(false)) };
        Self {
            inventory,
            fan_out: shape.fan_out,
            state,
            _home: home,
            link,
            events: Arc::default(),
            die_after: None,
            interrupt: None,
            interrupt_hanging: false,
        }
    }

    /// Another coordinator, on another machine, to which the state directory was copied.
    pub fn elsewhere(&self) -> Self {
        let other = self.stranger();
        let copy = other.state.cluster(&self.inventory.cluster).join(self.dir().id.as_str());
        std::fs::create_dir_all(&copy).unwrap();
        std::fs::copy(self.dir().journal(), copy.join("journal.jsonl")).unwrap();
        other
    }

    /// Another coordinator, on a machine that knows of no run.
    pub fn stranger(&self) -> Self {
        let home = scratch();
        let link = Link { inner: Arc::clone(&self.link.inner), frozen: Arc::new(watch::Sender::new(false)) };
        let state = StateDir::locate(Some(home.path().to_owned()));
        let (inventory, fan_out, events) = (self.inventory.clone(), self.fan_out, Arc::default());
        let (die_after, interrupt, interrupt_hanging) = (None, None, false);
        Self { inventory, fan_out, state, _home: home, link, events, die_after, interrupt, interrupt_hanging }
    }

    /// Until the coordinator is frozen.
    pub async fn frozen(&self) {
        let _ = self.link.frozen.subscribe().wait_for(|frozen| *frozen).await;
    }

    pub fn thaw(&self) {
        self.link.frozen.send_replace(false);
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.link.inner.world.lock().unwrap()
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
        self.link.inner.faults.lock().unwrap().push(Fault { script, host, skip, what, fired: false });
    }

    /// Asserts that all faults happened: a test that injected nothing proves nothing.
    pub fn assert_faults_fired(&self) {
        let faults = self.link.inner.faults.lock().unwrap();
        assert!(faults.iter().all(|f| f.fired), "{faults:?}");
    }

    /// Called after every script, with the world.
    pub fn hook(&self, hook: impl FnMut(&str, &str, &mut World) + Send + 'static) {
        *self.link.inner.hook.lock().unwrap() = Some(Box::new(hook));
    }

    /// The hosts do these acts twice.
    pub fn twice(&self, acts: impl Iterator<Item = String>) {
        self.link.inner.twice.lock().unwrap().acts = acts.collect();
    }

    pub fn ran_twice(&self) -> usize {
        self.link.inner.twice.lock().unwrap().done
    }

    /// That host cannot be connected to.
    pub fn refuse(&self, error: TransportError) {
        self.link.inner.refuse.lock().unwrap().push(error);
    }

    pub fn admit(&self) {
        self.link.inner.refuse.lock().unwrap().clear();
    }

    pub fn connections(&self) -> usize {
        self.link.inner.connected.load(Ordering::SeqCst)
    }

    /// Keeps every call with its whole text from now on.
    pub fn keep_calls(&self) {
        self.link.inner.keep.store(true, Ordering::SeqCst);
    }

    pub fn sent(&self) -> Vec<String> {
        self.link.inner.sent.lock().unwrap().clone()
    }

    /// Types of steps that may not run twice, by the plan of the newest run.
    pub fn once_only(&self) -> BTreeSet<String> {
        let history = self.history();
        let steps = history.plan().into_iter().flat_map(|(plan, _)| plan.steps());
        steps.filter(|(_, step)| !step.idempotent && step.act.is_some()).map(|(_, step)| step.step.clone()).collect()
    }

    /// Every script that ran, in order.
    pub fn calls(&self) -> Vec<Recorded> {
        self.link.inner.fake.calls()
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

    /// A restore goes by the strategy of the shape.
    pub fn ask(&self, playbook: &str, tag: &str) -> Ask {
        let playbook = if playbook == "restore" && self.fan_out { "restore-fan-out" } else { playbook };
        Ask { tag: Some(Tag::parse(tag).unwrap()), ..Ask::to(playbook) }
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
        let stand = Stand { state: &self.state, subscribers, stop: stop.clone(), pulse: &|_| {} };
        self.until_death(Box::pin(run::conduct(order, self.link(), stand)), stop).await
    }

    /// Goes on with the newest run; `None`: the coordinator died again.
    pub async fn resume(&self) -> Option<u8> {
        self.try_resume().await.map(|ended| ended.unwrap().exit)
    }

    pub async fn try_resume(&self) -> Option<Result<Ended, ConductError>> {
        let (subscribers, stop) = self.listeners();
        let (dir, inventory) = (self.dir(), self.inventory.clone());
        let stand = Stand { state: &self.state, subscribers, stop: stop.clone(), pulse: &|_| {} };
        self.until_death(Box::pin(run::resume(dir, inventory, self.link(), stand)), stop).await
    }

    /// The process of these tests goes on, so only silence tells that its coordinator died.
    async fn until_death<R>(&self, run: impl Future<Output = R>, stop: StopFlag) -> Option<R> {
        let presses = async {
            self.link.inner.hangs.notified().await;
            if self.interrupt_hanging {
                stop.raise();
                stop.raise();
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            biased;
            () = self.link.inner.died.notified() => {
                tokio::time::sleep(Duration::from_mins(10)).await;
                None
            }
            () = presses => unreachable!("it waits for ever"),
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
                    link.inner.died.notify_one();
                }
            }
        });
        (vec![subscriber], stop)
    }
}
