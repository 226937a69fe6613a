//! `keyspaces`: what is there, and what a backup would take.

use std::io::{self, Write};
use std::sync::Arc;

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::json;

use super::exit::ExitCode;
use super::printer::Printer;
use super::screen::Screen;
use super::view::Look;
use super::{Ended, Global, reach};
use crate::facts::{self, Scope, Wanted};
use crate::remote::Transport;
use crate::report::words;
use crate::run::{PrepareError, connect, secrets};

/// Shows the cluster's keyspaces, and which of them `backup` takes and why
#[derive(Debug, clap::Args)]
pub struct Args {}

pub(super) fn run(global: &Global, printer: Printer, _: &Args) -> Ended {
    let inventory = reach::inventory(global)?;
    let secrets = secrets(&inventory).map_err(PrepareError::from)?;
    let transport = Arc::new(reach::transport(&inventory)?);
    let screen = Screen::new(printer);
    screen.pulse("reading the schema");
    let facts = reach::look_on(async {
        let facts = match connect(&transport, &inventory).await {
            Ok(()) => facts::gather(&transport, &inventory, &Wanted::default(), &secrets).await.map_err(Into::into),
            Err(error) => Err(error),
        };
        transport.close().await;
        facts
    });
    screen.finish();
    let facts = facts??;
    let rows = facts::scope(&inventory, &facts);
    let mut out = io::stdout().lock();
    let _ = if printer.json {
        writeln!(out, "{}", json!({"v": 1, "kind": "keyspaces", "cluster": inventory.cluster, "keyspaces": rows}))
    } else {
        out.write_all(table(&rows, printer.out).as_bytes())
            .and_then(|()| writeln!(out, "Sizes are those on {}, snapshots included. From the schema; kpsadmin was not asked (its password would stand on a command line).", inventory.backup.node))
    };
    Ok(ExitCode::Done)
}

fn table(rows: &[Scope], look: Look) -> String {
    let mut table = Table::new();
    table.load_style(if look.ascii { presets::ASCII_HORIZONTAL_ONLY } else { presets::UTF8_HORIZONTAL_ONLY });
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(look.columns()).unwrap_or(110));
    table.set_header(["keyspace", "backup", "replication", "tables", "size", "why"]);
    for row in rows {
        let size = row.bytes.map_or_else(String::new, words::bytes);
        let taken = if row.taken { "yes" } else { "no" };
        let replication = row.replication.to_string();
        table.add_row([row.name.as_str(), taken, &replication, &row.tables.to_string(), &size, row.why.as_str()]);
    }
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}
