//! What ssh's own words mean.
//!
//! ssh ends with 255 whatever happened; only its log tells. Order matters: a jump host's refusal
//! is followed by the outer ssh's `Connection closed`, which alone would read as a busy server.

use crate::name::HostName;
use crate::remote::TransportError;

/// A failed connection attempt.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) error: TransportError,
    /// A server that drops connections when too many knock at once; worth another try soon.
    pub(super) busy: bool,
}

/// Lines about a host key that is not trusted.
const KEY: [&str; 6] = [
    "Host key verification failed",
    "REMOTE HOST IDENTIFICATION HAS CHANGED",
    "host key is known for",
    "has changed and you have requested strict checking",
    "Offending",
    "host key revoked",
];
/// Lines about a refused login. With the bracket, since a socket can be refused permission too.
const LOGIN: [&str; 3] = ["Permission denied (", "Too many authentication failures", "No supported authentication"];
/// What `MaxStartups` (or a penalty) looks like from outside.
const BUSY: [&str; 3] = ["kex_exchange_identification", "banner exchange", "Exceeded MaxStartups"];

/// Tells why ssh could not connect, from what it logged.
pub(super) fn interpret(host: &HostName, log: &str) -> Refusal {
    let host = host.clone();
    let lines: Vec<&str> = log.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('@')).collect();
    let naming = |words: &[&str]| {
        let found: Vec<&str> = lines.iter().copied().filter(|l| words.iter().any(|w| l.contains(w))).collect();
        (!found.is_empty()).then(|| found.join(" "))
    };
    let refusal = |error| Refusal { error, busy: false };
    if let Some(why) = naming(&KEY) {
        return refusal(TransportError::HostKey { host, why });
    }
    if let Some(why) = naming(&LOGIN) {
        return refusal(TransportError::Denied { host, why });
    }
    let closed = ["Connection closed", "Connection reset", "Broken pipe", "Exceeded MaxStartups"];
    let busy = naming(&BUSY).is_some_and(|why| closed.iter().any(|c| why.contains(c)));
    Refusal { error: TransportError::Unreachable { host, why: last_words(log) }, busy }
}

/// The end of a log: at most two lines, the reason comes last.
pub(super) fn last_words(log: &str) -> String {
    let lines: Vec<&str> = log.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    match lines.as_slice() {
        [] => "ssh gave no reason".into(),
        [.., a, b] => format!("{a} {b}"),
        [a] => (*a).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(log: &str) -> (&'static str, bool) {
        let refusal = interpret(&HostName::parse("h1").unwrap(), log);
        let kind = match refusal.error {
            TransportError::HostKey { .. } => "key",
            TransportError::Denied { .. } => "denied",
            TransportError::Unreachable { .. } => "unreachable",
            _ => "other",
        };
        (kind, refusal.busy)
    }

    #[test]
    fn what_ssh_logs_is_told_apart() {
        let key = "No ED25519 host key is known for [127.0.0.1]:22 and you have requested strict checking.\r\n\
            Host key verification failed.\r\n";
        assert_eq!(kind(key), ("key", false));
        let jump = format!("{key}kex_exchange_identification: Connection closed by remote host\r\n");
        assert_eq!(kind(&jump), ("key", false));
        assert_eq!(kind("@@@@\r\n@ WARNING: x @\r\nOffending ED25519 key in /h/known_hosts:1\r\n"), ("key", false));
        assert_eq!(kind("ops@h: Permission denied (publickey).\r\n"), ("denied", false));
        assert_eq!(kind("Received disconnect from ::1 port 22:2: Too many authentication failures"), ("denied", false));
        assert_eq!(kind("ssh: connect to host h port 22: Connection refused\r\n"), ("unreachable", false));
        assert_eq!(kind("ssh: connect to host h port 22: Permission denied\r\n"), ("unreachable", false));
        assert_eq!(kind("ssh: Could not resolve hostname h: Name or service not known"), ("unreachable", false));
        assert_eq!(kind("kex_exchange_identification: Connection closed by remote host"), ("unreachable", true));
        assert_eq!(kind("kex_exchange_identification: read: Connection reset by peer"), ("unreachable", true));
        assert_eq!(kind("Connection timed out during banner exchange"), ("unreachable", false));
        assert_eq!(kind(""), ("unreachable", false));
    }
}
