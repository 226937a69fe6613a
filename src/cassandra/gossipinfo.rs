//! `nodetool gossipinfo`: what one node knows of every endpoint, in one call.
//!
//! Lines are `KEY:version:value` (2.2: some without a version, 4.0+: with), under a header line
//! `/10.0.0.1` or `host/10.0.0.1`.

use std::collections::BTreeMap;

use super::{Unreadable, excerpt};

/// One endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Endpoint {
    /// Address without the leading slash or the name.
    pub address: String,
    /// `NORMAL`, `shutdown`, `BOOT`, `LEFT`, …, without what follows the comma.
    pub status: Option<String>,
    /// Whether the endpoint serves CQL; `None` when it never said so.
    pub rpc_ready: Option<bool>,
    /// Schema version.
    pub schema: Option<String>,
    /// Host id.
    pub host_id: Option<String>,
    /// Release.
    pub release_version: Option<String>,
    /// Start of the process, seconds since 1970.
    pub generation: Option<u64>,
}

impl Endpoint {
    /// Whether it is a full member in its own words.
    pub fn is_normal(&self) -> bool {
        self.status.as_deref() == Some("NORMAL")
    }

    /// Whether it said good-bye: a clean stop.
    pub fn is_shut_down(&self) -> bool {
        self.status.as_deref() == Some("shutdown")
    }
}

/// Reads the output; no endpoint at all is an error.
pub fn parse(text: &str) -> Result<Vec<Endpoint>, Unreadable> {
    let mut endpoints: Vec<(String, BTreeMap<&str, &str>)> = Vec::new();
    for line in text.lines() {
        if let Some(address) = header(line) {
            endpoints.push((address.to_owned(), BTreeMap::new()));
        } else if let (Some((_, fields)), Some((key, value))) = (endpoints.last_mut(), line.trim().split_once(':')) {
            fields.insert(key, value);
        }
    }
    if endpoints.is_empty() {
        let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("nothing was printed");
        return Err(Unreadable::new("nodetool gossipinfo", format!("no endpoint: {}", excerpt(first))));
    }
    Ok(endpoints.into_iter().map(|(address, fields)| endpoint(address, &fields)).collect())
}

fn header(line: &str) -> Option<&str> {
    let (_name, address) = line.split_once('/')?;
    let address = address.trim();
    // The zone of an IPv6 address is an interface's name.
    let digits = address.split('%').next().unwrap_or(address);
    let plain = |c: char| c.is_ascii_hexdigit() || ".:[]".contains(c);
    (!line.starts_with(char::is_whitespace) && !digits.is_empty() && digits.chars().all(plain)).then_some(address)
}

fn endpoint(address: String, fields: &BTreeMap<&str, &str>) -> Endpoint {
    let value = |key: &str| fields.get(key).map(|text| unversioned(text)).filter(|text| !text.is_empty());
    let owned = |key: &str| value(key).map(str::to_owned);
    // 4.0+ sends both; the one with port is authoritative there.
    let status = value("STATUS_WITH_PORT").or_else(|| value("STATUS"));
    Endpoint {
        address,
        status: status.map(|s| s.split(',').next().unwrap_or(s).to_owned()),
        rpc_ready: value("RPC_READY").map(|v| v == "true"),
        schema: owned("SCHEMA"),
        host_id: owned("HOST_ID").map(|id| id.to_ascii_lowercase()),
        release_version: owned("RELEASE_VERSION"),
        generation: fields.get("generation").and_then(|text| text.trim().parse().ok()),
    }
}

/// `15:NORMAL,-1` → `NORMAL,-1`; a value without a version stays.
fn unversioned(text: &str) -> &str {
    match text.split_once(':') {
        Some((version, value)) if !version.is_empty() && version.bytes().all(|b| b.is_ascii_digit()) => value,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const V41: &str = "\
/10.77.0.11
  generation:1719838293
  heartbeat:312
  STATUS:20:NORMAL,-1076411383834873226
  LOAD:295:145770.0
  SCHEMA:41:59adb24e-f3cd-3e02-97f0-5b395827453f
  DC:8:datacenter1
  RACK:10:rack1
  RELEASE_VERSION:5:4.1.10
  RPC_ADDRESS:4:10.77.0.11
  NET_VERSION:1:12
  HOST_ID:2:4f065e01-c613-422a-81f0-27f6b127bab0
  RPC_READY:44:true
  NATIVE_ADDRESS_AND_PORT:3:10.77.0.11:9042
  STATUS_WITH_PORT:19:NORMAL,-1076411383834873226
  SSTABLE_VERSIONS:6:big-nb
  TOKENS:18:<hidden>
cass2/10.77.0.12
  generation:1719838300
  heartbeat:2147483647
  STATUS:99:shutdown,true
  STATUS_WITH_PORT:98:shutdown,true
  HOST_ID:2:632D142A-2e52-4be2-8d56-91db34b57c44
  RPC_READY:97:false
";

    #[test]
    fn every_endpoint_is_read_with_its_state() {
        let endpoints = parse(V41).unwrap();
        assert_eq!(endpoints.len(), 2);
        assert!(endpoints[0].is_normal() && endpoints[0].rpc_ready == Some(true));
        assert_eq!(endpoints[0].schema.as_deref(), Some("59adb24e-f3cd-3e02-97f0-5b395827453f"));
        assert_eq!(endpoints[0].release_version.as_deref(), Some("4.1.10"));
        assert_eq!(endpoints[0].generation, Some(1_719_838_293));
        assert!(endpoints[1].is_shut_down() && endpoints[1].rpc_ready == Some(false));
        assert_eq!(endpoints[1].address, "10.77.0.12");
        assert_eq!(endpoints[1].host_id.as_deref(), Some("632d142a-2e52-4be2-8d56-91db34b57c44"));
    }

    #[test]
    fn old_output_without_the_port_and_without_versions_is_read() {
        let text = "/10.0.0.1\n  generation:17\n  STATUS:NORMAL,-3\n  HOST_ID:4f065e01-c613-422a-81f0-27f6b127bab0\n/fe80:0:0:0:0:0:0:1%eth0\n  STATUS:3:LEFT,1,2\n";
        let endpoints = parse(text).unwrap();
        assert!(endpoints[0].is_normal() && endpoints[0].rpc_ready.is_none());
        assert_eq!(endpoints[1].status.as_deref(), Some("LEFT"));
        assert_eq!(endpoints[1].address, "fe80:0:0:0:0:0:0:1%eth0");
    }

    #[test]
    fn an_error_instead_of_endpoints_is_reported_with_its_words() {
        let text = "nodetool: Failed to connect to '127.0.0.1:7199' - ConnectException: 'Connection refused'.\n";
        assert!(parse(text).unwrap_err().to_string().contains("Connection refused"));
    }
}
