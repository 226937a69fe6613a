//! A real sshd on a free port of 127.0.0.1, or behind a cable of its own, with keys of its own, for one test. Nothing of the
//! system's ssh set-up is used or changed; accounts are made only by [`Login::with_shell`], and
//! removed with it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use reseed::inventory::{Become, Limits, Ssh};
use reseed::name::HostName;
use reseed::remote::ssh::{SshHost, SshTransport};

use crate::conformance::program;
use crate::ports::port;

pub struct Server {
    pub dir: tempfile::TempDir,
    pub port: u16,
    child: Option<Child>,
    cable: Option<Cable>,
}

impl Server {
    /// Starts one; `extra` goes first into its `sshd_config`. `None`: printed why it cannot be.
    ///
    /// `SHLVL`: bash under sshd reads `.bashrc` unless it seems to be a nested shell. The file of
    /// this machine's root is not what is tested (it may cost more than all the rest).
    pub fn start(extra: &str) -> Option<Self> {
        Self::begin(extra, None)
    }

    /// Starts one in a network namespace, whose cable can be pulled.
    pub fn behind_a_cable() -> Option<Self> {
        rustix::process::geteuid().is_root().then(Cable::new).and_then(|cable| Self::begin("", Some(cable)))
    }

    fn begin(extra: &str, cable: Option<Cable>) -> Option<Self> {
        if !Path::new("/usr/sbin/sshd").exists() || !rustix::process::geteuid().is_root() {
            println!("skipped: this tier needs root and /usr/sbin/sshd");
            return None;
        }
        fs::create_dir_all("/run/sshd").unwrap();
        let dir = tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o755)).tempdir().unwrap();
        for key in ["host", "client", "stranger"] {
            let file = dir.path().join(key);
            quiet(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(file));
        }
        fs::copy(dir.path().join("client.pub"), dir.path().join("authorized")).unwrap();
        let port = port();
        let at = dir.path().display();
        let address = cable.as_ref().map_or("127.0.0.1", |cable| &cable.far);
        // The last one counts, unlike most others.
        let startups = if extra.contains("MaxStartups") { "" } else { "MaxStartups 100" };
        let config = format!(
            "{extra}\n{startups}\nPort {port}\nListenAddress {address}\nHostKey {at}/host\nPidFile none\nUsePAM no\nStrictModes no\n\
             AuthorizedKeysFile {at}/authorized\nPermitRootLogin prohibit-password\nPasswordAuthentication no\n\
             KbdInteractiveAuthentication no\nAcceptEnv *\nSetEnv SHLVL=5\n"
        );
        fs::write(dir.path().join("sshd_config"), config).unwrap();
        let mut server = Self { dir, port, child: None, cable };
        server.trust("host");
        server.resume();
        Some(server)
    }

    /// Starts the listener (again).
    pub fn resume(&mut self) {
        let mut sshd = match &self.cable {
            None => Command::new("/usr/sbin/sshd"),
            Some(cable) => {
                let mut ip = Command::new("ip");
                ip.args(["netns", "exec", &cable.name, "/usr/sbin/sshd"]);
                ip
            }
        };
        sshd.args(["-D", "-e", "-f"]).arg(self.dir.path().join("sshd_config"));
        let log = fs::File::create(self.dir.path().join("sshd.log")).unwrap();
        self.child = Some(sshd.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap());
        for _ in 0..1500 {
            std::thread::sleep(Duration::from_millis(20));
            if fs::read_to_string(self.dir.path().join("sshd.log")).unwrap().contains("Server listening") {
                return;
            }
        }
        panic!("sshd does not listen: {}", fs::read_to_string(self.dir.path().join("sshd.log")).unwrap());
    }

    /// Puts the key of that name into `known_hosts`, alone.
    pub fn trust(&self, key: &str) {
        let public = fs::read_to_string(self.dir.path().join(format!("{key}.pub"))).unwrap();
        let line = format!("[{}]:{} {public}", self.address(), self.port);
        fs::write(self.dir.path().join("known_hosts"), line).unwrap();
    }

    fn address(&self) -> &str {
        self.cable.as_ref().map_or("127.0.0.1", |cable| &cable.far)
    }

    /// Pulls the cable (`down`), or plugs it in (`up`).
    pub fn cable(&self, state: &str) {
        quiet(Command::new("ip").args(["link", "set", &self.cable.as_ref().unwrap().name, state]));
    }

    /// How to log in here as `user`.
    pub fn host(&self, name: &str, user: &str) -> SshHost {
        let mut host = Self::host_at(self.dir.path(), self.port);
        host.name = HostName::parse(name).unwrap();
        host.address = self.address().into();
        host.ssh.user = Some(user.into());
        host
    }

    /// How another process logs in to a server with these keys.
    pub fn host_at(keys: &Path, port: u16) -> SshHost {
        let config = keys.join("client.conf");
        let known = format!("UserKnownHostsFile {}/known_hosts\nGlobalKnownHostsFile none\n", keys.display());
        fs::write(&config, known).unwrap();
        fs::set_permissions(&config, fs::Permissions::from_mode(0o600)).unwrap();
        SshHost {
            name: HostName::parse("h1").unwrap(),
            address: "127.0.0.1".into(),
            ssh: Ssh {
                user: Some("root".into()),
                port: Some(port),
                config: Some(config),
                identity_file: Some(keys.join("client")),
                r#become: Become::None,
            },
        }
    }

    pub fn transport(&self) -> SshTransport {
        self.transport_as("root", |_| {})
    }

    pub fn transport_as(&self, user: &str, change: impl FnOnce(&mut SshHost)) -> SshTransport {
        let mut host = self.host("h1", user);
        change(&mut host);
        SshTransport::new(vec![host], &limits(), None).unwrap()
    }

    /// One that gives up a connection attempt after so long.
    pub fn transport_connecting_for(&self, connect: Duration) -> SshTransport {
        SshTransport::new(vec![self.host("h1", "root")], &Limits { connect, ..limits() }, None).unwrap()
    }

    /// The server's processes without its listener: the connections.
    pub fn sessions(&self) -> Vec<u32> {
        let mut found = vec![self.child.as_ref().unwrap().id()];
        let mut at = 0;
        while at < found.len() {
            let children: Vec<u32> = processes().filter(|(_, parent, _)| *parent == found[at]).map(|p| p.0).collect();
            found.extend(children);
            at += 1;
        }
        // Only sshd's own, not what runs in the sessions.
        let own: Vec<u32> = processes().filter(|(_, _, name)| name.starts_with("sshd")).map(|p| p.0).collect();
        found.into_iter().skip(1).filter(|pid| own.contains(pid)).collect()
    }

    /// Stops or goes on with the whole server: the listener, too.
    pub fn signal_all(&self, signal: &str) {
        let listener = self.child.as_ref().unwrap().id().to_string();
        quiet(Command::new("kill").args([&format!("-{signal}"), &listener]));
        self.signal(signal);
    }

    pub fn signal(&self, signal: &str) {
        for pid in self.sessions() {
            let _ = Command::new("kill").args([&format!("-{signal}"), &pid.to_string()]).stderr(Stdio::null()).status();
        }
    }

    /// Ends the listener; connections stay.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.signal_all("CONT");
            self.signal("KILL");
        }
        self.stop();
    }
}

