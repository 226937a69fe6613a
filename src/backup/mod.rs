//! Backups: what is in one ([`manifest`]) and where it lies ([`layout`]).
//!
//! Both are pure: no I/O, no async runtime.

pub mod layout;
pub mod manifest;
