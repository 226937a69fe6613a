//! Made-up runs for tests of everything that consumes events: a restore of three nodes and a
//! gateway that goes well, one that fails, one that is refused, one that is interrupted and one
//! that is resumed.
//!
//! Times are fixed, so that what is rendered from them can be compared letter by letter.

use jiff::{SignedDuration, Timestamp};

use super::{Body, Event, Level, RunOutcome, RunState, StepOutcome, VERSION};
use crate::name::{ClusterName, HostName, RunId};

/// Phases of the restore, as the contract lists them.
pub(crate) const PHASES: [&str; 14] = [
    "preflight",
    "stage",
    "recheck",
    "stop-clients",
    "settle",
    "drain",
    "clear",
    "restore",
    "wipe",
    "start",
    "index",
    "repair",
    "verify",
    "start-clients",
];

const NODES: [&str; 3] = ["cass1", "cass2", "cass3"];
const RUN: &str = "20261122T161500Z-1f3a";
const DIGEST: &str = "sha256:8f2c41d09ab7e35561c0f4a2be7798d10c3ff0e6a4d1b25c9e8877665544a3b2";

/// A history in the making: events are told in order, each at the story's clock.
pub(crate) struct Story {
    /// What was told so far.
    pub(crate) events: Vec<Event>,
    now: Timestamp,
    phase: String,
}

/// One step of a story: type, host, subject (may be empty), seconds, summary, evidence.
pub(crate) type Told<'a> = (&'a str, &'a str, &'a str, f64, &'a str, &'a str);

impl Story {
    /// An empty story that begins at 16:15:00 UTC.
    pub(crate) fn new() -> Self {
        Self { events: vec![], now: "2026-11-22T16:15:00Z".parse().unwrap(), phase: String::new() }
    }

    /// The first event.
    pub(crate) fn started(&mut self, digest: bool) {
        self.tell(Body::RunStarted {
            run: RunId::parse(RUN).unwrap(),
            plan_digest: digest.then(|| DIGEST.to_owned()),
            command: "restore".to_owned(),
            cluster: ClusterName::parse("Lab Cluster").unwrap(),
            phases: if digest { PHASES.map(str::to_owned).to_vec() } else { vec![] },
            steps: if digest { 36 } else { 0 },
            down_since: None,
        });
    }

    /// Lets time pass.
    pub(crate) fn wait(&mut self, seconds: f64) {
        self.now += SignedDuration::from_millis(millis(seconds));
    }

    /// Tells one event at the story's clock.
    pub(crate) fn tell(&mut self, body: Body) {
        let index = self.events.len() as u64;
        self.events.push(Event { v: VERSION, time: self.now, index, body });
    }

    /// A phase begins.
    pub(crate) fn phase(&mut self, phase: &str) {
        self.wait(0.02);
        phase.clone_into(&mut self.phase);
        self.tell(Body::PhaseStarted { phase: phase.to_owned() });
    }

