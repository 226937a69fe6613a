//! Who restores: each is told the same (here is a backup, this is the cluster) and does the whole
//! runbook, from the gateway's stop to its start.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::medusa;
use super::site::{CLUSTER, KEYSPACE, Site, TAG};
use crate::{Bench, Result, meter, venv};

/// Seconds by name.
type Figures = BTreeMap<String, f64>;

/// One of them.
pub struct Contender {
    /// Its name.
    pub name: &'static str,
    /// Our strategy, when it is ours.
    pub strategy: Option<&'static str>,
    /// Whether it runs at 1 GB by default.
    pub large: bool,
    /// What the reader should know.
    pub note: &'static str,
    run: fn(&Bench, &Site) -> Result<Figures>,
}

/// cassandra-medusa.
pub const MEDUSA: &str = "Medusa";
/// The default strategy.
pub const SEED: &str = "reseed, seed";
/// The one that fills every node from the backup.
pub const FAN_OUT: &str = "reseed, fan-out";

/// All of them.
pub const ALL: &[Contender] = &[
    Contender {
        name: "by hand",
        strategy: None,
        large: true,
        note: "the written procedure, scripted over multiplexed ssh",
        run: |_, site| by_hand(site, false),
    },
    Contender {
        name: "by hand, mended",
        strategy: None,
        large: true,
        note: "the same, with what it gets wrong put right: hints cleared, indexes restored, a node is ready when it serves and the others see it; nothing is checked before or after",
        run: |_, site| by_hand(site, true),
    },
    Contender {
        name: "Ansible",
        strategy: None,
        large: false,
        note: "the written procedure as a playbook",
        run: ansible,
    },
    Contender {
        name: MEDUSA,
        strategy: None,
        large: false,
        note: "restore-cluster; the gateway is stopped and started around it, since it does not know of any",
        run: medusa_runs,
    },
    Contender {
        name: SEED,
        strategy: Some("seed"),
        large: true,
        note: "",
        run: |bench, site| ours(bench, site, "seed"),
    },
    Contender {
        name: FAN_OUT,
        strategy: Some("fan-out"),
        large: true,
        note: "",
        run: |bench, site| ours(bench, site, "fan-out"),
    },
];

impl Contender {
    /// Why it cannot run here.
    pub fn missing(&self, bench: &Bench, site: &Site) -> Option<String> {
        let tool = match self.name {
            "Ansible" => venv().join("bin/ansible-playbook"),
            MEDUSA => match &site.medusa {
                Err(why) => return Some(format!("its backup failed: {why}")),
                Ok(()) => return None,
            },
            FAN_OUT => {
                let help = meter::output(std::process::Command::new(&bench.reseed).args(["restore", "--help"]));
                let known = help.is_ok_and(|help| String::from_utf8_lossy(&help.stdout).contains("--strategy"));
                return (!known).then(|| "this reseed has no --strategy".to_owned());
            }
            _ => return None,
        };
        (!tool.exists()).then(|| format!("{} is not there (benches/setup.sh)", tool.display()))
    }

    /// Runs it to its end.
    pub fn run(&self, bench: &Bench, site: &Site) -> Result<Figures> {
        (self.run)(bench, site)
    }
}

/// `reseed restore`; with the phases of its report.
fn ours(bench: &Bench, site: &Site, strategy: &str) -> Result<Figures> {
    let mut args = vec!["restore", TAG, "-k", KEYSPACE, "--confirm", CLUSTER];
    if strategy != "seed" {
        args.extend(["--strategy", strategy]);
    }
    let ran = site.reseed(&bench.reseed, &args);
    let told = site.reseed(&bench.reseed, &["report", "--json"])?;
    fs::write(site.dir.join(format!("report-{strategy}.json")), &told)?;
    ran?;
    let report: Value = serde_json::from_str(&told)?;
    let mut figures = Figures::new();
    for (name, field) in [("own_downtime", "downtime_s"), ("own_share", "own_share_s"), ("own_total", "total_s")] {
        figures.extend(report[field].as_f64().map(|value| (name.to_owned(), value)));
    }
    for phase in report["phases"].as_array().into_iter().flatten() {
        if let (Some(name), Some(took)) = (phase["phase"].as_str(), phase["elapsed_s"].as_f64()) {
            figures.insert(format!("phase {name}"), took);
        }
    }
    Ok(figures)
}

