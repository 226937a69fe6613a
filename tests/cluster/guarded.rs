//! Guards on real hosts: nothing brings up a node between its drain and its turn, and a run that
//! lost its coordinator, a node's power or both ends well.
//!
//! Two small clusters. One of Cassandra 4.0 with systemd and `Restart=always`, on disks whose power can be cut: one
//! restore loses its coordinator four times, and something else goes wrong each time. It logs in as
//! a user with sudo, whose processes logind kills when a session ends, as it does with each
//! coordinator. The other one of 3.11, without a service script, with data directories behind a link or on a
//! mount of their own.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use lab::{Consistency, Data, Disk, Host, Init, Lab, Options};
use reseed::event::{Body, StepOutcome};

use crate::dataset::must;
use crate::picture::each_alone;
use crate::scene::wait;
use crate::site::{alone, bare, sudo};
use crate::until::{Killed, Until, finished, started};
use crate::world::{self, CLUSTER, Ran, Stage, World, good, named};

const RESTORE: [&str; 4] = ["restore", "whole", "--confirm", CLUSTER];
const FAN_OUT: [&str; 6] = ["restore", "whole", "--confirm", CLUSTER, "--strategy", "fan-out"];
const CONF: &str = "/opt/cassandra/conf/cassandra.yaml";
const FILE: &str = "/opt/cassandra/data/data/RESEED-RUN-IN-PROGRESS.db";
/// The live table, its hidden index included.
const TABLE: &str =
    "cd /opt/cassandra/data/data/guarded/t-*/ && find . -type f ! -path './snapshots/*' ! -path './backups/*'";

/// What the tests here rest on, in this order.
pub struct Guarded {
    systemd: Stage<Site>,
    held: Stage<Killed>,
    booted: Stage<Killed>,
    torn: Stage<Killed>,
    cut: Stage<Killed>,
    resumed: Stage<()>,
    linked: Stage<Site>,
    refused: Stage<Killed>,
}

impl Default for Guarded {
    fn default() -> Self {
        Self {
            systemd: Stage::new("there is no lab with systemd"),
            held: Stage::new("the guard was not set"),
            booted: Stage::new("the run did not come to the reboot"),
            torn: Stage::new("the run did not come to the swap"),
            cut: Stage::new("the run did not come behind the swap"),
            resumed: Stage::new("the run did not end well"),
            linked: Stage::new("there is no lab with linked data"),
            refused: Stage::new("the guard was not set"),
        }
    }
}

type Rows = Vec<Vec<String>>;

/// A cluster with a backup, and with other rows since.
struct Site {
    lab: Lab,
    state: PathBuf,
    inventory: PathBuf,
    wanted: Rows,
}

impl Site {
    /// Boots the lab, loads a table, makes the backup `whole`, damages the table.
    fn new(world: &World, options: &Options, inventory: fn(&Lab) -> String) -> Self {
        let lab = alone(options);
        let seed = &lab.nodes()[0];
        let schema = [
            "CREATE KEYSPACE guarded WITH replication = {'class': 'NetworkTopologyStrategy', 'dc1': 3}",
            "CREATE TABLE guarded.t (k int PRIMARY KEY, v text)",
            "CREATE INDEX by_v ON guarded.t (v)",
        ];
        good(lab.cql_all(seed, &schema, Consistency::One));
        let put = |k: usize| format!("INSERT INTO guarded.t (k, v) VALUES ({k}, 'v {}')", k % 9);
        good(lab.cql_batch(seed, &(0..200).map(put).collect::<Vec<_>>(), Consistency::All));
        let state = world.dir.join(format!("state-{}", options.name));
        let text = inventory(&lab);
        let inventory = world.dir.join(format!("{}.yaml", options.name));
        fs::write(&inventory, format!("{text}limits: {{settle: 5s, connect: 5s}}\n")).expect("the directory is ours");
        let wanted = all_rows(&lab, seed);
        assert!(wanted.len() > 200, "{} rows and index entries", wanted.len());
        let site = Self { lab, state, inventory, wanted };
        site.reseed(&["backup", "-k", "guarded", "--tag", "whole"]).ends(0);
        site.damage();
        site
    }

