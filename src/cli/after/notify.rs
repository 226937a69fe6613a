//! `--notify`: a command of the operator's is given the outcome.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::Told;
use crate::inventory::{Inventory, PasswordSource};

/// It may take so long.
const LIMIT: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(20);

/// Runs it; of what goes wrong, why.
pub(super) fn run(command: &str, inventory: &Inventory, told: &Told) -> Result<(), String> {
    within(LIMIT, command, inventory, told)
}

fn within(limit: Duration, command: &str, inventory: &Inventory, told: &Told) -> Result<(), String> {
    let mut child = start(command, inventory, told).map_err(|error| format!("it cannot be started: {error}"))?;
    let text = serde_json::to_string(told).expect("it is plain data") + "\n";
    if let Some(mut stdin) = child.stdin.take() {
        // it may not want it; what a pipe holds is more than this
        let _ = stdin.write_all(text.as_bytes());
    }
    let began = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("it ended with {status}")),
            Ok(None) if began.elapsed() < limit => std::thread::sleep(LOOK),
            Ok(None) => {
                // its whole group: curl in a pipe, a shell that waits
                if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
                    let _ = kill_process_group(group, Signal::KILL);
                }
                let _ = child.wait();
                return Err(format!("it was ended after {} s", limit.as_secs()));
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

/// With the outcome in its environment too, and without any secret of ours.
fn start(command: &str, inventory: &Inventory, told: &Told) -> io::Result<Child> {
    let mut shell = Command::new("sh");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"RESEED_")) {
        shell.env_remove(name);
    }
    for node in &inventory.nodes {
        if let Some(PasswordSource::Env(name)) = &node.cassandra.cqlsh.password {
            shell.env_remove(name);
        }
    }
    let outcome = serde_json::to_value(told.outcome).ok().and_then(|word| word.as_str().map(str::to_owned));
    let (run, report) = (told.run.clone().unwrap_or_default(), told.report.clone().unwrap_or_default());
    let exit = told.exit.to_string();
    let values = [
        ("RESEED_CLUSTER", told.cluster.as_str()),
        ("RESEED_COMMAND", &told.command),
        ("RESEED_RUN", &run),
        ("RESEED_OUTCOME", outcome.as_deref().unwrap_or_default()),
        ("RESEED_EXIT", &exit),
        ("RESEED_REASON", &told.reason),
        ("RESEED_REPORT", &report),
        ("RESEED_NEXT", &told.next),
    ];
    // standard output is for data; what it prints there goes nowhere
    shell.args(["-c", command]).envs(values).stdin(Stdio::piped()).stdout(Stdio::null()).process_group(0).spawn()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::RunOutcome;

    fn told() -> Told {
        let at = "2026-01-01T00:00:00Z".parse().unwrap();
        Told {
            v: 1,
            kind: "run",
            cluster: "Lab 'x'".into(),
            command: "backup".into(),
            run: Some("r1".into()),
            outcome: RunOutcome::Paused,
            exit: 5,
            reason: "it's $HOME".into(),
            began: at,
            ended: at,
            duration_s: 1.0,
            downtime_s: None,
            report: None,
            next: "reseed resume r1".into(),
        }
    }

    fn inventory() -> Inventory {
        let text = "cluster: Lab\ncassandra: {cqlsh: {username: u, password_env: PATH_OF_NO_USE}}\n\
                    nodes:\n  - {name: n, host: h, seed: true}\n";
        Inventory::parse(text, std::path::Path::new("i.yaml")).unwrap()
    }

    #[test]
    fn it_gets_the_outcome_on_its_input_and_in_its_environment() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        let command =
            format!("{{ cat; env | grep ^RESEED_ | sort; }} >'{}'; [ \"$RESEED_OUTCOME\" = paused ]", out.display());
        run(&command, &inventory(), &told()).unwrap();
        let text = std::fs::read_to_string(out).unwrap();
        let (json, environment) = text.split_once('\n').unwrap();
        let document: serde_json::Value = serde_json::from_str(json).unwrap();
        assert_eq!((&document["exit"], &document["reason"]), (&5.into(), &"it's $HOME".into()));
        let expected = "RESEED_CLUSTER=Lab 'x'\nRESEED_COMMAND=backup\nRESEED_EXIT=5\nRESEED_NEXT=reseed resume r1\n\
                        RESEED_OUTCOME=paused\nRESEED_REASON=it's $HOME\nRESEED_REPORT=\nRESEED_RUN=r1\n";
        assert_eq!(environment, expected);
    }

    #[test]
    fn one_that_fails_hangs_or_reads_nothing_is_told_and_nothing_of_it_is_left() {
        assert!(run("exit 3", &inventory(), &told()).unwrap_err().contains("exit status: 3"));
        run("exec <&-", &inventory(), &told()).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let marker = dir.path().join("alive");
        let command = format!("(sleep 2; : >'{}') & sleep 60", marker.display());
        let error = within(Duration::from_millis(300), &command, &inventory(), &told()).unwrap_err();
        assert!(error.contains("it was ended"), "{error}");
        std::thread::sleep(Duration::from_secs(3));
        assert!(!marker.exists(), "what it had started is gone too");
    }
}
