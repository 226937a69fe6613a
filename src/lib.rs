//! reseed restores an Apache Cassandra cluster from a backup: the whole cluster, from one
//! machine, over SSH.
//!
//! # Flow
//! Data flows one way. Every arrow is a value; only `remote`, `engine`, `run` and `cli` do I/O.
//!
//! ```text
//!  inventory ─┐                                     ┌─> live view / plain / JSON lines
//!  playbook  ─┼─> plan (pure, digest) ─> engine ─> events ─> journal (fsync)
//!  facts     ─┘        ▲                  │           └─> fold = run state ─> status, report
//!     ▲                │guards            ▼
//!     └── probes ── remote (ssh | local | fake) ── job protocol ── hosts
//! ```
//!
//! # Where things go
//! | you want to add | it goes to |
//! |---|---|
//! | a typed step | one file in `step/`, listed once in `step::SPECS` |
//! | a guard | one file in `guard/`, listed once in `guard::GUARDS` |
//! | a command | one file in `cli/`, one variant in `cli::Command` |
//! | a runbook | one YAML file in `playbooks/` |
//! | a remote script | `NAME.sh` beside the module that owns it; see [`script`] |
//!
//! `plan`, `guard`, `step`, `event`, `playbook` and `cassandra` are pure: they name neither tokio
//! nor openssh (`tests/structure.rs` enforces it).

pub mod backup;
pub mod cassandra;
pub mod catalogue;
pub mod cli;
pub mod config;
pub mod digest;
pub mod engine;
pub mod event;
pub mod facts;
pub mod guard;
pub mod inventory;
pub mod journal;
pub mod name;
pub mod plan;
pub mod playbook;
pub mod remote;
pub mod report;
pub mod run;
pub mod script;
pub mod step;
pub mod units;
pub mod yaml;