    /// Other rows than the backup's, some of them on disk.
    fn damage(&self) {
        let seed = &self.lab.nodes()[0];
        let damage = ["DELETE FROM guarded.t WHERE k = 3", "UPDATE guarded.t SET v = 'v 3' WHERE k = 4"];
        good(self.lab.cql_all(seed, &damage, Consistency::All));
        must(seed.sh("nodetool flush guarded"));
        good(self.lab.cql(seed, "INSERT INTO guarded.t (k, v) VALUES (-1, 'v 3')", Consistency::All));
        assert!(all_rows(&self.lab, seed) != self.wanted);
    }

    fn host(&self, name: &str) -> &Host {
        good(self.lab.host(name))
    }

    fn reseed(&self, args: &[&str]) -> Ran {
        world::run(&self.lab, &self.state, &self.inventory, args)
    }

    fn until(&self) -> Until<'_> {
        Until::new(&self.lab, &self.state, &self.inventory)
    }

    /// Goes on with the run, up to the next record that is `at`.
    fn resume_until(&self, run: &Killed, at: impl Fn(&Body) -> bool) -> Killed {
        self.until().kills_again(&["resume", &run.id, "--confirm", CLUSTER], run, at)
    }

    /// Every node, asked while nobody else can answer, has the backup's rows; no guard is left.
    fn is_restored(&self) {
        let nodes = self.lab.nodes();
        for (node, found) in nodes.iter().zip(each_alone(&self.lab, |node| rows(|cql| node.cql(cql)))) {
            assert!(self.wanted == found, "{} holds other rows", node.name);
        }
        for node in nodes {
            let left = "find /opt/cassandra/ /opt/store /etc/systemd -iname '*reseed*' ! -name .reseed 2>/dev/null";
            assert_eq!(must(node.sh(&format!("{left} || :"))), "", "{}", node.name);
        }
    }
}

/// All rows, and what the index answers.
fn rows(ask: impl Fn(&str) -> lab::Result<Rows>) -> lab::Result<Rows> {
    let mut rows = ask("SELECT k, v, WRITETIME(v) FROM guarded.t")?;
    rows.sort();
    let mut indexed = ask("SELECT k FROM guarded.t WHERE v = 'v 3'")?;
    indexed.sort();
    rows.extend(indexed);
    Ok(rows)
}

/// As the whole cluster has them.
fn all_rows(lab: &Lab, host: &Host) -> Rows {
    good(rows(|cql| lab.cql(host, cql, Consistency::All)))
}

fn under_systemd(world: &World) -> &Site {
    world.guarded.systemd.get(|| {
        let name = named("sysd");
        let version = "4.0.19".to_owned();
        let options =
            Options { name, version, init: Init::Systemd, disk: Disk::Image, gateways: 0, ..Options::default() };
        Site::new(world, &options, sudo)
    })
}

/// What systemd says of Cassandra.
fn unit(host: &Host, property: &str) -> String {
    must(host.sh(&format!("systemctl show -p {property} --value cassandra"))).trim().to_owned()
}

/// systemd gave up, and not for the start limit: the condition did not hold.
#[track_caller]
fn condition_keeps_down(host: &Host) {
    wait("the end of all attempts", Duration::from_mins(1), || unit(host, "ActiveState") == "inactive");
    let said = ["ConditionResult", "MainPID"].map(|property| unit(host, property));
    assert_eq!(said, ["no", "0"], "{}", host.name);
    assert!(must(host.sh(&format!("cat {FILE}"))).contains("reseed run"));
}

