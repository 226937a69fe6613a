//! What a host needs besides, to boot systemd as its first process.

use std::{fs, os::unix::fs::symlink, path::Path};

use crate::{
    Error, Host, Result,
    paths::{make_dir, read, remove_dir, write},
};

const SSHD: &str = "/lib/systemd/system/ssh.service";
const TARGET: &str = "/lib/systemd/system/multi-user.target";
/// A session's end ends what it started: legal, and hard on whoever relies on `setsid`.
const LOGIND: &str = "[Login]\nKillUserProcesses=yes\n";

/// Makes a host's `/etc`, a copy of the machine's, one of a host with systemd: of units, only
/// sshd, logind and Cassandra start. None of the machine's own does.
pub(crate) fn configure(host: &Host, etc: &Path) -> Result<()> {
    let units = etc.join("systemd/system");
    remove_dir(&units)?;
    for level in ["0", "1", "2", "3", "4", "5", "6", "S"] {
        remove_dir(etc.join(format!("rc{level}.d")))?;
    }
    make_dir(units.join("multi-user.target.wants"))?;
    let link = |target: &str, name: &str| {
        let path = units.join(name);
        symlink(target, &path).map_err(Error::file("making the link", path))
    };
    link(TARGET, "default.target")?;
    link(SSHD, "multi-user.target.wants/ssh.service")?;
    // for a machine with hardware and a kernel of its own
    for unit in ["systemd-udevd", "systemd-modules-load", "systemd-sysctl"] {
        link("/dev/null", &format!("{unit}.service"))?;
    }
    if host.is_node() {
        write(units.join("cassandra.service"), include_str!("conf/cassandra.service"), 0o644)?;
    }
    for (folder, name, text) in [
        ("logind.conf.d", "lab.conf", LOGIND),
        ("journald.conf.d", "lab.conf", "[Journal]\nStorage=volatile\nReadKMsg=no\n"),
    ] {
        make_dir(etc.join("systemd").join(folder))?;
        write(etc.join("systemd").join(folder).join(name), text, 0o644)?;
    }
    write(etc.join("fstab"), "", 0o644)?;
    let id = read("/proc/sys/kernel/random/uuid")?.trim().replace('-', "");
    drop(fs::remove_file(etc.join("machine-id")));
    write(etc.join("machine-id"), format!("{id}\n"), 0o444)?;
    // sessions are logind's business
    let sshd = etc.join("ssh/sshd_config");
    write(&sshd, read(&sshd)?.replace("UsePAM no", "UsePAM yes"), 0o644)
}
