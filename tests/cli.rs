//! The command line: no hosts needed.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use assert_cmd::Command;
use reseed::event::{Body, Event, RunOutcome};
use reseed::journal::{Asked, Entry, FORMAT, Header, Journal};
use reseed::run::lease::Owner;
use reseed::run::{RunDir, RunLock, StateDir};
use rustix::process::{Pid, Signal, kill_process};

const GOOD: &str = "cluster: Lab Cluster\nnodes:\n  - {name: cass1, host: 127.0.0.1, seed: true}\n";

/// Runs `reseed` in `home`: exit code, standard output, standard error.
fn reseed(home: &Path, args: &[&str]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("reseed").unwrap();
    command.env_clear().env("HOME", home).env("PATH", std::env::var_os("PATH").unwrap()).current_dir(home);
    let out = command.args(args).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (out.status.code().unwrap(), text(out.stdout), text(out.stderr))
}

fn home(inventory: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("inventory")).unwrap();
    std::fs::write(home.path().join("inventory/cluster.yaml"), inventory).unwrap();
    home
}

/// A signal ends what only looks, as it ends a run: with 130.
#[test]
fn a_signal_ends_a_look_at_the_cluster_with_130() {
    let home = home("cluster: C\nssh: {config: ../ssh_config}\nnodes:\n  - {name: cass1, host: far, seed: true}\n");
    let begun = home.path().join("begun");
    // a line on which nobody ever says anything
    let config = format!("Host *\n  ProxyCommand sh -c 'echo >>{}; exec sleep 60'\n", begun.display());
    std::fs::write(home.path().join("ssh_config"), config).unwrap();
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_reseed"));
        command.env_clear().env("HOME", home.path()).env("PATH", std::env::var_os("PATH").unwrap());
        let mut child = command.arg("check").current_dir(home.path()).stderr(Stdio::piped()).spawn().unwrap();
        let since = Instant::now();
        while !begun.exists() {
            assert!(since.elapsed() < Duration::from_secs(30), "it connects to nobody");
            assert!(child.try_wait().unwrap().is_none(), "it ended before");
            std::thread::sleep(Duration::from_millis(20));
        }
        kill_process(Pid::from_child(&child), signal).unwrap();
        let out = child.wait_with_output().unwrap();
        let said = String::from_utf8(out.stderr).unwrap();
        assert_eq!(out.status.code(), Some(130), "{signal:?}: {said}");
        assert!(said.contains("this command only looks"), "{said}");
        std::fs::remove_file(&begun).unwrap();
    }
}

#[test]
fn the_help_of_every_command_is_what_it_was() {
    let home = home(GOOD);
    let mut text = String::new();
    for command in [
        "",
        "check",
        "keyspaces",
        "backup",
        "backups",
        "backups list",
        "backups show",
        "backups verify",
        "backups archive",
        "backups fetch",
        "backups import",
        "backups prune",
        "restore",
        "resume",
        "rollback",
        "discard",
        "runs",
        "status",
        "report",
        "explain",
        "schema",
    ] {
        let args: Vec<&str> = command.split(' ').filter(|w| !w.is_empty()).chain(["--help"]).collect();
        let (code, out, err) = reseed(home.path(), &args);
        assert_eq!((code, err.as_str()), (0, ""), "{command}");
        text.extend(["===== reseed ", &args.join(" "), "\n", &out, "\n"]);
    }
    insta::assert_snapshot!(text);
}

#[test]
fn a_program_that_reads_the_events_hears_of_an_end_before_there_was_a_run() {
    let bad = home("cluster: [\n");
    let json = |args: &[&str]| {
        let (code, out, err) = reseed(bad.path(), &[args, &["--output", "json"]].concat());
        assert!(code == 3 && err.contains("error:"), "{args:?}: {code} {err}");
        out
    };
    for command in
        [&["restore", "t"][..], &["backup"], &["resume"], &["backups", "prune", "--keep", "3", "--confirm", "x"]]
    {
        let out = json(command);
        let last: serde_json::Value = serde_json::from_str(&out).unwrap();
        let told = (last["kind"].as_str(), last["outcome"].as_str(), last["exit"].as_i64());
        assert_eq!(told, (Some("run_finished"), Some("refused"), Some(3)), "{command:?}");
    }
    for document in [&["restore", "t", "--dry-run"][..], &["rollback", "--dry-run"], &["runs"], &["backups", "list"]] {
        assert_eq!(json(document), "", "{document:?}");
    }
}

