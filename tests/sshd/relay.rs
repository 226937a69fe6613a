//! `backup.relay` over real connections: one source, two other hosts, one of them behind a cable that is pulled in
//! the middle. The engine is the real one, the hosts are directories of this machine behind servers of their own.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reseed::cassandra::schema::Schema;
use reseed::engine::bus::Bus;
use reseed::engine::stop::StopFlag;
use reseed::engine::{Ending, Engine, Gatekeeper};
use reseed::event::Body;
use reseed::facts::Facts;
use reseed::journal::{Entry, Journal};
use reseed::name::{HostName, RunId, Tag};
use reseed::plan::{Gate, Lane, Phase, Plan, Request};
use reseed::remote::Transport;
use reseed::remote::ssh::SshTransport;
use reseed::script::{Library, Script};
use reseed::step::{Ask, Relay, ResolvedStep, SPECS, StagedFile};
use sha2::{Digest, Sha256};

use crate::conformance::bytes;
use crate::server::{Server, limits};

const RUN: &str = "relay-run";

struct Open;

impl Gatekeeper for Open {
    async fn pass(&self, _: Gate) -> Result<(), String> {
        Ok(())
    }
}

fn name(text: &str) -> HostName {
    HostName::parse(text).unwrap()
}

/// A backup of these files, and what is known of each.
fn backup(root: &Path, sizes: &[usize]) -> Vec<StagedFile> {
    fs::create_dir_all(root.join("t")).unwrap();
    let file = |(n, size): (usize, &usize)| {
        let (path, content) = (format!("nb-{n}-big-Data.db"), bytes(*size));
        fs::write(root.join("t").join(&path), &content).unwrap();
        let hex: Vec<String> = Sha256::digest(&content).iter().map(|b| format!("{b:02x}")).collect();
        let sha256 = hex.concat();
        StagedFile { sha256, size: *size as u64, from: format!("t/{path}"), to: format!("t-1/{path}") }
    };
    sizes.iter().enumerate().map(file).collect()
}

fn data(home: &Path, host: &str) -> Script {
    // a path with a space and a quote
    let dir = home.join(host).join("it's data");
    fs::create_dir_all(&dir).unwrap();
    let line = format!("data-0\t{}\t{}", dir.join("data").display(), dir.join(".reseed").display());
    Script::new("").list("DATA_DIRS", [line]).var("KEYSPACE", "ks").var("AT_ONCE", 2).var("RATE", 0)
}

fn step(home: &Path, files: Vec<StagedFile>) -> ResolvedStep {
    let ask = |host: &str, script: &str| Ask {
        host: name(host),
        script: Script { name: script.to_owned(), ..data(home, host) },
    };
    let count = files.len();
    let proof = |host| {
        let ask = ask(host, "backup.relay.proof");
        Ask { script: ask.script.var("COUNT", count), ..ask }
    };
    let source = home.join("backup");
    ResolvedStep {
        id: "stage/backup.relay/src/ks".into(),
        step: "backup.relay".into(),
        host: name("src"),
        subject: Some("ks".into()),
        summary: "carry".into(),
        probe: vec![],
        act: None,
        carry: None,
        relay: Some(Relay {
            files,
            from: Ask { host: name("src"), script: Script::new("backup.relay.from").var("SOURCE", source.display()) },
            to: vec![ask("near", "backup.relay.to"), ask("far", "backup.relay.to")],
        }),
        undo: None,
        proof: vec![proof("near"), proof("far")],
        idempotent: true,
        secret: false,
        limit_s: 0,
        patience_s: 0,
    }
}

/// Bytes of progress, told at each sign of it.
type Told = Arc<Mutex<Vec<u64>>>;

async fn carry(transport: SshTransport, step: ResolvedStep, at: &Path, rate: u64) -> (Ending, Told) {
    let mut library = Library::default();
    for spec in SPECS {
        library.extend(spec.scripts);
    }
    let lane = Lane { host: step.host.clone(), steps: vec![step.clone()] };
    let phase = Phase { phase: "stage".into(), parallel: false, always: false, lanes: vec![lane], gate: None };
    let plan = Plan {
        format: reseed::plan::FORMAT,
        cluster: reseed::name::ClusterName::parse("c").unwrap(),
        playbook: "restore".into(),
        params: BTreeMap::new(),
        binding: serde_json::Value::Null,
        phases: vec![phase],
        scripts: library.only(step.scripts().map(|script| script.name.as_str())),
    };
    let header = serde_json::from_value(
        serde_json::json!({"format": reseed::journal::FORMAT, "reseed": "0", "run": RUN,
        "cluster": "c", "command": "restore", "args": [], "inventory": "", "operator": "", "asked": {"playbook": "restore"}}),
    );
    let journal = Journal::create(&at.join("journal"), header.unwrap()).unwrap();
    let told = Told::default();
    let heard = Arc::clone(&told);
    let bus = Bus::new(
        journal,
        [],
        vec![Box::new(move |event, _| {
            if let Body::StepProgress { done, .. } = &event.body {
                heard.lock().unwrap().push(*done);
            }
        })],
    );
    let request = Request::of("restore", Tag::parse("t").unwrap());
    bus.record(Entry::Facts { facts: Box::new(Facts { schema: Schema::default(), ..Facts::default() }), request })
        .unwrap();
    bus.record(Entry::Plan { digest: plan.digest(), plan: Box::new(plan.clone()) }).unwrap();
    bus.publish(Body::RunStarted {
        run: RunId::parse(RUN).unwrap(),
        plan_digest: Some(plan.digest()),
        command: "restore".into(),
        cluster: plan.cluster.clone(),
        phases: vec!["stage".into()],
        steps: 1,
        down_since: None,
    })
    .unwrap();
    let transport = Arc::new(transport);
    let engine = Engine {
        transport: Arc::clone(&transport),
        gates: Arc::new(Open),
        bus: Arc::new(bus),
        run: RunId::parse(RUN).unwrap(),
        epoch: 0,
        silence: Duration::from_mins(2),
        job_root: at.join("jobs").display().to_string(),
        secrets: BTreeMap::new(),
        copy_rate: rate,
        stop: StopFlag::default(),
    };
    let ending = Arc::new(engine).run(&plan).await.unwrap();
    transport.close().await;
    (ending, told)
}

