//! Tier 1: whole runs over a simulated cluster. No root, no hosts, seconds.

#![expect(
    clippy::assigning_clones,
    clippy::case_sensitive_file_extension_comparisons,
    clippy::format_push_string,
    clippy::match_same_arms,
    clippy::print_stdout,
    clippy::struct_excessive_bools,
    reason = "worlds are changed field by field, `.act` is no file's extension, answers are written as the real tools print them, tests tell what they covered"
)]

mod creating;
mod cuts;
mod disaster;
mod events;
mod failures;
mod fan_out;
mod journal;
mod lost;
mod order;
mod plans;
mod proofs;
mod refusals;
mod relay;
mod rivals;
mod rollback;
mod safety;
mod sim;
