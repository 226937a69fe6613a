//! The lease of each host, as `src/run/lease/*.sh` keeps it; ages in the tests' own time.

use std::collections::BTreeMap;

use tokio::time::Instant;

/// What lies below `REMOTE_DIR/<cluster>` on a host.
#[derive(Debug, Clone, Default)]
pub struct Held {
    pub epoch: u64,
    pub lease: Option<String>,
    pub beat: Option<Instant>,
    /// The head of each run's journal.
    pub heads: BTreeMap<String, String>,
    /// What each run calls this host.
    pub names: BTreeMap<String, String>,
}

impl Held {
    pub fn look(&self, run: Option<&String>) -> String {
        let mut text = format!("epoch={}\n{}", self.epoch, self.lease.as_deref().unwrap_or_default());
        if let Some(beat) = self.beat {
            text += &format!("silent={}\n", beat.elapsed().as_secs());
        }
        if let Some(name) = run.and_then(|run| self.names.get(run)) {
            text += &format!("name={name}\n");
        }
        text
    }

    fn run(&self) -> &str {
        let mut lines = self.lease.as_deref().unwrap_or_default().lines();
        lines.find_map(|line| line.strip_prefix("run=")).unwrap_or_default()
    }

    pub fn answer(&mut self, name: &str, vars: &BTreeMap<String, String>) -> String {
        let epoch = || vars["EPOCH"].parse::<u64>().unwrap();
        match name {
            "lease.look" => return self.look(vars.get("RUN")),
            "lease.take" => {
                if epoch() != self.epoch || vars["IF_RUN"] != self.run() {
                    return "changed\n".to_owned();
                }
                (self.epoch, self.lease) = (vars["NEXT"].parse().unwrap(), Some(vars["LEASE"].clone()));
            }
            _ if epoch() != self.epoch => return format!("fenced {} somebody\n", self.epoch),
            "lease.commit" => {
                self.lease = Some(vars["LEASE"].clone());
                self.heads.insert(vars["RUN"].clone(), vars["HEAD"].clone());
                self.names.insert(vars["RUN"].clone(), vars["NAME"].clone());
            }
            _ => match vars["KEEP"].as_str() {
                "write" => self.lease = Some(vars["LEASE"].clone()),
                "free" => (self.lease, self.beat) = (None, None),
                _ => {}
            },
        }
        if self.lease.is_some() {
            self.beat = Some(Instant::now());
        }
        String::new()
    }
}
