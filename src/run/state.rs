//! The state directory: finding, making and naming runs.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::event::RunState;
use crate::journal::{History, JournalError};
use crate::name::{ClusterName, RunId};

/// Where runs of all clusters are kept.
#[derive(Debug, Clone)]
pub struct StateDir(PathBuf);

/// A run's directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDir {
    /// The run.
    pub id: RunId,
    /// Its directory.
    pub path: PathBuf,
}

/// Why the state cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The disk's word.
    #[error("state directory {path}: {source}", path = path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No run of that name.
    #[error("no run {wanted:?} of this cluster in {path}", path = path.display())]
    Unknown {
        /// What was asked for.
        wanted: String,
        /// Where runs are.
        path: PathBuf,
    },
    /// The prefix fits several runs.
    #[error("{wanted:?} fits {n} runs; give more of the id")]
    Ambiguous {
        /// What was asked for.
        wanted: String,
        /// How many fit.
        n: usize,
    },
    /// Another run is active.
    #[error("another run holds the cluster: {holder}")]
    Busy {
        /// Who and since when.
        holder: String,
    },
    /// An earlier run is not over.
    #[error("run {run} ({command}) of this cluster is not over: {how}")]
    Unfinished {
        /// It.
        run: RunId,
        /// Its command.
        command: String,
        /// How it ended last.
        how: String,
    },
    /// A run's journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl StateDir {
    /// The given directory, else `$XDG_STATE_HOME/reseed`, else `~/.local/state/reseed`: also where a timer's
    /// environment has no `HOME`.
    pub fn locate(given: Option<PathBuf>) -> Self {
        let var = |name| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        let home = || std::env::home_dir().filter(|home| home.is_absolute()).unwrap_or_else(|| PathBuf::from("/"));
        let state = || home().join(".local/state");
        Self(given.unwrap_or_else(|| var("XDG_STATE_HOME").unwrap_or_else(state).join("reseed")))
    }

    /// The directory of one cluster.
    pub fn cluster(&self, cluster: &ClusterName) -> PathBuf {
        self.0.join(cluster.slug())
    }

    /// Makes the directory of a new run.
    pub fn create(&self, cluster: &ClusterName) -> Result<RunDir, StateError> {
        let parent = self.cluster(cluster);
        private_dir(&parent)?;
        let newest = self.runs(cluster)?.pop().map(|run| run.id);
        loop {
            let id = after(newest.as_ref(), new_id());
            let path = parent.join(id.as_str());
            match fs::create_dir(&path) {
                Ok(()) => return Ok(RunDir { id, path }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(source) => return Err(StateError::Io { path, source }),
            }
        }
    }

    /// Makes the directory of a run that was begun elsewhere, with the head of its journal.
    pub fn adopt(&self, cluster: &ClusterName, run: &RunId, head: &str) -> Result<RunDir, StateError> {
        let parent = self.cluster(cluster);
        private_dir(&parent)?;
        let dir = RunDir { id: run.clone(), path: parent.join(run.as_str()) };
        let written = fs::create_dir(&dir.path).and_then(|()| fs::write(dir.journal(), head));
        written.map_err(|source| StateError::Io { path: dir.path.clone(), source })?;
        Ok(dir)
    }

    /// All runs of a cluster, oldest first. Two clusters' names may make one directory: a run that says in its journal that
    /// it is of the other one is left out; one that cannot be read is told to whoever asks for it.
    pub fn runs(&self, cluster: &ClusterName) -> Result<Vec<RunDir>, StateError> {
        let parent = self.cluster(cluster);
        let entries = match fs::read_dir(&parent) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
            Err(source) => return Err(StateError::Io { path: parent, source }),
        };
        let mut runs: Vec<RunDir> = entries
            .filter_map(Result::ok)
            .filter(|entry| entry.path().join("journal.jsonl").exists())
            .filter_map(|entry| {
                Some(RunDir { id: RunId::parse(entry.file_name().into_string().ok()?).ok()?, path: entry.path() })
            })
            .collect();
        runs.retain(|run| History::peek(&run.journal()).is_none_or(|header| header.cluster == *cluster));
        runs.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(runs)
    }

    /// Refuses when a run that takes the cluster down was begun and is not over. What cannot be
    /// read says nothing: the lease on the hosts has the last word. `but`: the run that is to be undone.
    pub fn none_unfinished(&self, cluster: &ClusterName, but: Option<&RunId>) -> Result<(), StateError> {
        for dir in self.runs(cluster)?.into_iter().rev() {
            let Ok(history) = dir.history() else { continue };
            if but == Some(&dir.id) {
                continue;
            }
            let Some((plan, _)) = history.plan() else { continue };
            if plan.takes_down() && !history.is_over() {
                let command = history.header().command.clone();
                let how = RunState::of(history.events())
                    .finished
                    .map_or_else(|| "it ended without a word".to_owned(), |end| end.reason);
                return Err(StateError::Unfinished { run: dir.id, command, how });
            }
        }
        Ok(())
    }

    /// The run that `wanted` names (an id or a unique prefix), or the newest to which the verb applies.
    pub fn find(
        &self,
        cluster: &ClusterName,
        wanted: Option<&str>,
        applies: impl Fn(&RunDir) -> bool,
    ) -> Result<RunDir, StateError> {
        let runs = self.runs(cluster)?;
        let path = self.cluster(cluster);
        let Some(wanted) = wanted else {
            let newest = runs.into_iter().rev().find(applies);
            return newest.ok_or(StateError::Unknown { wanted: "(newest)".to_owned(), path });
        };
        // one id may begin like another
        if let Some(whole) = runs.iter().find(|run| run.id.as_str() == wanted) {
            return Ok(whole.clone());
        }
        let mut fitting: Vec<RunDir> = runs.into_iter().filter(|run| run.id.as_str().starts_with(wanted)).collect();
        match fitting.len() {
            0 => Err(StateError::Unknown { wanted: wanted.to_owned(), path }),
            1 => Ok(fitting.remove(0)),
            n => Err(StateError::Ambiguous { wanted: wanted.to_owned(), n }),
        }
    }
}

