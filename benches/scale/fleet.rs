//! Many sshd on one machine, and what their clients need.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::{Result, meter};

/// Their port.
const PORT: u16 = 2277;
/// Begins their addresses; nobody else on this machine listens there.
const NET: &str = "127.77.0.";
/// Where they keep what a run puts on them: in memory, each has its own.
const REMOTE: &str = "/var/lib/reseed-bench";

/// The hosts; they end with it.
pub struct Fleet {
    /// Their files.
    pub dir: PathBuf,
    /// How many.
    pub hosts: usize,
    listeners: Vec<Child>,
}

impl Fleet {
    /// Starts them and waits until all listen.
    pub fn start(dir: &Path, hosts: usize) -> Result<Self> {
        meter::clear(dir)?;
        fs::create_dir_all(dir)?;
        for place in ["/run/sshd", REMOTE] {
            fs::create_dir_all(place)?;
        }
        let at = dir.display();
        for key in ["host", "client"] {
            let file = dir.join(key);
            meter::run(
                Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-C", "bench", "-f"]).arg(file),
            )?;
        }
        // SHLVL: bash under sshd reads .bashrc unless it seems to be nested; what is in this
        // machine's is not what is measured.
        fs::write(
            dir.join("sshd_config"),
            format!(
                "Port {PORT}\nHostKey {at}/host\nPidFile none\nUsePAM no\nStrictModes no\nAuthorizedKeysFile {at}/client.pub\n\
                 PermitRootLogin prohibit-password\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
                 MaxStartups 100\nSetEnv SHLVL=5\nLogLevel ERROR\n"
            ),
        )?;
        let mut fleet = Self { dir: dir.to_owned(), hosts, listeners: vec![] };
        fleet.write_client()?;
        let script = format!(
            "mount -t tmpfs -o size=16m none {REMOTE} && exec /usr/sbin/sshd -D -e -f {at}/sshd_config -o ListenAddress=$0"
        );
        for host in 1..=hosts {
            let mut sshd = Command::new("unshare");
            sshd.args(["--mount", "--propagation", "private", "sh", "-c", &script, &format!("{NET}{host}")]);
            let log = fs::File::create(dir.join(format!("sshd-{host}.log")))?;
            fleet.listeners.push(sshd.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn()?);
        }
        let since = Instant::now();
        for host in 1..=hosts {
            while std::net::TcpStream::connect((format!("{NET}{host}"), PORT)).is_err() {
                if since.elapsed() > Duration::from_mins(2) {
                    let log = fs::read_to_string(dir.join(format!("sshd-{host}.log"))).unwrap_or_default();
                    return Err(format!("host {host} does not listen: {log}").into());
                }
                sleep(Duration::from_millis(50));
            }
        }
        Ok(fleet)
    }

    /// The names of all hosts.
    pub fn names(&self) -> impl Iterator<Item = String> {
        (1..=self.hosts).map(|host| format!("h{host:03}"))
    }

    /// An `ssh_config` for everybody, the list of hosts, the trusted keys.
    fn write_client(&self) -> Result<()> {
        let at = self.dir.display();
        let mut config = String::new();
        for (name, host) in self.names().zip(1..) {
            writeln!(config, "Host {name}\n  HostName {NET}{host}")?;
        }
        let login = format!(
            "Host *\n  User root\n  Port {PORT}\n  IdentityFile {at}/client\n  IdentitiesOnly yes\n  UserKnownHostsFile {at}/known_hosts\n  \
             GlobalKnownHostsFile none\n  StrictHostKeyChecking yes\n  BatchMode yes\n"
        );
        fs::write(self.dir.join("ssh_config"), format!("{config}{login}"))?;
        let shared = format!("{login}  ControlMaster auto\n  ControlPersist 600\n  ControlPath {at}/c-%h\n");
        fs::write(self.dir.join("ssh_config_shared"), format!("{config}{shared}"))?;
        fs::write(self.dir.join("hosts"), self.names().map(|name| name + "\n").collect::<String>())?;
        let public = fs::read_to_string(self.dir.join("host.pub"))?;
        Ok(fs::write(self.dir.join("known_hosts"), format!("[{NET}*]:{PORT} {public}"))?)
    }

    /// An inventory of these hosts, as if they were nodes.
    pub fn inventory(&self) -> Result<PathBuf> {
        let mut text = format!(
            "cluster: Bench\nssh: {{config: {}/ssh_config}}\nremote_dir: {REMOTE}\nbackup: {{root: /backup}}\nnodes:\n",
            self.dir.display()
        );
        for (name, seed) in self.names().zip([", seed: true"].into_iter().chain(std::iter::repeat(""))) {
            writeln!(text, "  - {{name: {name}, host: {name}{seed}}}")?;
        }
        let path = self.dir.join("inventory.yaml");
        fs::write(&path, text)?;
        Ok(path)
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for listener in &mut self.listeners {
            let _ = listener.kill();
            let _ = listener.wait();
        }
    }
}
