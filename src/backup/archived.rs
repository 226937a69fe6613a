//! That a backup was archived elsewhere: `archived.json` beside it.
//!
//! It says what went out, byte for byte: the tar's length and SHA-256. A fetch writes the same of what came
//! in, so the two can be compared by eye. Not in the manifest, whose bytes are the backup's identity.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::units::bytes;

/// What is known of a backup's last archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archived {
    /// Format of this record.
    pub v: u32,
    /// When it was sent, or fetched, by the host's clock.
    pub at: Timestamp,
    /// The tar's bytes.
    pub bytes: u64,
    /// The tar's SHA-256.
    pub sha256: String,
    /// Of which manifest.
    pub manifest_sha256: String,
}

impl Archived {
    /// What went out, for people.
    pub fn says(&self) -> String {
        format!("{} ({} bytes) as one tar, sha256 {}", bytes(self.bytes), self.bytes, self.sha256)
    }
}
