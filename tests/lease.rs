//! The lease's scripts on this machine, under each shell that is here: who may hold a cluster, and
//! what a coordinator that was taken over may still do.

#![expect(clippy::print_stdout, reason = "tests tell what they skip")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use reseed::inventory::Inventory;
use reseed::name::{HostName, RunId};
use reseed::remote::local::LocalTransport;
use reseed::run::lease::{Claim, End, Holder, Lease, LeaseError, Office, Owner, Standing};
use tokio::task::JoinSet;

/// One machine with one shell, and a directory for its lease.
struct Place {
    transport: Arc<LocalTransport>,
    office: Office,
    root: PathBuf,
    _dirs: [tempfile::TempDir; 2],
}

/// A place for each shell that is here.
fn places() -> Vec<(&'static str, Place)> {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut places = vec![];
    for shell in ["dash", "bash", "busybox"] {
        let Some(found) = path.split(':').map(|dir| Path::new(dir).join(shell)).find(|file| file.exists()) else {
            println!("skipped under {shell}: it is not on PATH");
            continue;
        };
        let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        std::os::unix::fs::symlink(found, dirs[0].path().join("sh")).unwrap();
        let text = format!(
            "cluster: Lab Cluster\nremote_dir: {}\nnodes:\n  - {{name: n1, host: h1, seed: true}}\n",
            dirs[1].path().display()
        );
        let office = Office::of(&Inventory::parse(&text, Path::new("i.yaml")).unwrap());
        let transport = Arc::new(LocalTransport::default().with_path(dirs[0].path()));
        let root = dirs[1].path().join("lab-cluster");
        places.push((shell, Place { transport, office, root, _dirs: dirs }));
    }
    places
}

/// A coordinator on another machine.
fn elsewhere(who: &str) -> Owner {
    Owner { who: who.to_owned(), machine: who.to_owned(), ..Owner::me() }
}

async fn take(office: &Office, transport: &Arc<LocalTransport>, run: &str, me: &Owner) -> Result<Lease, LeaseError> {
    let run = RunId::parse(run).unwrap();
    let claim = Claim { run: run.clone(), of: None, begun: BTreeSet::new(), me: me.clone() };
    office.take(transport, &claim, &Holder::new(&run, "restore", me)).await
}

impl Place {
    async fn take(&self, run: &str, me: &Owner) -> Result<Lease, LeaseError> {
        take(&self.office, &self.transport, run, me).await
    }

    async fn look(&self) -> Standing {
        self.office.look(&self.transport).await.remove(0).1.unwrap()
    }

    async fn commit(&self, lease: &mut Lease) -> Result<(), LeaseError> {
        let places = BTreeMap::new();
        lease.commit(&self.transport, true, "{\"seq\":0}\n", &places).await
    }
}

#[tokio::test]
async fn of_many_that_want_a_cluster_at_once_one_gets_it_and_the_others_are_told_who() {
    for (shell, place) in places() {
        let mut wanting = JoinSet::new();
        for n in 0..8 {
            let (office, transport) = (place.office.clone(), Arc::clone(&place.transport));
            wanting.spawn(async move {
                take(&office, &transport, &format!("r{n}"), &elsewhere(&format!("op{n}@box"))).await
            });
        }
        let all = wanting.join_all().await;
        let won = all.iter().filter(|taken| taken.is_ok()).count();
        assert_eq!(won, 1, "{shell}: {all:?}");
        let winner = place.look().await.holder.unwrap();
        for refused in all.iter().filter_map(|taken| taken.as_ref().err()) {
            let text = refused.to_string();
            assert!(text.contains("holds the cluster") && text.contains(winner.run.as_str()), "{shell}: {text}");
        }
    }
}

#[tokio::test]
async fn a_coordinator_that_was_taken_over_can_neither_commit_nor_give_back_nor_beat() {
    for (shell, place) in places() {
        let mut old = place.take("r1", &elsewhere("ann@laptop")).await.unwrap();
        place.commit(&mut old).await.unwrap();
        old.end(&place.transport, End::Paused).await;
        let new = place.take("r1", &elsewhere("bob@desk")).await.unwrap();
        assert_eq!(new.epoch, old.epoch + 1, "{shell}");
        let refused = place.commit(&mut old).await.unwrap_err().to_string();
        assert!(refused.contains("bob@desk"), "{shell}: {refused}");
        old.end(&place.transport, End::Free).await;
        assert_eq!(place.look().await.holder.unwrap().owner.who, "bob@desk", "{shell}: it kept the lease");
        new.end(&place.transport, End::Free).await;
        let left = place.look().await;
        assert_eq!((left.holder, left.epoch), (None, new.epoch), "{shell}: the epoch stays");
    }
}

#[tokio::test]
async fn a_paused_run_keeps_the_cluster_for_itself_and_leaves_what_another_machine_needs() {
    for (shell, place) in places() {
        let mut lease = place.take("r1", &elsewhere("ann@laptop")).await.unwrap();
        place.commit(&mut lease).await.unwrap();
        lease.end(&place.transport, End::Paused).await;
        let refused = place.take("r2", &elsewhere("bob@desk")).await.unwrap_err();
        let LeaseError::Held(held) = refused else { panic!("{shell}: {refused}") };
        assert!(held.next().contains("reseed resume r1"), "{shell}: {}", held.next());
        assert_eq!(fs::read_to_string(place.root.join("r1/head.jsonl")).unwrap(), "{\"seq\":0}\n", "{shell}");
    }
}

