//! A node whose Cassandra is down: whether it is, why, and what it would have said of itself.
//!
//! | what | from |
//! |---|---|
//! | host id, data center | the ring of a node that is up, by the address: of its cassandra.yaml, else any that the host has |
//! | version | that node's gossip; else the installed jar; else its own log |
//! | why | nodetool's refusal, and the last line of its log that tells of an error |
//!
//! When no node is up there is no ring to ask: no host id then, and the ring's view after the start is
//! read by addresses.
//!
//! Rejected: any failure of nodetool counts as down. A wrong password or a nodetool that is not there
//! says nothing about Cassandra; these stay errors.

use super::parse::{Fields, Identity};
use crate::cassandra::conf::Conf;
use crate::cassandra::gossipinfo::Endpoint;
use crate::cassandra::status::Row;
use crate::cassandra::version::Version;
use crate::cassandra::{excerpt, info, startlog};

/// Why it does not answer; `None`: it does, or what is wrong is something else.
pub fn why(files: &Fields, live: &Fields) -> Option<String> {
    let said = live.decoded("info").ok()?;
    let runs = files.get("pid").is_some();
    let state = match info::parse(&said) {
        Ok(info) if info.gossip_active => return None,
        // what `disk_failure_policy: stop` leaves
        Ok(_) => "Cassandra runs, but its gossip is stopped",
        Err(_) if !refused(&said, runs) => return None,
        Err(_) if runs => "Cassandra runs and does not answer: it is starting, or starts again and again",
        Err(_) => "no Cassandra runs",
    };
    let log = live.decoded("died").unwrap_or_default();
    let last = startlog::findings(&log).pop().map(|finding| finding.line);
    let last = last.or_else(|| log.lines().rfind(|line| line.starts_with("ERROR")).map(excerpt));
    Some(match last {
        Some(error) => format!("{state}; the last error in its log: {error}"),
        None => format!("{state}; its log tells of no error"),
    })
}

/// Whether that is JMX that nobody answers, and not a nodetool that could not ask.
fn refused(said: &str, runs: bool) -> bool {
    let has = |texts: &[&str]| texts.iter().any(|text| said.contains(text));
    let early = has(&["not initialized yet", "InstanceNotFoundException"]);
    let silent = has(&["Failed to connect"]) && !has(&["URISyntaxException", "SecurityException", "Authentication"]);
    // the last two: it ended while it was asked
    let gone = ["Connection refused", "ConnectException", "NoSuchObjectException", "Connection reset", "EOFException"];
    early || silent && (!runs || has(&gone))
}

/// What it is in the ring, as a node that is up knows it.
pub fn identity(
    conf: &Conf,
    (files, live): (&Fields, &Fields),
    rows: &[Row],
    endpoints: &[Endpoint],
) -> Result<Identity, String> {
    let configured: Vec<&str> =
        [&conf.broadcast_address, &conf.listen_address].into_iter().flatten().map(String::as_str).collect();
    let own: Vec<&str> = files.all("address").collect();
    let row = row_of(rows, &configured).or_else(|| row_of(rows, &own));
    let row = row.ok_or_else(|| {
        format!("the ring of a node that is up holds none of its addresses ({})", [configured, own].concat().join(", "))
    })?;
    let host_id = row.host_id.clone().ok_or_else(|| format!("the ring tells no host id of {}", row.address))?;
    let heard = endpoints.iter().find(|endpoint| endpoint.host_id.as_ref() == Some(&host_id));
    let heard = heard.and_then(|endpoint| endpoint.release_version.as_deref());
    Ok(Identity { version: version(heard, files, live)?, host_id, datacenter: row.datacenter.clone() })
}

/// What can be told of it when no node is up: no host id.
pub fn alone(conf: &Conf, files: &Fields, live: &Fields) -> Result<Identity, String> {
    // a snitch that does not read the file has one data center of this name
    let center = if conf.endpoint_snitch == "SimpleSnitch" { None } else { files.get("dc") };
    let datacenter = center.unwrap_or("datacenter1").to_owned();
    Ok(Identity { version: version(None, files, live)?, host_id: String::new(), datacenter })
}

/// How the ring may call it: as configured, else by any address of the host.
pub fn addresses(conf: &Conf, files: &Fields) -> Vec<String> {
    let configured = [&conf.broadcast_address, &conf.listen_address].into_iter().flatten().next();
    let literal = configured.filter(|address| address.parse::<std::net::IpAddr>().is_ok());
    literal.map_or_else(|| files.all("address").map(str::to_owned).collect(), |address| vec![address.clone()])
}

/// The only row of the ring that has one of these addresses.
pub fn row_of<'a>(rows: &'a [Row], addresses: &[impl AsRef<str>]) -> Option<&'a Row> {
    let mut found = rows.iter().filter(|row| addresses.iter().any(|address| address.as_ref() == row.host()));
    // two would be two nodes on one host
    found.next().filter(|_| found.next().is_none())
}

