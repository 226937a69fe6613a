//! The operator's view while something is waited for: one for events, pulses and the clock.

use std::sync::{Arc, Mutex};

use jiff::Timestamp;

use super::printer::Printer;
use super::view::View;
use crate::engine::bus::Subscriber;
use crate::event::RunState;

/// Clones show on the same view.
#[derive(Clone)]
pub struct Screen {
    view: Arc<Mutex<Box<dyn View>>>,
    state: Arc<Mutex<RunState>>,
}

impl Screen {
    /// The view that the flags ask for.
    pub fn new(printer: Printer) -> Self {
        Self { view: Arc::new(Mutex::new(printer.view())), state: Arc::default() }
    }

    /// Shows what is being waited for.
    pub fn pulse(&self, text: &str) {
        self.view().pulse(text);
    }

    /// Says something that must be read now.
    pub fn say(&self, text: &str) {
        self.view().say(text);
    }

    /// Leaves the terminal as it must be.
    pub fn finish(&self) {
        self.view().finish();
    }

    /// What a run tells its events to.
    pub fn subscriber(&self) -> Subscriber {
        let screen = self.clone();
        Box::new(move |event, state| {
            screen.view().handle(event, state);
            screen.state.lock().expect("no view panics").clone_from(state);
        })
    }

    /// Lets the view see the time.
    pub fn tick(&self) {
        self.view().tick(&self.state(), Timestamp::now());
    }

    /// The run as told so far.
    pub fn state(&self) -> RunState {
        self.state.lock().expect("no view panics").clone()
    }

    fn view(&self) -> std::sync::MutexGuard<'_, Box<dyn View>> {
        self.view.lock().expect("no view panics")
    }
}
