//! Runs: where their state is kept on the coordinator, that only one works on a cluster at a
//! time, and how one is conducted from request to report.
//!
//! ```text
//!  STATE_DIR/<cluster>/lock                 held while a run is active
//!  STATE_DIR/<cluster>/<run>/journal.jsonl  the record
//!  STATE_DIR/<cluster>/<run>/report.html    the evidence
//! ```
//!
//! Invariant: a run exists, with id and arguments on disk, before the first host is contacted.

mod ask;
pub mod conduct;
mod configuring;
mod earlier;
mod end;
pub mod errand;
mod gates;
pub mod hold;
pub mod lease;
mod lock;
mod owner;
mod prepare;
pub mod recover;
mod share;
mod show;
mod state;

pub use ask::Ask;
pub use conduct::{Ended, Order, Stand, conduct, resume};
pub use earlier::{Of, OfError, Verb, find as find_earlier};
pub use end::verdict;
pub use lock::RunLock;
pub use prepare::{PrepareError, Prepared, connect, prepare, secrets};
pub use state::{RunDir, StateDir, StateError};
