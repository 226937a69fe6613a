//! (being written)

pub mod exit;
pub mod printer;
pub mod view;