/// A network namespace and the pair of interfaces that leads there. The near one bears its name.
struct Cable {
    name: String,
    far: String,
}

impl Cable {
    fn new() -> Self {
        let (pid, number) = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let name = format!("rs{pid}c{number}");
        let address = |host| format!("10.231.{}.{}", pid % 250, number % 60 * 4 + host);
        let cable = Self { name, far: address(2) };
        let (name, near, far) = (&cable.name, format!("{}/30", address(1)), format!("{}/30", address(2)));
        let ip = |words: &[&str]| quiet(Command::new("ip").args(words));
        ip(&["netns", "add", name]);
        ip(&["link", "add", name, "type", "veth", "peer", "name", "far", "netns", name]);
        ip(&["addr", "add", &near, "dev", name]);
        ip(&["link", "set", name, "up"]);
        ip(&["-n", name, "addr", "add", &far, "dev", "far"]);
        ip(&["-n", name, "link", "set", "far", "up"]);
        ip(&["-n", name, "link", "set", "lo", "up"]);
        cable
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        for words in [["link", "del", &self.name], ["netns", "del", &self.name]] {
            let _ = Command::new("ip").args(words).stderr(Stdio::null()).status();
        }
    }
}

/// Process id, parent and name of all processes.
fn processes() -> impl Iterator<Item = (u32, u32, String)> {
    fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        let (name, rest) = stat.split_once('(')?.1.rsplit_once(')')?;
        Some((pid, rest.split_whitespace().nth(1)?.parse().ok()?, name.to_owned()))
    })
}

pub fn limits() -> Limits {
    let zero = Duration::ZERO;
    Limits {
        connects: 8,
        channels: 4,
        copies: 2,
        copy_rate: 0,
        connect: Duration::from_secs(20),
        silence: Duration::from_secs(3),
        settle: zero,
        ready: zero,
        repair_stall: zero,
        run: zero,
    }
}

/// An account made for a test.
pub struct Login {
    pub name: String,
    pub home: tempfile::TempDir,
}

/// useradd locks its files, but fails when it waits too long.
static ACCOUNTS: Mutex<()> = Mutex::new(());
static COUNT: AtomicU32 = AtomicU32::new(0);

impl Login {
    pub fn with_shell(shell: &Path) -> Self {
        let home = tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o755)).tempdir().unwrap();
        let name = format!("rs{}x{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let lock = ACCOUNTS.lock().unwrap();
        let mut add = Command::new("useradd");
        quiet(add.args(["-M", "-N", "-p", "*", "-d"]).arg(home.path()).arg("-s").arg(shell).arg(&name));
        drop(lock);
        Self { name, home }
    }

    /// With a shell that is the given script.
    pub fn with_script(text: &str) -> Self {
        let login = Self::with_shell(Path::new("/bin/sh"));
        let file: PathBuf = login.home.path().join("shell");
        program::write(&file, text);
        let lock = ACCOUNTS.lock().unwrap();
        quiet(Command::new("usermod").arg("-s").arg(&file).arg(&login.name));
        drop(lock);
        login
    }
}

impl Drop for Login {
    /// Forced: a session that is about to end would hinder it.
    fn drop(&mut self) {
        let _lock = ACCOUNTS.lock();
        let _ = Command::new("userdel").arg("-f").arg(&self.name).stderr(Stdio::null()).status();
    }
}

fn quiet(command: &mut Command) {
    let out = command.output().unwrap();
    assert!(out.status.success(), "{command:?}: {}", String::from_utf8_lossy(&out.stderr));
}
