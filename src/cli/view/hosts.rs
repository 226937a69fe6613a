//! What the hosts say of the lease, of jobs that run, and of what runs have left, for `status` and
//! `unlock`.

use std::fmt::Write as _;
use std::time::Duration;

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::{Value, json};

use super::Look;
use crate::report::words;
use crate::run::hold::Seen;
use crate::run::lease::Standing;

/// A row per host, and one line for each thing that was left.
pub fn table(seen: &Seen, look: Look) -> String {
    let mut table = Table::new();
    table.load_style(if look.ascii { presets::ASCII_HORIZONTAL_ONLY } else { presets::UTF8_HORIZONTAL_ONLY });
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(look.columns()).unwrap_or(110));
    table.set_header(["host", "held by run", "coordinator", "epoch", "sign of life", "jobs that run"]);
    let (mut left, mut mute) = (String::new(), String::new());
    for (host, standing) in seen {
        match standing {
            Ok(standing) => {
                table.add_row(row(host.as_str(), standing));
                for one in &standing.left {
                    let (run, path, size) = (&one.run, words::line(&one.path), words::bytes(one.bytes));
                    let _ = writeln!(left, "  {host}  run {run}  {size}  {path}");
                }
            }
            Err(error) => drop(writeln!(mute, "{host} says nothing: {}", words::line(&error.to_string()))),
        }
    }
    let left = if left.is_empty() { left } else { format!("left by runs (reseed discard RUN frees it):\n{left}") };
    format!("{table}\n{mute}{left}")
}

fn row(host: &str, standing: &Standing) -> [String; 6] {
    let (run, owner) = match &standing.holder {
        Some(holder) if holder.paused => (format!("{} ({}), paused", holder.run, holder.command), "none".to_owned()),
        Some(holder) => (format!("{} ({})", holder.run, holder.command), holder.owner.to_string()),
        None => ("nobody".to_owned(), String::new()),
    };
    let silent = match (&standing.holder, standing.silent) {
        (None, _) => String::new(),
        (_, Some(time)) => format!("{} ago", ago(time)),
        (_, None) => "none since the host's start".to_owned(),
    };
    let jobs: Vec<_> =
        standing.jobs.iter().map(|job| job.split_once('/').map_or(job.as_str(), |(_, job)| job)).collect();
    [host.to_owned(), run, owner, standing.epoch.to_string(), silent, jobs.join("\n")]
}

fn ago(time: Duration) -> String {
    words::span(time.as_secs_f64())
}

/// The same for programs.
pub fn json(seen: &Seen) -> Value {
    let host = |(host, standing): &(_, Result<Standing, _>)| match standing {
        Ok(s) => {
            let holder = s.holder.as_ref().map(|h| {
                let (pid, _) = h.owner.process;
                json!({"run": h.run, "command": h.command, "changes": h.changes, "paused": h.paused,
                    "owner": h.owner.who, "pid": pid, "since": h.since})
            });
            let left = s.left.iter().map(|l| json!({"run": l.run, "path": l.path, "bytes": l.bytes}));
            json!({"host": host, "epoch": s.epoch, "holder": holder, "silent_s": s.silent.map(|t| t.as_secs()),
                "jobs": s.jobs, "left": left.collect::<Vec<_>>()})
        }
        Err(error) => json!({"host": host, "error": crate::run::lease::LeaseError::to_string(error)}),
    };
    seen.iter().map(host).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::{HostName, RunId};
    use crate::remote::TransportError;
    use crate::run::lease::{Holder, LeaseError, Left, Owner};

    #[test]
    fn hosts_are_shown_with_holder_sign_of_life_jobs_and_what_was_left() {
        let host = |name: &str| HostName::parse(name).unwrap();
        let owner = Owner { who: "ann@laptop".into(), process: (4711, 1), ..Owner::default() };
        let run = RunId::parse("20261122T161500Z-1f3a").unwrap();
        let holder =
            Holder { since: "2026-11-22 16:15:00Z".into(), changes: true, ..Holder::new(&run, "restore", &owner) };
        let left = vec![Left { run: run.to_string(), path: "/data/.reseed/r/quarantine".into(), bytes: 5_000_000 }];
        let held = Standing {
            epoch: 3,
            holder: Some(holder.clone()),
            silent: Some(Duration::from_secs(7)),
            names: vec![],
            jobs: vec!["20261122T161500Z-1f3a/drain_node.drain_cass1.1".into()],
            left,
        };
        let paused =
            Standing { holder: Some(Holder { paused: true, ..holder }), jobs: vec![], left: vec![], ..held.clone() };
        let gone = TransportError::Unreachable { host: host("cass3"), why: "No route to host".into() };
        let seen = vec![
            (host("cass1"), Ok(held)),
            (host("cass2"), Ok(paused)),
            (host("cass3"), Err(LeaseError::Transport(gone))),
            (host("gw1"), Ok(Standing::default())),
        ];
        insta::assert_snapshot!(table(&seen, Look::default()));
    }
}
