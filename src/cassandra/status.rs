//! `nodetool status`: who is up, in the view of the node that was asked.
//!
//! A node's view of itself proves nothing (a drained node calls itself UN); ask the others.
//!
//! Columns cannot be counted: the load is one word or two, the host id may be blank, the token
//! column stands before or after the host id. So the address is the second word, the host id is
//! whatever has the form of a UUID, and the rack is the last word.

use serde::{Deserialize, Serialize};

use super::{Unreadable, excerpt};

/// One row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// `Up`, `Down` or `?`.
    pub status: Liveness,
    /// Normal, leaving, joining, moving.
    pub state: State,
    /// As printed: IPv4, IPv6, a name with `-r`, with a port with `-pp`.
    pub address: String,
    /// Blank or `null` early in a start.
    pub host_id: Option<String>,
    /// Datacenter of the block that the row is in.
    pub datacenter: String,
    /// Rack.
    pub rack: String,
    /// Effective ownership in percent, when a number is printed.
    pub owns: Option<f64>,
}

impl Row {
    /// The address without its port.
    pub fn host(&self) -> &str {
        match self.address.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((v6, _)) => v6,
            // more colons are an IPv6 address without a port
            None => match self.address.split_once(':') {
                Some((v4, port)) if !port.contains(':') => v4,
                _ => &self.address,
            },
        }
    }

    /// `UN`.
    pub fn is_up_and_normal(&self) -> bool {
        self.status == Liveness::Up && self.state == State::Normal
    }

    /// `DN`: a member that does not run.
    pub fn is_down_and_normal(&self) -> bool {
        self.status == Liveness::Down && self.state == State::Normal
    }
}

/// First letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Liveness {
    /// `U`.
    Up,
    /// `D`.
    Down,
    /// `?`.
    Unknown,
}

/// Second letter. `N` is also what Cassandra prints when it knows nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// `N`.
    Normal,
    /// `L`.
    Leaving,
    /// `J`.
    Joining,
    /// `M`.
    Moving,
}

/// Reads the whole output; no row at all is an error.
pub fn parse(text: &str) -> Result<Vec<Row>, Unreadable> {
    let mut datacenter = "";
    let mut rows = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("Datacenter:") {
            datacenter = name.trim();
        } else if let Some((status, state)) = letters(line) {
            rows.push(row(line, status, state, datacenter)?);
        }
    }
    if rows.is_empty() {
        let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("nothing was printed");
        return Err(Unreadable::new("nodetool status", format!("it lists no node: {}", excerpt(first))));
    }
    Ok(rows)
}

/// `^[UD?][NLJM]\s`.
fn letters(line: &str) -> Option<(Liveness, State)> {
    let mut chars = line.chars();
    let status = match chars.next()? {
        'U' => Liveness::Up,
        'D' => Liveness::Down,
        '?' => Liveness::Unknown,
        _ => return None,
    };
    let state = match chars.next()? {
        'N' => State::Normal,
        'L' => State::Leaving,
        'J' => State::Joining,
        'M' => State::Moving,
        _ => return None,
    };
    chars.next()?.is_whitespace().then_some((status, state))
}

fn row(line: &str, status: Liveness, state: State, datacenter: &str) -> Result<Row, Unreadable> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (Some(address), Some(rack)) = (words.get(1), words.last().filter(|_| words.len() >= 4)) else {
        return Err(Unreadable::new("nodetool status", format!("a row is cut short: {}", excerpt(line))));
    };
    Ok(Row {
        status,
        state,
        address: (*address).to_owned(),
        host_id: words[2..words.len() - 1].iter().find(|w| is_uuid(w)).map(|w| w.to_ascii_lowercase()),
        datacenter: datacenter.to_owned(),
        rack: (*rack).to_owned(),
        owns: words.iter().find_map(|w| percent(w)),
    })
}

/// `100.0%`, and `100,0%` of a host that would not take `LC_ALL=C`.
fn percent(word: &str) -> Option<f64> {
    word.strip_suffix('%')?.replace(',', ".").parse().ok()
}

