//! Exercises the whole library on one lab and says what it saw:
//! `cargo run -p lab --example tour -- NAME [VERSION]`. Boots the lab if it does
//! not run, leaves it running. The lab's own proof, run by hand.

use std::{
    env,
    io::{Write, stdout},
    time::{Duration, Instant},
};

use lab::{Consistency::One, Lab, Options, Result};

fn main() -> Result<()> {
    let mut args = env::args().skip(1);
    let default = Options::default();
    let options = Options {
        name: args.next().unwrap_or_else(|| "tour".into()),
        version: args.next().unwrap_or(default.version),
        ..Options::default()
    };
    let lab = match Lab::attach(&options.name) {
        Ok(lab) => lab,
        Err(_) => Lab::up(&options)?,
    };
    let begun = Instant::now();
    let said = |what: &str| {
        drop(writeln!(stdout(), "{:6.1} s  {what}", begun.elapsed().as_secs_f64()));
    };
    let (one, two) = (lab.host("cass1")?, lab.host("cass2")?);

    let dcs = if lab.options().dcs == 2 { "'dc1': 2, 'dc2': 1" } else { "'dc1': 3" };
    lab.cql_all(
        one,
        &[
            "DROP KEYSPACE IF EXISTS tour".to_owned(),
            format!("CREATE KEYSPACE tour WITH replication = {{'class': 'NetworkTopologyStrategy', {dcs}}}"),
            "CREATE TABLE tour.t (k int PRIMARY KEY, v text, s set<text>, b blob)".to_owned(),
        ],
        One,
    )?;
    let rows: Vec<String> = (0..2000)
        .map(|k| format!("INSERT INTO tour.t (k, v, s, b) VALUES ({k}, 'it''s {k}', {{'b', 'a'}}, 0xcafe)"))
        .collect();
    lab.cql_batch(one, &rows, lab::Consistency::All)?;
    said("2000 rows are written");
    assert_eq!(
        lab.cql(two, "SELECT k, v, s, b FROM tour.t WHERE k = 7", One)?,
        [["7", "it's 7", "{\"a\", \"b\"}", "0xcafe"]]
    );

    lab.cut_off_alone(two)?;
    said("cass2 is alone");
    assert_eq!(lab.cql(two, "SELECT count(*) FROM tour.t", One)?, [["2000"]]);
    assert!(lab.cql(two, "SELECT k FROM tour.t WHERE k = 1", lab::Consistency::Quorum).is_err());
    said("cass2 has all rows itself, and no quorum");
    lab.cql(one, "DELETE FROM tour.t WHERE k = 7", lab::Consistency::Quorum)?;
    assert_eq!(lab.cql(two, "SELECT k FROM tour.t WHERE k = 7", One)?.len(), 1);
    lab.rejoin(two)?;
    said("cass2 is back");

    let wrong = lab.cql(one, "SELECT nothing FROM nowhere.at_all", One).unwrap_err();
    said(&format!("a refusal: {wrong}"));

    lab.kill_node(two)?;
    lab.start_node(two)?;
    lab.wait_un()?;
    said("cass2 was killed and is UN again");
    lab.stop_node(two)?;
    assert!(!two.sh("service cassandra status")?.status.success());
    let start = "cd /; exec setpriv --reuid=cassandra --regid=cassandra --init-groups service cassandra start";
    assert!(two.sh(start)?.status.success());
    lab.wait_un()?;
    said("cass2 was stopped, and started by the user cassandra");

    let gateway = lab.gateway("gw1")?;
    gateway.start()?;
    assert!(gateway.is_running()?);
    let before = gateway.acked()?.len();
    std::thread::sleep(Duration::from_secs(3));
    let acked = gateway.acked()?;
    said(&format!("the gateway wrote {} rows in 3 s", acked.len() - before));
    assert!(acked.len() > before);
    gateway.stop()?;
    assert!(!gateway.is_running()?);
    let acked = gateway.acked()?;
    let count = lab.cql(one, "SELECT count(*) FROM gateway_kps.heartbeat", lab::Consistency::All)?;
    assert!(count[0][0].parse::<usize>().is_ok_and(|count| count >= acked.len()));
    assert!(acked.iter().enumerate().all(|(index, (seq, _))| *seq == index as u64 + 1));
    gateway.start()?;
    said("the gateway was stopped and started; no acknowledged row is missing");

    let status =
        lab.coordinator("ssh").arg("-F").arg(lab.ssh_config()).args(["ops@cass1", "sudo -n nodetool info"]).output();
    assert!(status.is_ok_and(|output| output.status.success()));
    said("ssh as ops with sudo works");
    Ok(())
}
