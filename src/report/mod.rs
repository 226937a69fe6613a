//! The report (being written).

pub mod figures;
pub mod standing;
pub mod words;
