//! Tier 1: whole runs over a simulated cluster. No root, no hosts, seconds.

mod events;
mod failures;
mod journal;
mod order;
mod plans;
mod refusals;
mod safety;
mod sim;
