//! Part `io`.

use crate::{Bench, Result};

/// Runs the part.
pub fn measure(_bench: &mut Bench) -> Result<()> {
    Ok(())
}
