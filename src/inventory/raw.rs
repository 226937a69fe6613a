//! (being written)
use super::InventoryError;
pub struct Raw;
pub fn parse(_text: &str, _path: &std::path::Path) -> Result<Raw, InventoryError> {
    Ok(Raw)
}
