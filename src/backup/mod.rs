//! Backups: what is in one ([`manifest`]), where it lies ([`layout`]), which there are
//! ([`catalogue`]), whether one is sound ([`verify`]), which may go ([`prune`]), and what the written
//! scripts leave instead ([`written`]).
//!
//! All are pure: no I/O, no async runtime.

pub mod archived;
pub mod catalogue;
pub mod layout;
pub mod manifest;
pub mod prune;
pub mod verify;
pub mod written;