    /// Steps one after the other, all done.
    pub(crate) fn steps(&mut self, told: &[Told<'_>]) {
        for one in told {
            self.parallel(&[*one]);
        }
    }

    /// Steps that begin together, all done; the list is in order of their ends.
    pub(crate) fn parallel(&mut self, told: &[Told<'_>]) {
        for one in told {
            self.begin(one, 1);
        }
        let mut passed = 0.0;
        for one in told {
            self.wait(one.3 - passed);
            passed = one.3;
            self.end(one, 1, StepOutcome::Done, "");
        }
        self.wait(0.01);
    }

    /// A step begins.
    pub(crate) fn begin(&mut self, told: &Told<'_>, attempt: u32) {
        let (step, host, _, _, summary, _) = *told;
        let (phase, id) = (self.phase.clone(), self.id(told));
        let (step, host, summary) = (step.to_owned(), HostName::parse(host).unwrap(), summary.to_owned());
        self.tell(Body::StepStarted { phase, step, host, attempt, id, summary });
    }

    /// A running step tells how far it is.
    pub(crate) fn progress(&mut self, told: &Told<'_>, done: u64, total: u64, unit: &str) {
        let (id, host) = (self.id(told), HostName::parse(told.1).unwrap());
        self.tell(Body::StepProgress { id, host, done, total, unit: unit.to_owned() });
    }

    /// A step ends.
    pub(crate) fn end(&mut self, told: &Told<'_>, attempt: u32, outcome: StepOutcome, stderr: &str) {
        let (step, host, _, seconds, _, detail) = *told;
        let (phase, id) = (self.phase.clone(), self.id(told));
        self.tell(Body::StepFinished {
            phase,
            step: step.to_owned(),
            host: HostName::parse(host).unwrap(),
            attempt,
            id,
            outcome,
            detail: detail.to_owned(),
            stderr: stderr.to_owned(),
            elapsed_s: seconds,
            remote_s: (seconds - 0.02).max(0.0),
        });
    }

    /// A guard's finding.
    pub(crate) fn finding(&mut self, guard: &str, host: &str, level: Level, message: &str, cure: &str) {
        self.tell(Body::Finding {
            guard: guard.to_owned(),
            host: (!host.is_empty()).then(|| HostName::parse(host).unwrap()),
            level,
            message: message.to_owned(),
            cure: cure.to_owned(),
        });
    }

    /// The last event; figures are taken from the clock and the fold.
    pub(crate) fn finished(&mut self, outcome: RunOutcome, exit: u8, reason: &str, next: &str) {
        self.wait(0.05);
        let total = self.now - self.events[0].time;
        let report = (exit != 4).then(|| format!("/home/ops/.local/state/reseed/lab-cluster/{RUN}/report.html"));
        self.tell(Body::RunFinished {
            run: RunId::parse(RUN).unwrap(),
            outcome,
            exit,
            reason: reason.to_owned(),
            downtime_s: RunState::of(&self.events).downtime.seconds(),
            total_s: total.total(jiff::Unit::Second).unwrap(),
            own_share_s: 2.4,
            report,
            next: next.to_owned(),
        });
    }

    /// The story and its fold.
    pub(crate) fn told(self) -> (Vec<Event>, RunState) {
        let state = RunState::of(&self.events);
        (self.events, state)
    }

    fn id(&self, told: &Told<'_>) -> String {
        let subject = if told.2.is_empty() { String::new() } else { format!("/{}", told.2) };
        format!("{}/{}/{}{subject}", self.phase, told.0, told.1)
    }

    /// From the start to "outage starts now".
    fn opening(&mut self) {
        self.started(true);
        self.phase("preflight");
        self.wait(2.4);
        self.finding("free-space", "cass1", Level::Pass, "1.2 GiB needed, 212 GiB free", "");
        self.finding(
            "clock",
            "cass3",
            Level::Warn,
            "the clock is 1.8 s behind the coordinator's",
            "start chronyd on cass3",
        );
        self.finding(
            "same-disk",
            "cass1",
            Level::Overridden,
            "the backup is on the disk of the data (overridden: lab machine)",
            "",
        );
        self.phase("stage");
        let copy: Told<'_> = (
            "stage.copy",
            "cass1",
            KS,
            58.4,
            "copy the backup to the stage and verify it",
            "214 files, 1.2 GiB, all sha256 equal",
        );
        self.begin(&copy, 1);
        self.wait(20.0);
        self.progress(&copy, 503_316_480, 1_288_490_188, "bytes");
        self.wait(38.4);
        self.end(&copy, 1, StepOutcome::Done, "");
        self.phase("recheck");
        self.wait(1.1);
        self.phase("stop-clients");
        self.steps(&[(
            "gateway.stop",
            "gw1",
            "Instance1",
            8.3,
            "stop Instance1 of Group1",
            "no process, port 8080 closed",
        )]);
        self.parallel(&NODES.map(|host| {
            let seconds = 0.9 + f64::from(host.as_bytes()[4] - b'1') * 0.1;
            ("native.disable", host, "", seconds, "close native transport", "port 9042 closed")
        }));
        self.phase("settle");
        self.parallel(
            &NODES.map(|host| {
                ("hints.settle", host, "", 4.2, "wait until hints are delivered", "0 hints, batchlog empty")
            }),
        );
        self.phase("drain");
    }
}

const KS: &str = "x9fa003e2_group_2";
const DRAIN: &str = "flush memtables and stop taking part in the ring";

/// A restore that goes well.
pub(crate) fn done() -> (Vec<Event>, RunState) {
    let mut story = Story::new();
    story.opening();
    for host in ["cass2", "cass3", "cass1"] {
        story.steps(&[
            ("guard.set", host, "", 0.3, "make sure that the node cannot start", "masked under systemd"),
            ("node.drain", host, "", 6.2, DRAIN, "Mode: DRAINED, clean log"),
            ("node.stop", host, "", 4.8, "stop Cassandra", "no process, ports 7000 and 9042 closed"),
        ]);
    }
    story.phase("clear");
    story
        .parallel(&NODES.map(|h| {
            ("state.clear", h, "", 0.4, "commitlog, caches and hints to quarantine", "3 directories renamed")
        }));
    story.phase("restore");
    story.steps(&[(
        "table.swap",
        "cass1",
        KS,
        1.3,
        "9 live tables to quarantine, stage to live",
        "9 tables, 214 files, sizes equal",
    )]);
    story.phase("wipe");
    story.parallel(
        &["cass2", "cass3"].map(|h| ("table.aside", h, KS, 0.7, "9 live tables to quarantine", "9 tables renamed")),
    );
    story.phase("start");
    story.steps(&NODES.map(|h| {
        ("node.start", h, "", 31.5, "start Cassandra and wait until it is ready", "UN as seen by all peers, 9042 open")
    }));
    story.phase("index");
    story.parallel(&NODES.map(|h| ("index.rebuild", h, KS, 3.9, "rebuild 2 indexes", "2 indexes built")));
    story.phase("repair");
    story.steps(
        &NODES.map(|h| ("keyspace.repair", h, KS, 24.6, "repair -pr --full", "repair completed, 0 ranges failed")),
    );
    story.phase("verify");
    story
        .parallel(&NODES.map(|h| ("rows.count", h, KS, 2.8, "count rows at CL ONE", "18204 rows, as in the manifest")));
    story.phase("start-clients");
    story.steps(&[(
        "gateway.start",
        "gw1",
        "Instance1",
        22.1,
        "start Instance1 of Group1",
        "process runs, port 8080 answers",
    )]);
    story.finished(RunOutcome::Done, 0, "", "reseed discard 20261122T161500Z-1f3a   # once you trust the data");
    story.told()
}

/// The same, but cass2 does not drain.
pub(crate) fn paused() -> (Vec<Event>, RunState) {
    let mut story = Story::new();
    story.opening();
    let set: Told<'_> = ("guard.set", "cass3", "", 0.3, "make sure that the node cannot start", "masked under systemd");
    story.steps(&[set, ("node.drain", "cass3", "", 6.2, DRAIN, "Mode: DRAINED, clean log")]);
    story.steps(&[("node.stop", "cass3", "", 4.8, "stop Cassandra", "no process, ports closed")]);
    story.steps(&[("guard.set", "cass2", "", 0.3, "make sure that the node cannot start", "masked under systemd")]);
    let drain: Told<'_> = ("node.drain", "cass2", "", 60.2, DRAIN, "Mode is NORMAL after 60 s, not DRAINED");
    story.begin(&drain, 1);
    story.wait(60.2);
    let stderr =
        "nodetool: Failed to connect to '127.0.0.1:7199'\n\u{1b}[31mConnectException: 'Connection refused'.\u{1b}[0m\n";
    story.end(&drain, 1, StepOutcome::Failed, stderr);
    story.finished(
        RunOutcome::Paused,
        5,
        "node.drain failed on cass2: Mode is NORMAL after 60 s, not DRAINED",
        "reseed resume 20261122T161500Z-1f3a",
    );
    story.told()
}

/// While cass2 drains.
pub(crate) fn mid_drain() -> RunState {
    let mut story = Story::new();
    story.opening();
    story.begin(&("node.drain", "cass2", "", 60.2, DRAIN, ""), 1);
    story.told().1
}

/// Three findings, nothing changed.
pub(crate) fn refused() -> (Vec<Event>, RunState) {
    let mut story = Story::new();
    story.started(false);
    story.phase("preflight");
    story.wait(3.1);
    story.finding(
        "free-space",
        "cass1",
        Level::Fail,
        "2.6 GiB needed on /var/lib/cassandra, 0.9 GiB free",
        "free 1.7 GiB on cass1, or name a smaller set with -k",
    );
    story.finding(
        "ring",
        "",
        Level::Fail,
        "the ring has 4 nodes, the inventory 3: 10.77.0.14 is not in it",
        "add the node to the inventory, or remove it from the ring with nodetool removenode",
    );
    story.finding(
        "clock",
        "cass3",
        Level::Warn,
        "the clock is 1.8 s behind the coordinator's",
        "start chronyd on cass3",
    );
    story.finished(RunOutcome::Refused, 4, "2 guards do not hold: free-space, ring", "reseed check Group2-20261121");
    story.told()
}

/// Ctrl-C while the second node repairs.
pub(crate) fn interrupted() -> (Vec<Event>, RunState) {
    let (events, _) = done();
    let cut = events.iter().position(
        |e| matches!(&e.body, Body::StepStarted { id, .. } if id.starts_with("repair/keyspace.repair/cass2")),
    );
    let mut story = Story { now: events[cut.unwrap()].time, phase: "repair".to_owned(), events };
    story.events.truncate(cut.unwrap() + 1);
    story.wait(7.0);
    story.finished(RunOutcome::Interrupted, 130, "SIGINT", "reseed resume 20261122T161500Z-1f3a");
    story.told()
}

/// The failed run, resumed seven hours later and brought to its end.
pub(crate) fn resumed() -> (Vec<Event>, RunState) {
    let (events, _) = paused();
    let now = events.last().unwrap().time;
    let mut story = Story { now, phase: "drain".to_owned(), events };
    story.wait(7.0 * 3600.0);
    story.started(true);
    story.phase("drain");
    let drain: Told<'_> = ("node.drain", "cass2", "", 5.9, DRAIN, "Mode: DRAINED, clean log");
    story.begin(&drain, 2);
    story.wait(5.9);
    story.end(&drain, 2, StepOutcome::Done, "");
    let (rest, _) = done();
    let skip =
        rest.iter().position(|e| matches!(&e.body, Body::StepStarted { id, .. } if id == "drain/node.stop/cass2"));
    let shift = story.now - rest[skip.unwrap()].time;
    for event in &rest[skip.unwrap()..] {
        story.now = event.time + shift;
        story.tell(event.body.clone());
    }
    story.told()
}

#[expect(clippy::cast_possible_truncation, reason = "seconds of a made-up run")]
fn millis(seconds: f64) -> i64 {
    (seconds * 1000.0).round() as i64
}