/// Eight, four, four, four, twelve hexadecimal digits.
pub fn is_uuid(word: &str) -> bool {
    let lengths = word.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && word.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    const V40: &str = "\
Datacenter: datacenter1
=======================
Status=Up/Down
|/ State=Normal/Leaving/Joining/Moving
--  Address    Load        Tokens  Owns (effective)  Host ID                               Rack 
UN  127.0.0.3  145.77 KiB  4       ?                 4f065e01-c613-422a-81f0-27f6b127bab0  rack1
DN  127.0.0.2  ?           4       ?                 632d142a-2e52-4be2-8d56-91db34b57c44  rack1

";

    #[test]
    fn rows_are_read_whatever_the_load_looks_like() {
        let rows = parse(V40).unwrap();
        assert_eq!(rows.len(), 2);
        assert!(rows[0].is_up_and_normal());
        assert_eq!(rows[0].host_id.as_deref(), Some("4f065e01-c613-422a-81f0-27f6b127bab0"));
        assert_eq!((rows[1].status, rows[1].address.as_str()), (Liveness::Down, "127.0.0.2"));
        assert_eq!((rows[1].datacenter.as_str(), rows[1].rack.as_str()), ("datacenter1", "rack1"));
        assert_eq!(rows[1].host_id.as_deref(), Some("632d142a-2e52-4be2-8d56-91db34b57c44"));
    }

    #[test]
    fn old_output_with_two_datacenters_a_token_column_and_a_note_is_read() {
        let text = "\
Datacenter: dc1
===============
Status=Up/Down
|/ State=Normal/Leaving/Joining/Moving
--  Address    Load       Owns    Host ID                               Token                                    Rack
UN  10.0.0.1   102.5 KB   50.0%   aaaaaaaa-c613-422a-81f0-27f6b127bab0  -9223372036854775808                     r1
Datacenter: dc2
===============
Status=Up/Down
|/ State=Normal/Leaving/Joining/Moving
--  Address    Load       Owns    Host ID                               Token                                    Rack
UJ  10.0.1.1   1.02 MB    100,0%  bbbbbbbb-c613-422a-81f0-27f6b127bab0  0                                        r2
?N  10.0.1.2   ?          ?       null                                  1                                        r2
Note: Non-system keyspaces don't have the same replication settings, effective ownership information is meaningless
";
        let rows = parse(text).unwrap();
        let short: Vec<_> =
            rows.iter().map(|r| (r.datacenter.as_str(), r.state, r.owns, r.host_id.is_some())).collect();
        assert_eq!(
            short,
            [
                ("dc1", State::Normal, Some(50.0), true),
                ("dc2", State::Joining, Some(100.0), true),
                ("dc2", State::Normal, None, false),
            ]
        );
        assert_eq!(rows[2].status, Liveness::Unknown);
    }

    #[test]
    fn a_blank_host_id_of_a_starting_node_is_no_host_id() {
        let text = "Datacenter: d\n--  Address    Load  Tokens  Owns  Host ID  Rack\nUN  127.0.0.1  70.1 KiB  4  100.0%    rack1\n";
        let rows = parse(text).unwrap();
        assert_eq!((rows[0].host_id.as_deref(), rows[0].rack.as_str()), (None, "rack1"));
    }

    #[test]
    fn ports_and_ipv6_stay_in_the_address() {
        let text = "Datacenter: d\nUN  [fe80::1]:7000  1 KiB  4  ?  4f065e01-c613-422a-81f0-27f6b127bab0  r\n";
        let row = parse(text).unwrap().remove(0);
        assert_eq!((row.address.as_str(), row.host()), ("[fe80::1]:7000", "fe80::1"));
        let host = |address: &str| Row { address: address.to_owned(), ..row.clone() }.host().to_owned();
        assert_eq!([host("10.0.0.1:7000"), host("10.0.0.1"), host("fe80::1")], ["10.0.0.1", "10.0.0.1", "fe80::1"]);
    }

    #[test]
    fn an_error_instead_of_a_table_is_reported_with_its_words() {
        let error = parse("Error: The keyspace x, does not exist\n").unwrap_err().to_string();
        assert!(error.contains("The keyspace x, does not exist"), "{error}");
        assert!(parse("").is_err());
        assert!(parse("UN  1.2.3.4\n").is_err());
    }
}