/// The node is guarded and drained, and its Cassandra still runs. It is killed: systemd, which would
/// restart it (the last test under systemd shows that), does not. Nor does it on request, more often
/// than its start limit allows.
pub fn systemd_neither_restarts_nor_starts_a_guarded_node(world: &World) {
    held(world);
}

fn held(world: &World) -> &Killed {
    let site = under_systemd(world);
    world.guarded.held.get(|| {
        let node = site.host("cass2");
        let run = site.until().kills(&RESTORE, finished("node.drain", "cass2"));
        assert_eq!(unit(node, "ActiveState"), "active", "the guard alone stops nothing");
        good(site.lab.kill_node(node));
        condition_keeps_down(node);
        for _ in 0..8 {
            must(node.sh("systemctl start cassandra || :; service cassandra start || :"));
        }
        condition_keeps_down(node);
        run
    })
}

/// A node that was drained and stopped loses all its processes and boots, with what starts at boot.
pub fn a_node_that_boots_meanwhile_stays_down(world: &World) {
    booted(world);
}

fn booted(world: &World) -> &Killed {
    let (site, run) = (under_systemd(world), held(world));
    world.guarded.booted.get(|| {
        let run = site.resume_until(run, finished("node.stop", "cass3"));
        let node = site.host("cass3");
        let boot = "cat /proc/sys/kernel/random/boot_id";
        let before = must(node.sh(boot));
        good(site.lab.crash(node));
        good(site.lab.power_on(node));
        assert_ne!(before, must(node.sh(boot)));
        assert_eq!(must(node.sh("systemctl is-enabled cassandra")).trim(), "enabled");
        condition_keeps_down(node);
        run
    })
}

