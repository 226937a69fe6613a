//! Options that several commands have: which keyspaces, and which guards are overridden.

use super::{ExitCode, Failure};
use crate::guard::Override;
use crate::name::Keyspace;

/// `-k`, `--override`, `--reason`: what backup, restore and check take.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Selection {
    /// A keyspace; may be given several times
    #[arg(short, long = "keyspace", value_name = "KEYSPACE")]
    pub keyspaces: Vec<Keyspace>,
    #[command(flatten)]
    overriding: Overriding,
}

impl Selection {
    /// The overrides, each of a known guard that allows it.
    pub fn overrides(&self) -> Result<Vec<Override>, Failure> {
        self.overriding.overrides()
    }
}

/// `--override`, `--reason`: what all changing commands take.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Overriding {
    /// Goes on although this guard objects; may be given several times
    #[arg(long = "override", value_name = "GUARD", requires = "reason")]
    overrides: Vec<String>,
    /// Why; goes into the journal
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Overriding {
    /// The overrides, each of a known guard that allows it.
    pub fn overrides(&self) -> Result<Vec<Override>, Failure> {
        let reason = self.reason.clone().unwrap_or_default();
        if !self.overrides.is_empty() && reason.trim().is_empty() {
            return Err(Failure::new(ExitCode::Usage, "--reason is empty: say why, for whoever reads the journal"));
        }
        let each = |guard: &String| {
            crate::guard::check_override(guard).map_err(|why| Failure::new(ExitCode::Usage, why))?;
            Ok(Override { guard: guard.clone(), reason: reason.clone() })
        };
        self.overrides.iter().map(each).collect()
    }
}
