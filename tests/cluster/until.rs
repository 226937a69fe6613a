//! Runs the shipped binary up to a record of its journal, and kills it there with SIGKILL: the
//! coordinator's machine lost its power, at a place that the test chose.
//!
//! ```text
//!  let run = Until::new(lab, state, inventory).kills(&["restore", …], finished("table.swap", "cass1"));
//!  …                                  // what the hosts hold now
//!  world::run(lab, state, inventory, &["resume", &run.id, "--confirm", CLUSTER]).ends(0);
//! ```
//!
//! Jobs that run on hosts go on; the connections may outlive the binary for a moment.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use lab::Lab;
use reseed::event::{Body, Event};
use reseed::journal::{Entry, History, Reader};

use crate::world;

/// How long a run may take to come to the record.
const LIMIT: Duration = Duration::from_mins(10);

/// Where and as what `reseed` runs.
pub struct Until<'a> {
    lab: &'a Lab,
    state: &'a Path,
    inventory: &'a Path,
}

/// A run whose coordinator is dead.
pub struct Killed {
    /// The run's id.
    pub id: String,
    /// Its directory.
    pub dir: PathBuf,
}

impl Killed {
    /// Its events up to now.
    pub fn events(&self) -> Vec<Event> {
        let history = History::read(&self.dir.join("journal.jsonl")).unwrap_or_else(|error| panic!("{error}"));
        history.events().cloned().collect()
    }
}

/// The record that a step of this type is about to begin on that host.
pub fn started<'a>(step: &'a str, host: &'a str) -> impl Fn(&Body) -> bool + 'a {
    move |body| matches!(body, Body::StepStarted { step: s, host: h, .. } if s == step && h.as_str() == host)
}

/// The record that a step of this type ended on that host.
pub fn finished<'a>(step: &'a str, host: &'a str) -> impl Fn(&Body) -> bool + 'a {
    move |body| matches!(body, Body::StepFinished { step: s, host: h, .. } if s == step && h.as_str() == host)
}

impl<'a> Until<'a> {
    /// In that lab, with that state directory and inventory.
    pub fn new(lab: &'a Lab, state: &'a Path, inventory: &'a Path) -> Self {
        Self { lab, state, inventory }
    }

    /// Starts a command that makes a new run; kills it as soon as a record is `at`.
    #[track_caller]
    pub fn kills(&self, args: &[&str], at: impl Fn(&Body) -> bool) -> Killed {
        let before = self.runs();
        self.follow(args, 0, at, || self.runs().difference(&before).next().cloned())
    }

    /// Goes on with a run, or another command that writes to its journal; kills it as soon as a
    /// record that was not there before is `at`.
    #[track_caller]
    pub fn kills_again(&self, args: &[&str], run: &Killed, at: impl Fn(&Body) -> bool) -> Killed {
        let known = run.events().len();
        self.follow(args, known, at, || Some(run.dir.clone()))
    }

    #[track_caller]
    fn follow(
        &self,
        args: &[&str],
        known: usize,
        at: impl Fn(&Body) -> bool,
        find: impl Fn() -> Option<PathBuf>,
    ) -> Killed {
        let (out, err) = (self.state.with_extension("out"), self.state.with_extension("err"));
        let file = |path: &Path| fs::File::create(path).expect("the directory is ours");
        let mut command = world::reseed(self.lab, self.state, self.inventory, args);
        let mut child = command.stdout(file(&out)).stderr(file(&err)).stdin(Stdio::null()).spawn().expect("nsenter");
        let began = Instant::now();
        let (mut journal, mut seen) = (None, 0);
        loop {
            let ended = child.try_wait().expect("it is our child");
            journal = journal.or_else(|| {
                let dir = find()?;
                Reader::open(&dir.join("journal.jsonl")).ok().map(|reader| (dir, reader))
            });
            // read as it grows: a run is some records further when all of it has been read again
            let more = journal.as_mut().map_or_else(Vec::new, |(_, reader)| reader.more().expect("a journal"));
            let events = more.iter().filter_map(|record| match &record.body {
                Entry::Event { event } => Some(&event.body),
                _ => None,
            });
            let mut hit = false;
            for body in events {
                seen += 1;
                hit |= seen > known && at(body);
            }
            match (journal.as_ref().filter(|_| hit).map(|(dir, _)| dir.clone()), ended) {
                (Some(dir), None) => {
                    kill(&mut child);
                    let id = dir.file_name().expect("it has a name").to_string_lossy().into_owned();
                    return Killed { id, dir };
                }
                (_, Some(status)) => panic!("{}", told(args, status, &out, &err)),
                (None, None) => {}
            }
            if began.elapsed() > LIMIT || lab::interrupt::seen() {
                kill(&mut child);
                panic!("{args:?} did not come to the record");
            }
            sleep(Duration::from_millis(1));
        }
    }

    /// The run directories that there are.
    fn runs(&self) -> BTreeSet<PathBuf> {
        let clusters = fs::read_dir(self.state).into_iter().flatten().flatten();
        let runs = clusters.filter_map(|cluster| fs::read_dir(cluster.path()).ok()).flatten().flatten();
        runs.map(|run| run.path()).filter(|run| run.join("journal.jsonl").exists()).collect()
    }
}

/// nsenter became the binary: what is killed is reseed itself.
fn kill(child: &mut Child) {
    child.kill().expect("it is our child");
    child.wait().expect("it is our child");
}

fn told(args: &[&str], status: ExitStatus, out: &Path, err: &Path) -> String {
    let read = |path: &Path| fs::read_to_string(path).unwrap_or_default();
    format!("{args:?} ended ({status}) before the record\n{}\n{}", read(out), read(err))
}
