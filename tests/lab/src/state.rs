//! `lab.json`: what another process must know to use, or to end, a lab.

use std::{fs, path::Path};

use serde::{Deserialize, Serialize};

use crate::{Error, Host, Options, Result, options::check_name, paths};

/// How far a lab is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// `up` is at work, or was killed.
    Starting,
    /// `up` ended well.
    Running,
    /// `up` failed; its logs are kept in the lab's folder.
    Failed,
}

/// The content of `lab.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) phase: Phase,
    pub(crate) options: Options,
    pub(crate) hosts: Vec<Host>,
}

impl State {
    /// Written aside and renamed: a reader sees the old or the new, whole.
    pub(crate) fn save(&self) -> Result<()> {
        let dir = paths::lab(&self.options.name)?;
        paths::make_dir(&dir)?;
        let (new, path) = (dir.join("lab.json.new"), dir.join("lab.json"));
        let text =
            serde_json::to_string_pretty(self).map_err(|error| Error::broken("writing lab.json", error.to_string()))?;
        paths::write(&new, text, 0o644)?;
        fs::rename(&new, &path).map_err(Error::file("renaming to", path))
    }

    /// The state of a lab; none when there is no such file.
    pub(crate) fn load(name: &str) -> Result<Option<Self>> {
        check_name(name)?;
        let path = paths::lab(name)?.join("lab.json");
        if !path.exists() {
            return Ok(None);
        }
        serde_json::from_str(&paths::read(&path)?)
            .map(Some)
            .map_err(|error| Error::broken(format!("reading {}", path.display()), error.to_string()))
    }

    /// Whether it was booted completely and lives.
    pub(crate) fn running(&self) -> bool {
        self.phase == Phase::Running && self.alive()
    }

    /// Whether it was booted completely, and not all of its hosts are off.
    pub(crate) fn usable(&self) -> bool {
        self.phase == Phase::Running && self.hosts.iter().any(Host::alive)
    }

    /// Whether every host's first process lives, in the lab's namespaces.
    pub(crate) fn alive(&self) -> bool {
        !self.hosts.is_empty() && self.hosts.iter().all(Host::alive)
    }
}

/// The labs that have a folder, whatever their state.
pub(crate) fn names() -> Result<Vec<String>> {
    let labs = paths::labs()?;
    let mut names = match fs::read_dir(&labs) {
        Ok(entries) => entries.filter_map(|entry| name_of(&entry.ok()?.path())).collect(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(Error::file("listing", labs)(error)),
    };
    names.sort();
    Ok(names)
}

fn name_of(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    (path.is_dir() && check_name(name).is_ok()).then(|| name.to_owned())
}
