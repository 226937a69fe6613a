//! `check`: every guard, and nothing is changed.

use std::io::{self, Write};
use std::sync::Arc;

use serde_json::json;

use super::exit::ExitCode;
use super::printer::Printer;
use super::session::{self, Screen, Selection};
use super::view::findings;
use super::{Ended, Global};
use crate::name::Tag;
use crate::playbook;
use crate::remote::Transport;
use crate::run::{Ask, prepare};

/// Runs every guard and changes nothing: what a restore (with TAG) or a backup would object to
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A backup: also checks whether it can be restored
    tag: Option<Tag>,
    #[command(flatten)]
    selection: Selection,
}

pub(super) fn run(global: &Global, printer: Printer, args: &Args) -> Ended {
    let inventory = session::inventory(global)?;
    let name = if args.tag.is_some() { "restore" } else { "backup" };
    let ask = Ask {
        playbook: playbook::built_in(name).expect("it is built in"),
        tag: args.tag.clone(),
        keyspaces: args.selection.keyspaces.clone(),
        create_schema: false,
        overrides: args.selection.overrides()?,
        of: None,
    };
    let transport = Arc::new(session::transport(&inventory)?);
    let screen = Screen::new(printer);
    let prepared = session::block_on(async {
        let prepared = prepare(&transport, &inventory, &ask, &|text| screen.pulse(text)).await;
        transport.close().await;
        prepared
    });
    screen.finish();
    let prepared = prepared?;
    let rows = findings::of(&prepared.findings);
    let refused = prepared.refused();
    let mut out = io::stdout().lock();
    // a closed pipe is the reader's business
    let _ = if printer.json {
        let list: Vec<_> = rows
            .iter()
            .map(|(guard, host, level, message, cure)| {
                json!({"guard": guard, "host": host, "level": level, "message": message, "cure": cure})
            })
            .collect();
        writeln!(
            out,
            "{}",
            json!({"v": 1, "kind": "check", "cluster": inventory.cluster, "ok": !refused, "findings": list})
        )
    } else {
        out.write_all(findings::table(&rows, printer.out).as_bytes())
    };
    Ok(if refused { ExitCode::Refused } else { ExitCode::Done })
}
