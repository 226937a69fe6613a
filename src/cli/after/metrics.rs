//! `--metrics-file`: what a run means in figures, written where the textfile collector reads.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::super::reach;
use super::Told;
use super::exposition::{Samples, labels};
use crate::backup::catalogue::{Backup, State};
use crate::catalogue::Catalogue;
use crate::inventory::Inventory;
use crate::remote::Transport;

/// Commands after which the catalogue may be another.
const CHANGING: [&str; 5] = ["backup", "import", "prune", "fetch", "archive"];

/// Writes them; of what goes wrong, why.
pub(super) fn write(file: &Path, inventory: &Inventory, told: &Told) -> Result<(), String> {
    // a host that could not be reached a moment ago is not waited for again
    let backups =
        if CHANGING.contains(&told.command.as_str()) && told.exit != 8 { Some(catalogue(inventory)) } else { None };
    update(file, |samples| {
        run(samples, told);
        if let Some(Ok(backups)) = &backups {
            newest(samples, inventory, backups);
        }
    })
    .map_err(|error| error.to_string())?;
    match backups {
        Some(Err(why)) => Err(format!("the figures of the newest backup are those of before: {why}")),
        _ => Ok(()),
    }
}

/// Writes those of the newest backup alone: what is known of one may be another without a run.
pub(super) fn renew(file: &Path, inventory: &Inventory) -> Result<(), String> {
    let backups = catalogue(inventory)?;
    update(file, |samples| newest(samples, inventory, &backups)).map_err(|error| error.to_string())
}

fn catalogue(inventory: &Inventory) -> Result<Vec<Backup>, String> {
    let transport = Arc::new(reach::transport(inventory).map_err(|failure| failure.message)?);
    let catalogue = Catalogue::of(inventory, &transport);
    let listed = reach::look_on(async {
        let listed = match transport.connect(&catalogue.host).await {
            Ok(()) => catalogue.list().await.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        transport.close().await;
        listed
    });
    listed.map_err(|failure| failure.message)?
}

fn run(samples: &mut Samples, told: &Told) {
    let labels = labels(&[("cluster", &told.cluster), ("command", &told.command)]);
    samples.set("reseed_run_last_timestamp_seconds", &labels, seconds(told.ended));
    samples.set("reseed_run_last_duration_seconds", &labels, told.duration_s);
    samples.set("reseed_run_last_exit_code", &labels, told.exit);
    if told.exit == 0 {
        samples.set("reseed_run_last_success_timestamp_seconds", &labels, seconds(told.ended));
    }
}

fn newest(samples: &mut Samples, inventory: &Inventory, backups: &[Backup]) {
    let labels = labels(&[("cluster", inventory.cluster.as_str())]);
    let ours = |b: &&Backup| b.contents.as_ref().is_some_and(|contents| contents.cluster == inventory.cluster);
    let whole = || backups.iter().filter(ours).filter(|backup| backup.state == State::Complete);
    let good = || whole().filter(|backup| backup.is_good());
    let newest = whole().max_by_key(|backup| backup.made());
    let at = |backup: Option<&Backup>| backup.and_then(Backup::made).map(seconds);
    for (name, value) in [
        ("reseed_backup_newest_timestamp_seconds", at(newest)),
        ("reseed_backup_newest_size_bytes", newest.map(|backup| backup.bytes.to_string())),
        ("reseed_backup_newest_good_timestamp_seconds", at(good().max_by_key(|backup| backup.made()))),
    ] {
        // a figure of a backup that is no more would be a lie
        match value {
            Some(value) => samples.set(name, &labels, value),
            None => samples.unset(name, &labels),
        }
    }
    samples.set("reseed_backups_good", &labels, good().count());
}

fn seconds(at: Timestamp) -> String {
    format!("{}.{:03}", at.as_second(), at.subsec_millisecond())
}

/// Reads, changes, writes aside, renames; under a lock on the directory, since runs of other clusters may write too.
fn update(file: &Path, change: impl FnOnce(&mut Samples)) -> io::Result<()> {
    let dir = file.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = file.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
    let lock = File::open(dir)?;
    lock.lock()?;
    let mut samples = match fs::read_to_string(file) {
        Ok(text) => Samples::parse(&text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Samples::default(),
        Err(error) => return Err(error),
    };
    change(&mut samples);
    // not *.prom: the collector reads those
    let aside = dir.join(format!(".{name}.{}.tmp", std::process::id()));
    let written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o644)
        .open(&aside)
        .and_then(|mut out| out.write_all(samples.text().as_bytes()).and_then(|()| out.sync_all()))
        .and_then(|()| fs::rename(&aside, file));
    if written.is_err() {
        let _ = fs::remove_file(&aside);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::RunOutcome;

    fn told(command: &str, exit: u8, ended: &str) -> Told {
        let ended: Timestamp = ended.parse().unwrap();
        Told {
            v: 1,
            kind: "run",
            cluster: "Lab".into(),
            command: command.into(),
            run: None,
            outcome: RunOutcome::Done,
            exit,
            reason: String::new(),
            began: ended,
            ended,
            duration_s: 1.5,
            downtime_s: None,
            report: None,
            next: String::new(),
        }
    }

    #[test]
    fn a_run_that_failed_keeps_the_time_of_the_last_one_that_went_well() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("reseed.prom");
        for (command, exit, ended) in [
            ("restore", 0, "2026-01-01T00:00:00Z"),
            ("discard", 0, "2026-01-02T00:00:00.25Z"),
            ("restore", 5, "2026-01-03T00:00:00Z"),
        ] {
            update(&file, |samples| run(samples, &told(command, exit, ended))).unwrap();
        }
        insta::assert_snapshot!(fs::read_to_string(&file).unwrap());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn runs_that_end_at_once_do_not_lose_each_others_figures() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("reseed.prom");
        std::thread::scope(|scope| {
            for n in 0..8 {
                let file = &file;
                scope.spawn(move || {
                    update(file, |samples| run(samples, &told(&format!("c{n}"), 0, "2026-01-01T00:00:00Z"))).unwrap();
                });
            }
        });
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(text.matches("reseed_run_last_exit_code{").count(), 8, "{text}");
    }

    #[test]
    fn what_cannot_be_written_is_told_and_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("x.prom")).unwrap();
        assert!(update(&dir.path().join("x.prom"), |_| {}).is_err());
        assert!(update(&dir.path().join("no/x.prom"), |_| {}).is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
