//! Part `io`: how fast a backup is made and read back, beside what a user would type, on the same
//! host and disk, in turn.
//!
//! One Cassandra node with a gigabyte. `reseed backup` copies, hashes and publishes; `cp -a` and then
//! `sha256sum` of every file do what the operator would. Everybody's copy is on the disk when their
//! clock stops.

use lab::{Host, Options};

use crate::record::Row;
use crate::restore::site::{KEYSPACE, Site};
use crate::{Bench, Extent, Result, meter};

/// The lab's name.
const NAME: &str = "benchio";
/// Where copies go: the disk of the data, for everybody.
const ROOT: &str = "/var/backup";

/// Runs the part.
pub fn measure(bench: &mut Bench) -> Result<()> {
    let (megabytes, times) = match bench.extent {
        Extent::Small => (50, 1),
        Extent::Usual => (1074, 2),
        Extent::More => (1074, 5),
    };
    let ended = on_a_node(bench, megabytes, times);
    lab::down(NAME)?;
    ended
}

fn on_a_node(bench: &Bench, megabytes: u64, times: usize) -> Result<()> {
    let site =
        Site::load(bench, megabytes, &Options { name: NAME.into(), nodes: 1, gateways: 0, ..Options::default() })?;
    let node = &site.lab.nodes()[0];
    let text = std::fs::read_to_string(&site.inventory)?;
    std::fs::write(
        &site.inventory,
        text.replace("  root: /backup\n", &format!("  root: {ROOT}\n  allow_same_disk: true\n")),
    )?;
    let source = format!("/opt/cassandra/data/data/{KEYSPACE}");
    sh(node, &format!("mkdir -p {ROOT}"))?;
    let case = format!("{megabytes} MB");
    let bytes: f64 = sh(node, &format!("du -sb {source} | cut -f1"))?.1.trim().parse()?;
    let rate = |seconds: f64| bytes / 1e6 / seconds;
    for time in 0..times {
        let row = |who: &str, seconds: f64| {
            Row::new("io", &case, who).with("seconds", seconds).with("mb_per_s", rate(seconds)).with("bytes", bytes)
        };
        let copy = sh(node, &format!("rm -rf {ROOT}/plain && cp -a {source} {ROOT}/plain && sync -f {ROOT}"))?.0;
        bench.store.put(row("cp -a", copy))?;
        let sums = format!("cd {ROOT}/plain && find . -type f -exec sha256sum {{}} + >/dev/null");
        let hash = sh(node, &sums)?.0;
        bench.store.put(row("sha256sum", hash))?;
        let hash = sh(node, &sums.replace("sha256sum", "openssl dgst -sha256"));
        bench.store.put(hash.map_or_else(
            |error| Row::new("io", &case, "openssl dgst -sha256").failed(&error.to_string()),
            |(seconds, _)| row("openssl dgst -sha256", seconds),
        ))?;
        // as on a host with rsync: the lab's hosts see the machine's /usr
        let rsync = sh(node, &format!("rm -rf {ROOT}/plain && rsync -a {source}/ {ROOT}/plain/ && sync -f {ROOT}"));
        bench.store.put(rsync.map_or_else(
            |error| Row::new("io", &case, "rsync -a").failed(&error.to_string()),
            |(seconds, _)| row("rsync -a", seconds),
        ))?;
        sh(node, &format!("rm -rf {ROOT}/plain"))?;
        let tag = format!("io{time}");
        let (total, made) =
            meter::timed(|| site.reseed(&bench.reseed, &["backup", "-k", KEYSPACE, "--tag", &tag, "--output", "json"]));
        let mut backup = row("reseed backup", total);
        for (step, seconds) in steps(&made?) {
            backup = backup.with(&format!("step {step}"), seconds);
        }
        bench.store.put(backup)?;
        let (verify, told) = meter::timed(|| site.reseed(&bench.reseed, &["backups", "verify", &tag]));
        told?;
        bench.store.put(row("reseed backups verify", verify))?;
        sh(node, &format!("rm -rf {ROOT}/{tag}"))?;
    }
    Ok(())
}

/// Seconds of a script on the host, and what it printed.
fn sh(host: &Host, script: &str) -> Result<(f64, String)> {
    let (seconds, output) = meter::timed(|| host.sh(script));
    let output = output?;
    if output.status.success() {
        return Ok((seconds, output.stdout));
    }
    Err(format!("`{script}`: {}", output.stderr).into())
}

/// How long each step took, by its type.
fn steps(events: &str) -> Vec<(String, f64)> {
    let events = events.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let finished = events.filter(|event| event["kind"] == "step_finished");
    finished.filter_map(|event| Some((event["step"].as_str()?.to_owned(), event["elapsed_s"].as_f64()?))).collect()
}
