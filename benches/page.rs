//! The page.
use std::path::Path;
use crate::Result;
use crate::record::Store;
/// Writes it.
pub fn write(_store: &Store, _root: &Path) -> Result<()> { Ok(()) }
