//! Cassandra on the nodes: start, stop, wait until the ring is whole, and what a
//! cluster needs once in its life.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use crate::{
    Error, Host, Init, Member, Options, Result,
    cql::{self, Consistency},
    error::last_lines,
    interrupt,
    ports::listening,
    progress::say,
    ring::parse_status,
};

/// Nodes talk to each other here.
pub(crate) const STORAGE: u16 = 7000;
/// Clients talk to nodes here.
pub(crate) const NATIVE: u16 = 9042;

/// How long a node may take to start: seconds on an idle machine, minutes on two
/// cores that all nodes, a build and the tests share.
const START: Duration = Duration::from_mins(6);

/// Starts Cassandra; returns as soon as the process runs.
pub(crate) fn start(host: &Host) -> Result<()> {
    host.must("starting Cassandra", "service cassandra start").map(drop)
}

/// From now on Cassandra starts when the host boots.
pub(crate) fn enable(host: &Host) -> Result<()> {
    let script = match host.init {
        Init::Sh => ": >/lab/enabled",
        Init::Systemd => "systemctl -q enable cassandra",
    };
    host.must("enabling Cassandra", script).map(drop)
}

/// Stops Cassandra and waits for its end.
pub(crate) fn stop(host: &Host) -> Result<()> {
    host.must("stopping Cassandra", "service cassandra stop").map(drop)
}

