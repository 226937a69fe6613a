//! One attempt at one step: probe, act (of the host, or the coordinator's own), proof, and the events that tell of it.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::Instant as Clock;

use super::stop::Level;
use super::{Engine, EngineError, Gatekeeper, Stop, Work, relay};
use crate::event::{Body, StepOutcome, StepState, StepView};
use crate::remote::job::{self, Cancelled, Job, JobError, QUESTION, State};
use crate::remote::{Call, Reply, Transport, retry};
use crate::script::{Library, Rendered};
use crate::step::{self, Ask, Carry, LONG, Observations, ResolvedStep, Seen, Spec, Verdict};

/// Lines of remote error output that an event carries.
const STDERR_LINES: usize = 20;

/// How the attempt ended, before it becomes an event.
struct Attempt {
    outcome: StepOutcome,
    detail: String,
    stderr: String,
    remote: Duration,
    /// The operator wanted it so.
    cancelled: bool,
    /// Its job is gone, and a new attempt may do it.
    again: bool,
}

impl Attempt {
    fn new(outcome: StepOutcome, detail: String, remote: Duration) -> Self {
        Self { outcome, detail, stderr: String::new(), remote, cancelled: false, again: false }
    }
}

/// How an act ended.
pub(super) enum Acted {
    Replied(Reply),
    /// Nobody knows what became of it; why.
    Unknown(String),
    /// The job of an attempt that was taken up again is gone, and it may be done again or never
    /// began; why.
    Gone(String),
    /// It was ended by the operator's wish, and nothing of it runs any more.
    Cancelled,
}

/// Runs one attempt, and a second one when the first was an old one whose job is gone; an error is
/// what stops the lane. Each attempt with a job of its own is told of: were it not, the next
/// attempt's job would bear a number that was used already, and its old answer would count.
pub(super) async fn run<T: Transport, G: Gatekeeper>(
    engine: &Engine<T, G>,
    phase: &str,
    step: &ResolvedStep,
    work: &Work,
) -> Result<(), Stop> {
    let undone = work.undone.contains(&step.id);
    let (attempt, before) = engine.bus.state(|state| which(state.step(&step.id), undone));
    let ended = told(engine, phase, step, attempt, before, work).await?;
    let ended = if ended.again { told(engine, phase, step, attempt + 1, Before::Nothing, work).await? } else { ended };
    match ended {
        Attempt { outcome, .. } if outcome.good() => Ok(()),
        Attempt { cancelled: true, .. } => Err(Stop::Interrupted),
        Attempt { detail, .. } => Err(Stop::Failed { step: step.id.clone(), why: detail }),
    }
}

/// One attempt, and the two events that tell of it.
async fn told<T: Transport, G: Gatekeeper>(
    engine: &Engine<T, G>,
    phase: &str,
    step: &ResolvedStep,
    attempt: u32,
    before: Before,
    work: &Work,
) -> Result<Attempt, Stop> {
    let started = Body::StepStarted {
        phase: phase.to_owned(),
        step: step.step.clone(),
        host: step.host.clone(),
        attempt,
        id: step.id.clone(),
        summary: step.summary.clone(),
    };
    engine.bus.publish_with_others(started).await?;
    let began = Instant::now();
    let ended = perform(engine, step, attempt, before, work).await?;
    let finished = Body::StepFinished {
        phase: phase.to_owned(),
        step: step.step.clone(),
        host: step.host.clone(),
        attempt,
        id: step.id.clone(),
        outcome: ended.outcome,
        detail: ended.detail.clone(),
        stderr: ended.stderr.clone(),
        elapsed_s: seconds(began.elapsed()),
        remote_s: seconds(ended.remote),
    };
    engine.bus.publish_with_others(finished).await?;
    Ok(ended)
}

/// What is known of earlier attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    /// There was none.
    Nothing,
    /// Its end was never heard of: its job may be done, may run, may not have begun.
    Open,
    /// It ended and failed.
    Failed,
}

/// Which attempt this is. One whose end is not known goes on under its own number: its job's
/// directory bears that number, so the host starts it only when it never began.
fn which(view: Option<&StepView>, undone: bool) -> (u32, Before) {
    match view {
        None => (1, Before::Nothing),
        Some(view) if undone => (view.attempt + 1, Before::Nothing),
        Some(view) => match view.state {
            StepState::Running(_) | StepState::Ended(StepOutcome::Unknown, ..) => (view.attempt, Before::Open),
            StepState::Ended(..) => (view.attempt + 1, Before::Failed),
        },
    }
}

