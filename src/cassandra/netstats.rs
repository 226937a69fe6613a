//! `nodetool netstats`: only its first line, `Mode: DRAINED`. Where Cassandra's log tells the mode, the scripts print that line
//! themselves, and from what they know it.

use super::{Unreadable, excerpt};

/// What a node says it is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// Coming up.
    Starting,
    /// Serving (gossip may still be settling, the native transport may still be closed).
    Normal,
    /// A drain runs, or one failed half-way: 3.11 and later stay here and exit 0.
    Draining,
    /// Drained: the only proof that a drain came to its end.
    Drained,
    /// Anything else, by its name: `JOINING`, `LEAVING`, `MOVING`, `DECOMMISSIONED`, ….
    Other(String),
}

/// What a script says in a line of its own when it asked no JVM.
const FROM_LOG: &str = "reseed: its log says so";

/// From what the mode is known, as evidence has it behind the mode.
pub fn source(text: &str) -> &'static str {
    if text.lines().any(|line| line.starts_with(FROM_LOG)) { " (from its log)" } else { "" }
}

/// Reads the mode.
pub fn mode(text: &str) -> Result<Mode, Unreadable> {
    let Some(mode) = text.lines().find_map(|line| line.trim().strip_prefix("Mode:")) else {
        let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("nothing was printed");
        return Err(Unreadable::new("nodetool netstats", format!("no Mode line: {}", excerpt(first))));
    };
    Ok(match mode.trim() {
        "STARTING" => Mode::Starting,
        "NORMAL" => Mode::Normal,
        "DRAINING" => Mode::Draining,
        "DRAINED" => Mode::Drained,
        other => Mode::Other(excerpt(other)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mode_line_is_found() {
        assert_eq!(mode("Mode: NORMAL\nNot sending any streams.\nRead Repair Statistics:\n").unwrap(), Mode::Normal);
        assert_eq!(mode("Mode: DRAINED\n").unwrap(), Mode::Drained);
        assert_eq!(mode("Mode: DRAINING\n").unwrap(), Mode::Draining);
        assert_eq!(mode("Mode: JOINING_FAILED\n").unwrap(), Mode::Other("JOINING_FAILED".into()));
    }

    #[test]
    fn a_refused_connection_is_reported_with_its_words() {
        let text = "nodetool: Failed to connect to '127.0.0.1:7199' - ConnectException: 'Connection refused'.\n";
        assert!(mode(text).unwrap_err().to_string().contains("Connection refused"));
    }
}
