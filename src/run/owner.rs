//! Who conducts a run: a process on a machine, told apart from a later one of the same number.
//!
//! Another coordinator is *gone* only when this very machine can say so: same machine id, same
//! host name, and no such process since. About other machines only silence tells something.

use std::fmt;
use std::fs;

/// A coordinator's process.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Owner {
    /// `user@host`, for people.
    pub who: String,
    /// The machine's id and its boot's, from `/etc/machine-id` and the kernel.
    pub machine: String,
    /// The boot's id.
    pub boot: String,
    /// The process and its start time in clock ticks since the boot.
    pub process: (u32, u64),
}

impl Owner {
    /// This process.
    pub fn me() -> Self {
        let user = ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let pid = std::process::id();
        Self {
            who: format!("{}@{host}", user.unwrap_or_else(|| "unknown".to_owned())),
            machine: read("/etc/machine-id"),
            boot: read("/proc/sys/kernel/random/boot_id"),
            process: (pid, started(pid).unwrap_or(0)),
        }
    }

    /// Whether this process knows for sure that the other one has ended.
    pub fn knows_gone(&self, other: &Self) -> bool {
        let host = |owner: &Self| owner.who.rsplit('@').next().map(str::to_owned);
        if self.machine.is_empty() || self.machine != other.machine || host(self) != host(other) {
            return false;
        }
        self.boot != other.boot || started(other.process.0) != Some(other.process.1)
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, process {}", self.who, self.process.0)
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

/// Start time of a process that lives; a zombie has ended.
fn started(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // the program's name may hold blanks and brackets: count from behind its last one
    let mut words = stat[stat.rfind(')')? + 1..].split_ascii_whitespace();
    if words.next()? == "Z" {
        return None;
    }
    words.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_gone_only_when_this_machine_can_say_so() {
        let me = Owner { machine: "m".into(), ..Owner::me() };
        assert!(!me.knows_gone(&me), "it lives");
        let reused = Owner { process: (me.process.0, me.process.1 + 1), ..me.clone() };
        assert!(me.knows_gone(&reused), "the number was given anew");
        let rebooted = Owner { boot: "before".into(), ..me.clone() };
        assert!(me.knows_gone(&rebooted));
        let elsewhere = Owner { machine: "other".into(), ..rebooted.clone() };
        assert!(!me.knows_gone(&elsewhere), "nobody here can tell");
        let clone = Owner { who: "x@another-host".into(), ..rebooted };
        assert!(!me.knows_gone(&clone), "a cloned machine has the same id");
    }
}
