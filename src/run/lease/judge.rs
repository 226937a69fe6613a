//! Whether a run may have the cluster: a pure judgement over what the hosts say.
//!
//! | the lease is | a resume or rollback of that run | another run |
//! |---|---|---|
//! | free | yes | yes, when no foreign job runs |
//! | of a paused run | yes | no: resume, roll back or abandon that first |
//! | of a process that is gone here | yes | only when that run changes nothing (a backup) |
//! | of a process that is silent | after [`SILENT`] | a backup's, after [`FORGOTTEN`] |
//! | of one that gives signs of life | no | no |

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use super::{Holder, Owner, Standing};
use crate::name::{HostName, RunId};

/// So long without a sign of life, and the same run may be taken over: four missed beats.
pub const SILENT: Duration = Duration::from_mins(1);
/// So long, and nobody will come back for a lease that keeps nothing.
pub const FORGOTTEN: Duration = Duration::from_mins(10);

/// Who wants the cluster.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The run.
    pub run: RunId,
    /// The run that it undoes, whose lease it takes over.
    pub of: Option<RunId>,
    /// Hosts on which it has begun to work: each has it in its records.
    pub begun: BTreeSet<HostName>,
    /// The process.
    pub me: Owner,
}

/// Why not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Held {
    /// Where that was seen.
    pub host: HostName,
    /// By whom; `None`: only a job of it runs, or it changed hands this moment.
    pub holder: Option<Box<Holder>>,
    why: String,
}

impl Held {
    /// Somebody else took it between look and take.
    pub(super) fn quicker(host: &HostName) -> Self {
        Self { host: host.clone(), holder: None, why: "another coordinator was quicker; try again".to_owned() }
    }

    /// What to type next.
    pub fn next(&self) -> String {
        match &self.holder {
            Some(holder) if holder.paused => {
                let run = &holder.run;
                format!("reseed resume {run}, reseed rollback {run}, or reseed abandon {run}")
            }
            Some(_) => "reseed status; if its coordinator is gone: reseed unlock".to_owned(),
            None => "reseed status".to_owned(),
        }
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.holder {
            Some(h) => {
                let (run, command, owner, since) = (&h.run, &h.command, &h.owner, &h.since);
                write!(f, "run {run} ({command} by {owner}, since {since}) holds the cluster: {}", self.why)
            }
            None => write!(f, "{} is not free: {}", self.host, self.why),
        }
    }
}

/// The epoch under which the claim may take the cluster, or who holds it.
pub fn judge(seen: &[(HostName, Standing)], claim: &Claim) -> Result<u64, Held> {
    for (host, standing) in seen {
        let refused = |holder: Option<&Holder>, why: String| {
            Err(Held { host: host.clone(), holder: holder.cloned().map(Box::new), why })
        };
        let ours = |run: &str| run == claim.run.as_str() || claim.of.as_ref().is_some_and(|of| of.as_str() == run);
        let foreign = standing.jobs.iter().find(|job| !ours(job.split('/').next().unwrap_or_default()));
        let holder = standing.holder.as_ref();
        if let (Some(job), holder) = (foreign, holder) {
            return refused(holder, format!("its job {job} runs on {host}"));
        }
        let Some(holder) = holder else { continue };
        let gone = claim.me.knows_gone(&holder.owner);
        let silent = |limit: Duration| standing.silent.is_none_or(|time| time >= limit);
        let told = || match standing.silent {
            Some(time) => format!("its last sign of life on {host} is {} s old", time.as_secs()),
            None => format!("no sign of life on {host} since its start"),
        };
        let free = match (ours(holder.run.as_str()), holder.paused) {
            (true, paused) => paused || gone || silent(SILENT),
            (false, true) => return refused(Some(holder), "it is paused".to_owned()),
            (false, false) if !holder.changes => gone || silent(FORGOTTEN),
            (false, false) if gone => return refused(Some(holder), "it ended without a word".to_owned()),
            (false, false) => false,
        };
        if !free {
            return refused(Some(holder), told());
        }
    }
    Ok(seen.iter().map(|(_, standing)| standing.epoch).max().unwrap_or(0) + 1)
}