async fn perform<T: Transport, G: Gatekeeper>(
    engine: &Engine<T, G>,
    step: &ResolvedStep,
    attempt: u32,
    before: Before,
    work: &Work,
) -> Result<Attempt, EngineError> {
    let library = &work.library;
    let spec = step::spec(&step.step).expect("a plan names known steps: a journal of another version is refused");
    let mut remote = Duration::ZERO;
    if !step.probe.is_empty() {
        let seen = ask(engine, step, &step.probe, library, &mut remote).await?;
        if let Verdict::Holds(why) = (spec.probe)(step, &Observations { act: None, seen }) {
            return Ok(Attempt::new(StepOutcome::Already, why, remote));
        }
    }
    let act = match step.acts() {
        false => None,
        true if before == Before::Failed && !step.idempotent => {
            let why = "it failed before and may not run twice".to_owned();
            return adopt(engine, spec, step, why, work, remote).await;
        }
        true => match act(engine, step, attempt, before, library).await? {
            Acted::Replied(reply) => {
                remote += reply.remote;
                if reply.rc != 0 {
                    let stderr = tail(&reply.stderr);
                    return Ok(Attempt { stderr, ..Attempt::new(StepOutcome::Failed, reply.reason(), remote) });
                }
                Some(reply)
            }
            Acted::Cancelled => {
                let why = "cancelled by the operator; nothing of it runs any more".to_owned();
                return Ok(Attempt { cancelled: true, ..Attempt::new(StepOutcome::Failed, why, remote) });
            }
            Acted::Gone(why) => {
                return Ok(Attempt { again: true, ..Attempt::new(StepOutcome::Unknown, why, remote) });
            }
            Acted::Unknown(why) if before == Before::Open && !step.idempotent => {
                return adopt(engine, spec, step, why, work, remote).await;
            }
            Acted::Unknown(why) => {
                let cancelled = engine.stop.level() == Level::Cancel;
                return Ok(Attempt { cancelled, ..Attempt::new(StepOutcome::Unknown, why, remote) });
            }
        },
    };
    prove(engine, spec, step, act, work, remote).await
}

/// Does the coordinator's own part: files come here, or go to the host.
async fn carry<T: Transport, G: Gatekeeper>(
    engine: &Engine<T, G>,
    step: &ResolvedStep,
    carry: &Carry,
    library: &Library,
) -> Acted {
    let told = |done, total| {
        // progress is never journaled, so publishing it cannot fail
        let (id, host, unit) = (step.id.clone(), step.host.clone(), "bytes".to_owned());
        let _ = engine.bus.publish(Body::StepProgress { id, host, done, total, unit });
    };
    tokio::select! {
        ended = engine.gates.carry(&step.host, carry, library, &told) => Acted::Replied(match ended {
            Ok(stdout) => Reply { stdout, ..Reply::default() },
            Err(stderr) => Reply { rc: 1, stderr, ..Reply::default() },
        }),
        () = engine.stop.reached(Level::Cancel) => Acted::Unknown("interrupted by the operator".to_owned()),
    }
}

/// Runs the act: detached as a job, or attached when it needs a secret or goes through here.
async fn act<T: Transport, G: Gatekeeper>(
    engine: &Engine<T, G>,
    step: &ResolvedStep,
    attempt: u32,
    before: Before,
    library: &Library,
) -> Result<Acted, EngineError> {
    if let Some(relay) = &step.relay {
        return relay::carry(engine, step, relay, library).await;
    }
    if let Some(part) = &step.carry {
        return Ok(carry(engine, step, part, library).await);
    }
    let script = library.render(step.act.as_ref().expect("the caller looked"))?;
    let limit = if step.limit_s == 0 { LONG } else { Duration::from_secs(step.limit_s) };
    if step.secret {
        let call = call(engine, step, script, limit);
        return Ok(tokio::select! {
            reply = engine.transport.exec(&step.host, call) => match reply {
                Ok(reply) => Acted::Replied(reply),
                Err(error) => Acted::Unknown(error.to_string()),
            },
            () = engine.stop.reached(Level::Cancel) => Acted::Unknown("interrupted by the operator".to_owned()),
        });
    }
    // a proof that only this host is asked for comes back with the job's end
    let then = match step.proof.as_slice() {
        [ask] if ask.host == step.host => Some(library.render(&ask.script)?),
        _ => None,
    };
    let job = Job {
        root: engine.job_root.clone(),
        run: engine.run.to_string(),
        step: job_name(&step.id),
        attempt,
        epoch: engine.epoch,
        script,
        then,
        limit,
        channel: job::CHANNEL,
        silence: engine.silence,
    };
    match run_job(engine, step, &job).await {
        Ok(Some(reply)) => Ok(Acted::Replied(reply)),
        Ok(None) => Ok(Acted::Cancelled),
        Err(JobError::Fenced { host, by }) => Err(EngineError::Fenced { host, by }),
        Err(error @ JobError::Lost { began, .. }) if before == Before::Open && (step.idempotent || !began) => {
            Ok(Acted::Gone(error.to_string()))
        }
        Err(error) => Ok(Acted::Unknown(error.to_string())),
    }
}

