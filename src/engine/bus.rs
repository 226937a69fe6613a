//! The bus: every event goes journal → fold → subscribers, in this order, one at a time.
//!
//! Invariant: nobody hears of an event that is not on disk (progress excepted, which never is).

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
        Self { inner: Mutex::new(Inner { journal, state, subscribers, next }) }
    }

    /// Publishes what happens now.
    pub fn publish(&self, body: Body) -> Result<(), JournalError> {
        self.publish_at(Timestamp::now(), body)
    }

    /// Publishes what happened at `time` (before the run had a plan to announce).
    pub fn publish_at(&self, time: Timestamp, body: Body) -> Result<(), JournalError> {
        let mut inner = self.lock();
        let Inner { journal, state, subscribers, next } = &mut *inner;
        let event = Event { v: VERSION, time, index: *next, body };
        if event.body.is_record() {
            journal.append(Entry::Event { event: event.clone() })?;
        }
        *next += 1;
        state.apply(&event);
        for subscriber in subscribers {
            subscriber(&event, state);
        }
        Ok(())
    }

    /// Stores a record that is no event.
    pub fn record(&self, entry: Entry) -> Result<(), JournalError> {
        self.lock().journal.append(entry)
    }

    /// Looks at the state.
    pub fn state<R>(&self, look: impl FnOnce(&RunState) -> R) -> R {
        look(&self.lock().state)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().expect("no subscriber panics")
    }
}