#[test]
fn wrong_usage_ends_with_2_and_says_what_is_wrong() {
    let home = home(GOOD);
    for (args, words) in [
        (vec![], "Usage"),
        (vec!["restor"], "restore"),
        (vec!["restore"], "<TAG>"),
        (vec!["restore", "../x"], "is not a valid tag"),
        (vec!["restore", "t", "--override", "node-down"], "--reason"),
        (vec!["restore", "t", "--override", "spaec", "--reason", "x"], "did you mean space?"),
        (vec!["restore", "t", "--override", "cluster-name", "--reason", "x"], "cannot be overridden"),
        (vec!["restore", "t", "--force"], "--force"),
        (vec!["backup", "-k", "a b"], "is not a valid keyspace"),
        (vec!["runs", "-q", "-v"], "cannot be used with"),
        (vec!["explain", "nodedrain"], "reseed explain node.drain"),
        (vec!["status", "--offline"], "no run"),
        (vec!["backups", "prune"], "--keep"),
        (vec!["backups", "prune", "--keep", "0"], "0 is not in 1.."),
        (vec!["backups", "prune", "--older-than", "7"], "write it like"),
        (vec!["backups", "import", "/x"], "--keyspace"),
        (vec!["backups", "fetch", "t"], "--from"),
        (vec!["backups", "archive", "t", "--to", " "], "it is empty"),
        (vec!["backup", "--archive", ""], "it is empty"),
        (vec!["schema", "nothing"], "manifest"),
        (vec!["backups", "import", "../x", "-k", "ks"], "without `..`"),
        (vec!["backups", "import", "/a b", "-k", "ks"], "--tag"),
    ] {
        let (code, out, err) = reseed(home.path(), &args);
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}: {err}");
        assert!(err.contains(words), "{args:?}: {err}");
    }
}

#[test]
fn a_broken_inventory_ends_with_3_and_names_file_line_and_the_cure() {
    for (text, words) in [
        (
            "cluster: Lab\nnodes:\n  - {name: a, hots: 10.0.0.1, seed: true}\n",
            vec!["inventory/cluster.yaml:3", "hots", "host"],
        ),
        ("cluster: Lab\nnodes:\n  - {name: a, host: h}\n", vec!["inventory/cluster.yaml", "seed"]),
        ("cluster: Lab\nclutser: Lab\nnodes: []\n", vec!["inventory/cluster.yaml:2", "cluster"]),
    ] {
        let home = home(text);
        for command in [vec!["check"], vec!["runs"], vec!["restore", "t"], vec!["backup"]] {
            let (code, out, err) = reseed(home.path(), &command);
            assert_eq!((code, out.as_str()), (3, ""), "{command:?}: {err}");
            assert!(words.iter().all(|w| err.contains(w)), "{command:?}: {err}");
        }
    }
}

#[test]
fn a_missing_inventory_ends_with_3_and_says_how_to_name_one() {
    let home = tempfile::tempdir().unwrap();
    let (code, _, err) = reseed(home.path(), &["check"]);
    assert_eq!(code, 3);
    assert!(err.contains("inventory/cluster.yaml") && err.contains("RESEED_INVENTORY"), "{err}");
    let (code, _, err) = reseed(home.path(), &["check", "-i", "/nowhere.yaml"]);
    assert!(code == 3 && err.contains("/nowhere.yaml"), "{err}");
}

#[test]
fn a_missing_password_ends_with_3_and_names_the_variable_before_any_connection() {
    let text = format!("{GOOD}cassandra: {{cqlsh: {{username: ops, password_env: RESEED_CQL_PASSWORD}}}}\n");
    let home = home(&text);
    for args in [
        vec!["check"],
        vec!["backup"],
        vec!["restore", "t", "--confirm", "Lab Cluster"],
        vec!["restore", "t", "--dry-run"],
    ] {
        let (code, _, err) = reseed(home.path(), &args);
        assert!(code == 3 && err.contains("RESEED_CQL_PASSWORD"), "{args:?}: {code} {err}");
    }
}

