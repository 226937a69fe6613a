//! `check`: every guard, and nothing is changed.

use std::io::{self, Write};
use std::sync::Arc;

use serde_json::json;

use super::exit::ExitCode;
use super::printer::Printer;
use super::restore::Strategy;
use super::screen::Screen;
use super::selection::Selection;
use super::view::{Look, findings};
use super::{Ended, Global, reach};
use crate::name::Tag;
use crate::plan::{self, Outage, Request};
use crate::remote::Transport;
use crate::run::{Ask, prepare};
use crate::units::bytes;

/// Runs every guard and changes nothing: what a restore (with TAG) or a backup would object to
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A backup: also checks whether it can be restored
    tag: Option<Tag>,
    /// How the nodes would be filled
    #[arg(long, value_enum, default_value_t, requires = "tag")]
    strategy: Strategy,
    #[command(flatten)]
    selection: Selection,
}

pub(super) fn run(global: &Global, printer: Printer, args: &Args) -> Ended {
    let inventory = reach::inventory(global)?;
    let name = if args.tag.is_some() { args.strategy.playbook() } else { "backup" };
    let ask = Ask {
        tag: args.tag.clone(),
        keyspaces: args.selection.keyspaces.clone(),
        overrides: args.selection.overrides()?,
        ..Ask::to(name)
    };
    let transport = Arc::new(reach::transport(&inventory)?);
    let screen = Screen::new(printer);
    let prepared = reach::look_on(async {
        let prepared = prepare(&transport, &inventory, &ask, &|text| screen.pulse(text)).await;
        transport.close().await;
        prepared
    });
    screen.finish();
    let prepared = prepared??;
    let rows = findings::of(&prepared.findings);
    let refused = prepared.refused();
    let outage = plan::outage(&inventory, &prepared.facts, &prepared.request);
    let other = args.strategy.other();
    let instead = Request { playbook: other.playbook().to_owned(), ..prepared.request.clone() };
    let instead = plan::outage(&inventory, &prepared.facts, &instead).map(|outage| (other.word(), outage));
    let mut out = io::stdout().lock();
    // a closed pipe is the reader's business
    let _ = if printer.json {
        let list = findings::json(&rows);
        let strategy = args.strategy.word();
        let outage = outage.map(
            |o| json!({"strategy": strategy, "estimate_from_s": o.from_s, "estimate_to_s": o.to_s, "bytes": o.bytes}),
        );
        writeln!(
            out,
            "{}",
            json!({"v": 1, "kind": "check", "cluster": inventory.cluster, "backup": args.tag, "ok": !refused,
                "findings": list, "outage": outage})
        )
    } else {
        out.write_all(findings::table(&rows, printer.out).as_bytes())
            .and_then(|()| out.write_all(closing(outage.as_ref(), instead, refused, printer.out).as_bytes()))
    };
    Ok(if refused { ExitCode::Refused } else { ExitCode::Done })
}

/// What a restore would mean, when a backup was asked about; ends with a line break.
fn closing(outage: Option<&Outage>, instead: Option<(&str, Outage)>, refused: bool, look: Look) -> String {
    let Some(outage) = outage else { return String::new() };
    if refused {
        return "A restore would be refused: nothing would be stopped or changed.\n".to_owned();
    }
    let size = bytes(outage.bytes);
    let text = format!(
        "A restore would stop all clients and every node for {outage} (an estimate from the number of nodes and tables and \
         {size} of data; the copy is made before that, while the cluster serves).{}",
        instead.map(|(word, other)| format!(" With --strategy {word}: {other}.")).unwrap_or_default()
    );
    findings::wrapped(&text, look.columns(), 0) + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_restore_means_is_told_as_an_estimate_and_wrapped() {
        let outage = Outage { from_s: 150, to_s: 500, bytes: 3 << 30 };
        let look = Look { width: Some(60), ..Look::default() };
        let other = Outage { from_s: 52, to_s: 104, bytes: 3 << 30 };
        insta::assert_snapshot!(closing(Some(&outage), Some(("fan-out", other)), false, look), @"
        A restore would stop all clients and every node for about 2
        to 9 minutes (an estimate from the number of nodes and
        tables and 3.0 GiB of data; the copy is made before that,
        while the cluster serves). With --strategy fan-out: about 1
        to 2 minutes.
        ");
        assert!(closing(Some(&outage), None, true, look).contains("would be refused"));
        assert_eq!(closing(None, None, false, look), "");
    }
}