/// Whether nobody works on the cluster any more: no job runs, and the holder has said good-bye, is
/// gone for sure, or has been silent for [`FORGOTTEN`].
pub fn unheld(seen: &[(HostName, Standing)], me: &Owner) -> Result<(), Held> {
    for (host, standing) in seen {
        let holder = standing.holder.as_ref();
        let refused = |why| Err(Held { host: host.clone(), holder: holder.cloned().map(Box::new), why });
        if let Some(job) = standing.jobs.first() {
            return refused(format!("its job {job} runs on {host}"));
        }
        let Some(holder) = holder.filter(|holder| !holder.paused && !me.knows_gone(&holder.owner)) else { continue };
        if let Some(time) = standing.silent.filter(|time| *time < FORGOTTEN) {
            let owner = &holder.owner;
            return refused(format!("{owner} gave a sign of life on {host} {} s ago", time.as_secs()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(id: &str) -> RunId {
        RunId::parse(id).unwrap()
    }

    fn claim(id: &str, of: Option<&str>) -> Claim {
        Claim {
            run: run(id),
            of: of.map(run),
            begun: BTreeSet::new(),
            me: Owner { machine: "m".into(), ..Owner::me() },
        }
    }

    /// A lease of run `r1`, held by a process elsewhere that was heard of `silent` seconds ago.
    fn held(command: &str, paused: bool, silent: u64) -> Standing {
        let owner = Owner { who: "ann@laptop".into(), machine: "elsewhere".into(), ..Owner::default() };
        let (changes, since) = (command != "backup", "then".to_owned());
        let holder = Holder { run: run("r1"), command: command.into(), changes, owner, since, paused };
        Standing { epoch: 4, holder: Some(holder), silent: Some(Duration::from_secs(silent)), ..Standing::default() }
    }

    fn asked(standing: Standing, claim: &Claim) -> Result<u64, String> {
        let free = Standing { epoch: 9, ..Standing::default() };
        let hosts = ["a", "b"].map(|name| HostName::parse(name).unwrap());
        judge(&[(hosts[0].clone(), free), (hosts[1].clone(), standing)], claim).map_err(|held| held.to_string())
    }

    #[test]
    fn a_free_cluster_is_taken_under_an_epoch_higher_than_any() {
        assert_eq!(asked(Standing::default(), &claim("r2", None)), Ok(10));
    }

    #[test]
    fn a_live_run_is_told_with_who_and_since_when() {
        let text = asked(held("restore", false, 3), &claim("r2", None)).unwrap_err();
        assert!(text.contains("run r1 (restore by ann@laptop") && text.contains("since then"), "{text}");
        assert!(asked(held("restore", false, 3), &claim("r1", None)).is_err(), "its resume neither");
    }

    #[test]
    fn a_paused_run_is_for_its_resume_and_its_rollback_only() {
        assert_eq!(asked(held("restore", true, 3), &claim("r1", None)), Ok(10));
        assert_eq!(asked(held("restore", true, 3), &claim("r2", Some("r1"))), Ok(10));
        assert!(asked(held("restore", true, 9999), &claim("r2", None)).is_err());
    }

    #[test]
    fn silence_frees_a_run_for_its_resume_and_a_backup_for_all() {
        assert_eq!(asked(held("restore", false, 60), &claim("r1", None)), Ok(10));
        assert!(asked(held("restore", false, 9999), &claim("r2", None)).is_err());
        assert!(asked(held("backup", false, 60), &claim("r2", None)).is_err());
        assert_eq!(asked(held("backup", false, 600), &claim("r2", None)), Ok(10));
    }

    #[test]
    fn a_foreign_job_that_runs_keeps_everybody_else_out() {
        let busy = |job: &str| Standing { jobs: vec![job.to_owned()], ..held("backup", true, 600) };
        assert!(asked(busy("r1/copy.1"), &claim("r2", None)).unwrap_err().contains("r1/copy.1"));
        assert_eq!(asked(busy("r1/copy.1"), &claim("r1", None)), Ok(10));
    }

    #[test]
    fn a_cluster_is_unheld_only_when_no_job_runs_and_its_holder_is_done_gone_or_long_silent() {
        let me = Owner { machine: "m".into(), ..Owner::me() };
        let judged = |standing| unheld(&[(HostName::parse("a").unwrap(), standing)], &me).is_ok();
        assert!(judged(Standing::default()) && judged(held("restore", true, 3)) && judged(held("restore", false, 600)));
        assert!(!judged(held("restore", false, 599)));
        assert!(!judged(Standing { jobs: vec!["r1/a.1".into()], ..held("restore", true, 900) }));
        let mut gone = held("restore", false, 3);
        gone.holder.as_mut().unwrap().owner = Owner { boot: "before".into(), ..me.clone() };
        assert!(judged(gone));
    }
}
