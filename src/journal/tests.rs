use std::path::{Path, PathBuf};

use super::*;
use crate::event::{Body, Event};

pub(crate) fn header() -> Header {
    Header {
        format: FORMAT,
        reseed: "0".into(),
        run: RunId::parse("r1").unwrap(),
        cluster: ClusterName::parse("Lab Cluster").unwrap(),
        command: "restore".into(),
        args: vec!["restore".into()],
        overrides: vec![],
        inventory: "i.yaml".into(),
        operator: "me@here".into(),
        asked: Asked {
            playbook: "restore".to_owned(),
            tag: None,
            keyspaces: vec![],
            choices: Choices::default(),
            of: None,
            errand: None,
        },
    }
}

pub(super) fn plan() -> Entry {
    let plan = Plan {
        format: crate::plan::FORMAT,
        cluster: header().cluster,
        playbook: "restore".into(),
        params: BTreeMap::new(),
        binding: serde_json::Value::Null,
        phases: vec![],
        scripts: crate::script::Library::of(&[]),
    };
    Entry::Plan { digest: plan.digest(), plan: Box::new(plan) }
}

pub(super) fn facts() -> Entry {
    let (playbook, tag, keyspaces) = ("restore".to_owned(), "good".parse().unwrap(), vec![]);
    let request = Request { keyspaces, ..Request::of(&playbook, tag) };
    Entry::Facts { facts: Box::default(), request }
}

pub(super) fn closed() -> Entry {
    let (run, operator, reason) = (RunId::parse("r2").ok(), "me@here".to_owned(), "wrong backup".to_owned());
    Entry::Closed(Closed { how: How::RolledBack, run, operator, reason })
}

pub(super) fn discarded() -> Entry {
    let freed = [(HostName::parse("cass1").unwrap(), 4711)].into();
    Entry::Discarded(Discarded { run: RunId::parse("r3").unwrap(), freed })
}

/// Even ones begin a part, odd ones a phase.
fn event(index: u64) -> Entry {
    let body = match index % 2 {
        0 => Body::RunStarted {
            run: header().run,
            plan_digest: None,
            command: "restore".into(),
            cluster: header().cluster,
            phases: vec![],
            steps: 0,
            down_since: None,
        },
        _ => Body::PhaseStarted { phase: format!("p{index}") },
    };
    Entry::Event { event: Event { v: 1, time: Timestamp::UNIX_EPOCH, index, body } }
}

/// A header, the run's start and a phase.
fn written() -> (tempfile::TempDir, PathBuf, Vec<u8>) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.jsonl");
    let mut journal = Journal::create(&path, header()).unwrap();
    journal.append(event(0)).unwrap();
    journal.append(event(1)).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    (dir, path, bytes)
}

/// Where each line begins, and the end.
fn lines(bytes: &[u8]) -> Vec<usize> {
    let ends = bytes.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(at, _)| at + 1);
    [0].into_iter().chain(ends).collect()
}

fn refused(path: &Path, bytes: &[u8]) -> JournalError {
    std::fs::write(path, bytes).unwrap();
    let error = History::read(path).unwrap_err();
    assert!(Journal::reopen(path).is_err());
    assert_eq!(std::fs::read(path).unwrap(), bytes, "a journal that is refused is left as it is");
    error
}

#[test]
fn what_was_written_is_read_back() {
    let (_dir, path, _) = written();
    let history = History::read(&path).unwrap();
    assert_eq!(history.header().run.as_str(), "r1");
    assert_eq!(history.events().count(), 2);
    assert!(history.closed().is_none() && history.discarded().is_none());
}

