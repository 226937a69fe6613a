//! `abandon`: gives a run up, and leaves everything as it is.

use std::io::{self, Write};
use std::sync::Arc;

use serde_json::json;

use super::exit::{ExitCode, Failure};
use super::printer::Printer;
use super::{Ended, Global, confirm, reach};
use crate::event::RunState;
use crate::remote::Transport;
use crate::report::standing;
use crate::run::hold::{self, HoldError};

/// Gives a paused run up: nothing goes on with it any more, and hosts stay as they are
///
/// The last resort, for when neither resume nor rollback can help. Nodes that may not start keep
/// their guard; what was set aside stays until `discard`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run, or the beginning of its id
    run: String,
    /// Must be `unfinished`
    #[arg(long = "override", value_name = "GUARD", value_parser = ["unfinished"], requires = "reason")]
    overrides: Option<String>,
    /// Why; goes into the journal
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// The cluster's name, typed
    #[arg(long, value_name = "NAME")]
    confirm: Option<String>,
}

pub(super) fn run(global: &Global, printer: Printer, args: &Args) -> Ended {
    let inventory = reach::inventory(global)?;
    let state = reach::state(global);
    let dir = state.find(&inventory.cluster, Some(&args.run), |_| true)?;
    if dir.history()?.is_over() {
        return Err(HoldError::Over(dir.id.to_string()).into());
    }
    let (Some(_), Some(reason)) = (&args.overrides, &args.reason) else {
        let again = format!("reseed abandon {} --override unfinished --reason TEXT", dir.id);
        return Err(Failure::new(ExitCode::Refused, format!("run {} is not over", dir.id))
            .because("giving it up leaves the cluster as it is: it may be down, guarded, half restored")
            .hint(format!("reseed resume {0}, reseed rollback {0}; or {again}", dir.id)));
    };
    confirm::demanded(args.confirm.as_deref(), &inventory, "gives the run up as it stands")?;
    let transport = Arc::new(reach::transport(&inventory)?);
    reach::block_on(async {
        let given_up = hold::abandon(&inventory, &transport, &state, &dir, reason.clone()).await;
        transport.close().await;
        given_up.map_err(Failure::from)
    })?;
    let run = RunState::of(dir.history()?.events());
    let mut out = io::stdout().lock();
    let _ = if printer.json {
        writeln!(out, "{}", json!({"v": 1, "kind": "abandon", "run": dir.id}))
    } else {
        let _ = writeln!(out, "run {} is given up; it leaves:", dir.id);
        standing::standing(&run).iter().try_for_each(|s| writeln!(out, "  {}: {}", s.host, s.line()))
    };
    Ok(ExitCode::Done)
}
