//! `config list`: the backups of configuration on this machine.

use std::io::{self, Write};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::backups::{age, lines, table};
use super::super::exit::ExitCode;
use super::super::printer::Printer;
use super::super::view::Look;
use super::super::{Ended, Global, reach};
use super::Place;
use crate::config::Found;
use crate::name::HostName;
use crate::report::words;

/// Lists the backups of configuration, newest first; asks no host
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    place: Place,
}

pub(super) fn run(global: &Global, printer: Printer, args: &Args) -> Ended {
    let inventory = reach::inventory(global)?;
    let store = args.place.store(global, &inventory)?;
    let found = store.list()?;
    let mut out = io::stdout().lock();
    // a closed pipe is the reader's business
    let _ = if printer.json {
        let list: Vec<Value> = found.iter().map(document).collect();
        let dir = store.dir();
        writeln!(
            out,
            "{}",
            json!({"v": 1, "kind": "config-backups", "cluster": inventory.cluster, "dir": dir, "backups": list})
        )
    } else if found.is_empty() {
        writeln!(out, "there is no backup of configuration in {}", store.dir())
    } else {
        out.write_all(listed(&found, Timestamp::now(), printer.out).as_bytes())
    };
    Ok(ExitCode::Done)
}

fn document(found: &Found) -> Value {
    match &found.state {
        Ok(of) => json!({"name": found.name, "complete": true, "cluster": of.cluster, "made": of.taken_at,
            "hosts": of.hosts, "files": of.files, "bytes": of.bytes}),
        Err(why) => json!({"name": found.name, "complete": false, "why": why}),
    }
}

fn listed(all: &[Found], now: Timestamp, look: Look) -> String {
    let mut table = table(look, ["backup", "made", "hosts", "files", "size", ""]);
    for found in all {
        match &found.state {
            Ok(of) => {
                let hosts: Vec<&str> = of.hosts.iter().map(HostName::as_str).collect();
                let made = format!("{} ago", age(now, of.taken_at));
                let (files, bytes) = (of.files.to_string(), words::bytes(of.bytes));
                table.add_row([&found.name, &made, &hosts.join(" "), &files, &bytes, ""])
            }
            Err(why) => table.add_row([&found.name, "", "", "", "", &words::line(why)]),
        };
    }
    lines(&table)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Summary;
    use crate::name::ClusterName;

    #[test]
    fn the_list_says_of_each_backup_what_it_holds_or_why_it_does_not_count() {
        let whole = Summary {
            taken_at: "2026-01-01T00:00:00Z".parse().unwrap(),
            cluster: ClusterName::parse("Lab").unwrap(),
            hosts: ["cass1", "gw1"].map(|name| HostName::parse(name).unwrap()).into(),
            files: 42,
            bytes: 50_000,
        };
        let all = [
            Found { name: "daily".into(), state: Ok(whole) },
            Found { name: ".partial-t".into(), state: Err("it was never finished".into()) },
        ];
        let now = "2026-01-03T00:00:00Z".parse().unwrap();
        insta::assert_snapshot!(listed(&all, now, Look::default()));
    }
}
