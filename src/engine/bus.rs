//! The bus: every event goes journal → fold → subscribers, in this order, one at a time.
//!
//! Invariant: nobody hears of an event that is not on disk (progress excepted, which never is).
//!
//! Waiting for the disk is what an event costs (a millisecond or more), and lanes of many hosts publish at the same
//! moment. So [`Bus::publish_with_others`] writes at once, lets whoever is ready do the same, and then one
//! wait serves them all. Rejected: a task of its own for the journal, which every lane would have to wait for in turn.

use std::collections::VecDeque;
use std::sync::Mutex;

use jiff::Timestamp;

use crate::event::{Body, Event, RunState, VERSION};
use crate::journal::{Entry, Journal, JournalError};

/// Called with each event and the state after it.
pub type Subscriber = Box<dyn FnMut(&Event, &RunState) + Send>;

/// Where events go.
pub struct Bus {
    inner: Mutex<Inner>,
}

struct Inner {
    journal: Journal,
    state: RunState,
    subscribers: Vec<Subscriber>,
    next: u64,
    /// Written but not yet known to be on disk; nobody has heard of them.
    written: VecDeque<Event>,
}

impl Bus {
    /// A bus for one run; `past`: the events so far, when it is resumed.
    pub fn new<'a>(journal: Journal, past: impl IntoIterator<Item = &'a Event>, subscribers: Vec<Subscriber>) -> Self {
        let mut state = RunState::default();
        let mut next = 0;
        for event in past {
            state.apply(event);
            next = event.index + 1;
        }
        Self { inner: Mutex::new(Inner { journal, state, subscribers, next, written: VecDeque::new() }) }
    }

    /// Publishes what happens now.
    pub fn publish(&self, body: Body) -> Result<(), JournalError> {
        self.publish_at(Timestamp::now(), body)
    }

    /// Publishes what happened at `time` (before the run had a plan to announce).
    pub fn publish_at(&self, time: Timestamp, body: Body) -> Result<(), JournalError> {
        let mut inner = self.lock();
        inner.write(time, body)?;
        inner.tell()
    }

    /// Publishes what happens now; returns when it is on disk, which it shares with whoever publishes
    /// at the same moment.
    pub async fn publish_with_others(&self, body: Body) -> Result<(), JournalError> {
        let index = self.lock().write(Timestamp::now(), body)?;
        tokio::task::yield_now().await;
        let mut inner = self.lock();
        // the first one who comes back has told of all
        let waits = inner.written.front().is_some_and(|event| event.index <= index);
        if waits { inner.tell() } else { Ok(()) }
    }

    /// Stores a record that is no event.
    pub fn record(&self, entry: Entry) -> Result<(), JournalError> {
        let mut inner = self.lock();
        inner.tell()?;
        inner.journal.append(entry)
    }

    /// Looks at the state.
    pub fn state<R>(&self, look: impl FnOnce(&RunState) -> R) -> R {
        look(&self.lock().state)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().expect("no subscriber panics")
    }
}

impl Inner {
    /// Numbers and writes an event; its number.
    fn write(&mut self, time: Timestamp, body: Body) -> Result<u64, JournalError> {
        let event = Event { v: VERSION, time, index: self.next, body };
        if event.body.is_record() {
            self.journal.write(Entry::Event { event: event.clone() })?;
        }
        self.next += 1;
        let index = event.index;
        self.written.push_back(event);
        Ok(index)
    }

    /// Waits for the disk, then tells of everything that was written, in its order.
    fn tell(&mut self) -> Result<(), JournalError> {
        if self.written.iter().any(|event| event.body.is_record()) {
            self.journal.sync()?;
        }
        while let Some(event) = self.written.pop_front() {
            self.state.apply(&event);
            for subscriber in &mut self.subscribers {
                subscriber(&event, &self.state);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::task::JoinSet;

    use super::*;
    use crate::journal::History;
    use crate::journal::tests::header;

    fn bus(dir: &std::path::Path) -> (Arc<Bus>, Arc<Mutex<Vec<u64>>>) {
        let heard: Arc<Mutex<Vec<u64>>> = Arc::default();
        let journal = Journal::create(&dir.join("journal.jsonl"), header()).unwrap();
        let file = dir.join("journal.jsonl");
        let subscriber: Subscriber = {
            let heard = Arc::clone(&heard);
            Box::new(move |event, _| {
                let known = History::read(&file).unwrap();
                assert!(
                    known.events().any(|known| known.index == event.index),
                    "{} is not in the journal",
                    event.index
                );
                heard.lock().unwrap().push(event.index);
            })
        };
        (Arc::new(Bus::new(journal, [], vec![subscriber])), heard)
    }

    fn started() -> Body {
        Body::RunStarted {
            run: header().run,
            plan_digest: None,
            command: "restore".into(),
            cluster: header().cluster,
            phases: vec![],
            steps: 0,
            down_since: None,
        }
    }

    fn phase(number: u64) -> Body {
        Body::PhaseStarted { phase: format!("phase {number}") }
    }

    #[tokio::test]
    async fn events_of_many_lanes_are_told_once_each_and_in_the_order_of_the_journal() {
        let dir = tempfile::tempdir().unwrap();
        let (bus, heard) = bus(dir.path());
        bus.publish(started()).unwrap();
        let mut lanes = JoinSet::new();
        for lane in 0..20 {
            let bus = Arc::clone(&bus);
            lanes.spawn(async move {
                for number in 0..3 {
                    bus.publish_with_others(phase(lane * 10 + number)).await.unwrap();
                    assert!(bus.state(|state| {
                        state.phases.iter().any(|p| p.phase == format!("phase {}", lane * 10 + number))
                    }));
                }
            });
        }
        lanes.join_all().await;
        assert_eq!(*heard.lock().unwrap(), (0..=60).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn an_event_that_its_publisher_no_longer_waits_for_is_told_with_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let (bus, heard) = bus(dir.path());
        bus.publish(started()).unwrap();
        {
            let dropped = bus.publish_with_others(phase(1));
            tokio::pin!(dropped);
            let once =
                std::future::poll_fn(|context| std::task::Poll::Ready(dropped.as_mut().poll(context).is_pending()));
            assert!(once.await);
        }
        assert_eq!(*heard.lock().unwrap(), [0], "it is not known to be on disk");
        bus.publish(phase(2)).unwrap();
        assert_eq!(*heard.lock().unwrap(), [0, 1, 2]);
    }
}
