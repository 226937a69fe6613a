//! `jobs.ended`: nothing of an earlier run still runs on the host.
//!
//! Its coordinator may be dead, its jobs outlive it: a swap that goes on while a rollback puts the
//! old tables back would undo it. Ending one at any point is no worse than a crash there, and every
//! later step starts from whatever that left.

use super::{Context, Kind, ResolvedStep, Script, Spec, Target, Unresolved, by_exit_code, never};

/// How long a job may take to come to its own end, in seconds.
const WAIT_S: u32 = 20;

/// The step type.
pub const SPEC: Spec = Spec {
    name: "jobs.ended",
    help: "Looks for jobs of the earlier run (and of its rollbacks) that still run on the host, waits a little for \
           their own end, then ends them (TERM, later KILL, of the job's process group), and demands that none is \
           left. May run again.",
    on: Kind::Any,
    scripts: &[("jobs.ended.act", concat!(include_str!("../remote/job_lives.sh"), include_str!("jobs_ended.act.sh")))],
    resolve,
    probe: never,
    judge: by_exit_code,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let earlier = context.earlier(SPEC.name, target)?;
    let root = format!("{}/{}", context.inventory.remote_dir, context.inventory.cluster.slug());
    let act = Script::new("jobs.ended.act").var("ROOT", root).list("RUNS", earlier.runs()).var("WAIT_S", WAIT_S);
    Ok(vec![ResolvedStep {
        summary: format!("see that nothing of run {} still runs", earlier.run),
        act: Some(act),
        idempotent: true,
        limit_s: 120,
        ..target.step(SPEC.name)
    }])
}
