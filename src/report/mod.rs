//! The report: the evidence of a run, for people (`report.html`) and for programs
//! (`report.json`).
//!
//! ```text
//!  events ─┬─ fold ───── figures, standing ─┬─ html (one page, no script) ─> report.html
//!          └─ attempts ─ timeline ──────────┴─ json ──────────────────────> report.json
//! ```
//!
//! A consumer of events only: the same report can be made again from a journal at any time. The
//! plan, when there is one, adds the backup's tag and the keyspaces.
//!
//! Depends on `event`, `plan` and `name`. `words`, `figures` and `standing` are shared with the
//! terminal views, so that screen and report never disagree.

pub mod attempts;
pub mod figures;
mod html;
mod json;
pub mod standing;
mod timeline;
pub mod words;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::event::{Event, RunState};
use crate::plan::Plan;

/// The page's file name.
pub const HTML: &str = "report.html";
/// The document's file name.
pub const JSON: &str = "report.json";

/// Writes both files into `dir`, replacing earlier ones, and returns the page's path.
pub fn write(dir: &Path, plan: Option<&Plan>, events: &[Event], state: &RunState) -> io::Result<PathBuf> {
    replace(&dir.join(JSON), &json(plan, events, state)?)?;
    let page = dir.join(HTML);
    replace(&page, &html(plan, events, state)?)?;
    Ok(page)
}

/// The page's text.
pub fn html(plan: Option<&Plan>, events: &[Event], state: &RunState) -> io::Result<String> {
    html::page(plan, state, &attempts::attempts(events)).map_err(io::Error::other)
}

/// The document's text.
pub fn json(plan: Option<&Plan>, events: &[Event], state: &RunState) -> io::Result<String> {
    json::document(plan, state, &attempts::attempts(events)).map_err(io::Error::other)
}

/// Whole or not at all: a report that is being read or mailed is never half a file.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let temporary = path.with_extension("partial");
    let mut file = File::create(&temporary)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(temporary, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::fixture;

    #[test]
    fn both_files_are_written_and_nothing_else_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let (events, state) = fixture::done();
        let page = write(dir.path(), None, &events, &state).unwrap();
        assert_eq!(page, dir.path().join(HTML));
        let mut names: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, [HTML, JSON]);
    }

    #[test]
    fn the_page_holds_outcome_evidence_and_error_output_of_every_kind_of_run() {
        for (events, state) in [fixture::done(), fixture::paused(), fixture::refused(), fixture::interrupted()] {
            let page = html(None, &events, &state).unwrap();
            assert!(page.contains(words::outcome(&state)));
            for attempt in attempts::attempts(&events) {
                assert!(page.contains(&attempt.step), "{}", attempt.id);
            }
        }
        let (events, state) = fixture::paused();
        let page = html(None, &events, &state).unwrap();
        assert!(page.contains("Connection refused") && !page.contains('\u{1b}'));
        assert!(page.contains("reseed resume 20261122T161500Z-1f3a"));
    }

    #[test]
    fn nothing_that_a_host_says_becomes_markup() {
        let hostile = "</pre><script>alert(1)</script>\"'><img src=x onerror=y>";
        let mut story = fixture::Story::new();
        story.started(true);
        story.phase("drain");
        let told = ("node.drain", "cass1", hostile, 1.0, hostile, hostile);
        story.begin(&told, 1);
        story.end(&told, 1, crate::event::StepOutcome::Failed, hostile);
        story.finding(hostile, "", crate::event::Level::Fail, hostile, hostile);
        story.finished(crate::event::RunOutcome::Paused, 5, hostile, hostile);
        let (events, state) = story.told();
        let page = html(None, &events, &state).unwrap();
        assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
    }

    #[test]
    fn the_page_needs_nothing_from_outside() {
        let (events, state) = fixture::done();
        let page = html(None, &events, &state).unwrap();
        for outside in ["http:", "https:", "src=", "<link", "@import", "url("] {
            let found = page.find(outside).map(|at| &page[at..(at + 60).min(page.len())]);
            // The one exception: a pattern of the drawing is named by its id.
            assert!(found.is_none_or(|text| text.starts_with("url(#")), "{found:?}");
        }
    }

    #[test]
    fn the_document_has_the_figures_of_the_contract() {
        let (events, state) = fixture::paused();
        let mut document: serde_json::Value = serde_json::from_str(&json(None, &events, &state).unwrap()).unwrap();
        let steps = document["steps"].as_array().unwrap().len();
        assert_eq!(steps, 13);
        document["steps"] = document["steps"][steps - 1].clone();
        document["phases"] = document["phases"][1].clone();
        document["findings"] = document["findings"][1].clone();
        document["hosts"] = document["hosts"][1].clone();
        insta::assert_snapshot!(serde_json::to_string_pretty(&document).unwrap(), @r#"
        {
          "cluster": "Lab Cluster",
          "command": "restore",
          "downtime_s": null,
          "ended": "2026-11-22T16:17:27.54Z",
          "exit": 5,
          "findings": {
            "cure": "start chronyd on cass3",
            "guard": "clock",
            "host": "cass3",
            "level": "warn",
            "message": "the clock is 1.8 s behind the coordinator's"
          },
          "headline": "restore of Lab Cluster paused in phase drain",
          "hosts": {
            "data": "old tables live",
            "doubt": "node.drain failed",
            "host": "cass2",
            "service": "Cassandra up, closed to clients"
          },
          "kind": "report",
          "next": "reseed resume 20261122T161500Z-1f3a",
          "outcome": "paused",
          "own_share_s": 2.4,
          "params": null,
          "paused_s": -0.0,
          "phases": {
            "elapsed_s": 58.42,
            "phase": "stage",
            "started": "2026-11-22T16:15:02.44Z",
            "steps": 1
          },
          "plan_digest": "sha256:8f2c41d09ab7e35561c0f4a2be7798d10c3ff0e6a4d1b25c9e8877665544a3b2",
          "reason": "node.drain failed on cass2: Mode is NORMAL after 60 s, not DRAINED",
          "run": "20261122T161500Z-1f3a",
          "started": "2026-11-22T16:15:00Z",
          "steps": {
            "attempt": 1,
            "detail": "Mode is NORMAL after 60 s, not DRAINED",
            "elapsed_s": 60.2,
            "host": "cass2",
            "id": "drain/node.drain/cass2",
            "outcome": "failed",
            "phase": "drain",
            "remote_s": 60.18,
            "started": "2026-11-22T16:16:27.29Z",
            "stderr": "nodetool: Failed to connect to '127.0.0.1:7199'\n\u001b[31mConnectException: 'Connection refused'.\u001b[0m\n",
            "step": "node.drain",
            "summary": "flush memtables and stop taking part in the ring",
            "until": "2026-11-22T16:17:27.49Z"
          },
          "total_s": 147.54,
          "v": 1
        }
        "#);
    }
}