fn assert_arrived(home: &Path, files: &[StagedFile]) {
    for host in ["near", "far"] {
        let shelf = home.join(host).join(format!("it's data/.reseed/{RUN}/stage/data-0/ks.partial"));
        for file in files {
            let came = fs::read(shelf.join(&file.to)).unwrap_or_else(|e| panic!("{host} {}: {e}", file.to));
            assert!(came == fs::read(home.join("backup").join(&file.from)).unwrap(), "{host} {}", file.to);
        }
        assert_eq!(fs::read_dir(shelf.join("t-1")).unwrap().count(), files.len());
        assert_eq!(fs::read_dir(&shelf).unwrap().count(), 1, "nothing half is left");
    }
}

#[tokio::test]
async fn a_backup_is_carried_to_two_hosts_and_a_line_that_is_cut_in_the_middle_costs_one_file() {
    let (Some(server), Some(behind)) = (Server::start(""), Server::behind_a_cable()) else { return };
    let home = tempfile::tempdir().unwrap();
    let mut sizes = vec![2_000_000; 10];
    sizes.extend([0, 1, 65_536, 65_537]);
    let files = backup(&home.path().join("backup"), &sizes);
    let total: u64 = files.iter().map(|file| file.size).sum();
    let hosts = vec![server.host("src", "root"), server.host("near", "root"), behind.host("far", "root")];
    let transport = SshTransport::new(hosts, &limits(), None).unwrap();
    let pull = async {
        let far = home.path().join(format!("far/it's data/.reseed/{RUN}/stage/data-0/ks.partial/t-1/nb-4-big-Data.db"));
        // not for ever: a carrying that failed is told below
        for _ in 0..6000 {
            if far.exists() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        behind.cable("down");
        tokio::time::sleep(limits().silence * 4).await;
        behind.cable("up");
    };
    let ((ending, told), ()) =
        tokio::join!(carry(transport, step(home.path(), files.clone()), home.path(), 4 << 20), pull);
    assert_eq!(ending, Ending::Done);
    assert_arrived(home.path(), &files);
    let told = told.lock().unwrap().clone();
    println!("told {told:?} of {total}");
    // where it went on it had what had come, three files at least; the last time, as a busy machine may lose a line before
    let again = told.windows(2).rfind(|two| two[1] < two[0]);
    assert!(again.is_none_or(|two| two[1] >= 6_000_000), "{told:?}");
}

#[tokio::test]
async fn a_target_that_fails_fails_the_step_and_the_other_has_all_of_it() {
    let Some(server) = Server::start("") else { return };
    let home = tempfile::tempdir().unwrap();
    let files = backup(&home.path().join("backup"), &[100_000, 200_000, 300_000]);
    let step = step(home.path(), files.clone());
    // what is in the way cannot be made a directory
    let shelf = home.path().join(format!("far/it's data/.reseed/{RUN}/stage/data-0/ks.partial"));
    fs::create_dir_all(&shelf).unwrap();
    fs::write(shelf.join("t-1"), "in the way").unwrap();
    let hosts = || ["src", "near", "far"].map(|name| server.host(name, "root")).to_vec();
    let transport = SshTransport::new(hosts(), &limits(), None).unwrap();
    let (ending, _) = carry(transport, step.clone(), home.path(), 0).await;
    assert!(
        matches!(&ending, Ending::Failed { why, .. } if why.starts_with("far: ") && why.contains("t-1")),
        "{ending:?}"
    );
    let near = home.path().join(format!("near/it's data/.reseed/{RUN}/stage/ks.arrived"));
    assert!(near.exists(), "all of it came there");
    fs::remove_file(shelf.join("t-1")).unwrap();
    fs::remove_file(home.path().join("journal")).unwrap();
    let transport = SshTransport::new(hosts(), &limits(), None).unwrap();
    assert_eq!(carry(transport, step, home.path(), 0).await.0, Ending::Done);
    assert_arrived(home.path(), &files);
}

/// Memory of this process now, in kB.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let now = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    now.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test]
#[ignore = "carries half a gigabyte: for the campaign"]
async fn half_a_gigabyte_takes_no_more_memory_than_a_little() {
    let Some(server) = Server::start("") else { return };
    let home = tempfile::tempdir().unwrap();
    let files = backup(&home.path().join("backup"), &[100 << 20; 5]);
    let before = resident();
    let hosts = ["src", "near", "far"].map(|name| server.host(name, "root")).to_vec();
    let transport = SshTransport::new(hosts, &limits(), None).unwrap();
    let began = Instant::now();
    let mut most = before;
    let watch = async {
        loop {
            tokio::time::sleep(Duration::from_millis(50)).await;
            most = most.max(resident());
        }
    };
    let (ending, _) = tokio::select! {
        ended = carry(transport, step(home.path(), files.clone()), home.path(), 0) => ended,
        () = watch => unreachable!("it watches for ever"),
    };
    assert_eq!(ending, Ending::Done);
    let seconds = began.elapsed().as_secs_f64();
    println!("500 MiB to two hosts in {seconds:.1} s; resident {before} kB before, {most} kB at most meanwhile");
    assert!(most < before + 30_000, "{before} {most}");
}