impl RunDir {
    /// Its journal's file.
    pub fn journal(&self) -> PathBuf {
        self.path.join("journal.jsonl")
    }

    /// Whether its journal tells anything: a full disk or a power cut may leave an empty one, of a run that did nothing.
    pub fn tells(&self) -> bool {
        fs::metadata(self.journal()).is_ok_and(|file| file.len() > 0)
    }

    /// The head of its journal up to its plan: what another coordinator would need to go on.
    pub fn head(&self) -> Result<String, StateError> {
        Ok(History::head(&self.journal())?)
    }

    /// Reads its journal.
    pub fn history(&self) -> Result<History, StateError> {
        Ok(History::read(&self.journal())?)
    }
}

pub(super) fn private_dir(path: &Path) -> Result<(), StateError> {
    use std::os::unix::fs::DirBuilderExt;
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|source| StateError::Io { path: path.to_owned(), source })
}

/// `id`, made to sort behind the newest run: two runs may begin within one second, and the clock
/// may have been put back; "the newest run" must not depend on that.
fn after(newest: Option<&RunId>, id: RunId) -> RunId {
    match newest {
        Some(newest) if id <= *newest => RunId::parse(format!("{newest}0")).unwrap_or(id),
        _ => id,
    }
}

/// Time to the second, for people and for order, and four hex digits against a clash.
fn new_id() -> RunId {
    let mut random = [0_u8; 2];
    // without /dev/urandom the time alone must do; a clash is noticed when the directory is made
    let _ = fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut random));
    let time = Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
    RunId::parse(format!("{time}-{:02x}{:02x}", random[0], random[1])).expect("digits, letters and a dash")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_run_sorts_behind_all_others_whatever_the_clock_says() {
        let dir = tempfile::tempdir().unwrap();
        let state = StateDir::locate(Some(dir.path().to_owned()));
        let cluster = ClusterName::parse("Lab").unwrap();
        let mut made = vec![RunId::parse("29991231T235959Z-ffff").unwrap()];
        fs::create_dir_all(dir.path().join("lab").join(made[0].as_str())).unwrap();
        fs::write(dir.path().join("lab").join(made[0].as_str()).join("journal.jsonl"), "").unwrap();
        for _ in 0..5 {
            let run = state.create(&cluster).unwrap();
            fs::write(run.journal(), "").unwrap();
            made.push(run.id);
        }
        assert!(made.is_sorted(), "{made:?}");
    }

    #[test]
    fn a_run_is_found_by_a_unique_prefix_and_the_newest_without_one() {
        let dir = tempfile::tempdir().unwrap();
        let state = StateDir::locate(Some(dir.path().to_owned()));
        let cluster = ClusterName::parse("Lab").unwrap();
        assert!(state.find(&cluster, None, |_| true).is_err());
        for id in ["20260101T000000Z-aaaa", "20260102T000000Z-bbbb", "20260102T000000Z-bbbb0"] {
            let path = dir.path().join("lab").join(id);
            fs::create_dir_all(&path).unwrap();
            fs::write(path.join("journal.jsonl"), "").unwrap();
        }
        assert_eq!(state.find(&cluster, None, |_| true).unwrap().id.as_str(), "20260102T000000Z-bbbb0");
        let whole = "20260102T000000Z-bbbb";
        assert_eq!(state.find(&cluster, Some(whole), |_| true).unwrap().id.as_str(), whole, "not the longer one");
        assert_eq!(state.find(&cluster, Some("20260101"), |_| true).unwrap().id.as_str(), "20260101T000000Z-aaaa");
        assert!(matches!(state.find(&cluster, Some("2026"), |_| true), Err(StateError::Ambiguous { n: 3, .. })));
        assert!(matches!(state.find(&cluster, Some("2027"), |_| true), Err(StateError::Unknown { .. })));
    }

    #[test]
    fn a_run_that_left_an_empty_journal_tells_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let state = StateDir::locate(Some(dir.path().to_owned()));
        let cluster = ClusterName::parse("Lab").unwrap();
        let [told, empty] = [(); 2].map(|()| state.create(&cluster).unwrap());
        fs::write(told.journal(), "something").unwrap();
        fs::write(empty.journal(), "").unwrap();
        assert_eq!(state.find(&cluster, None, RunDir::tells).unwrap(), told);
        assert_eq!(state.find(&cluster, Some(empty.id.as_str()), RunDir::tells).unwrap(), empty, "asked for by name");
    }

    #[test]
    fn a_run_of_another_cluster_whose_name_makes_the_same_directory_is_none_of_this_one() {
        let dir = tempfile::tempdir().unwrap();
        let state = StateDir::locate(Some(dir.path().to_owned()));
        let [own, other] = ["Lab Cluster", "Lab-Cluster"].map(|name| ClusterName::parse(name).unwrap());
        let run = state.create(&own).unwrap();
        crate::journal::Journal::create(&run.journal(), crate::journal::tests::header()).unwrap();
        assert_eq!(state.runs(&own).unwrap().len(), 1);
        assert!(state.runs(&other).unwrap().is_empty());
        let named = state.find(&other, Some(run.id.as_str()), |_| true);
        assert!(matches!(named, Err(StateError::Unknown { .. })), "nor by its id");
    }
}
