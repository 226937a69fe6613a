//! Tests over all step types.

use std::collections::BTreeSet;

use super::*;

fn files(extension: &str) -> BTreeSet<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/step");
    let names = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    names.filter_map(|n| n.strip_suffix(extension).map(str::to_owned)).collect()
}

#[test]
fn every_step_file_is_listed_once() {
    let listed: Vec<String> = SPECS.iter().map(|spec| spec.name.replace('.', "_")).collect();
    let unique: BTreeSet<String> = listed.iter().cloned().collect();
    assert_eq!(unique.len(), listed.len());
    let mut files = files(".rs");
    for other in ["mod", "carry", "context", "request", "staged", "tests"] {
        files.remove(other);
    }
    assert_eq!(unique, files);
}

#[test]
fn an_exit_code_above_one_is_unknown_not_no() {
    let verdict = |rc: i32| {
        let reply = Reply { rc, stdout: "fine\n".into(), stderr: "why\n".into(), ..Reply::default() };
        let host = HostName::parse("a").unwrap();
        let step = ResolvedStep {
            id: String::new(),
            step: String::new(),
            host: host.clone(),
            subject: None,
            summary: String::new(),
            probe: vec![],
            act: None,
            relay: None,
            carry: None,
            undo: None,
            proof: vec![],
            idempotent: true,
            secret: false,
            limit_s: 0,
            patience_s: 0,
        };
        by_exit_code(&step, &Observations { act: None, seen: vec![Seen { host, reply: Ok(reply) }] })
    };
    assert_eq!(verdict(0), Verdict::Holds("fine".into()));
    assert_eq!(verdict(1), Verdict::Not("why".into()));
    assert_eq!(verdict(2), Verdict::Unknown("why".into()));
}