/// What is in the live table: nothing but the files of before, or nothing but the backup's.
fn table(host: &Host) -> Vec<String> {
    let found = must(host.sh(&format!("{TABLE} -exec sha256sum {{}} +")));
    let mut lines: Vec<String> = found.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

/// The power goes as soon as the swap begins; whatever of it was done, the guard stands, and no
/// table is a mixture.
pub fn a_power_cut_during_the_swap_leaves_old_or_new_tables(world: &World) {
    torn(world);
}

fn torn(world: &World) -> &Killed {
    let (site, run) = (under_systemd(world), booted(world));
    world.guarded.torn.get(|| {
        let run = site.resume_until(run, started("table.swap", "cass1"));
        let node = site.host("cass1");
        good(site.lab.power_cut(node));
        good(site.lab.power_on(node));
        condition_keeps_down(node);
        let staged = format!("find /opt/cassandra/data/.reseed/{}/stage -name '*-Data.db' | wc -l", run.id);
        let aside = format!("find /opt/cassandra/data/.reseed/{}/quarantine/data-0 -name '*-Data.db' | wc -l", run.id);
        let count = |what: &str| must(node.sh(&format!("{what} || :"))).trim().parse::<usize>().expect("a number");
        let (staged, aside, live) =
            (count(&staged), count(&aside), count(&format!("{TABLE} -name '*-Data.db' | wc -l")));
        assert!(live > 0, "the live table is neither the old one nor the new one");
        assert!((staged > 0) != (aside > 0), "staged {staged}, aside {aside}, live {live}");
        run
    })
}

/// The swap was reported as done, so it is on the disk, and so is the guard.
pub fn a_power_cut_after_the_swap_takes_nothing_back(world: &World) {
    cut(world);
}

fn cut(world: &World) -> &Killed {
    let (site, run) = (under_systemd(world), torn(world));
    world.guarded.cut.get(|| {
        let run = site.resume_until(run, finished("table.swap", "cass1"));
        let node = site.host("cass1");
        let before = table(node);
        assert!(!before.is_empty());
        good(site.lab.power_cut(node));
        good(site.lab.power_on(node));
        assert_eq!(before, table(node));
        condition_keeps_down(node);
        run
    })
}

/// No start limit is in the way, and the rows are the backup's.
pub fn the_run_goes_on_after_all_of_it_and_ends_well(world: &World) {
    let (site, run) = (under_systemd(world), cut(world));
    world.guarded.resumed.get(|| {
        site.reseed(&["resume", &run.id, "--confirm", CLUSTER]).ends(0);
        site.is_restored();
        for step in ["table.swap", "node.start"] {
            let done = |body: &Body| {
                matches!(body, Body::StepFinished { step: s, outcome, .. }
                if s == step && *outcome != StepOutcome::Failed)
            };
            assert!(run.events().iter().any(|event| done(&event.body)), "{step}");
        }
    });
}

/// By fan-out, and nothing goes wrong: start and stop are systemd's, and afterwards it restarts Cassandra again.
pub fn a_whole_restore_under_systemd_ends_well(world: &World) {
    let site = under_systemd(world);
    the_run_goes_on_after_all_of_it_and_ends_well(world);
    site.damage();
    let ran = site.reseed(&[&FAN_OUT[..], &["--output", "json"]].concat()).ends(0);
    ran.says("and a condition of cassandra.service that fails");
    site.is_restored();
    let node = site.host("cass3");
    good(site.lab.kill_node(node));
    good(site.lab.wait_un());
}

fn linked(world: &World) -> &Site {
    world.guarded.linked.get(|| {
        let name = named("link");
        let version = "3.11.19".to_owned();
        let options = Options { name, version, data: Data::Mixed, gateways: 0, ..Options::default() };
        let site = Site::new(world, &options, bare);
        must(
            site.host("cass2")
                .sh(&format!("chmod 640 {CONF} && stat -c '%i %U:%G %a' {CONF} >/root/before && cp {CONF} /root/")),
        );
        site
    })
}

/// Somebody starts Cassandra: it ends, and its log says why.
#[track_caller]
fn refuses(host: &Host, words: &str) {
    let log = "cat /opt/cassandra/logs/system.log /opt/cassandra/logs/stdout.log";
    let said = |host: &Host| must(host.sh(log)).matches(words).count();
    let before = said(host);
    must(host.sh("service cassandra start"));
    wait("the end of Cassandra", Duration::from_mins(2), || {
        said(host) > before && !good(host.sh("service cassandra status")).status.success()
    });
}

/// The guard file, behind the link, is not seen. The node also boots meanwhile.
pub fn where_data_is_behind_links_the_configuration_refuses_the_start(world: &World) {
    refused(world);
}

fn refused(world: &World) -> &Killed {
    let site = linked(world);
    world.guarded.refused.get(|| {
        // every node is stopped by then
        let run = site.until().kills(&FAN_OUT, started("node.clear", "cass2"));
        let node = site.host("cass2");
        refuses(node, "reseed_run_in_progress");
        good(site.lab.crash(node));
        good(site.lab.power_on(node));
        refuses(node, "reseed_run_in_progress");
        run
    })
}

/// A mount is a real directory: the file is seen.
pub fn a_data_directory_on_its_own_mount_is_guarded_by_the_file(world: &World) {
    let site = linked(world);
    refused(world);
    let node = site.host("cass3");
    must(node.sh("mountpoint -q /opt/cassandra/data/data"));
    refuses(node, "RESEED-RUN-IN-PROGRESS.db");
    assert_eq!(must(node.sh(&format!("grep -c reseed {CONF} || :"))).trim(), "0");
}

/// The very same file: its bytes, inode, owner and mode.
pub fn linked_and_mounted_data_is_restored_and_the_configuration_is_as_before(world: &World) {
    let (site, run) = (linked(world), refused(world));
    site.reseed(&["resume", &run.id, "--confirm", CLUSTER]).ends(0);
    must(
        site.host("cass2")
            .sh(&format!("cmp {CONF} /root/cassandra.yaml && stat -c '%i %U:%G %a' {CONF} | cmp - /root/before")),
    );
    site.is_restored();
    good(lab::down(&named("link")));
}
