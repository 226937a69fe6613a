//! Who starts a job: on a host where logind ends what a session leaves, systemd does. Such a host
//! is played by stubs in front of PATH, of which `sh` puts files of theirs in the place of the system's in what it
//! is given to run; the real one is the lab's (`lab up --init systemd`).

use std::fs;
use std::path::{Path, PathBuf};

use reseed::remote::job::{self, Cancelled, Job, JobError};
use reseed::remote::local::LocalTransport;

use crate::conformance::{alive, host, job, run, running};
use crate::put;

/// A host with systemd, as far as the launch can see. (Not for streams: the wrapped shell gets another number of bytes.)
struct Stubs {
    dir: tempfile::TempDir,
}

impl Stubs {
    /// `shell` is what scripts run under; `logind` what it says of its settings, a line each.
    fn new(shell: &Path, logind: &str) -> Self {
        let stubs = Self { dir: tempfile::tempdir().unwrap() };
        let own = stubs.bin().join("own");
        for dir in ["booted", "conf"] {
            fs::create_dir_all(own.join(dir)).unwrap();
        }
        std::os::unix::fs::symlink(shell, own.join("sh")).unwrap();
        let cgroup = "12:pids:/user.slice\n0::/user.slice/user-0.slice/session-7.scope\n";
        fs::write(own.join("cgroup"), cgroup).unwrap();
        let own = own.display();
        // only the innermost shell is given a script on its stdin
        stubs.put(
            "sh",
            &format!(
                r#"case "$1 $2" in "-c unset "*) ;; *) exec {own}/sh "$@" ;; esac
/bin/sed -e 's|/run/systemd/system|{own}/booted|g' -e 's|/proc/self/cgroup|{own}/cgroup|g' \
  -e 's|in /usr/lib /run /etc;|in {own}/conf/usr/lib {own}/conf/run {own}/conf/etc;|' | {own}/sh "$@""#
            ),
        );
        stubs.put("loginctl", &format!("echo asked >>\"$0.asked\"; /bin/grep = <<'END'\n{logind}\nEND"));
        // Starts what is behind the options, as systemd would: as a session of its own.
        let body = r#"
echo "$*" >"$0.said"
[ ! -e "$0.broken" ] || { echo "Failed to connect to bus" >&2; exit 1; }
while [ "$1" != sh ]; do shift; done
env -i PATH=/usr/bin:/bin setsid "$@" </dev/null >/dev/null 2>&1 &"#;
        stubs.put("systemd-run", body);
        stubs
    }

    fn bin(&self) -> &Path {
        self.dir.path()
    }

    fn put(&self, name: &str, body: &str) {
        put(&self.bin().join(name), body);
    }

    /// What systemd-run was asked for; nothing when it was not.
    fn asked(&self) -> Option<String> {
        fs::read_to_string(self.bin().join("systemd-run.said")).ok()
    }

    fn transport(&self) -> LocalTransport {
        LocalTransport::default().with_path(self.bin())
    }
}

fn shells() -> Vec<PathBuf> {
    let all = ["/usr/bin/dash", "/usr/bin/bash", "/usr/bin/busybox"];
    all.map(PathBuf::from).into_iter().filter(|shell| shell.exists()).collect()
}

const KILLS: &str = "KillUserProcesses=yes\nKillOnlyUsers=\nKillExcludeUsers=";

#[tokio::test]
async fn systemd_starts_the_job_where_logind_would_kill_it() {
    for shell in shells() {
        let stubs = Stubs::new(&shell, KILLS);
        let dir = tempfile::tempdir().unwrap();
        let one = job(dir.path(), "echo \"$RESEED_RUN $PATH\"; exit 5");
        let reply = run(&stubs.transport(), &one).await.unwrap();
        let path = format!("run-1 {}:{}\n", stubs.bin().display(), std::env::var("PATH").unwrap());
        assert_eq!((reply.rc, reply.stdout), (5, path), "{}", shell.display());
        let asked = stubs.asked().unwrap();
        for word in ["--unit=reseed-", "--collect", "-p KillMode=process", "-p LimitNOFILE=", "-p TasksMax=infinity"] {
            assert!(asked.contains(word), "{word} in {asked}");
        }
        assert!(!asked.contains("unlimited") && !asked.contains("--user"), "{asked}");
        // It is a job as any other.
        let mut long = Job { attempt: 2, ..job(dir.path(), "sleep 300") };
        running(&stubs.transport(), &mut long).await;
        assert_eq!(job::cancel(&stubs.transport(), &host(), &long).await.unwrap(), Cancelled::Killed);
        assert_eq!(alive(dir.path()), 0);
    }
}

#[tokio::test]
async fn the_job_starts_as_elsewhere_where_logind_spares_the_user() {
    let spared = [
        "KillUserProcesses=no\nKillOnlyUsers=\nKillExcludeUsers=",
        "KillUserProcesses=yes\nKillOnlyUsers=\nKillExcludeUsers=ann root",
        "KillUserProcesses=yes\nKillOnlyUsers=ann rooty\nKillExcludeUsers=",
    ];
    for logind in spared {
        let stubs = Stubs::new(Path::new("/bin/sh"), logind);
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(run(&stubs.transport(), &job(dir.path(), "true")).await.unwrap().rc, 0);
        assert_eq!(stubs.asked(), None, "{logind}");
        let calls = fs::read_to_string(stubs.bin().join("loginctl.asked")).unwrap();
        assert_eq!(calls.lines().count(), 1, "each takes its time");
    }
}

