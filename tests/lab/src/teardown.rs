//! Ending a lab so that nothing of it is left: also one that is half made, or
//! whose maker was killed, or whose folder is gone.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    os::unix::ffi::OsStrExt,
    process, thread,
    time::{Duration, Instant},
};

use crate::{
    Error, Result, network,
    options::check_name,
    paths,
    process::{command, run},
    progress::say,
    state,
};

/// How long processes may take to end, and a folder to become empty.
const LIMIT: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(50);

/// Ends a lab. Returns whether there was anything of it.
///
/// # Errors
/// When something of it cannot be removed.
pub fn down(name: &str) -> Result<bool> {
    check_name(name)?;
    let _lock = lock(name)?;
    down_locked(name)
}

/// Ends every lab of this machine; their names.
///
/// # Errors
/// When something cannot be removed; the other labs are ended first.
pub fn down_all() -> Result<Vec<String>> {
    let mut names: BTreeSet<String> = state::names()?.into_iter().collect();
    names.extend(network::labs()?);
    let mut failed = Ok(());
    for name in &names {
        if let Err(error) = down(name) {
            failed = Err(error);
        }
    }
    failed.map(|()| names.into_iter().collect())
}

/// One `up` or `down` of a lab at a time; waits for the other.
pub(crate) fn lock(name: &str) -> Result<File> {
    let labs = paths::labs()?;
    paths::make_dir(&labs)?;
    let path = labs.join(format!(".{name}.lock"));
    let file = File::create(&path).map_err(Error::file("making", &path))?;
    file.lock().map_err(Error::file("locking", &path))?;
    Ok(file)
}

/// [`down`] for a caller that has the lock.
pub(crate) fn down_locked(name: &str) -> Result<bool> {
    let stopped = stop_locked(name)?;
    let dir = paths::lab(name)?;
    let had_files = dir.exists();
    // A program that a killed `up` ran may still be writing: it fails once its
    // folder is gone.
    let since = Instant::now();
    while let Err(error) = paths::remove_dir(&dir) {
        if since.elapsed() > LIMIT {
            return Err(error);
        }
        thread::sleep(PAUSE);
    }
    if stopped || had_files {
        say(format!("lab {name} is down"));
    }
    Ok(stopped || had_files)
}

/// Ends what runs of a lab and removes its network; its folder stays.
pub(crate) fn stop_locked(name: &str) -> Result<bool> {
    let namespaces = network::namespaces(name)?;
    let spared = ancestors();
    let since = Instant::now();
    // The hosts' first processes are among these; all of a host dies with its first.
    loop {
        let mut left = pids(&namespaces)?;
        left.extend(booting(name)?);
        left.retain(|pid| !spared.contains(pid));
        if left.is_empty() {
            break;
        }
        if since.elapsed() > LIMIT {
            let why = format!("processes {left:?} do not end");
            return Err(Error::broken(format!("ending lab {name}"), why));
        }
        kill(&left);
        thread::sleep(PAUSE);
    }
    for namespace in &namespaces {
        run("removing a network namespace", &mut command("ip", ["netns", "delete", namespace]))?;
    }
    remove_cgroups(name)?;
    unmount(name)?;
    Ok(!namespaces.is_empty())
}

/// The processes in these network namespaces.
fn pids(namespaces: &[String]) -> Result<BTreeSet<u32>> {
    let mut pids = BTreeSet::new();
    for namespace in namespaces {
        let listed = run("looking for processes", &mut command("ip", ["netns", "pids", namespace]))?;
        pids.extend(listed.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
    }
    Ok(pids)
}

/// The processes that boot a host of this lab, whether or not they have entered
/// its namespaces yet: those with the lab's init among their arguments.
fn booting(name: &str) -> Result<BTreeSet<u32>> {
    let init = paths::lab(name)?.join("host-init.sh");
    let boots = |pid: &u32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let mut words = line.split(|byte| *byte == 0);
        let program = words.next().unwrap_or_default();
        [b"setsid".as_slice(), b"nsenter", b"unshare", b"/bin/sh"].contains(&program)
            && words.any(|word| word == init.as_os_str().as_bytes())
    };
    let entries = fs::read_dir("/proc").map_err(Error::file("listing", "/proc"))?;
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    Ok(pids.filter(boots).collect())
}

/// Those that ended meanwhile make `kill` fail; the next look tells.
fn kill(pids: &BTreeSet<u32>) {
    let mut kill = command("kill", ["-KILL"]);
    kill.args(pids.iter().map(u32::to_string));
    drop(crate::process::output("ending a lab", &mut kill, b""));
}

/// This process and those it descends from: `lab down` may be called from
/// within the lab's world.
fn ancestors() -> BTreeSet<u32> {
    let mut all = BTreeSet::new();
    let mut pid = process::id();
    while pid > 1 && all.insert(pid) {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // `pid (name) state parent …`; the name may hold anything.
        let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        pid = rest.split_whitespace().nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
    }
    all
}

/// Those that hosts with systemd made for themselves, wherever the machine has its cgroups mounted.
/// A machine without cgroups of version 2 has no such host.
fn remove_cgroups(name: &str) -> Result<()> {
    let script = format!(
        "mount -t cgroup2 cgroup2 /mnt 2>/dev/null || exit 0
        for group in /mnt/reseed-lab.{name}.*; do
            left=100
            while [ -d \"$group\" ] && ! find \"$group\" -depth -type d -delete 2>/dev/null; do
                left=$((left - 1)); [ $left -gt 0 ] || exit 1; sleep 0.1
            done
        done"
    );
    run("removing control groups", &mut command("unshare", ["--mount", "sh", "-c", &script])).map(drop)
}

/// The hosts' mounts are in their own namespaces and went with them; anything
/// in the machine's below the lab's folder would be a fault, and is removed
/// before the folder is.
fn unmount(name: &str) -> Result<()> {
    let prefix = format!("{}/", paths::lab(name)?.display());
    let mounts = paths::read("/proc/self/mounts")?;
    let points = mounts.lines().filter_map(|line| line.split(' ').nth(1));
    let mut points: Vec<&str> = points.filter(|point| point.starts_with(&prefix)).collect();
    points.reverse();
    for point in points {
        run("unmounting what a lab left", &mut command("umount", ["--lazy", point]))?;
    }
    Ok(())
}
