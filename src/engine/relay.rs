//! Carries files from one host to others: read once, sent to all at the same time.
//!
//! ```text
//!  round: every target lists what it lacks ─> none lacks any: done
//!           └─> source ─ pump ─> each target that lacks some of it
//!                 (pace)   one chunk, shared by all; who is slow slows all down
//! ```
//!
//! A round that a line broke is followed by another, which sends only what is still lacking; so is one of a later
//! attempt. How long a host may stay away is the same as for everything else, and counts anew whenever there was headway
//! ([`Headway`]).
//!
//! Invariants: nothing is stored here, and memory is bounded: [`flow::DEPTH`] chunks wait, however many targets there
//! are. A target that refuses ends alone; the others get all of it, and then the step fails with its reason. One that cannot
//! be reached is waited for, and the others with it. One relay runs at a time: there is one source.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::once::Acted;
use super::stop::Level;
use super::{Engine, EngineError, Gatekeeper};
use crate::event::Body;
use crate::remote::retry::Patience;
use crate::remote::{Call, Chunk, Flow, Reply, Transport, TransportError, flow};
use crate::script::{Library, Rendered};
use crate::step::{LONG, Relay, ResolvedStep, StagedFile, count};
use crate::units::bytes;

/// The last line of a list: without it the list was cut off.
const END: &str = "end\n";
/// Progress is told no more often.
const TELL: Duration = Duration::from_millis(500);
/// Bytes of a list in one chunk.
const PART: usize = 32 << 10;

/// Rounds in a row that may move bytes and bring no file.
const IN_VAIN: u32 = 10;

/// What went wrong in a round.
enum Halt {
    /// The source cannot give it; its words.
    Source(String),
    /// A line broke while so many files were lacking; all lines may be tried again.
    Line(TransportError, usize),
}

/// What every round uses.
struct Carrier<'a, T, G> {
    engine: &'a Engine<T, G>,
    step: &'a ResolvedStep,
    relay: &'a Relay,
    from: Rendered,
    to: Vec<Rendered>,
    total: u64,
}

/// Carries them all, or says why not.
pub(super) async fn carry<T: Transport, G: Gatekeeper>(
    engine: &Engine<T, G>,
    step: &ResolvedStep,
    relay: &Relay,
    library: &Library,
) -> Result<Acted, EngineError> {
    let from = library.render(&relay.from.script)?;
    let to = relay.to.iter().map(|ask| library.render(&ask.script)).collect::<Result<_, _>>()?;
    let total = relay.files.iter().map(|file| file.size).sum();
    let carrier = Carrier { engine, step, relay, from, to, total };
    Ok(tokio::select! {
        acted = carrier.rounds() => acted,
        () = engine.stop.reached(Level::Cancel) => Acted::Unknown("interrupted by the operator".to_owned()),
    })
}

