//! `explain`: what a step does and why it is safe, with its scripts; needs no cluster.

use std::io::{self, Write};

use serde_json::json;

use super::Ended;
use super::exit::{ExitCode, Failure};
use super::printer::Printer;
use crate::step::{self, Spec};

/// Explains a step: what it does, its scripts; without STEP lists all
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Such as `node.drain`
    step: Option<String>,
}

pub(super) fn run(printer: Printer, args: &Args) -> Ended {
    let mut out = io::stdout().lock();
    let about = |spec: &Spec| json!({"step": spec.name, "help": spec.help});
    let Some(name) = &args.step else {
        if printer.json {
            let all: Vec<_> = step::SPECS.iter().map(|spec| about(spec)).collect();
            let _ = writeln!(out, "{}", json!({"v": 1, "kind": "steps", "steps": all}));
            return Ok(ExitCode::Done);
        }
        let _ = step::SPECS.iter().try_for_each(|spec| writeln!(out, "{:<18} {}", spec.name, spec.help));
        return Ok(ExitCode::Done);
    };
    let Some(spec) = step::spec(name) else {
        let near = step::SPECS.iter().map(|s| s.name).min_by_key(|known| strsim::damerau_levenshtein(known, name));
        return Err(Failure::new(ExitCode::Usage, format!("there is no step {name}"))
            .hint(format!("reseed explain {}", near.unwrap_or(""))));
    };
    if printer.json {
        let mut document = about(spec);
        document["v"] = 1.into();
        document["kind"] = "step".into();
        document["scripts"] = spec.scripts.iter().map(|(name, body)| json!({"name": name, "text": body})).collect();
        let _ = writeln!(out, "{document}");
        return Ok(ExitCode::Done);
    }
    let _ = writeln!(out, "{}\n{}", spec.name, spec.help);
    let _ = spec.scripts.iter().try_for_each(|(name, body)| writeln!(out, "\n--- {name}\n{}", body.trim_end()));
    Ok(ExitCode::Done)
}
