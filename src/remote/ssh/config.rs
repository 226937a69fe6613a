//! The generated `ssh_config` of one host.
//!
//! `ssh -F` replaces both the user's and the system's `ssh_config`, so the generated file includes
//! them. In `ssh_config` the first value wins: what must hold comes first, then the inventory's
//! login (in a `Host` block of its own, since a jump host reads the same file and must not get
//! that user and port), then the includes, at top level again.
//!
//! Invariant: no value of the inventory can add a line, an option or a pattern of its own.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::{SshHost, SshSetupError};
use crate::inventory::Limits;

/// Where one host's files are.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) config: PathBuf,
    stem: PathBuf,
    /// What ssh is told to connect to.
    pub(super) address: String,
}

impl Place {
    /// The control socket of the `attempt`th master. A path is never used twice: a master that is
    /// slow to end would remove its successor's.
    pub(super) fn socket(&self, attempt: u64) -> PathBuf {
        self.stem.with_extension(format!("{attempt}.s"))
    }

    /// Where the `attempt`th master logs.
    pub(super) fn log(&self, attempt: u64) -> PathBuf {
        self.stem.with_extension(format!("{attempt}.log"))
    }
}

/// Writes the host's `ssh_config`.
pub(super) fn write(directory: &Path, index: usize, host: &SshHost, limits: &Limits) -> Result<Place, SshSetupError> {
    let place = Place {
        config: directory.join(format!("{index}.conf")),
        stem: directory.join(index.to_string()),
        address: host.address.clone(),
    };
    let text = text(host, limits)?;
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&place.config)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|source| SshSetupError::Directory { path: place.config.clone(), source })?;
    Ok(place)
}

/// What must hold whatever the user's `ssh_config` says. `LogLevel`: failures are told apart by
/// what ssh logs. `UpdateHostKeys`: `known_hosts` is the user's. The rest: nothing of ours is
/// forwarded, nothing of the user's for interactive sessions gets in the way.
const FIXED: &str = "\
BatchMode yes
StrictHostKeyChecking yes
UpdateHostKeys no
ForwardAgent no
ForwardX11 no
ClearAllForwardings yes
PermitLocalCommand no
RemoteCommand none
RequestTTY no
ControlPersist 600
ConnectionAttempts 1
TCPKeepAlive yes
ServerAliveCountMax 3
LogLevel INFO
";

fn text(host: &SshHost, limits: &Limits) -> Result<String, SshSetupError> {
    let unfit = |what, text: &str| SshSetupError::Unfit { host: host.name.clone(), what, text: text.to_owned() };
    let fits = |c: char| c.is_alphanumeric() || "._-:%@".contains(c);
    if host.address.is_empty() || host.address.starts_with('-') || !host.address.chars().all(fits) {
        return Err(unfit("address", &host.address));
    }
    // Old versions know no escape for a quote.
    let word = |what, text: &str| {
        let fits = !text.contains(|c: char| c.is_control() || c == '"');
        fits.then(|| format!("\"{text}\"")).ok_or_else(|| unfit(what, text))
    };
    let connect = limits.connect.as_secs().max(1);
    let alive = (limits.silence.as_secs() / 3).max(1);
    let mut text = format!("# Written by reseed.\n{FIXED}ConnectTimeout {connect}\nServerAliveInterval {alive}\n");
    let name = host.address.rsplit('@').next().unwrap_or_default();
    let _ = writeln!(text, "Host {name}");
    if let Some(user) = &host.ssh.user {
        let _ = writeln!(text, "  User {}", word("user", user)?);
    }
    if let Some(port) = host.ssh.port {
        let _ = writeln!(text, "  Port {port}");
    }
    if let Some(file) = &host.ssh.identity_file {
        // A percent sign would be a token there.
        let file = file.to_string_lossy().replace('%', "%%");
        let _ = writeln!(text, "  IdentityFile {}\n  IdentitiesOnly yes", word("identity file", &file)?);
    }
    text.push_str("Match all\n");
    if let Some(path) = &host.ssh.config {
        let path = expand(path);
        let unreadable = |source| SshSetupError::Config { host: host.name.clone(), path: path.clone(), source };
        fs::File::open(&path).map_err(unreadable)?;
        let path = path.canonicalize().unwrap_or(path);
        let _ = writeln!(text, "Include {}", word("ssh config", &literal(&path.to_string_lossy()))?);
    }
    // What the user's own files say holds underneath: the first value wins. `SendEnv` last: a
    // minus drops the names that the includes gave.
    text.push_str("Include ~/.ssh/config\nInclude /etc/ssh/ssh_config\nSendEnv -*\n");
    Ok(text)
}

