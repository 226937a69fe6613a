use super::*;
use crate::event::Body;

fn header() -> Header {
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
        asked: Asked { playbook: "restore".to_owned(), tag: None, keyspaces: vec![] },
    }
}

fn event(index: u64) -> Entry {
    let body = Body::PhaseStarted { phase: format!("p{index}") };
    Entry::Event { event: Event { v: 1, time: Timestamp::UNIX_EPOCH, index, body } }
}

fn written() -> (tempfile::TempDir, PathBuf, Vec<u8>) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.jsonl");
    let mut journal = Journal::create(&path, header()).unwrap();
    journal.append(event(0)).unwrap();
    journal.append(event(1)).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    (dir, path, bytes)
}

#[test]
fn what_was_written_is_read_back() {
    let (_dir, path, _) = written();
    let history = History::read(&path).unwrap();
    assert_eq!(history.header().run.as_str(), "r1");
    assert_eq!(history.events().count(), 2);
}

#[test]
fn every_cut_of_the_last_record_leaves_the_records_before_it() {
    let (_dir, path, bytes) = written();
    let last = bytes[..bytes.len() - 1].iter().rposition(|b| *b == b'\n').unwrap() + 1;
    for cut in last..bytes.len() {
        std::fs::write(&path, &bytes[..cut]).unwrap();
        assert_eq!(History::read(&path).unwrap().events().count(), 1, "cut at {cut}");
        let (mut journal, _) = Journal::reopen(&path).unwrap();
        journal.append(event(1)).unwrap();
        assert_eq!(History::read(&path).unwrap().events().count(), 2, "going on after a cut at {cut}");
    }
}

#[test]
fn damage_in_the_middle_is_refused_with_the_records_number() {
    let (_dir, path, mut bytes) = written();
    let second = bytes.iter().position(|b| *b == b'\n').unwrap() + 3;
    bytes[second] = b'#';
    std::fs::write(&path, &bytes).unwrap();
    assert!(History::read(&path).unwrap_err().to_string().contains("record 1 is damaged"));
}

#[test]
fn a_journal_is_never_overwritten() {
    let (_dir, path, _) = written();
    assert!(Journal::create(&path, header()).is_err());
}
