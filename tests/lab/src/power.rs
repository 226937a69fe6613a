//! A host's power: off all at once, and on again.
//!
//! A host is its first process: killing that kills everything in it, and its mounts go with it.
//! Its network namespace stays, so that it comes back with its address. Its link is down meanwhile:
//! nobody is told that connections are gone.
//!
//! | | what is lost | how |
//! |---|---|---|
//! | [`Lab::crash`] | nothing that was written | the machine's memory outlives the host |
//! | [`Lab::power_cut`] | what nobody had synced | the file system is shut down under everything (as xfstests do it): neither dirty pages nor its journal reach the image any more, and the next mount recovers |
//!
//! A power cut needs [`crate::Disk::Image`]. Its journal is committed only when somebody asks (`commit=600`), so
//! a forgotten sync shows. What it does not show: torn or reordered sectors, a disk that lies about
//! its cache, anything that the kernel had written back by itself (data older than half a minute).
//!
//! After either the next boot has another boot id, and starts what is enabled.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use crate::{
    Disk, Error, Host, Lab, Result, interrupt, network,
    process::{command, output, run},
};

/// Made right before a cut, and synced by nobody: where it is there afterwards, the power was not cut. (Somebody's sync takes
/// along what all others wrote, so between the two there is next to no time.)
const CANARY: &str = "/disk/not-synced";
/// The kernel's own power cut: `ioctl(EXT4_IOC_SHUTDOWN, NOLOGFLUSH)`.
const CUT: &str = "import fcntl, os, sys
os.open(sys.argv[1], os.O_CREAT)
fcntl.ioctl(os.open('/disk', os.O_RDONLY), 0x8004587D, (2).to_bytes(4, 'little'))";
/// How long a killed host may take to be gone.
const LIMIT: Duration = Duration::from_secs(30);

impl Lab {
    /// Kills everything on a host at once. What was written is kept; [`crate::Disk::Folder`] loses
    /// the backups.
    ///
    /// # Errors
    /// When something of it stays.
    pub fn crash(&self, host: &Host) -> Result<()> {
        host.cut_off()?;
        end(host)
    }

    /// As [`Lab::crash`], and what was written but not synced is lost.
    ///
    /// # Errors
    /// When the lab's disks are no images.
    pub fn power_cut(&self, host: &Host) -> Result<()> {
        if host.disk != Disk::Image {
            return Err(Error::broken(format!("cutting the power of {}", host.name), "its disk is no image"));
        }
        host.cut_off()?;
        run(
            &format!("cutting the power of {}", host.name),
            host.command("/usr/bin/python3").args(["-c", CUT, CANARY]),
        )?;
        end(host)
    }

    /// Boots a host that is off, with everything that starts at boot.
    ///
    /// # Errors
    /// When it does not come up, or what a cut should have lost is there.
    pub fn power_on(&self, host: &Host) -> Result<()> {
        if host.alive() {
            return Err(Error::broken(format!("booting {}", host.name), "it runs"));
        }
        host.boot(&self.dir().join("host-init.sh"))?;
        host.reconnect()?;
        let what = format!("booting {}", host.name);
        let canary =
            run(&what, host.command("/bin/sh").args(["-c", "[ ! -e \"$0\" ] || { rm \"$0\"; echo there; }", CANARY]))?;
        if !canary.trim().is_empty() {
            return Err(Error::broken(what, "what was not synced is there: the power was not cut"));
        }
        Ok(())
    }
}

/// Kills a host's first process, and waits until its processes and its disks are gone: a disk that
/// is still in use must not be mounted a second time.
fn end(host: &Host) -> Result<()> {
    let what = format!("ending {}", host.name);
    let namespace = network::namespace(&host.lab, &host.name);
    let pid = host.pid().to_string();
    drop(output(&what, &mut command("kill", ["-KILL", &pid]), b"")?);
    let since = Instant::now();
    loop {
        let processes = run(&what, &mut command("ip", ["netns", "pids", &namespace]))?;
        let mut used = vec![];
        for image in ["disk.img", "backup.img"].map(|name| host.dir.join(name)) {
            if host.disk == Disk::Image {
                used.push(run(&what, &mut command("losetup", ["-j", &image.to_string_lossy()]))?);
            }
        }
        if processes.trim().is_empty() && used.iter().all(|used| used.trim().is_empty()) {
            break;
        }
        interrupt::check()?;
        if since.elapsed() > LIMIT {
            let tail = format!("processes {processes}\n{}", used.concat());
            return Err(Error::Timeout { what, seconds: LIMIT.as_secs(), tail });
        }
        thread::sleep(Duration::from_millis(50));
    }
    drop(fs::remove_file(host.dir.join("init.pid")));
    Ok(())
}
