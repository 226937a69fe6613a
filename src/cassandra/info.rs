//! `nodetool info`: the node's own id, place and services.

use super::{Unreadable, excerpt};

/// What `nodetool info` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// Host id.
    pub host_id: String,
    /// Whether gossip runs.
    pub gossip_active: bool,
    /// Whether CQL clients are served.
    pub native_transport_active: bool,
    /// Datacenter.
    pub datacenter: String,
    /// Rack.
    pub rack: String,
    /// Seconds since the process started.
    pub uptime_s: Option<u64>,
}

/// Reads the output.
pub fn parse(text: &str) -> Result<Info, Unreadable> {
    let field = |name: &str| {
        let value = text.lines().filter_map(|line| line.split_once(':')).find(|(key, _)| key.trim() == name);
        value.map(|(_, value)| value.trim()).ok_or_else(|| {
            let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("nothing was printed");
            Unreadable::new("nodetool info", format!("no line {name:?}; it begins with: {}", excerpt(first)))
        })
    };
    let yes = |name| field(name).map(|value| value == "true");
    let host_id = field("ID")?;
    if !super::status::is_uuid(host_id) {
        return Err(Unreadable::new("nodetool info", format!("{:?} is no host id", excerpt(host_id))));
    }
    Ok(Info {
        host_id: host_id.to_ascii_lowercase(),
        gossip_active: yes("Gossip active")?,
        native_transport_active: yes("Native Transport active")?,
        datacenter: field("Data Center")?.to_owned(),
        rack: field("Rack")?.to_owned(),
        uptime_s: field("Uptime (seconds)").ok().and_then(|value| value.parse().ok()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const V50: &str = "\
ID                     : 4f065e01-c613-422a-81f0-27f6b127bab0
Gossip active          : true
Native Transport active: false
Load                   : 145.77 KiB
Uncompressed load      : 301.1 KiB
Generation No          : 1719838293
Uptime (seconds)       : 61
Heap Memory (MB)       : 128.53 / 512.00
Data Center            : datacenter1
Rack                   : rack1
Exceptions             : 0
Key Cache              : entries 10, size 896 bytes, capacity 25 MiB, 25 hits, 41 requests, 0.610 recent hit rate, 14400 save period in seconds
Token                  : (invoke with -T/--tokens to see all 4 tokens)
";

    #[test]
    fn id_place_and_services_are_read() {
        let info = parse(V50).unwrap();
        assert_eq!(info.host_id, "4f065e01-c613-422a-81f0-27f6b127bab0");
        assert!(info.gossip_active && !info.native_transport_active);
        assert_eq!((info.datacenter.as_str(), info.rack.as_str(), info.uptime_s), ("datacenter1", "rack1", Some(61)));
        // 2.2 has Thrift as well.
        let v22 = V50.replace("Native Transport active", "Thrift active          : false\nNative Transport active");
        assert!(!parse(&v22).unwrap().native_transport_active);
    }

    #[test]
    fn a_node_without_an_id_yet_is_not_understood() {
        assert!(parse(&V50.replace("4f065e01-c613-422a-81f0-27f6b127bab0", "null")).is_err());
        let error = parse("nodetool: Failed to connect to '127.0.0.1:7199'\n").unwrap_err().to_string();
        assert!(error.contains("Failed to connect"), "{error}");
    }
}
