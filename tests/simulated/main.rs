//! Tier 1: whole runs over a simulated cluster. No root, no hosts, seconds.

mod order;
mod refusals;
mod safety;
mod sim;
