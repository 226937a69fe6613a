//! `unlock`: frees the cluster from a coordinator that is gone.

use std::io::{self, Write};
use std::sync::Arc;

use serde_json::json;

use super::exit::{ExitCode, Failure};
use super::printer::Printer;
use super::screen::Screen;
use super::view::hosts;
use super::{Ended, Global, confirm, reach};
use crate::remote::Transport;
use crate::run::{hold, lease};

/// Frees the cluster from a coordinator that is gone
///
/// Shows who holds it on each host, since when, the last sign of life and the jobs that run. Frees
/// it only when no job runs and the coordinator is gone on this machine, or silent for ten minutes.
/// A run that is not over keeps the cluster as a paused one, for resume, rollback or abandon.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The cluster's name, typed
    #[arg(long, value_name = "NAME")]
    confirm: Option<String>,
    /// `lease`: frees it although its coordinator may live, or a host does not answer
    #[arg(long = "override", value_name = "GUARD", value_parser = ["lease"], requires = "reason")]
    overrides: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

pub(super) fn run(global: &Global, printer: Printer, args: &Args) -> Ended {
    let inventory = reach::inventory(global)?;
    let transport = Arc::new(reach::transport(&inventory)?);
    let screen = Screen::new(printer);
    reach::block_on(async {
        screen.pulse("asking the hosts who holds the cluster");
        let seen = hold::look(&inventory, &transport, false).await;
        screen.finish();
        if !printer.json {
            let _ = io::stderr().write_all(hosts::table(&seen, printer.err).as_bytes());
        }
        confirm::demanded(args.confirm.as_deref(), &inventory, "takes the cluster from its holder")?;
        let end = hold::unlock(&inventory, &transport, &seen, args.overrides.is_some()).await.map_err(Failure::from);
        transport.close().await;
        let end = end?;
        let mut out = io::stdout().lock();
        let _ = if printer.json {
            let paused = end == lease::End::Paused;
            writeln!(out, "{}", json!({"v": 1, "kind": "unlock", "paused": paused, "hosts": hosts::json(&seen)}))
        } else {
            writeln!(out, "{}", words(end))
        };
        Ok(ExitCode::Done)
    })
}

fn words(end: lease::End) -> &'static str {
    match end {
        lease::End::Free => "the cluster is free",
        lease::End::Paused => "its coordinator is shut out; the run is paused: reseed resume, rollback or abandon",
    }
}
