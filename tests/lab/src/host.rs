//! One host of a lab: booting it, running things inside it, its network cable.

use std::{
    fs::{self, File},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use crate::{
    Disk, Error, Init, Result,
    error::last_lines,
    interrupt,
    network::{ip, link, namespace, namespace_path, world},
    paths,
    process::{command, output, run},
};

/// The PATH of every login and of everything the lab runs on a host.
pub(crate) const PATH: &str = "/opt/cassandra/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What a host is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A Cassandra node.
    Node {
        /// The number of its data centre, from 1.
        dc: usize,
        /// Whether it is a seed.
        seed: bool,
    },
    /// A gateway.
    Gateway,
}

/// One host of a lab.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Host {
    /// Its hostname: `cass1` …, `gw1` ….
    pub name: String,
    /// Its address in the lab's network.
    pub address: String,
    /// What it is for.
    pub role: Role,
    /// The lab's name.
    pub(crate) lab: String,
    /// Its folder on the machine.
    pub(crate) dir: PathBuf,
    /// What its first process is.
    #[serde(default)]
    pub(crate) init: Init,
    /// Where its files are.
    #[serde(default)]
    pub(crate) disk: Disk,
}

/// What a script on a host printed, and how it ended.
#[derive(Clone, Debug)]
pub struct Output {
    /// How it ended.
    pub status: ExitStatus,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Host {
    /// Whether it is a Cassandra node.
    pub fn is_node(&self) -> bool {
        matches!(self.role, Role::Node { .. })
    }

    /// A path of the host, as the machine sees it. Holds for /etc, /opt, /home,
    /// /tmp, /var and /root; other folders exist only inside. While a host whose
    /// disk is an image is off, nothing is there.
    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        let inside = path.as_ref().strip_prefix("/").unwrap_or(path.as_ref());
        if self.disk == Disk::Image && self.dir.join("disk.img").exists() {
            return PathBuf::from(format!("/proc/{}/root", self.pid())).join(inside);
        }
        match inside.strip_prefix("root") {
            Ok(rest) => self.dir.join("root-home").join(rest),
            Err(_) => self.dir.join(inside),
        }
    }

    /// A command that runs as root inside the host, in all its namespaces,
    /// with a clean environment and the PATH of its logins.
    pub fn command(&self, program: &str) -> Command {
        let pid = self.pid().to_string();
        let mut inside = command(
            "nsenter",
            ["--target", &pid, "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--", program],
        );
        inside.env_clear().env("PATH", PATH).env("HOME", "/root").env("LANG", "C.UTF-8");
        inside.env("USER", "root").env("LOGNAME", "root");
        inside
    }

    /// Runs a script with `sh -c` as root inside the host.
    ///
    /// # Errors
    /// When it cannot be run; not when it fails.
    pub fn sh(&self, script: &str) -> Result<Output> {
        let what = format!("running a script on {}", self.name);
        let output = output(&what, self.command("/bin/sh").args(["-c", script]), b"")?;
        Ok(Output {
            status: output.status,
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    /// Runs a script that must succeed; its standard output.
    pub(crate) fn must(&self, what: &str, script: &str) -> Result<String> {
        let mut command = self.command("/bin/sh");
        command.args(["-c", script]);
        run(&format!("{what} on {}", self.name), &mut command)
    }

    /// Takes the world's end of the host's link down: no packet in or out.
    ///
    /// # Errors
    /// When `ip` fails.
    pub fn cut_off(&self) -> Result<()> {
        self.set_link("down")
    }

    /// Takes the link up again.
    ///
    /// # Errors
    /// When `ip` fails.
    pub fn reconnect(&self) -> Result<()> {
        self.set_link("up")
    }

    fn set_link(&self, to: &str) -> Result<()> {
        let mut set = ip(&world(&self.lab), ["link", "set", &link(&self.name), to]);
        run(&format!("setting the link of {} {to}", self.name), &mut set).map(drop)
    }

    /// Its first process, as the machine numbers it; 0 while it is off. In a file, because it is
    /// another one after a boot.
    pub(crate) fn pid(&self) -> u32 {
        let told = fs::read_to_string(self.dir.join("init.pid")).unwrap_or_default();
        told.trim().parse().unwrap_or(0)
    }

    /// Whether its first process lives, in the host's network namespace.
    pub fn alive(&self) -> bool {
        let of = |path: PathBuf| fs::metadata(path).map(|meta| meta.ino()).ok();
        let own = of(namespace_path(&namespace(&self.lab, &self.name)));
        let pid = self.pid();
        pid != 0 && own.is_some() && own == of(format!("/proc/{pid}/ns/net").into())
    }

    /// Boots the host, whose folder and network are ready, up to its sshd.
    pub(crate) fn boot(&self, init: &Path) -> Result<()> {
        let net = namespace_path(&namespace(&self.lab, &self.name));
        let (log, pid_file) = (self.dir.join("init.log"), self.dir.join("init.pid.new"));
        let what = format!("booting {}", self.name);
        drop(fs::remove_file(&pid_file));
        // --kill-child: when unshare dies, so does the host. setsid --fork: the
        // host is no child of ours and no part of our terminal. It outlives us,
        // so it must not hold our output open.
        let output = File::create(&log).map_err(Error::file("making", &log))?;
        let errors = output.try_clone().map_err(Error::file("making", &log))?;
        let mut boot = Command::new("setsid");
        boot.args(["--fork", "nsenter"])
            .arg(format!("--net={}", net.display()))
            .args(["unshare", "--mount", "--pid", "--fork", "--uts", "--ipc", "--kill-child"])
            .arg("/bin/sh")
            .args([init, Path::new(&self.name), &self.dir, &paths::cache()])
            .arg(match self.init {
                Init::Sh => "sh",
                Init::Systemd => "systemd",
            })
            .env_clear()
            .env("PATH", PATH)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors);
        boot.status().map_err(|source| Error::Spawn { what: what.clone(), program: "setsid".into(), source })?;

        let since = Instant::now();
        loop {
            let told = fs::read_to_string(&pid_file).unwrap_or_default();
            if told.trim().parse().is_ok_and(|pid| crate::ports::listening(pid, 22)) {
                let known = self.dir.join("init.pid");
                fs::rename(&pid_file, &known).map_err(Error::file("renaming to", known))?;
                break;
            }
            interrupt::check()?;
            if since.elapsed() > Duration::from_mins(1) {
                let log = fs::read_to_string(&log).unwrap_or_default();
                return Err(Error::Timeout { what, seconds: 60, tail: last_lines(&log, 12) });
            }
            thread::sleep(Duration::from_millis(20));
        }
        if self.init == Init::Systemd {
            // until then nobody but root may log in; what it says of the units is not asked for
            self.sh("systemctl is-system-running --wait")?;
        }
        Ok(())
    }
}