/// The written restore script with its variables filled in. It restores from our layout, too.
fn written(site: &Site) -> Result<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cluster/written/restore.sh");
    let mut text = fs::read_to_string(path)?;
    for (name, value) in [
        ("CASSANDRA_DATA_DIR", "/opt/cassandra/data/data"),
        ("KEYSPACE_NAME", KEYSPACE),
        ("SNAPSHOT_NAME", KEYSPACE),
        ("BACKUP_ROOT_DIR", &format!("/backup/{TAG}")),
    ] {
        text = text.replacen(&format!("{name}=\"xxx\""), &format!("{name}=\"{value}\""), 1);
    }
    let file = site.dir.join("restore.sh");
    fs::write(&file, text)?;
    Ok(file)
}

/// The written procedure; `mended`: as it would have to be for the right rows.
fn by_hand(site: &Site, mended: bool) -> Result<Figures> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/restore/by_hand.sh");
    let mut command = site.lab.coordinator("bash");
    command
        .arg(script)
        .env("SSH_CONFIG", site.lab.ssh_config())
        .env("RESTORE", written(site)?)
        .env("BACKUP", format!("/backup/{TAG}"))
        .env("MENDED", if mended { "yes" } else { "no" })
        .env("KEYSPACE", KEYSPACE);
    let printed = String::from_utf8(meter::output(&mut command)?.stdout)?;
    Ok(steps(&printed))
}

/// The lines `STEP NAME SECONDS`.
fn steps(printed: &str) -> Figures {
    let line = |line: &str| {
        let (name, took) = line.strip_prefix("STEP ")?.rsplit_once(' ')?;
        Some((format!("step {name}"), took.parse().ok()?))
    };
    printed.lines().filter_map(line).collect()
}

fn ansible(_: &Bench, site: &Site) -> Result<Figures> {
    let mut hosts = String::new();
    let mut group = |name: &str, members: &[&lab::Host]| -> Result<()> {
        writeln!(hosts, "[{name}]")?;
        for host in members {
            writeln!(hosts, "{} address={}", host.name, host.address)?;
        }
        Ok(())
    };
    let nodes: Vec<_> = site.lab.nodes().iter().collect();
    group("nodes", &nodes)?;
    group("seed", &nodes[..1])?;
    group("gateways", &[site.lab.host("gw1")?])?;
    let file = site.dir.join("hosts.ini");
    fs::write(&file, hosts)?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = site.lab.coordinator(&venv().join("bin/ansible-playbook").display().to_string());
    command.arg("-i").arg(&file).arg(root.join("benches/restore/playbook.yml"));
    for (name, value) in [
        ("keyspace", KEYSPACE.to_owned()),
        ("restore_script", written(site)?.display().to_string()),
        ("ansible_python_interpreter", "/usr/bin/python3".to_owned()),
        (
            "startinstance",
            "runuser -u gateway -- /opt/Axway/apigateway/posix/bin/startinstance -n Instance1 -g Group1".to_owned(),
        ),
    ] {
        command.arg("-e").arg(serde_json::json!({name: value}).to_string());
    }
    let ssh = format!("-F {} -o ControlMaster=auto -o ControlPersist=600", site.lab.ssh_config().display());
    for (name, value) in [
        ("ANSIBLE_SSH_ARGS", ssh.as_str()),
        ("ANSIBLE_PIPELINING", "true"),
        ("ANSIBLE_NOCOLOR", "1"),
        ("ANSIBLE_DEPRECATION_WARNINGS", "false"),
        ("ANSIBLE_HOME", &site.dir.join("ansible").display().to_string()),
    ] {
        command.env(name, value);
    }
    let printed = meter::output(&mut command)?.stdout;
    fs::write(site.dir.join("ansible.log"), printed)?;
    Ok(Figures::new())
}

fn medusa_runs(_: &Bench, site: &Site) -> Result<Figures> {
    medusa::restore(site).map(|()| Figures::new())
}
