//! What the made-up node has that is not real: tools, a systemd, a Cassandra; and its death at any command.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reseed::name::HostName;
use reseed::remote::{Call, Transport};
use reseed::script::Script;

use super::tree::Tree;
use crate::program;

impl Tree {
    pub fn conf(&self) -> PathBuf {
        self.root.join("conf/cassandra.yaml")
    }

    /// A cassandra.yaml, and a systemd that knows what it read last.
    pub fn pretend_configured(&self) -> PathBuf {
        let conf = self.conf();
        fs::create_dir_all(conf.parent().unwrap()).unwrap();
        fs::write(&conf, "cluster_name: Lab").unwrap();
        fs::set_permissions(&conf, fs::Permissions::from_mode(0o640)).unwrap();
        let (drop, read) = (self.root.join("units/cassandra.service.d/zz-reseed-guard.conf"), self.root.join("read"));
        let (drop, read) = (drop.display(), read.display());
        self.command(
            "systemctl",
            &format!(
                "case $1 in
                    daemon-reload) if [ -e '{drop}' ]; then echo '{drop}' >'{read}'; else : >'{read}'; fi ;;
                    show) echo \"DropInPaths=/a/b.conf $(cat '{read}' 2>/dev/null)\"; echo NeedDaemonReload=no ;;
                    reset-failed) ;;
                    *) exit 1 ;;
                esac"
            ),
        );
        conf
    }

    /// Puts a command before all others on the path.
    pub fn command(&self, name: &str, body: &str) {
        let file = self.dirs[1].path().join(name);
        program::write(&file, &format!("#!/bin/sh\n{body}\n"));
    }

    /// Runs a script, and kills it before its command number `at` that changes something, from 0:
    /// neither that one nor any later one runs. Whether it came so far.
    pub async fn dies_at(&self, at: usize, script: &Script) -> bool {
        let count = self.root.join("count");
        fs::write(&count, "").unwrap();
        let dies = |then: &str| {
            let count = count.display();
            format!(
                "[ \"$(wc -c <'{count}')\" -lt {at} ] || {{ : >'{count}.cut'; kill -9 $PPID; exit 1; }}\nprintf x >>'{count}'\n{then}"
            )
        };
        let systemctl = self.dirs[1].path().join("systemctl");
        let inner = fs::read_to_string(&systemctl).unwrap();
        self.command("systemctl", &dies(&inner));
        let tools = ["ln", "mv", "rm", "rmdir", "mkdir", "chmod", "chown", "sync"];
        for tool in tools {
            let then = if tool == "sync" { "exit 0".to_owned() } else { format!("exec /bin/{tool} \"$@\"") };
            self.command(tool, &dies(&then));
        }
        let whole = self.library.render(script).unwrap();
        let call = Call::new(whole, "r1", Duration::from_mins(1));
        // killed, or told by an exit code: what counts is what the next attempt makes of it
        drop(self.transport.exec(&HostName::parse("here").unwrap(), call).await);
        for tool in tools {
            fs::remove_file(self.dirs[1].path().join(tool)).unwrap();
        }
        self.command("sync", "exit 0");
        self.command("systemctl", &inner);
        fs::remove_file(self.root.join("count.cut")).is_ok()
    }

    /// Whether the shell takes tools that are made up here rather than its own; tells when it does not.
    pub fn takes_our_tools(&self) -> bool {
        let takes = !self.shell.ends_with("busybox");
        if !takes {
            println!("skipped here: busybox may take its own commands instead of those that are made up");
        }
        takes
    }

    /// A tool of the host that is not the real one.
    pub fn tool(&self, name: &str, text: &str) {
        let file = self.dirs[1].path().join(name);
        program::write(&file, text);
    }

    /// Makes the scripts see a Cassandra: no real process, which other tests would see too.
    pub fn pretend_cassandra(&self) {
        self.pretend_cassandra_with(4242);
    }

    /// The same of a process that is not there, with this number.
    pub fn pretend_cassandra_with(&self, pid: u32) {
        let file = self.root.join(format!("proc/{pid}/cmdline"));
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, "/usr/bin/java\0-cp\0x").unwrap();
        self.pretend_found(&[file]);
    }

    /// Makes the scripts take these processes for Cassandra, and no others.
    pub fn pretend_processes(&self, processes: &[Holds]) {
        let files: Vec<_> = processes.iter().map(|one| format!("/proc/{}/cmdline", one.0.id()).into()).collect();
        self.pretend_found(&files);
    }

    fn pretend_found(&self, cmdlines: &[PathBuf]) {
        let found = cmdlines.iter().map(|file| format!("echo '{}'; ", file.display())).collect::<Vec<_>>().concat();
        self.tool(
            "grep",
            &format!("#!/bin/sh\ncase $* in *CassandraDaemo*) {found} ;; *) exec /bin/grep \"$@\" ;; esac\n"),
        );
    }
}

/// A process called `java` that holds a file open, ended when dropped.
pub struct Holds(Child);

impl Holds {
    pub fn file(path: &Path) -> Self {
        let mut sleep = Command::new("sleep");
        // nothing else: the tests' own output may go to a log
        sleep.arg0("java").arg("600").stdin(fs::File::open(path).unwrap()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(sleep.spawn().unwrap())
    }
}

impl Drop for Holds {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