#[tokio::test]
async fn systemd_starts_the_job_where_logind_kills_this_user_only() {
    let stubs = Stubs::new(Path::new("/bin/sh"), "KillUserProcesses=no\nKillOnlyUsers=ann root\nKillExcludeUsers=");
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(run(&stubs.transport(), &job(dir.path(), "true")).await.unwrap().rc, 0);
    assert!(stubs.asked().is_some());
}

#[tokio::test]
async fn nobody_asks_logind_where_systemd_does_not_run_or_no_session_is_ours() {
    let sessions = [
        ("0::/user.slice/user-0.slice/session-c2.scope/child\n", true),
        ("12:pids:/\n1:name=systemd:/user.slice/user-0.slice/session-7.scope\n", true),
        ("0::/user.slice/user-0.slice/user@0.service/app.slice\n", false),
        ("0::/system.slice/sshd.service\n", false),
        ("", false),
    ];
    for shell in shells() {
        for (attempt, (cgroup, asked)) in (1..).zip(sessions) {
            let stubs = Stubs::new(&shell, KILLS);
            let dir = tempfile::tempdir().unwrap();
            fs::write(stubs.bin().join("own/cgroup"), cgroup).unwrap();
            let one = Job { attempt, ..job(dir.path(), "true") };
            assert_eq!(run(&stubs.transport(), &one).await.unwrap().rc, 0);
            assert_eq!(stubs.bin().join("loginctl.asked").exists(), asked, "{cgroup}");
        }
        let stubs = Stubs::new(&shell, KILLS);
        let dir = tempfile::tempdir().unwrap();
        fs::remove_dir(stubs.bin().join("own/booted")).unwrap();
        assert_eq!(run(&stubs.transport(), &job(dir.path(), "true")).await.unwrap().rc, 0);
        assert!(!stubs.bin().join("loginctl.asked").exists(), "sd_booted(3)");
    }
}

#[tokio::test]
async fn a_logind_that_cannot_be_asked_is_taken_to_kill_unless_its_files_say_no() {
    let stubs = Stubs::new(Path::new("/bin/sh"), "");
    let dir = tempfile::tempdir().unwrap();
    stubs.put("loginctl", "exit 1");
    run(&stubs.transport(), &job(dir.path(), "true")).await.unwrap();
    assert!(stubs.asked().is_some());
    fs::remove_file(stubs.bin().join("systemd-run.said")).unwrap();
    for (dir, conf) in [
        ("usr/lib", "[Login]\nKillUserProcesses=yes\n"),
        ("etc", "[Login]\n#KillUserProcesses=yes\n KillUserProcesses = no\n"),
    ] {
        let dir = stubs.bin().join("own/conf").join(dir).join("systemd");
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("logind.conf"), conf).unwrap();
    }
    run(&stubs.transport(), &Job { attempt: 2, ..job(dir.path(), "true") }).await.unwrap();
    assert_eq!(stubs.asked(), None);
}

#[tokio::test]
async fn a_user_without_root_and_lingering_is_told_what_to_do_and_nothing_starts() {
    let stubs = Stubs::new(Path::new("/bin/sh"), "KillUserProcesses=yes\nKillOnlyUsers=\nKillExcludeUsers=root");
    stubs.put("id", "case $* in -u) echo 1234 ;; *) echo reseed-nobody ;; esac");
    let dir = tempfile::tempdir().unwrap();
    let one = job(dir.path(), "echo ran >\"$WHERE/ran\"");
    let error = run(&stubs.transport(), &one).await.unwrap_err();
    assert!(
        matches!(&error, JobError::Refused { why, .. } if why.ends_with("loginctl enable-linger reseed-nobody")),
        "{error}"
    );
    assert!(!dir.path().join("ran").exists() && !Path::new(&one.directory()).exists());
    // What is there already is looked at all the same.
    let plain = LocalTransport::default();
    run(&plain, &one).await.unwrap();
    assert_eq!(run(&stubs.transport(), &one).await.unwrap().rc, 0);
}

#[tokio::test]
async fn a_systemd_that_starts_nothing_leaves_no_claim() {
    let stubs = Stubs::new(Path::new("/bin/sh"), KILLS);
    fs::write(stubs.bin().join("systemd-run.broken"), "").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let one = job(dir.path(), "true");
    let error = run(&stubs.transport(), &one).await.unwrap_err();
    assert!(matches!(&error, JobError::Refused { why, .. } if why.contains("Failed to connect to bus")), "{error}");
    fs::remove_file(stubs.bin().join("systemd-run.broken")).unwrap();
    assert_eq!(run(&stubs.transport(), &one).await.unwrap().rc, 0);
}
