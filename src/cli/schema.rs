//! `schema`: the JSON schemas of what reseed writes for other programs.

use std::io::{self, Write};

use super::ExitCode;
use crate::backup::manifest::SCHEMA;

/// Prints the JSON schema of a file that reseed writes; needs no cluster
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Of which file
    #[arg(value_enum)]
    of: Of,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Of {
    /// manifest.json of a backup
    Manifest,
}

pub(super) fn run(args: &Args) -> ExitCode {
    let text = match args.of {
        Of::Manifest => SCHEMA,
    };
    // a closed pipe is the reader's business
    let _ = io::stdout().write_all(text.as_bytes());
    ExitCode::Done
}
