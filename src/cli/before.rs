//! What comes before a run that replaces or deletes data: the dry run.

use std::io::{self, Write};
use std::sync::Arc;

use serde_json::json;

use super::Ended;
use super::exit::ExitCode;
use super::printer::Printer;
use super::reach;
use super::screen::Screen;
use super::view::{findings, plan};
use crate::event::Level;
use crate::inventory::Inventory;
use crate::remote::Transport;
use crate::run::{Ask, prepare};

/// Prints the resolved plan, or what stands against it, and changes nothing.
pub fn dry_run(printer: Printer, inventory: &Inventory, ask: &Ask) -> Ended {
    preview(printer, inventory, ask, true)
}

/// The same; `last`: nothing comes behind it that signals must reach as always, such as a question.
pub fn preview(printer: Printer, inventory: &Inventory, ask: &Ask, last: bool) -> Ended {
    let transport = Arc::new(reach::transport(inventory)?);
    let screen = Screen::new(printer);
    let look = async {
        let prepared = prepare(&transport, inventory, ask, &|text| screen.pulse(text)).await;
        transport.close().await;
        prepared
    };
    let prepared = if last { reach::look_on(look) } else { Ok(reach::block_on(look)) };
    screen.finish();
    let prepared = prepared??;
    let mut out = io::stdout().lock();
    if let Some(why) = &prepared.nothing {
        let _ = writeln!(io::stderr(), "{why}");
        return Ok(ExitCode::Done);
    }
    let rows = findings::of(&prepared.findings);
    let told = ask.of.is_some() && prepared.findings.iter().any(|finding| finding.level > Level::Pass);
    if told || prepared.plan.is_none() {
        let _ = io::stderr().write_all(findings::table(&rows, printer.err).as_bytes());
    }
    let Some(resolved) = prepared.plan else {
        if printer.json {
            let _ =
                writeln!(out, "{}", json!({"v": 1, "kind": "plan", "plan": null, "findings": findings::json(&rows)}));
        }
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
