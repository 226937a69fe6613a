//! The ring as `nodetool status` shows it.

/// One line of `nodetool status`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Two letters: U or D, then N, L, J or M.
    pub state: String,
    /// The node's address.
    pub address: String,
}

/// The members in the output of `nodetool status`.
pub fn parse_status(output: &str) -> Vec<Member> {
    output.lines().filter_map(member).collect()
}

fn member(line: &str) -> Option<Member> {
    let mut words = line.split_whitespace();
    let (state, address) = (words.next()?, words.next()?);
    let known = matches!(state.as_bytes(), [b'U' | b'D' | b'?', b'N' | b'L' | b'J' | b'M']);
    (known && address.parse::<std::net::IpAddr>().is_ok())
        .then(|| Member { state: state.to_owned(), address: address.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_members_of_a_ring() {
        let output = "Datacenter: dc1\n===============\nStatus=Up/Down\n|/ State=Normal/Leaving/Joining/Moving\n\
            --  Address     Load       Tokens  Owns (effective)  Host ID                               Rack\n\
            UN  10.77.0.11  74.64 KiB  4       100.0%            6f7a3b0c-0000-0000-0000-000000000000  rack1\n\
            DN  10.77.0.12  ?          4       100.0%            6f7a3b0c-0000-0000-0000-000000000001  rack1\n\n";
        let members = parse_status(output);
        assert_eq!(members.len(), 2);
        assert_eq!((members[0].state.as_str(), members[0].address.as_str()), ("UN", "10.77.0.11"));
        assert_eq!(members[1].state, "DN");
    }
}