impl<T: Transport, G: Gatekeeper> Carrier<'_, T, G> {
    async fn rounds(&self) -> Acted {
        let mut patience = Patience::new(self.engine.silence);
        let (mut headway, mut remote, mut sent) = (Headway::default(), Duration::ZERO, Sent::default());
        loop {
            let before = sent.bytes;
            match self.round(&mut sent, &mut remote).await {
                Ok(refusals) => return Acted::Replied(self.reply(&sent, &refusals, remote)),
                Err(Halt::Source(why)) => return Acted::Replied(self.reply(&sent, &[why], remote)),
                Err(Halt::Line(error, lacking)) => {
                    if headway.is_made(lacking, sent.bytes > before) {
                        patience.answered();
                    }
                    if let Err(error) = patience.bear(error).await {
                        return Acted::Unknown(error.to_string());
                    }
                }
            }
        }
    }

    /// One round; what is left is that some targets refused, and why.
    async fn round(&self, sent: &mut Sent, remote: &mut Duration) -> Result<Vec<String>, Halt> {
        let lacks = self.lacks(remote).await.map_err(|error| Halt::Line(error, usize::MAX))?;
        let lacking = lacks.iter().flatten().map(BTreeSet::len).sum();
        let mut refusals: Vec<String> = lacks.iter().filter_map(|lack| lack.as_ref().err().cloned()).collect();
        let wanted: BTreeSet<usize> = lacks.iter().flatten().flatten().copied().collect();
        if wanted.is_empty() {
            return Ok(refusals);
        }
        let takers: Vec<usize> =
            (0..lacks.len()).filter(|to| lacks[*to].as_ref().is_ok_and(|lack| !lack.is_empty())).collect();

        let (output, mut data) = mpsc::channel(flow::DEPTH);
        let list = lines(wanted.iter().map(|at| &self.relay.files[*at]));
        let mut source = JoinSet::new();
        source.spawn(self.open(None, feed(list), Some(output)));
        let mut ends = JoinSet::new();
        let mut taking = vec![];
        for taker in takers {
            let (input, receiver) = mpsc::channel(flow::DEPTH);
            let opened = self.open(Some(taker), receiver, None);
            ends.spawn(async move { (taker, opened.await) });
            let wish: Chunk = b"take\n".to_vec().into();
            // there is room for the first one
            let _ = input.try_send(wish);
            taking.push(input);
        }
        let missing: u64 = wanted.iter().map(|at| self.relay.files[*at].size).sum();
        let mut pump = Pump { done: self.total - missing, began: Instant::now(), sent: 0, told: None };
        while let Some(chunk) = data.recv().await {
            pump.pace(self.engine.copy_rate, chunk.len()).await;
            let mut going = vec![];
            for taker in taking {
                // one that ended says why in its answer
                if taker.send(Chunk::clone(&chunk)).await.is_ok() {
                    going.push(taker);
                }
            }
            taking = going;
            if taking.is_empty() {
                break;
            }
            self.tell(&mut pump);
        }
        sent.bytes += pump.sent;
        let forsaken = taking.is_empty();
        drop((data, taking));

        let mut line = None;
        let given = source.join_next().await.expect("it was opened").expect("a stream does not panic");
        let given = match given {
            // nobody was left to give it to: not its own failure
            _ if forsaken => Ok(()),
            Ok(reply) if reply.rc == 0 => {
                *remote += reply.remote;
                Ok(())
            }
            Ok(reply) => Err(Halt::Source(format!("{}: {}", self.relay.from.host, reply.reason()))),
            Err(error) => Err(Halt::Line(error, lacking)),
        };
        let mut taken = false;
        while let Some(ended) = ends.join_next().await {
            match ended.expect("a stream does not panic") {
                (_, Ok(reply)) if reply.rc == 0 => taken = true,
                (to, Ok(reply)) => refusals.push(format!("{}: {}", self.relay.to[to].host, reply.reason())),
                (_, Err(error)) => line = Some(error),
            }
        }
        // what a cut-off source makes of its targets is no reason of theirs
        given?;
        if let Some(error) = line {
            return Err(Halt::Line(error, lacking));
        }
        if taken {
            sent.files += wanted.len();
        }
        Ok(refusals)
    }

    /// For each target the files that it lacks, or why it cannot take any.
    async fn lacks(&self, remote: &mut Duration) -> Result<Vec<Result<BTreeSet<usize>, String>>, TransportError> {
        let list = format!("list\n{}", lines(&self.relay.files));
        let mut asked = JoinSet::new();
        for to in 0..self.relay.to.len() {
            let opened = self.open(Some(to), feed(list.clone()), None);
            asked.spawn(async move { (to, opened.await) });
        }
        let mut answers = asked.join_all().await;
        answers.sort_by_key(|(to, _)| *to);
        let mut lacks = vec![];
        for (to, answer) in answers {
            let reply = answer?;
            *remote = (*remote).max(reply.remote);
            let host = &self.relay.to[to].host;
            let known = |at: &usize| *at < self.relay.files.len();
            let number = |line: &str| line.parse::<usize>().ok()?.checked_sub(1).filter(known);
            lacks.push(match (reply.rc, reply.stdout.lines().map(number).collect()) {
                (0, Some(numbers)) => Ok(numbers),
                (0, None) => Err(format!("{host}: its list of files cannot be understood")),
                _ => Err(format!("{host}: {}", reply.reason())),
            });
        }
        Ok(lacks)
    }

    /// A stream to a target, or (`None`) to the source.
    fn open(
        &self,
        to: Option<usize>,
        input: mpsc::Receiver<Chunk>,
        output: Option<mpsc::Sender<Chunk>>,
    ) -> impl Future<Output = Result<Reply, TransportError>> + Send + 'static + use<T, G> {
        let (host, script) = match to {
            Some(to) => (&self.relay.to[to].host, &self.to[to]),
            None => (&self.relay.from.host, &self.from),
        };
        let (host, transport) = (host.clone(), self.engine.transport.clone());
        let call = Call::new(script.clone(), self.engine.run.to_string(), LONG);
        let flow = Flow { input: Some(input), output, silence: self.engine.silence };
        async move { transport.stream(&host, call, flow).await }
    }

    fn tell(&self, pump: &mut Pump) {
        if pump.told.is_some_and(|told| told.elapsed() < TELL) {
            return;
        }
        pump.told = Some(Instant::now());
        // progress is never journaled, so publishing it cannot fail
        let _ = self.engine.bus.publish(Body::StepProgress {
            id: self.step.id.clone(),
            host: self.step.host.clone(),
            done: (pump.done + pump.sent).min(self.total),
            total: self.total,
            unit: "bytes".to_owned(),
        });
    }

    fn reply(&self, sent: &Sent, refusals: &[String], remote: Duration) -> Reply {
        let targets = count(self.relay.to.len(), "node");
        let stdout = format!("{} sent just now, {}, to {targets}\n", count(sent.files, "file"), bytes(sent.bytes));
        Reply { rc: i32::from(!refusals.is_empty()), stdout, stderr: refusals.join("\n"), remote, ..Reply::default() }
    }
}

