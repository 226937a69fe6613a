//! What a host says of the lease, as text and as a value.

use std::fmt::Write as _;
use std::time::Duration;

use jiff::Timestamp;

use super::Owner;
use crate::name::RunId;

/// Who holds the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The run.
    pub run: RunId,
    /// Its command: `restore`, `backup`, ….
    pub command: String,
    /// Whether it changes the cluster: then, once paused, nothing else may.
    pub changes: bool,
    /// The process that conducts it.
    pub owner: Owner,
    /// When that process took it, on its own clock; for people.
    pub since: String,
    /// Whether that process said good-bye, leaving the run for later.
    pub paused: bool,
}

impl Holder {
    /// This process, for a run that has changed nothing yet.
    pub fn new(run: &RunId, command: &str, me: &Owner) -> Self {
        let since = Timestamp::now().strftime("%Y-%m-%d %H:%M:%SZ").to_string();
        let (run, command, owner) = (run.clone(), command.to_owned(), me.clone());
        Self { run, command, changes: false, owner, since, paused: false }
    }

    /// As kept in the lease's file: `key=value`, one a line.
    pub fn text(&self) -> String {
        let Owner { who, machine, boot, process } = &self.owner;
        let (pid, start) = process;
        let yes = |flag| if flag { "yes" } else { "no" };
        let mut text = String::new();
        let pairs = [
            ("run", self.run.as_str()),
            ("command", &self.command),
            ("changes", yes(self.changes)),
            ("owner", who),
            ("machine", machine),
            ("boot", boot),
            ("since", &self.since),
            ("paused", yes(self.paused)),
        ];
        for (key, value) in pairs {
            let _ = writeln!(text, "{key}={}", value.replace('\n', " "));
        }
        let _ = writeln!(text, "process={pid} {start}");
        text
    }
}

/// What a host says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// The last epoch; 0: there was none.
    pub epoch: u64,
    /// Who holds it.
    pub holder: Option<Holder>,
    /// Since when its holder has given no sign of life; `None`: none since the host's start, or ever.
    pub silent: Option<Duration>,
    /// As which hosts of its inventory a run knew this machine, when that was asked for; none: it did not.
    pub names: Vec<String>,
    /// Jobs that run: `RUN/STEP.ATTEMPT`.
    pub jobs: Vec<String>,
    /// What runs have left, when that was asked for.
    pub left: Vec<Left>,
}

/// A stage or a quarantine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The run.
    pub run: String,
    /// Where.
    pub path: String,
    /// What it takes.
    pub bytes: u64,
}

impl Left {
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split('\t').map(str::to_owned);
        Some(Self { run: words.next()?, path: words.next()?, bytes: words.next()?.parse().ok()? })
    }
}

impl Standing {
    /// Reads what `look.sh` prints.
    pub fn parse(text: &str) -> Self {
        let all = |key: &str| {
            let key = format!("{key}=");
            text.lines().filter_map(move |line| line.strip_prefix(&key).map(str::to_owned)).collect::<Vec<_>>()
        };
        let one = |key: &str| all(key).into_iter().next().unwrap_or_default();
        let holder = RunId::parse(one("run")).ok().map(|run| {
            let process = one("process");
            let (pid, start) = process.split_once(' ').unwrap_or_default();
            Holder {
                run,
                command: one("command"),
                changes: one("changes") == "yes",
                owner: Owner {
                    who: one("owner"),
                    machine: one("machine"),
                    boot: one("boot"),
                    process: (pid.parse().unwrap_or(0), start.parse().unwrap_or(0)),
                },
                since: one("since"),
                paused: one("paused") == "yes",
            }
        });
        Self {
            epoch: one("epoch").parse().unwrap_or(0),
            holder,
            silent: one("silent").parse().ok().map(Duration::from_secs),
            names: all("name"),
            jobs: all("job"),
            left: all("left").iter().filter_map(|line| Left::parse(line)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holder_comes_back_from_its_text() {
        let holder = Holder {
            run: RunId::parse("r1").unwrap(),
            command: "restore".into(),
            changes: true,
            owner: Owner::me(),
            since: "2026-01-01 00:00:00Z".into(),
            paused: true,
        };
        let text = format!("epoch=7\nsilent=12\njob=r1/drain.1\nleft=r0\t/d/.reseed/r0/stage\t4096\n{}", holder.text());
        let jobs = vec!["r1/drain.1".to_owned()];
        let silent = Some(Duration::from_secs(12));
        let left = vec![Left { run: "r0".into(), path: "/d/.reseed/r0/stage".into(), bytes: 4096 }];
        assert_eq!(
            Standing::parse(&text),
            Standing { epoch: 7, holder: Some(holder), silent, names: vec![], jobs, left }
        );
        assert_eq!(Standing::parse("epoch=0\n"), Standing::default());
    }
}