#[test]
fn without_a_terminal_and_without_confirm_a_restore_is_refused_with_4() {
    let home = home(GOOD);
    let (code, out, err) = reseed(home.path(), &["restore", "t"]);
    assert!(code == 4 && out.is_empty() && err.contains("--confirm 'Lab Cluster'"), "{code} {err}");
    let (code, out, _) = reseed(home.path(), &["--output", "json", "restore", "t", "--confirm", "Other"]);
    let events: Vec<serde_json::Value> = out.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!((code, &events.last().unwrap()["exit"]), (4, &4.into()));
    // both are runs that can be looked at
    let (code, out, _) = reseed(home.path(), &["runs"]);
    assert!(code == 0 && out.lines().count() == 2, "{out}");
}

#[test]
fn explain_prints_what_a_step_does_and_its_scripts() {
    let home = tempfile::tempdir().unwrap();
    let (code, out, _) = reseed(home.path(), &["explain", "node.drain"]);
    assert!(
        code == 0 && out.contains("--- node.drain.act") && out.contains("nt drain") && out.contains("Mode: DRAINED"),
        "{out}"
    );
    let (code, out, _) = reseed(home.path(), &["explain"]);
    assert!(code == 0 && out.lines().count() == reseed::step::SPECS.len(), "{out}");
}

#[test]
fn runs_without_runs_prints_nothing() {
    let home = home(GOOD);
    assert_eq!(reseed(home.path(), &["runs"]), (0, String::new(), String::new()));
}

#[test]
fn a_journal_that_cannot_be_read_hides_no_other_run() {
    let home = home(GOOD);
    reseed(home.path(), &["restore", "t"]);
    let runs = home.path().join(".local/state/reseed/lab-cluster");
    let good = std::fs::read_dir(&runs).unwrap().flatten().find(|entry| entry.path().is_dir()).unwrap().file_name();
    let (later, damaged) = ("20990101T000000Z-ffff", "20200101T000000Z-0000");
    for (run, text) in [(later, "{\"record\":\"header\",\"format\":2}\n"), (damaged, "gibberish\n")] {
        std::fs::create_dir(runs.join(run)).unwrap();
        std::fs::write(runs.join(run).join("journal.jsonl"), text).unwrap();
    }
    let (code, out, _) = reseed(home.path(), &["runs"]);
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!((code, lines.len()), (0, 3), "{out}");
    assert!(lines[0].starts_with(damaged) && lines[0].contains("record 0 is damaged"), "{out}");
    assert!(lines[1].contains("restore") && lines[1].contains("refused"), "{out}");
    assert!(lines[2].starts_with(later) && lines[2].contains("has format 2; this reseed reads format 1"), "{out}");
    let (code, out, _) = reseed(home.path(), &["runs", "--output", "json"]);
    let list: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert!(code == 0 && list["runs"][2]["unreadable"].is_string() && list["runs"][1]["exit"] == 4, "{out}");
    assert_eq!(reseed(home.path(), &["status", good.to_str().unwrap()]).0, 0);
    let (code, _, err) = reseed(home.path(), &["status", later]);
    assert!(code == 1 && err.contains("has format 2"), "{code} {err}");
}

#[test]
fn reading_commands_print_one_json_document() {
    let home = home(GOOD);
    let document = |args: &[&str]| -> serde_json::Value {
        let (code, out, err) = reseed(home.path(), args);
        assert_eq!((code, err.as_str()), (0, ""), "{args:?}");
        assert_eq!(out.trim_end().lines().count().min(1), 1);
        serde_json::from_str(&out).unwrap_or_else(|e| panic!("{args:?}: {e}: {out}"))
    };
    let runs = document(&["runs", "--output", "json"]);
    assert_eq!((&runs["v"], &runs["kind"], &runs["runs"]), (&1.into(), &"runs".into(), &serde_json::json!([])));
    reseed(home.path(), &["restore", "t"]);
    let runs = document(&["runs", "--output", "json"]);
    assert_eq!((&runs["runs"][0]["command"], &runs["runs"][0]["exit"]), (&"restore".into(), &4.into()));
    for command in ["status", "report"] {
        let document = document(&[command, "--output", "json"]);
        assert_eq!(document["v"], 1, "{command}");
        assert!(document["kind"].is_string(), "{command}: {document}");
    }
}