/// Kills Cassandra with SIGKILL and waits for the process to end. systemd starts another one.
pub(crate) fn kill(host: &Host) -> Result<()> {
    let script = "pid=$(cat /run/cassandra/cassandra.pid) || exit 0
        kill -KILL \"$pid\" 2>/dev/null || exit 0
        left=100
        while [ -s \"/proc/$pid/cmdline\" ]; do
            left=$((left - 1)); [ $left -gt 0 ] || exit 1; sleep 0.1
        done";
    host.must("killing Cassandra", script).map(drop)
}

/// Waits until the node's process listens on the port; fails as soon as the process is gone.
pub(crate) fn wait_port(host: &Host, port: u16) -> Result<()> {
    let what = format!("waiting for port {port} of {}", host.name);
    let since = Instant::now();
    let mut asked = since;
    while !listening(host.pid(), port) {
        interrupt::check()?;
        if asked.elapsed() > Duration::from_secs(2) {
            asked = Instant::now();
            let status = host.sh("service cassandra status")?;
            if !status.status.success() {
                return Err(Error::broken(what, format!("Cassandra ended\n{}", log_tail(host))));
            }
        }
        if since.elapsed() > START {
            return Err(Error::Timeout { what, seconds: START.as_secs(), tail: log_tail(host) });
        }
        thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

/// What a node last said.
fn log_tail(host: &Host) -> String {
    ["stdout.log", "system.log"]
        .iter()
        .filter_map(|log| fs::read_to_string(host.path("/opt/cassandra/logs").join(log)).ok())
        .map(|text| last_lines(&text, 8))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The ring as this node sees it; empty when it cannot tell.
pub(crate) fn ring(host: &Host) -> Result<Vec<Member>> {
    let output = host.sh("nodetool status")?;
    Ok(if output.status.success() { parse_status(&output.stdout) } else { Vec::new() })
}

/// Waits until each of `watchers`, by itself, sees the ring as `good` wants it.
pub(crate) fn wait_ring(
    what: &str,
    watchers: &[&Host],
    limit: Duration,
    good: impl Fn(&Host, &[Member]) -> bool + Sync,
) -> Result<()> {
    let since = Instant::now();
    thread::scope(|scope| {
        let waits: Vec<_> = watchers
            .iter()
            .map(|host| {
                let good = &good;
                scope.spawn(move || {
                    loop {
                        let members = ring(host)?;
                        if good(host, &members) {
                            return Ok(());
                        }
                        interrupt::check()?;
                        if since.elapsed() > limit {
                            let what = format!("{what}, as {} sees it", host.name);
                            let tail = format!("{members:?}\n{}", log_tail(host));
                            return Err(Error::Timeout { what, seconds: limit.as_secs(), tail });
                        }
                        thread::sleep(Duration::from_millis(700));
                    }
                })
            })
            .collect();
        waits.into_iter().try_for_each(|wait| wait.join().expect("a waiting thread panicked"))
    })
}

/// Waits until every one of these nodes sees exactly these nodes, all UN, and
/// serves clients.
pub(crate) fn wait_un(nodes: &[&Host]) -> Result<()> {
    for node in nodes {
        wait_port(node, NATIVE)?;
    }
    wait_ring("waiting until all nodes are UN to each other", nodes, START, |_, members| {
        members.len() == nodes.len()
            && members
                .iter()
                .all(|member| member.state == "UN" && nodes.iter().any(|node| node.address == member.address))
    })
}

/// Starts nodes that have their data: the first alone until its storage port is
/// open (the others look for a seed), then the others all at once.
pub(crate) fn start_all(nodes: &[&Host]) -> Result<()> {
    let Some((first, others)) = nodes.split_first() else { return Ok(()) };
    start(first)?;
    wait_port(first, STORAGE)?;
    others.iter().try_for_each(|node| start(node))?;
    wait_un(nodes)
}

/// Boots a cluster for the first time, with the role `lab` and with every node holding all logins: the first node
/// alone, then the others, which join all at once.
pub(crate) fn first_boot(options: &Options, nodes: &[&Host]) -> Result<()> {
    let Some((first, others)) = nodes.split_first() else { return Ok(()) };
    let replication = options.replication();
    say(format!("{} starts", first.name));
    start(first)?;
    wait_un(&[first])?;
    // While it is alone: later the logins might be on another node, in a
    // data centre that this one does not read from. Only its own data
    // centre is known yet.
    make_role(first)?;
    replicate_logins(first, &replication[..1])?;
    say(format!("{} join", others.iter().map(|node| node.name.as_str()).collect::<Vec<_>>().join(", ")));
    others.iter().try_for_each(|node| start(node))?;
    wait_un(nodes)?;
    say("giving every node the logins");
    replicate_logins(first, &replication)?;
    // Every node holds all of it, so that one repairs for all; right after a join a stream of it may fail.
    let again = "nodetool repair -full system_auth";
    let patient = format!("{again} || {{ sleep 5; {again}; }} || {{ sleep 20; {again}; }}");
    first.must("repairing system_auth", &patient).map(drop)
}

/// Makes the role `lab` through a node that is alone.
fn make_role(node: &Host) -> Result<()> {
    let role = "CREATE ROLE IF NOT EXISTS lab WITH PASSWORD = 'lab' AND LOGIN = true AND SUPERUSER = true";
    let since = Instant::now();
    // The default superuser appears a few seconds after the first start.
    while let Err(error) = cql::execute(node, cql::DEFAULT, &[role], Consistency::One, 1) {
        interrupt::check()?;
        if since.elapsed() > Duration::from_mins(2) {
            return Err(error);
        }
        thread::sleep(Duration::from_secs(1));
    }
    Ok(())
}

/// Sets the replication of the logins; the data follows by joining or repair.
fn replicate_logins(node: &Host, replication: &[(String, usize)]) -> Result<()> {
    let centres: Vec<_> = replication.iter().map(|(dc, count)| format!("'{dc}': {count}")).collect();
    let alter = format!(
        "ALTER KEYSPACE system_auth WITH replication = {{'class': 'NetworkTopologyStrategy', {}}}",
        centres.join(", ")
    );
    cql::execute(node, cql::LAB, &[alter], Consistency::One, 1).map(drop)
}

/// Drains and stops every node.
pub(crate) fn drain_all(nodes: &[&Host]) -> Result<()> {
    thread::scope(|scope| {
        let drain = |node: &Host| node.must("draining", "nodetool drain").and_then(|_| stop(node));
        let drains: Vec<_> = nodes.iter().map(|node| scope.spawn(move || drain(node))).collect();
        drains.into_iter().try_for_each(|one| one.join().expect("a draining thread panicked"))
    })
}
