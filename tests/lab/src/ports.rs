//! TCP of a host, read from /proc: costs the host nothing.

use std::{fs, net::Ipv4Addr, path::PathBuf};

/// The file with the connections of the network namespace of this process: `tcp` or `tcp6`.
pub(crate) fn table(pid: u32, family: &str) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}/net/{family}"))
}

/// Whether something in the network namespace of this process listens on the port.
pub(crate) fn listening(pid: u32, port: u16) -> bool {
    ["tcp", "tcp6"]
        .iter()
        .any(|table| fs::read_to_string(self::table(pid, table)).is_ok_and(|text| table_has_listener(&text, port)))
}

/// Whether a connection with one of these peers, to or from the port, holds bytes that did not arrive yet.
pub(crate) fn unsent(pid: u32, peers: &[&str], port: u16) -> bool {
    ["tcp", "tcp6"]
        .iter()
        .any(|family| fs::read_to_string(table(pid, family)).is_ok_and(|text| table_has_unsent(&text, peers, port)))
}

/// 01 is ESTABLISHED; an address is the bytes of a word as this machine has them, in tcp6 the last of four.
fn table_has_unsent(table: &str, peers: &[&str], port: u16) -> bool {
    let hex = |peer: &&str| Some(format!("{:08X}", u32::from_ne_bytes(peer.parse::<Ipv4Addr>().ok()?.octets())));
    let (peers, port) = (peers.iter().filter_map(hex).collect::<Vec<_>>(), format!("{port:04X}"));
    table.lines().skip(1).any(|line| {
        let words: Vec<&str> = line.split_whitespace().skip(1).take(4).collect();
        let &[local, remote, "01", queues] = words.as_slice() else { return false };
        let (Some((_, from)), Some((address, to))) = (local.split_once(':'), remote.split_once(':')) else {
            return false;
        };
        let ours = peers.iter().any(|peer| address.ends_with(peer.as_str())) && (from == port || to == port);
        ours && !queues.starts_with("00000000:")
    })
}

/// Lines are `sl local_address rem_address st …`; 0A is LISTEN.
fn table_has_listener(table: &str, port: u16) -> bool {
    let suffix = format!(":{port:04X}");
    table.lines().skip(1).any(|line| {
        let mut words = line.split_whitespace().skip(1);
        let local = words.next().is_some_and(|address| address.ends_with(&suffix));
        local && words.nth(1) == Some("0A")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listeners_count() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue\n\
            0: 0B004D0A:2352 00000000:0000 0A 00000000:00000000\n\
            1: 0B004D0A:1B58 0C004D0A:C001 01 00000000:00000000\n";
        assert!(table_has_listener(table, 9042));
        assert!(!table_has_listener(table, 7000));
        assert!(!table_has_listener(table, 22));
    }

    #[test]
    fn only_bytes_for_peers_count_as_unsent() {
        let table = |remote: &str, state: &str, queue: &str| {
            format!(
                "  sl  local_address rem_address   st tx_queue rx_queue\n 0: 0B004D0A:C001 {remote} {state} {queue}:00000000 02:00\n"
            )
        };
        let peers = ["10.77.0.12", "10.77.0.13"];
        let unsent = |remote, state, queue| table_has_unsent(&table(remote, state, queue), &peers, 7000);
        assert!(unsent("0C004D0A:1B58", "01", "0000002A"));
        assert!(unsent("0000000000000000FFFF00000C004D0A:1B58", "01", "0000002A"));
        for (remote, state, queue) in [
            ("0C004D0A:1B58", "01", "00000000"),
            ("0C004D0A:1B58", "02", "00000001"),
            ("0E004D0A:1B58", "01", "0000002A"),
            ("0C004D0A:2352", "01", "0000002A"),
        ] {
            assert!(!unsent(remote, state, queue), "{remote} {state} {queue}");
        }
    }
}