/// A run that this process conducts, as far as others can see: its lock and its journal.
fn conducted(home: &Path) -> (RunLock, RunDir, Journal) {
    let cluster = "Lab Cluster".parse().unwrap();
    let state = StateDir::locate(Some(home.join(".local/state/reseed")));
    let mut lock = RunLock::take(&state.cluster(&cluster), &Owner::me()).unwrap();
    let dir = state.create(&cluster).unwrap();
    lock.tell(&dir.id).unwrap();
    let (command, operator, inventory) = ("restore".to_owned(), "me@here".to_owned(), "inventory/cluster.yaml".into());
    let (reseed, run, args, overrides) = ("0".to_owned(), dir.id.clone(), vec![], vec![]);
    let asked = Asked {
        playbook: "restore".to_owned(),
        tag: None,
        keyspaces: vec![],
        choices: reseed::plan::Choices::default(),
        of: None,
        errand: None,
    };
    let header = Header { format: FORMAT, reseed, run, cluster, command, args, overrides, inventory, operator, asked };
    let journal = Journal::create(&dir.journal(), header).unwrap();
    (lock, dir, journal)
}

fn tell(journal: &mut Journal, index: u64, body: Body) {
    let event = Event { v: 1, time: jiff::Timestamp::now(), index, body };
    journal.append(Entry::Event { event }).unwrap();
}

fn started(dir: &RunDir) -> Body {
    let (cluster, command) = ("Lab Cluster".parse().unwrap(), "restore".to_owned());
    Body::RunStarted {
        run: dir.id.clone(),
        plan_digest: None,
        command,
        cluster,
        phases: vec![],
        steps: 0,
        down_since: None,
    }
}

#[test]
fn following_shows_each_event_of_a_live_run_as_it_comes_and_ends_with_the_run() {
    use std::io::BufRead;
    let home = home(GOOD);
    let (lock, dir, mut journal) = conducted(home.path());
    let mut follower = std::process::Command::new(env!("CARGO_BIN_EXE_reseed"))
        .args(["status", "--follow", "--output", "json"])
        .current_dir(home.path())
        .env("HOME", home.path())
        .env_remove("XDG_STATE_HOME")
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufReader::new(follower.stdout.take().unwrap()).lines();
    let mut next = || -> serde_json::Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    tell(&mut journal, 0, started(&dir));
    assert_eq!(next()["kind"], "run_started");
    for (index, phase) in ["preflight", "stage"].into_iter().enumerate() {
        tell(&mut journal, 1 + index as u64, Body::PhaseStarted { phase: phase.to_owned() });
        // it is told before the next one is written
        assert_eq!(next()["phase"], phase);
    }
    let ended = Body::RunFinished {
        run: dir.id.clone(),
        outcome: RunOutcome::Interrupted,
        exit: 130,
        reason: String::new(),
        downtime_s: None,
        total_s: 1.0,
        own_share_s: 1.0,
        report: None,
        next: String::new(),
    };
    tell(&mut journal, 3, ended);
    assert_eq!(next()["exit"], 130);
    assert_eq!(follower.wait().unwrap().code(), Some(0), "it was the run that was interrupted, not the look at it");
    drop(lock);
    let (code, _, err) = reseed(home.path(), &["status", "--follow"]);
    assert!(code == 0 && err.contains("interrupted"), "a run that is over is shown once: {code} {err}");
}

#[test]
fn following_a_run_whose_coordinator_died_says_so_and_how_to_go_on() {
    let home = home(GOOD);
    let (lock, dir, mut journal) = conducted(home.path());
    tell(&mut journal, 0, started(&dir));
    drop(lock);
    let (code, _, err) = reseed(home.path(), &["status", "--follow"]);
    assert!(code == 5 && err.contains("stopped without an end"), "{code} {err}");
    assert!(err.contains(&format!("reseed resume {}", dir.id)), "{err}");
}

#[test]
fn colour_is_never_written_into_a_pipe_unless_it_is_asked_for() {
    let home = home("x: 1\n");
    let (_, _, err) = reseed(home.path(), &["check"]);
    assert!(!err.contains('\u{1b}'));
    let (_, _, err) = reseed(home.path(), &["check", "--color", "always"]);
    assert!(err.contains('\u{1b}'));
}