fn version(heard: Option<&str>, files: &Fields, live: &Fields) -> Result<Version, String> {
    let mut told = [heard, files.get("installed"), live.get("logged")].into_iter().flatten();
    told.find_map(|text| Version::parse(text).ok())
        .ok_or_else(|| "its version is told neither by gossip nor by a jar nor by its log".to_owned())
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;

    use super::*;
    use crate::cassandra::{gossipinfo, status};

    const ID: &str = "632d142a-2e52-4be2-8d56-91db34b57c44";
    const REFUSED: &str = "nodetool: Failed to connect to '127.0.0.1:7199' - ConnectException: 'Connection refused'.";

    fn live(info: &str, died: &str) -> Fields {
        let base64 = |text| BASE64_STANDARD.encode(text);
        Fields::parse(&format!("info={}\ndied={}\nlogged=5.0.7\n", base64(info), base64(died)))
    }

    #[test]
    fn a_refused_connection_is_down_and_the_log_tells_why() {
        let log = "WARN  [main] x - odd\nERROR [main] x CassandraDaemon.java:1 - Exception encountered during startup\n\
                   org.apache.cassandra.io.sstable.CorruptSSTableException: Corrupted: /d/ks/t-1/nb-1-big-Data.db\n";
        let none = Fields::parse("");
        let said = why(&none, &live(REFUSED, log)).unwrap();
        assert!(
            said.starts_with("no Cassandra runs; the last error in its log: ") && said.contains("nb-1-big-Data.db"),
            "{said}"
        );
        let said = why(&none, &live(REFUSED, "ERROR [Native-1] x - Out of memory\n")).unwrap();
        assert!(said.ends_with("Out of memory"), "{said}");
        assert!(why(&none, &live(REFUSED, "")).unwrap().contains("tells of no error"));
        let looping = Fields::parse("pid=1\n");
        assert!(why(&looping, &live(REFUSED, "")).unwrap().contains("again and again"));
        let reset = REFUSED.replace("ConnectException: 'Connection refused'", "SocketException: 'Connection reset'");
        assert!(why(&looping, &live(&reset, "")).unwrap().contains("again and again"), "it died while it was asked");
        assert!(why(&looping, &live("Server is not initialized yet, cannot run nodetool.", "")).is_some());
    }

    #[test]
    fn a_nodetool_that_could_not_ask_says_nothing_about_cassandra() {
        let (none, runs) = (Fields::parse(""), Fields::parse("pid=1\n"));
        for said in [
            "sh: 1: nodetool: not found",
            "nodetool: Failed to connect to '127.0.0.1:7199' - SecurityException: 'Authentication failed! Invalid credentials'.",
            "nodetool: Failed to connect to '127.0.0.1:7199' - URISyntaxException: 'Malformed IPv6 address at index 7'.",
        ] {
            assert_eq!(why(&none, &live(said, "")), None, "{said}");
            assert_eq!(why(&runs, &live(said, "")), None, "{said}");
        }
    }

    #[test]
    fn a_node_with_its_gossip_stopped_is_down_and_one_that_answers_is_not() {
        let info = |gossip| {
            format!(
                "ID : {ID}\nGossip active : {gossip}\nNative Transport active: false\nData Center : dc1\nRack : r\n"
            )
        };
        let runs = Fields::parse("pid=1\n");
        assert_eq!(why(&runs, &live(&info(true), "")), None);
        assert!(why(&runs, &live(&info(false), "")).unwrap().contains("gossip is stopped"));
    }

    #[test]
    fn host_id_center_and_version_are_what_the_others_know() {
        let rows = status::parse(&format!(
            "Datacenter: dc2\n--  Address  Load  Tokens  Owns  Host ID  Rack\nDN  10.0.0.2  ?  4  ?  {ID}  r\n\
             UN  10.0.0.1  1 KiB  4  ?  4f065e01-c613-422a-81f0-27f6b127bab0  r\n"
        ))
        .unwrap();
        let endpoints = |version: &str| gossipinfo::parse(&format!("/10.0.0.2\n  HOST_ID:2:{ID}\n{version}")).unwrap();
        let ask = |yaml: &str, files: &str, gossip: &str| {
            let conf = Conf::from_yaml(yaml, "/c").unwrap();
            identity(&conf, (&Fields::parse(files), &live("", "")), &rows, &endpoints(gossip))
                .map(|i| (i.host_id, i.datacenter, i.version.to_string()))
        };
        let found = |version: &str| Ok((ID.to_owned(), "dc2".to_owned(), version.to_owned()));
        let heard = "  RELEASE_VERSION:5:5.0.8\n";
        assert_eq!(ask("listen_address: 10.0.0.2\n", "installed=5.0.9\n", heard), found("5.0.8"));
        assert_eq!(
            ask("listen_interface: eth0\n", "address=192.168.0.1\naddress=10.0.0.2\ninstalled=5.0.9\n", ""),
            found("5.0.9")
        );
        assert_eq!(ask("listen_address: cass2.local\n", "address=10.0.0.2\n", ""), found("5.0.7"));
        assert!(ask("listen_address: 10.0.0.3\n", "address=10.0.0.3\n", heard).unwrap_err().contains("10.0.0.3"));
    }
}
