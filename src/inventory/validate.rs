//! (being written)
use super::{Inventory, InventoryError, raw::Raw};
pub fn validate(_raw: Raw, _text: &str, _path: &std::path::Path) -> Result<Inventory, InventoryError> {
    unimplemented!()
}