/// What was sent in all rounds.
#[derive(Default)]
struct Sent {
    files: usize,
    bytes: u64,
}

/// How far a round has come.
struct Pump {
    done: u64,
    began: Instant,
    sent: u64,
    told: Option<Instant>,
}

impl Pump {
    /// Waits until so many bytes more may go. What was slower than that is not made up for later.
    async fn pace(&mut self, rate: u64, more: usize) {
        self.sent += more as u64;
        if let Some(due) = self.sent.saturating_mul(1000).checked_div(rate) {
            let due = self.began + Duration::from_millis(due);
            self.began += due.elapsed();
            sleep_until(due).await;
        }
    }
}

/// Whether it comes nearer to its end, however often a line breaks.
#[derive(Default)]
struct Headway {
    least: Option<usize>,
    in_vain: u32,
}

impl Headway {
    /// Whether a round that broke was worth it: fewer files are lacking than ever, or bytes moved. A file that is
    /// longer than any line lasts moves bytes for ever and never comes: so not too often in a row.
    fn is_made(&mut self, lacking: usize, moved: bool) -> bool {
        if self.least.is_none_or(|least| lacking < least) && lacking != usize::MAX {
            *self = Self { least: Some(lacking), in_vain: 0 };
            return true;
        }
        self.in_vain += u32::from(moved);
        moved && self.in_vain <= IN_VAIN
    }
}

/// The lines of files, with the last one.
fn lines<'f>(files: impl IntoIterator<Item = &'f StagedFile>) -> String {
    let mut text = files.into_iter().fold(String::new(), |text, file| text + &file.line() + "\n");
    text.push_str(END);
    text
}

/// A text as what flows in.
fn feed(text: String) -> mpsc::Receiver<Chunk> {
    let (sender, receiver) = mpsc::channel(flow::DEPTH);
    tokio::spawn(async move {
        for part in text.into_bytes().chunks(PART) {
            if sender.send(part.to_vec().into()).await.is_err() {
                return;
            }
        }
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_moved_are_headway_but_not_for_ever() {
        let mut headway = Headway::default();
        assert!(!headway.is_made(usize::MAX, false), "nobody answered");
        assert!(headway.is_made(5, false));
        assert!(!headway.is_made(5, false));
        for _ in 0..IN_VAIN {
            assert!(headway.is_made(5, true));
        }
        assert!(!headway.is_made(5, true), "it never comes");
        assert!(headway.is_made(4, true), "a file has come");
        assert!(headway.is_made(4, true));
        assert!(!headway.is_made(usize::MAX, false));
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_is_kept_and_a_stall_is_not_made_up_for() {
        let mut pump = Pump { done: 0, began: Instant::now(), sent: 0, told: None };
        let took = async |pump: &mut Pump, parts: u32| {
            let began = Instant::now();
            for _ in 0..parts {
                pump.pace(1000, 500).await;
            }
            began.elapsed().as_millis()
        };
        assert_eq!(took(&mut pump, 10).await, 5000);
        tokio::time::sleep(Duration::from_mins(1)).await;
        let next = took(&mut pump, 10).await;
        assert!((4500..=5000).contains(&next), "{next}");
    }
}