/// Runs a job to its end; `None`: the operator wanted it cancelled, and it is gone.
async fn run_job<T: Transport, G: Gatekeeper>(
    engine: &Engine<T, G>,
    step: &ResolvedStep,
    job: &Job,
) -> Result<Option<Reply>, JobError> {
    let progress = |p: job::Progress| {
        // progress is never journaled, so publishing it cannot fail
        let _ = engine.bus.publish(Body::StepProgress {
            id: step.id.clone(),
            host: step.host.clone(),
            done: p.done,
            total: p.total,
            unit: p.unit,
        });
    };
    tokio::select! {
        reply = job::run(&*engine.transport, &step.host, job, progress) => return reply.map(Some),
        () = engine.stop.reached(Level::Cancel) => {}
    }
    match job::cancel(&*engine.transport, &step.host, job).await? {
        // it was quicker: what it did counts
        Cancelled::Ended(State::Finished(reply, _)) => Ok(Some(reply)),
        Cancelled::Ended(_) | Cancelled::Killed | Cancelled::NeverBegan => Ok(None),
    }
}

/// An act that may not run again: what can be seen decides, or a human.
async fn adopt<T: Transport, G: Gatekeeper>(
    engine: &Engine<T, G>,
    spec: &Spec,
    step: &ResolvedStep,
    why: String,
    work: &Work,
    remote: Duration,
) -> Result<Attempt, EngineError> {
    let unknown = Attempt::new(StepOutcome::Unknown, why, remote);
    if step.proof.is_empty() {
        return Ok(unknown);
    }
    let proven = prove(engine, spec, step, None, work, remote).await?;
    Ok(if proven.outcome.good() { proven } else { unknown })
}

/// Asks until the proof holds, or its patience is over.
async fn prove<T: Transport, G: Gatekeeper>(
    engine: &Engine<T, G>,
    spec: &Spec,
    step: &ResolvedStep,
    mut act: Option<Reply>,
    work: &Work,
    mut remote: Duration,
) -> Result<Attempt, EngineError> {
    let mut first = act.as_mut().and_then(|reply| reply.then.take());
    // the clock that `sleep` goes by, which tests may wind forward
    let deadline = Clock::now() + Duration::from_secs(step.patience_s);
    let mut looks = 0;
    loop {
        looks += 1;
        let seen = if let Some(reply) = first.take() {
            work.pace.asked(&step.proof, reply.remote);
            remote += reply.remote;
            vec![Seen { host: step.host.clone(), reply: Ok(*reply) }]
        } else {
            work.pace.asked(&step.proof, Duration::ZERO);
            ask(engine, step, &step.proof, &work.library, &mut remote).await?
        };
        let stderr = seen.iter().filter_map(|s| s.reply.as_ref().ok()).map(|r| tail(&r.stderr)).collect::<String>();
        let observed = Observations { act: act.clone(), seen };
        let (outcome, detail) = match (spec.judge)(step, &observed) {
            Verdict::Holds(why) => (StepOutcome::Done, why),
            Verdict::Not(_) | Verdict::Unknown(_) if Clock::now() < deadline => {
                tokio::select! {
                    () = work.pace.again(looks, &step.proof) => continue,
                    () = engine.stop.reached(Level::Cancel) => {
                        let why = "interrupted by the operator before it was proven".to_owned();
                        return Ok(Attempt { cancelled: true, ..Attempt::new(StepOutcome::Unknown, why, remote) });
                    }
                }
            }
            Verdict::Not(why) => (StepOutcome::Failed, why),
            Verdict::Unknown(why) => (StepOutcome::Unknown, why),
        };
        let stderr = if outcome.good() { String::new() } else { stderr };
        return Ok(Attempt { stderr, ..Attempt::new(outcome, detail, remote) });
    }
}

/// Asks all hosts at the same time; the answers come in the order of the questions.
async fn ask<T: Transport, G: Gatekeeper>(
    engine: &Engine<T, G>,
    step: &ResolvedStep,
    asks: &[Ask],
    library: &Library,
    remote: &mut Duration,
) -> Result<Vec<Seen>, EngineError> {
    let mut waiting = JoinSet::new();
    for (position, ask) in asks.iter().enumerate() {
        let call = call(engine, step, library.render(&ask.script)?, QUESTION);
        let (transport, host, silence) = (engine.transport.clone(), ask.host.clone(), engine.silence);
        waiting.spawn(async move {
            let reply = retry::exec(&*transport, &host, call, silence).await.map_err(|error| error.to_string());
            (position, Seen { host, reply })
        });
    }
    let mut answers = waiting.join_all().await;
    answers.sort_by_key(|(position, _)| *position);
    let longest = answers.iter().filter_map(|(_, seen)| seen.reply.as_ref().ok()).map(|r| r.remote).max();
    *remote += longest.unwrap_or_default();
    Ok(answers.into_iter().map(|(_, seen)| seen).collect())
}

/// A step's id as a directory name. Ids are unique by words that survive this.
pub fn job_name(id: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    id.chars().map(safe).collect()
}

fn call<T, G>(engine: &Engine<T, G>, step: &ResolvedStep, script: Rendered, limit: Duration) -> Call {
    let secret = if step.secret { engine.secrets.get(&step.host).cloned() } else { None };
    Call { secret, ..Call::new(script, engine.run.to_string(), limit) }
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(STDERR_LINES)..].join("\n")
}

/// Seconds with milliseconds, as events carry them.
pub fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1000.0).round() / 1000.0
}
