//! `--detach`: the run goes on in a process and session of its own, whatever becomes of the terminal.
//!
//! This process starts itself again with the same arguments, without a terminal, its output in a
//! file beside the run; waits until that one has the run's lock; and says which run it is.

use std::fs::File;
use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;

use super::exit::{ExitCode, Failure};
use super::printer::Printer;
use super::{Ended, Global, reach};
use crate::name::ClusterName;
use crate::run::RunLock;

/// Set for the process that conducts the run.
const MARK: &str = "RESEED_DETACHED";
const LOOK: Duration = Duration::from_millis(50);

/// The option.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Flag {
    /// Goes on in the background, also without this terminal; follow it with `status --follow`
    #[arg(long)]
    detach: bool,
}

impl Flag {
    /// Whether this process is to hand the run over; `confirmed`: the cluster's name was. Without it the run is refused
    /// at once, and a process of its own would seem to go on for as long as that takes.
    pub fn wanted(self, confirmed: bool) -> bool {
        self.detach && confirmed && !is_detached()
    }
}

fn is_detached() -> bool {
    std::env::var_os(MARK).is_some()
}

/// A process that was started by [`run`] leaves the terminal's session, so that no hang-up reaches
/// it; done first of all.
pub fn settle() {
    if is_detached() {
        // it fails for a session's leader only, which has no terminal of another's to lose
        let _ = rustix::process::setsid();
    }
}

/// Starts the run in the background; `typed`: the cluster's name, when it was asked for on the terminal.
pub fn run(global: &Global, printer: Printer, cluster: &ClusterName, typed: Option<&str>) -> Ended {
    let state = reach::state(global).cluster(cluster);
    let failed = |what: &str, error: io::Error| Failure::of(ExitCode::Internal, &error).because(what.to_owned());
    std::fs::create_dir_all(&state).map_err(|error| failed("its log cannot be made", error))?;
    let log = state.join(format!("detached-{}.log", std::process::id()));
    let out = File::create(&log).map_err(|error| failed("its log cannot be made", error))?;
    let err = out.try_clone().map_err(|error| failed("its log cannot be made", error))?;
    let program = std::env::current_exe().map_err(|error| failed("this program cannot be found", error))?;
    let mut child = Command::new(program)
        .args(std::env::args_os().skip(1))
        .args(typed.into_iter().flat_map(|name| ["--confirm", name]))
        .env(MARK, "1")
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err)
        .spawn()
        .map_err(|error| failed("it cannot be started", error))?;
    let pid = child.id();
    loop {
        if let Some(run) = RunLock::holder(&state).and_then(|holder| run_of(&holder, pid)) {
            let mut out = io::stdout().lock();
            let _ = if printer.json {
                writeln!(out, "{}", json!({"v": 1, "kind": "detached", "run": run, "pid": pid, "log": log}))
            } else {
                writeln!(out, "run {run} goes on in process {pid}\nlog:    {}", log.display())
                    .and_then(|()| writeln!(out, "follow: reseed status {run} --follow"))
            };
            return Ok(ExitCode::Done);
        }
        if let Some(status) = child.try_wait().map_err(|error| failed("it cannot be watched", error))? {
            // it ended before there was a run to follow: what it said is ours to say
            let said = std::fs::read(&log).map_err(|error| failed("its log cannot be read", error))?;
            for line in String::from_utf8_lossy(&said).lines() {
                let event = printer.json && line.starts_with('{');
                let _ = if event { writeln!(io::stdout(), "{line}") } else { writeln!(io::stderr(), "{line}") };
            }
            return Ok(ExitCode::of_number(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)));
        }
        std::thread::sleep(LOOK);
    }
}

/// The run in a lock's text, if that process holds it.
fn run_of(holder: &str, pid: u32) -> Option<String> {
    let (run, rest) = holder.strip_prefix("run ")?.split_once(' ')?;
    rest.contains(&format!("process {pid},")).then(|| run.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_run_is_told_only_when_that_very_process_holds_the_lock() {
        let text = "run r1 of ann@box, process 47, since 2026-01-01 00:00:00Z";
        assert_eq!(run_of(text, 47).as_deref(), Some("r1"));
        assert_eq!(run_of(text, 4), None);
        assert_eq!(run_of("", 47), None);
    }
}
