//! Ports for what listens here. Not what the kernel gives for port 0: those are of the range that it
//! also gives to every outgoing connection, so one that its owner closes for a while (a node that is
//! stopped, a server that is killed) can be somebody's source port when it comes back.

use std::net::TcpListener;
use std::ops::Range;
use std::sync::Mutex;

/// Below the kernel's own range (`ip_local_port_range` begins at 32768), above what has a name.
const OURS: Range<u16> = 10_000..32_768;

static NEXT: Mutex<Option<u16>> = Mutex::new(None);

/// A port on which nothing listens, given out once.
pub fn port() -> u16 {
    let mut next = NEXT.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    // other processes that test at the same time begin elsewhere
    let size = u32::from(OURS.end - OURS.start);
    let mut at = next.unwrap_or_else(|| OURS.start + u16::try_from(std::process::id() * 97 % size).unwrap());
    for _ in OURS {
        let port = at;
        at = if port + 1 == OURS.end { OURS.start } else { port + 1 };
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            *next = Some(at);
            return port;
        }
    }
    panic!("no free port in {OURS:?}");
}
