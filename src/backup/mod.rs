//! Backups: what is in one ([`manifest`]) and where it lies ([`layout`]).
//!
//! Pure: neither module names tokio or openssh.

pub mod layout;
pub mod manifest;
