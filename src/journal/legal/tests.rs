//! The table against a plain description of whole journals, for every short sequence.

use super::*;
use crate::event::{Event, RunOutcome};
use crate::journal::tests::{closed, discarded, facts, header, plan};
use crate::name::RunId;

/// The letters of the sequences; `a`: start and end of a step's attempt 1 and 2.
const ALPHABET: &[&str] = &[
    "header",
    "facts",
    "plan",
    "run_started",
    "finding",
    "start 1",
    "fail 1",
    "unknown 1",
    "start 2",
    "fail 2",
    "run_finished",
    "closed",
    "discarded",
];

fn entry(letter: &str, index: u64) -> Entry {
    let (id, step, phase) = ("a".to_owned(), "node.drain".to_owned(), "drain".to_owned());
    let host = "cass1".parse().unwrap();
    let attempt = if letter.ends_with('2') { 2 } else { 1 };
    let body = match letter {
        "header" => return Entry::Header(header()),
        "facts" => return facts(),
        "plan" => return plan(),
        "closed" => return closed(),
        "discarded" => return discarded(),
        "run_started" => Body::RunStarted {
            run: RunId::parse("r1").unwrap(),
            plan_digest: None,
            command: String::new(),
            cluster: header().cluster,
            phases: vec![],
            steps: 1,
            down_since: None,
        },
        "finding" => Body::PhaseStarted { phase },
        "start 1" | "start 2" => Body::StepStarted { phase, step, host, attempt, id, summary: String::new() },
        "fail 1" | "unknown 1" | "fail 2" => Body::StepFinished {
            phase,
            step,
            host,
            attempt,
            id,
            outcome: if letter.starts_with("fail") { StepOutcome::Failed } else { StepOutcome::Unknown },
            detail: String::new(),
            stderr: String::new(),
            elapsed_s: 0.0,
            remote_s: 0.0,
        },
        "run_finished" => Body::RunFinished {
            run: RunId::parse("r1").unwrap(),
            outcome: RunOutcome::Paused,
            exit: 5,
            reason: String::new(),
            downtime_s: None,
            total_s: 0.0,
            own_share_s: 0.0,
            report: None,
            next: String::new(),
        },
        other => panic!("{other}"),
    };
    Entry::Event { event: Event { v: 1, time: jiff::Timestamp::UNIX_EPOCH, index, body } }
}

/// Whether a sequence is as the module's head says; told over the whole sequence, not step by step.
fn described(letters: &[&str]) -> bool {
    let at = |letter: &str| letters.iter().position(|l| *l == letter);
    let count = |letter: &str| letters.iter().filter(|l| **l == letter).count();
    let once = ["header", "plan", "closed", "discarded"].iter().all(|letter| count(letter) <= 1);
    let first_step = letters.iter().position(|l| l.ends_with(['1', '2'])).unwrap_or(usize::MAX);
    let over = at("closed").into_iter().chain(at("discarded")).min().unwrap_or(usize::MAX);
    let plan = at("plan").unwrap_or(usize::MAX);
    let frame = once
        && at("header").is_none_or(|at| at == 0)
        && (letters.is_empty() || letters[0] == "header")
        && (plan == usize::MAX || plan < over)
        && (first_step == usize::MAX || plan < first_step)
        && facts_are_one_by_part_and_before_the_plan(letters, plan, over);
    // parts: what is between one run_started and the next, up to its run_finished
    let mut parts: Vec<Vec<&str>> = vec![];
    let mut open = false;
    for (i, letter) in letters.iter().enumerate() {
        match *letter {
            "closed" | "discarded" if open => return false,
            "header" | "facts" | "plan" | "closed" | "discarded" => {}
            "run_started" if i > over => return false,
            "run_started" => (parts.push(vec![]), open = true).1,
            _ if !open => return false,
            "run_finished" => open = false,
            letter => parts.last_mut().unwrap().push(letter),
        }
    }
    // attempts: over all parts they begin with 1 and grow by 1; one comes again only in a later
    // part than its beginning, when no part tells a known end of it
    let steps: Vec<(usize, &str)> = parts
        .iter()
        .enumerate()
        .flat_map(|(part, letters)| letters.iter().filter(|l| l.ends_with(['1', '2'])).map(move |l| (part, *l)))
        .collect();
    frame
        && steps.iter().enumerate().all(|(i, (part, letter))| {
            let (word, attempt) = letter.split_once(' ').unwrap();
            let before = &steps[..i];
            let last = before.last();
            if word != "start" {
                return last == Some(&(*part, if attempt == "1" { "start 1" } else { "start 2" }));
            }
            let known = before.iter().any(|(_, l)| *l == format!("fail {attempt}"));
            let unheard = last.is_some_and(|(p, l)| p < part && l.ends_with(attempt)) && !known;
            let next = match (attempt, last) {
                ("1", None) => true,
                ("2", Some((p, l))) => l.ends_with('1') && (*l != "start 1" || p < part),
                _ => false,
            };
            unheard || next
        })
}

fn facts_are_one_by_part_and_before_the_plan(letters: &[&str], plan: usize, over: usize) -> bool {
    let facts = |letters: &[&str]| letters.iter().filter(|l| **l == "facts").count();
    let by_part: Vec<_> = letters.split(|l| *l == "run_started").collect();
    let last_part_before_plan =
        letters.get(..plan).map(|before| before.rsplit(|l| *l == "run_started").next().unwrap());
    by_part.into_iter().all(|part| facts(part) <= 1)
        && letters.iter().enumerate().all(|(at, l)| *l != "facts" || at < plan && at < over)
        && last_part_before_plan.is_none_or(|part| facts(part) == 1)
}

#[test]
fn the_table_takes_exactly_the_journals_that_its_description_allows() {
    let mut waiting = vec![(vec![], State::default())];
    let (mut legal, mut illegal) = (0, 0);
    while let Some((letters, state)) = waiting.pop() {
        for letter in ALPHABET {
            let next: Vec<&str> = letters.iter().copied().chain([*letter]).collect();
            let mut after = state.clone();
            let taken = after.take(&entry(letter, letters.len() as u64));
            assert_eq!(taken.is_ok(), described(&next), "{next:?}: {taken:?}");
            if taken.is_err() {
                assert_eq!(after, state, "{next:?}: a refusal changes nothing");
                illegal += 1;
                continue;
            }
            legal += 1;
            if next.len() < 8 {
                waiting.push((next, after));
            }
        }
    }
    assert!(legal > 4_000 && illegal > legal, "{legal} {illegal}");
}

#[test]
fn a_refusal_names_the_record_and_what_was_there() {
    let mut state = State::default();
    for (index, letter) in ["header", "run_started", "facts", "plan", "start 1", "fail 1"].into_iter().enumerate() {
        state.take(&entry(letter, index as u64)).unwrap();
    }
    let refused = |letter, index| state.clone().take(&entry(letter, index)).unwrap_err().to_string();
    assert_eq!(refused("start 1", 9), "step_started a, attempt 1 may not come here: attempt 1 ended failed");
    assert_eq!(refused("closed", 9), "closed may not come here: the run is under way");
    assert_eq!(refused("finding", 5), "phase_started drain may not come here: it bears number 5, 6 was next");
}
