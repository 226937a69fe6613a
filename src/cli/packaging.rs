//! Tests of what lies in packaging/: its command lines are ours, and the tools that read it take it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Parser;

use super::Cli;

const PROGRAM: &str = "/usr/local/bin/reseed";

#[expect(clippy::print_stdout, reason = "a test tells what it skips")]
fn skipped(why: &str) {
    println!("skipped: {why}");
}

fn files(below: &str) -> Vec<(PathBuf, String)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging").join(below);
    let mut paths: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// Words as a shell and systemd read them here: blanks between, single quotes around.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![];
    for (n, part) in line.split('\'').enumerate() {
        if n % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

#[test]
fn every_command_line_of_the_examples_is_one_of_ours() {
    let mut commands = vec![];
    for (path, text) in files("systemd").into_iter().chain(files("cron")) {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        for command in lines.flat_map(|line| line.split("&&")).filter_map(|part| part.split_once(PROGRAM)) {
            let words = words(command.1);
            let parsed = Cli::try_parse_from([PROGRAM.to_owned()].into_iter().chain(words.clone()));
            assert!(parsed.is_ok(), "{}: {words:?}: {}", path.display(), parsed.err().unwrap());
            commands.push(words.join(" "));
        }
    }
    for wanted in [" backup", " backups prune --keep 7 --older-than 14d --confirm Lab Cluster", " config backup"] {
        assert_eq!(
            commands.iter().filter(|command| command.ends_with(wanted)).count(),
            if wanted == " backup" { 4 } else { 2 }
        );
    }
}

#[test]
fn the_crontab_has_five_fields_of_time_a_user_and_a_command_that_cron_does_not_cut() {
    for (path, text) in files("cron") {
        assert!(text.ends_with('\n'), "cron ignores a last line that does not end");
        let mut jobs = 0;
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if line.split_once('=').is_some_and(|(name, _)| name.bytes().all(|b| b.is_ascii_uppercase())) {
                continue;
            }
            let fields: Vec<&str> = line.split_whitespace().collect();
            for (field, most) in fields.iter().zip([59, 23, 31, 12, 7]) {
                assert!(*field == "*" || field.parse::<u32>().is_ok_and(|n| n <= most), "{}: {line}", path.display());
            }
            assert_eq!(fields[5], "reseed", "the user");
            assert!(!line.contains('%'), "cron takes it for the end of the line");
            jobs += 1;
        }
        assert_eq!(jobs, 2, "{}", path.display());
    }
}

#[test]
fn systemd_takes_the_units_and_their_times() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        skipped("systemd-analyze is not here");
        return;
    }
    // what is not on this machine is replaced by what is
    let dir = tempfile::tempdir().unwrap();
    let mut units = vec![];
    for (path, text) in files("systemd") {
        for at in text.lines().filter_map(|line| line.strip_prefix("OnCalendar=")) {
            let out = Command::new("systemd-analyze").args(["calendar", at]).output().unwrap();
            assert!(out.status.success(), "{at}: {}", String::from_utf8_lossy(&out.stderr));
        }
        let here = dir.path().join(path.file_name().unwrap());
        fs::write(&here, text.replace(PROGRAM, "/bin/true").replace("User=reseed", "User=root")).unwrap();
        units.push(here);
    }
    let out = Command::new("systemd-analyze").arg("verify").arg("--man=no").args(&units).output().unwrap();
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    // other units of this machine may have flaws of their own
    let ours: Vec<&str> = said.lines().filter(|line| line.contains("reseed")).collect();
    assert!(ours.is_empty(), "{ours:?}");
    assert!(out.status.success() || !said.is_empty(), "{out:?}");
}
