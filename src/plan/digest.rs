//! The digest: what an operator approves and `apply` demands.
//!
//! sha256 over the plan's JSON. Maps are ordered (`BTreeMap`), so the text is the same for the
//! same decisions; nothing passing is in a plan to begin with.

use sha2::{Digest, Sha256};

use super::Plan;

/// Hex sha256 of the plan.
pub fn of(plan: &Plan) -> String {
    let json = serde_json::to_vec(plan).expect("a plan is plain data");
    Sha256::digest(&json).iter().map(|byte| format!("{byte:02x}")).collect()
}