#[test]
fn a_record_is_one_line_of_json_with_its_checksum_last() {
    let (_dir, _, bytes) = written();
    let text = String::from_utf8(bytes).unwrap();
    for line in text.lines() {
        let at = line.rfind(",\"sum\":").unwrap();
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(value["sum"], crate::digest::sha256(&line[..at])[..16]);
    }
    let record = Record { seq: 7, time: Timestamp::UNIX_EPOCH, body: event(1) };
    let line = String::from_utf8(line::write(&record)).unwrap();
    insta::assert_snapshot!(line.trim_end(), @r#"{"seq":7,"time":"1970-01-01T00:00:00Z","record":"event","event":{"v":1,"time":"1970-01-01T00:00:00Z","index":1,"kind":"phase_started","phase":"p1"},"sum":"a622a481f6f15387"}"#);
}

#[test]
fn every_cut_of_the_last_record_leaves_the_records_before_it() {
    let (_dir, path, bytes) = written();
    for cut in lines(&bytes)[2]..bytes.len() {
        std::fs::write(&path, &bytes[..cut]).unwrap();
        assert_eq!(History::read(&path).unwrap().events().count(), 1, "cut at {cut}");
        let (mut journal, _) = Journal::reopen(&path).unwrap();
        journal.append(event(2)).unwrap();
        assert_eq!(History::read(&path).unwrap().events().count(), 2, "going on after a cut at {cut}");
    }
}

#[test]
fn a_flipped_bit_anywhere_but_in_a_torn_tail_is_refused_with_the_records_number() {
    let (_dir, path, bytes) = written();
    let lines = lines(&bytes);
    for at in 0..bytes.len() {
        let seq = lines.iter().rposition(|begin| *begin <= at).unwrap();
        for bit in [1, 32] {
            let mut damaged = bytes.clone();
            damaged[at] ^= bit;
            if at == bytes.len() - 1 {
                // without its line break the last one is torn
                std::fs::write(&path, &damaged).unwrap();
                assert_eq!(History::read(&path).unwrap().events().count(), 1);
                continue;
            }
            let error = refused(&path, &damaged);
            // a header may also seem to be another version's
            let named = error.to_string().contains(&format!("journal.jsonl: record {seq} is damaged"));
            assert!(named || seq == 0 && matches!(error, JournalError::Format { .. }), "byte {at}: {error}");
        }
    }
}

#[test]
fn a_record_that_is_missing_doubled_or_from_another_place_is_refused_with_its_number() {
    let (_dir, path, bytes) = written();
    let at = lines(&bytes);
    let [first, second, third] = [0, 1, 2].map(|n| &bytes[at[n]..at[n + 1]]);
    for (text, words) in [
        ([first, third].concat(), "record 1 is damaged: it calls itself 2"),
        ([first, second, second].concat(), "record 2 is damaged: it calls itself 1"),
        ([second, third].concat(), "record 0 is damaged: it calls itself 1"),
        ([first, b"\n", second].concat(), "record 1 is damaged: it has no checksum"),
        (vec![], "record 0 is damaged: it has no header"),
        (first[..first.len() - 1].to_vec(), "record 0 is damaged: it has no header"),
    ] {
        let error = refused(&path, &text).to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn a_later_format_is_named_whatever_else_is_in_it() {
    let (_dir, path, _) = written();
    let error = refused(&path, b"{\"record\":\"header\",\"format\":2,\"new\":true}\nanything\n");
    assert!(error.to_string().ends_with("has format 2; this reseed reads format 1"), "{error}");
}

#[test]
fn a_record_that_may_not_come_there_is_neither_written_nor_read() {
    let (_dir, path, bytes) = written();
    let (mut journal, _) = Journal::reopen(&path).unwrap();
    let error = journal.append(event(3)).unwrap_err().to_string();
    // nobody has begun a new part after the coordinator that wrote the file was gone
    assert!(
        error.ends_with(
            "record 3 is out of order: phase_started p3 may not come here: the run has ended or its coordinator is gone"
        ),
        "{error}"
    );
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
    let twice = line::write(&Record { seq: 3, time: Timestamp::UNIX_EPOCH, body: Entry::Header(header()) });
    let error = refused(&path, &[bytes, twice].concat()).to_string();
    assert!(error.ends_with("record 3 is out of order: a header may not come here: there is one already"), "{error}");
}

#[test]
fn a_run_whose_coordinator_died_is_closed_and_discarded_by_the_next_writer_and_then_never_gone_on_with() {
    let (_dir, path, _) = written();
    let (mut journal, _) = Journal::reopen(&path).unwrap();
    journal.append(closed()).unwrap();
    journal.append(discarded()).unwrap();
    let error = journal.append(event(2)).unwrap_err().to_string();
    assert!(error.contains("run_started may not come here: the run was closed or discarded"), "{error}");
    let history = History::read(&path).unwrap();
    assert_eq!(history.closed().map(|closed| closed.how), Some(How::RolledBack));
    assert_eq!(history.discarded().unwrap().freed.values().sum::<u64>(), 4711);
}

#[test]
fn after_a_failed_write_nothing_more_is_written() {
    // a file size limit of the process would hit the other tests; a full device is the same
    let (_dir, path, _) = written();
    let (mut journal, _) = Journal::reopen(&path).unwrap();
    journal.fail_at(Path::new("/dev/full"));
    assert!(matches!(journal.append(closed()), Err(JournalError::Io { .. })));
    assert!(matches!(journal.append(discarded()), Err(JournalError::Broken { .. })));
}

#[test]
fn a_journal_is_never_overwritten() {
    let (_dir, path, _) = written();
    assert!(Journal::create(&path, header()).is_err());
}

#[test]
fn readers_of_a_journal_that_grows_see_whole_records_and_all_of_them() {
    const RECORDS: usize = 400;
    let (_dir, path, _) = written();
    let (mut journal, _) = Journal::reopen(&path).unwrap();
    journal.append(event(2)).unwrap();
    let entry = |n: usize| {
        // longer than a page, so that a write takes a while
        let body = Body::PhaseStarted { phase: "x".repeat(6000) };
        Entry::Event { event: Event { v: 1, time: Timestamp::UNIX_EPOCH, index: 3 + n as u64, body } }
    };
    std::thread::scope(|scope| {
        let whole = scope.spawn(|| {
            let mut seen = 0;
            while seen < 4 + RECORDS {
                let now = History::read(&path).unwrap().records.len();
                assert!(now >= seen);
                seen = now;
            }
        });
        let following = scope.spawn(|| {
            let mut reader = Reader::open(&path).unwrap();
            let mut seen = vec![];
            while seen.len() < 4 + RECORDS {
                seen.extend(reader.more().unwrap().iter().map(|record| usize::try_from(record.seq).unwrap()));
            }
            assert!(seen.into_iter().eq(0..4 + RECORDS));
        });
        (0..RECORDS).for_each(|n| journal.append(entry(n)).unwrap());
        whole.join().unwrap();
        following.join().unwrap();
    });
}