/// `~/` as ssh reads it; only to check that the file is there.
fn expand(path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), std::env::home_dir()) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_owned(),
    }
}

/// A path as a pattern that matches only itself: Include globs.
fn literal(path: &str) -> String {
    path.chars()
        .map(|c| match c {
            '*' | '?' | '[' => format!("[{c}]"),
            _ => c.to_string(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::Ssh;
    use crate::name::HostName;
    use std::time::Duration;

    fn limits() -> Limits {
        let zero = Duration::ZERO;
        Limits {
            connects: 8,
            channels: 4,
            copies: 2,
            copy_rate: 0,
            connect: Duration::from_secs(20),
            silence: Duration::from_secs(30),
            settle: zero,
            ready: zero,
            repair_stall: zero,
            run: zero,
        }
    }

    fn host(address: &str, ssh: Ssh) -> SshHost {
        SshHost { name: HostName::parse("h1").unwrap(), address: address.into(), ssh }
    }

    /// What the real ssh makes of a generated file.
    fn resolved(target: &str, host: &SshHost) -> String {
        let dir = tempfile::tempdir().unwrap();
        let place = write(dir.path(), 0, host, &limits()).unwrap();
        let out =
            std::process::Command::new("ssh").arg("-G").arg("-F").arg(&place.config).arg(target).output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap()
    }

    #[test]
    fn our_options_win_over_the_included_file_and_what_we_leave_open_comes_from_it() {
        let dir = tempfile::tempdir().unwrap();
        let user = dir.path().join("user [1].conf");
        let included = "SendEnv FOO\nLogLevel QUIET\nHost 10.0.0.1\n User fromfile\n Port 99\n StrictHostKeyChecking no\n\
            \n ForwardAgent yes\n ProxyJump bastion\nHost bastion\n User jump\n";
        fs::write(&user, included).unwrap();
        let ssh = Ssh { user: Some("ops".into()), config: Some(user), ..Ssh::default() };
        let host = host("10.0.0.1", ssh);
        let got = resolved("10.0.0.1", &host);
        for line in ["user ops", "port 99", "stricthostkeychecking true", "forwardagent no", "loglevel INFO"] {
            assert!(got.lines().any(|l| l == line), "{line} in\n{got}");
        }
        for line in ["batchmode yes", "serveraliveinterval 10", "serveralivecountmax 3", "proxyjump bastion"] {
            assert!(got.lines().any(|l| l == line), "{line} in\n{got}");
        }
        assert!(!got.contains("sendenv"), "{got}");
        assert!(resolved("bastion", &host).lines().any(|l| l == "user jump"), "the jump host got our user");
    }

    #[test]
    fn an_address_that_ssh_would_read_as_an_option_is_refused() {
        for bad in ["-oProxyCommand=x", "", "a b", "a*", "ssh://x/", "a\nb"] {
            assert!(matches!(text(&host(bad, Ssh::default()), &limits()), Err(SshSetupError::Unfit { .. })), "{bad:?}");
        }
        let ssh = Ssh { user: Some("a\"\nProxyCommand x".into()), ..Ssh::default() };
        assert!(text(&host("a", ssh), &limits()).is_err());
    }

    #[test]
    fn a_config_that_is_not_there_is_an_error_not_a_silent_skip() {
        let ssh = Ssh { config: Some("/nonexistent/config".into()), ..Ssh::default() };
        assert!(matches!(text(&host("a", ssh), &limits()), Err(SshSetupError::Config { .. })));
    }
}
