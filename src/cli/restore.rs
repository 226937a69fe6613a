//! `restore`: the runbook.

use std::io::{self, Write};
use std::sync::Arc;

use serde_json::json;

use super::exit::ExitCode;
use super::printer::Printer;
use super::session::{self, Screen, Selection};
use super::view::{findings, plan};
use super::{Ended, Global, confirm, detach};
use crate::inventory::Inventory;
use crate::name::Tag;
use crate::playbook;
use crate::remote::Transport;
use crate::run::conduct::Confirm;
use crate::run::{Ask, Order, prepare};

/// Restores keyspaces of the whole cluster from a backup
///
/// Verifies and stages the backup while the cluster serves, then stops clients and nodes, swaps the
/// data by rename (what was there goes to quarantine), starts, repairs, verifies, starts clients.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The backup
    tag: Tag,
    #[command(flatten)]
    selection: Selection,
    /// How the nodes are filled
    #[arg(long, value_enum, default_value_t)]
    strategy: Strategy,
    /// Prints the resolved plan and changes nothing
    #[arg(long)]
    dry_run: bool,
    /// The cluster's name, typed: data will be replaced
    #[arg(long, value_name = "NAME")]
    confirm: Option<String>,
    #[command(flatten)]
    detach: detach::Flag,
}

/// How the nodes are filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum Strategy {
    /// The seed from the backup, the others by repair: the documented way
    #[default]
    Seed,
}

pub(super) fn run(global: &Global, printer: Printer, args: &Args) -> Ended {
    let inventory = session::inventory(global)?;
    let Strategy::Seed = args.strategy;
    let ask = Ask {
        playbook: playbook::built_in("restore").expect("it is built in"),
        tag: Some(args.tag.clone()),
        keyspaces: args.selection.keyspaces.clone(),
        overrides: args.selection.overrides()?,
    };
    if args.dry_run {
        return dry_run(printer, &inventory, &ask);
    }
    let name = confirm::asked(args.confirm.as_deref(), &inventory, "replaces data");
    if args.detach.wanted() {
        let more = name.as_deref().filter(|_| args.confirm.is_none()).map(|name| ["--confirm", name]);
        return detach::run(global, printer, &inventory.cluster, more.as_ref().map_or(&[], |more| &more[..]));
    }
    let confirm = Some(Confirm(name));
    let order = Order { inventory, ask, command: "restore".to_owned(), args: std::env::args().collect(), confirm };
    session::conduct(global, printer, order)
}

fn dry_run(printer: Printer, inventory: &Inventory, ask: &Ask) -> Ended {
    let transport = Arc::new(session::transport(inventory)?);
    let screen = Screen::new(printer);
    let prepared = session::block_on(async {
        let prepared = prepare(&transport, inventory, ask, &|text| screen.pulse(text)).await;
        transport.close().await;
        prepared
    });
    screen.finish();
    let prepared = prepared?;
    let mut out = io::stdout().lock();
    let Some(resolved) = prepared.plan else {
        let rows = findings::of(&prepared.findings);
        let _ = io::stderr().write_all(findings::table(&rows, printer.err).as_bytes());
        return Ok(ExitCode::Refused);
    };
    let digest = resolved.digest();
    let _ = if printer.json {
        writeln!(out, "{}", json!({"v": 1, "kind": "plan", "digest": digest, "plan": resolved}))
    } else {
        plan::write(&mut out, &resolved, &digest, printer.out)
    };
    Ok(ExitCode::Done)
}
