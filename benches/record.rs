//! Results: one JSON line each, kept over runs, told as they come.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Result;

/// One measurement.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Row {
    /// `restore`, `scale`, ….
    pub part: String,
    /// What was to be done, such as a size.
    pub case: String,
    /// Who did it.
    pub who: String,
    /// What was measured, by name; seconds and bytes unless the name says otherwise.
    pub figures: BTreeMap<String, f64>,
    /// What is wrong with it; empty: nothing.
    #[serde(default)]
    pub wrong: String,
    /// Why there are no figures; empty: there are.
    #[serde(default)]
    pub failed: String,
    /// What the reader should know.
    #[serde(default)]
    pub note: String,
    /// When.
    pub time: Timestamp,
    /// The run of the harness that it is of.
    #[serde(default)]
    pub session: String,
}

impl Row {
    /// An empty one.
    pub fn new(part: &str, case: &str, who: &str) -> Self {
        let (figures, text) = (BTreeMap::new(), String::new);
        let (part, case, who) = (part.to_owned(), case.to_owned(), who.to_owned());
        Self {
            part,
            case,
            who,
            figures,
            wrong: text(),
            failed: text(),
            note: text(),
            time: Timestamp::now(),
            session: text(),
        }
    }

    /// Adds a figure.
    #[must_use]
    pub fn with(mut self, name: &str, value: f64) -> Self {
        self.figures.insert(name.to_owned(), value);
        self
    }

    /// Adds what the reader should know.
    #[must_use]
    pub fn note(mut self, text: &str) -> Self {
        text.clone_into(&mut self.note);
        self
    }

    /// Says why there is no result.
    #[must_use]
    pub fn failed(mut self, why: &str) -> Self {
        self.failed = shortened(why);
        self
    }

    /// A figure.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.figures.get(name).copied()
    }
}

/// The machine and the code that a session is of.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Session {
    /// When it began; names it.
    pub began: String,
    /// The commit, with `+` when files were changed since.
    pub commit: String,
    /// Processor, memory, kernel.
    pub machine: String,
    /// The command line.
    pub command: String,
    /// Load of the machine before it began.
    pub load: String,
}

/// All results.
pub struct Store {
    path: PathBuf,
    session: Session,
}

impl Store {
    /// Opens the file; it need not be there.
    pub fn open(path: PathBuf) -> Self {
        Self { path, session: Session::now() }
    }

    /// Keeps a row and tells it.
    pub fn put(&self, mut row: Row) -> Result<()> {
        row.session.clone_from(&self.session.began);
        row.time = Timestamp::now();
        let figures: Vec<String> = row.figures.iter().map(|(name, value)| format!("{name} {value:.3}")).collect();
        println!("{:8} {:12} {:24} {}", row.part, row.case, row.who, figures.join("  "));
        for (word, text) in [("WRONG", &row.wrong), ("no result", &row.failed), ("note", &row.note)] {
            if !text.is_empty() {
                println!("{:8} {word}: {text}", "");
            }
        }
        self.append(&self.session)?;
        self.append(&row)
    }

    fn append(&self, value: &impl Serialize) -> Result<()> {
        let mut file = OpenOptions::new().append(true).create(true).open(&self.path)?;
        Ok(file.write_all((serde_json::to_string(value)? + "\n").as_bytes())?)
    }

    /// The rows of each part's and case's newest session, in the order in which they were made.
    pub fn newest(&self) -> Result<Vec<(Row, Session)>> {
        let text = fs::read_to_string(&self.path).unwrap_or_default();
        let mut sessions = BTreeMap::new();
        let mut rows: Vec<Row> = vec![];
        for line in text.lines() {
            if let Ok(row) = serde_json::from_str::<Row>(line) {
                rows.push(row);
            } else {
                let session: Session = serde_json::from_str(line)?;
                sessions.insert(session.began.clone(), session);
            }
        }
        let key = |row: &Row| (row.part.clone(), row.case.clone(), row.who.clone());
        let newest: BTreeMap<_, _> = rows.iter().map(|row| (key(row), row.session.clone())).collect();
        let of = |row: Row| sessions.get(&row.session).cloned().map(|session| (row, session));
        Ok(rows.into_iter().filter(|row| newest[&key(row)] == row.session).filter_map(of).collect())
    }
}

impl Session {
    fn now() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let git = |args: &[&str]| {
            let output = Command::new("git").arg("-C").arg(root).args(args).output();
            output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
        };
        let changed = if git(&["status", "--porcelain", "-uno"]).is_empty() { "" } else { "+" };
        let commit = git(&["rev-parse", "--short=10", "HEAD"]) + changed;
        let words: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        Self {
            began: Timestamp::now().strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
            commit,
            machine: machine(),
            command: format!("make bench BENCH=\"{}\"", words.join(" ")),
            load: load.split(' ').next().unwrap_or_default().to_owned(),
        }
    }
}

fn machine() -> String {
    let field = |file: &str, name: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(name)).and_then(|line| line.split_once(':'));
        line.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let memory = field("/proc/meminfo", "MemTotal").split(' ').next().and_then(|kib| kib.parse::<f64>().ok());
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!(
        "{cores} cores ({}), {:.0} GiB, Linux {}",
        field("/proc/cpuinfo", "model name"),
        memory.unwrap_or_default() / f64::from(1 << 20),
        kernel.trim()
    )
}

/// The beginning and the end of a long text.
fn shortened(text: &str) -> String {
    let all: Vec<char> = text.chars().collect();
    if all.len() <= 900 {
        return text.to_owned();
    }
    let part = |chars: &[char]| chars.iter().collect::<String>();
    format!("{} […] {}", part(&all[..600]), part(&all[all.len() - 300..]))
}
