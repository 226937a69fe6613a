//! Which TCP ports a host listens on, read from /proc: costs the host nothing.

use std::fs;

/// Whether something in the network namespace of this process listens on the port.
pub(crate) fn listening(pid: u32, port: u16) -> bool {
    ["tcp", "tcp6"].iter().any(|table| {
        fs::read_to_string(format!("/proc/{pid}/net/{table}")).is_ok_and(|text| table_has_listener(&text, port))
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
}