#[tokio::test]
async fn a_job_that_runs_is_seen_and_one_that_ended_or_is_of_another_boot_is_not() {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let began = stat[stat.rfind(')').unwrap()..].split_ascii_whitespace().nth(20).unwrap().to_owned();
    let pid = std::process::id();
    for (shell, place) in places() {
        let put = |job: &str, text: String| {
            let dir = place.root.join(job);
            fs::create_dir_all(&dir).unwrap();
            fs::write(dir.join("pid"), text).unwrap();
            dir
        };
        put("r1/a.1", format!("{pid} {began} {boot}"));
        put("r1/b.1", format!("{pid} {began} another-boot\n"));
        put("r1/c.1", format!("{pid} 1 {boot}"));
        fs::write(put("r1/d.1", format!("{pid} {began} {boot}")).join("rc"), "0 1 2\n").unwrap();
        assert_eq!(place.look().await.jobs, ["r1/a.1"], "{shell}");
        let refused = place.take("r2", &elsewhere("bob@desk")).await.unwrap_err().to_string();
        assert!(refused.contains("r1/a.1"), "{shell}: {refused}");
    }
}

/// A gateway on a node, a client beside it: one machine has one lease, of which all its names are part.
#[tokio::test]
async fn a_machine_that_is_several_hosts_is_taken_once_and_a_run_goes_on_only_where_it_was() {
    for (shell, place) in places() {
        let office = |names: [&str; 3]| {
            let [seed, node, client] = names;
            let text = format!(
                "cluster: Lab Cluster\nremote_dir: {}\nnodes:\n  - {{name: {seed}, host: h1, seed: true}}\n  - {{name: {node}, host: h2}}\n\
                 clients:\n  - {{name: {client}, host: h2, start: a, stop: b, status: c}}\n",
                place.root.parent().unwrap().display()
            );
            Office::of(&Inventory::parse(&text, Path::new("i.yaml")).unwrap())
        };
        let here = office(["n1", "n2", "app"]);
        let me = Owner::me();
        let mut lease =
            take(&here, &place.transport, "r1", &me).await.unwrap_or_else(|error| panic!("{shell}: {error}"));
        let at = |name: &str, path: &str| (HostName::parse(name).unwrap(), vec![path.to_owned()]);
        let places = BTreeMap::from([at("n1", "/d1/.reseed"), at("n2", "/d2/.reseed")]);
        lease.commit(&place.transport, true, "{}\n", &places).await.unwrap();
        let kept = |name: &str| fs::read_to_string(place.root.join("r1").join(name)).unwrap();
        assert_eq!(kept("places"), "/d1/.reseed\n/d2/.reseed\n", "{shell}: what one name left is not lost by another");
        assert_eq!(kept("names"), "app\nn1\nn2\n", "{shell}");
        lease.end(&place.transport, End::Paused).await;
        // gone on with, committed again: nothing is there twice
        let mut lease = take(&here, &place.transport, "r1", &me).await.unwrap();
        lease.commit(&place.transport, true, "{}\n", &places).await.unwrap();
        assert_eq!((kept("places").lines().count(), kept("names").lines().count()), (2, 3), "{shell}");
        lease.end(&place.transport, End::Paused).await;
        // an inventory in which a name stands for another machine
        let refused = take(&office(["n1", "n3", "app"]), &place.transport, "r1", &me).await.unwrap_err();
        assert!(matches!(&refused, LeaseError::Stranger { host, .. } if host.as_str() == "n3"), "{shell}: {refused}");
        assert!(refused.to_string().contains("the machine that was app and n1 and n2 in run r1"), "{refused}");
        // a run that has worked here goes on only where it is known
        let run = RunId::parse("r1").unwrap();
        let claim =
            Claim { run: run.clone(), of: None, begun: [HostName::parse("n1").unwrap()].into(), me: me.clone() };
        let holder = Holder::new(&run, "restore", &me);
        here.take(&place.transport, &claim, &holder).await.unwrap().end(&place.transport, End::Paused).await;
        let names = fs::read_to_string(place.root.join("r1/names")).unwrap();
        fs::remove_file(place.root.join("r1/names")).unwrap();
        let refused = here.take(&place.transport, &claim, &holder).await.unwrap_err();
        assert!(matches!(&refused, LeaseError::Unknown { host, .. } if host.as_str() == "n1"), "{shell}: {refused}");
        fs::write(place.root.join("r1/names"), names).unwrap();
        // a disk that is full: refused, and what was kept is kept
        let mut lease = take(&here, &place.transport, "r1", &me).await.unwrap();
        let _ = fs::remove_file(place.root.join("r1/places.new"));
        std::os::unix::fs::symlink("/dev/full", place.root.join("r1/places.new")).unwrap();
        lease.commit(&place.transport, true, "{}\n", &places).await.unwrap_err();
        assert_eq!(kept("places").lines().count(), 2, "{shell}");
    }
}
