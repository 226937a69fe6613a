//! The coordinator dies while it writes its journal: at every record, and with every cut of it,
//! `resume` reaches the same end.
//!
//! A run is brought to its record n and killed there: then the hosts are as they were when record n
//! was written. The journal is cut within that record, and the run is gone on with.

use std::collections::BTreeMap;
use std::ops::Range;

use reseed::event::Body;
use reseed::journal::{Entry, History, Journal, Reader};

use crate::journal::{assert_started_once, finish};
use crate::sim::{SMALL, Sim, TAG};

/// A journal's records: kind, number of events up to it, and its bytes.
struct Line {
    kind: &'static str,
    events: usize,
    bytes: Range<usize>,
}

fn lines(sim: &Sim) -> Vec<Line> {
    let text = std::fs::read(sim.dir().journal()).unwrap();
    let mut ends = text.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(at, _)| at + 1);
    let (mut begin, mut events) = (0, 0);
    sim.history()
        .records
        .iter()
        .map(|record| {
            let kind = match &record.body {
                Entry::Header(_) => "header",
                Entry::Facts { .. } => "facts",
                Entry::Plan { .. } => "plan",
                Entry::Closed(_) => "closed",
                Entry::Discarded(_) => "discarded",
                Entry::Event { event } => {
                    events += 1;
                    match event.body {
                        Body::RunStarted { .. } => "run_started",
                        Body::PhaseStarted { .. } => "phase_started",
                        Body::StepStarted { .. } => "step_started",
                        Body::StepProgress { .. } => "step_progress",
                        Body::StepFinished { .. } => "step_finished",
                        Body::Finding { .. } => "finding",
                        Body::RunFinished { .. } => "run_finished",
                    }
                }
            };
            let bytes = begin..ends.next().unwrap();
            begin = bytes.end;
            Line { kind, events, bytes }
        })
        .collect()
}

/// A run that was killed while it wrote its record `n`: `keep` bytes of that one are on disk, all
/// of it when `whole`.
async fn killed_at(command: &str, tag: &str, n: usize, line: &Line, keep: usize, whole: bool) -> Sim {
    let mut sim = Sim::new(SMALL);
    // what comes between two events is written in one go with the earlier one
    sim.die_after = Some(line.events.max(1));
    let ended = sim.run(sim.order(command, tag)).await;
    sim.die_after = None;
    assert!(ended.is_none() || line.kind == "run_finished", "{ended:?} at record {n}");
    let path = sim.dir().journal();
    let text = std::fs::read(&path).unwrap();
    // times differ in length from run to run
    let Range { start, end } = lines(&sim)[n].bytes;
    let end = if whole { end } else { (start + keep).min(end - 1) };
    std::fs::write(&path, &text[..end]).unwrap();
    sim
}

async fn every_record_and_cuts_of_it(command: &str, tag: &str) {
    let whole = Sim::new(SMALL);
    assert_eq!(whole.run(whole.order(command, tag)).await, Some(0));
    let every_byte = std::env::var_os("RESEED_CAMPAIGN").is_some();
    let mut covered: BTreeMap<&str, usize> = BTreeMap::new();
    for (n, line) in lines(&whole).iter().enumerate() {
        let size = line.bytes.len();
        // 0 bytes of a record is all of the one before it
        let mut cuts = vec![size / 2, size];
        if every_byte {
            cuts = (1..=size).step_by(1 + size / 4096).chain([size]).collect();
        }
        for keep in cuts {
            let sim = killed_at(command, tag, n, line, keep, keep == size).await;
            let name = format!("{command}, record {n} ({}), {keep} of {size} bytes", line.kind);
            *covered.entry(line.kind).or_default() += 1;
            if n == 0 && keep < size {
                let error = sim.try_resume().await.unwrap().unwrap_err().to_string();
                assert!(error.contains("it has no header"), "{name}: {error}");
                std::fs::remove_dir_all(sim.dir().path).unwrap();
                assert_eq!(sim.run(sim.order(command, tag)).await, Some(0), "{name}: a new run");
            } else {
                finish(&sim, &name).await;
            }
            match command {
                "restore" => sim.world().assert_restored(),
                _ => assert!(sim.world().backups.contains_key("/backup/new"), "{name}"),
            }
            assert_started_once(&sim, &name);
        }
    }
    assert!(covered.values().all(|runs| *runs >= 2), "{covered:?}");
    println!("{command}: runs gone on with, by the record at which they were cut: {covered:?}");
}

#[tokio::test(start_paused = true)]
async fn a_restore_killed_at_any_record_or_within_it_is_gone_on_with_to_the_same_end() {
    every_record_and_cuts_of_it("restore", TAG).await;
}

#[tokio::test(start_paused = true)]
async fn a_backup_killed_at_any_record_or_within_it_is_gone_on_with_to_the_same_end() {
    every_record_and_cuts_of_it("backup", "new").await;
}

/// What a resumed run sees of its past is what the journal's readers give it, so this makes the
/// other cuts the same as those above: whatever there is of a torn record, none of it is seen, and
/// it is gone when the journal is reopened.
#[tokio::test(start_paused = true)]
async fn of_a_record_that_is_cut_anywhere_nothing_is_seen_and_nothing_stays() {
    let (mut looks, mut bytes) = (0, 0);
    for (command, tag) in [("restore", TAG), ("backup", "new")] {
        let sim = Sim::new(SMALL);
        assert_eq!(sim.run(sim.order(command, tag)).await, Some(0));
        let text = std::fs::read(sim.dir().journal()).unwrap();
        let copy = sim.dir().path.join("copy.jsonl");
        let mut reader = None;
        for (n, Line { bytes: Range { start, end }, .. }) in lines(&sim).into_iter().enumerate() {
            // the facts and the plan are long: not each of their bytes
            let stride = 1 + (end - start) / 2048;
            for cut in (start + 1..end).step_by(stride) {
                std::fs::write(&copy, &text[..cut]).unwrap();
                let reader = reader.get_or_insert_with(|| Reader::open(&copy).unwrap());
                assert_eq!(reader.more().unwrap(), [], "record {n}, cut at {cut}");
                looks += 1;
            }
            bytes += end - start;
            std::fs::write(&copy, &text[..end - 1]).unwrap();
            let before = History::read(&copy);
            if n > 0 {
                assert_eq!(Journal::reopen(&copy).unwrap().1, before.unwrap());
                assert_eq!(std::fs::read(&copy).unwrap(), text[..start], "what was torn is gone");
            }
            std::fs::write(&copy, &text[..end]).unwrap();
            let seen = reader.as_mut().unwrap().more().unwrap();
            assert_eq!(seen.iter().map(|record| record.seq).collect::<Vec<_>>(), [n as u64]);
        }
    }
    println!("looked at {looks} cuts of {bytes} bytes");
}
