//! `explain`: what a step does and why it is safe, with its scripts; needs no cluster.

use std::io::{self, Write};

use super::Ended;
use super::exit::{ExitCode, Failure};
use super::printer::Printer;
use crate::step;

/// Explains a step: what it does, its scripts; without STEP lists all
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Such as `node.drain`
    step: Option<String>,
}

pub(super) fn run(_: Printer, args: &Args) -> Ended {
    let mut out = io::stdout().lock();
    let Some(name) = &args.step else {
        let _ = step::SPECS.iter().try_for_each(|spec| writeln!(out, "{:<18} {}", spec.name, spec.help));
        return Ok(ExitCode::Done);
    };
    let Some(spec) = step::spec(name) else {
        let near = step::SPECS.iter().map(|s| s.name).min_by_key(|known| strsim::damerau_levenshtein(known, name));
        return Err(Failure::new(ExitCode::Usage, format!("there is no step {name}"))
            .hint(format!("reseed explain {}", near.unwrap_or(""))));
    };
    let _ = writeln!(out, "{}\n{}", spec.name, spec.help);
    let _ = spec.scripts.iter().try_for_each(|(name, body)| writeln!(out, "\n--- {name}\n{}", body.trim_end()));
    Ok(ExitCode::Done)
}
