//! The lab, and how things are shown.

use std::error::Error;
use std::io::{IsTerminal, stdout};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use lab::{Consistency, Host, Lab, Options};

/// The lab's name; whatever runs under it is taken down.
pub const LAB: &str = "demo";

/// Why the demo cannot go on.
pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Where the story plays.
pub struct Stage {
    /// The cluster.
    pub lab: Lab,
    /// The `reseed` that is shown.
    reseed: PathBuf,
    /// Where its runs are kept; gone at the end.
    state: tempfile::TempDir,
    /// What stays: `target/demo`.
    pub keep: PathBuf,
}

impl Stage {
    /// Boots the cluster.
    pub fn set() -> Result<Self> {
        // target/<profile>/examples/demo
        let own = std::env::current_exe()?;
        let profile = own.ancestors().nth(2).ok_or("the demo is not where cargo puts it")?;
        let reseed = profile.join("reseed");
        if !reseed.exists() {
            return Err(format!("{} is not there: start the demo with `make demo`", reseed.display()).into());
        }
        let keep = profile.parent().unwrap_or(profile).join("demo");
        std::fs::create_dir_all(&keep)?;
        chapter(
            "A cluster",
            "Three hosts with Cassandra 5.0 and one with a gateway that writes all the time, each with its own\n\
             network, disks and sshd. They are made on this machine and go away at the end.",
        );
        lab::down(LAB)?;
        let lab = Lab::up(&Options { name: LAB.to_owned(), ..Options::default() })?;
        let stage = Self { lab, reseed, state: tempfile::tempdir()?, keep };
        stage.on("cass1", "nodetool status")?;
        // hints that nobody delivers need no minute to show it
        let inventory = std::fs::read_to_string(stage.lab.inventory())? + "limits: {settle: 10s}\n";
        std::fs::write(stage.inventory(), &inventory)?;
        say("What reseed is told of it:");
        typed("cat cluster.yaml");
        for line in inventory.lines().filter(|line| !line.starts_with('#')) {
            println!("  {line}");
        }
        Ok(stage)
    }

    fn inventory(&self) -> PathBuf {
        self.state.path().join("cluster.yaml")
    }

    /// A node, by number from 1.
    pub fn node(&self, number: usize) -> &Host {
        &self.lab.nodes()[number - 1]
    }

    /// Runs a command on a host and shows both; it must succeed.
    pub fn on(&self, host: &str, command: &str) -> Result<()> {
        typed(&format!("ssh {host} {command}"));
        let output = self.lab.host(host)?.sh(command)?;
        let text = output.stdout + &output.stderr;
        for line in text.trim_end().lines() {
            println!("  {line}");
        }
        if output.status.success() { Ok(()) } else { Err(format!("`{command}` on {host} failed").into()) }
    }

    /// Runs statements through the first node and shows them; rows that they find as well.
    pub fn cql(&self, statements: &[&str]) -> Result<Vec<Vec<String>>> {
        for statement in statements {
            prompt("cqlsh>", &format!("{statement};"));
        }
        let rows = self.lab.cql_all(self.node(1), statements, Consistency::Quorum)?;
        show(&rows);
        Ok(rows)
    }

    /// `reseed` where the operator sits: on a machine that reaches the hosts over SSH. The
    /// inventory's file and the password are in its environment.
    fn reseed(&self, args: &[&str]) -> Command {
        let mut command = self.lab.coordinator(&self.reseed.display().to_string());
        command.args(args).env("XDG_STATE_HOME", self.state.path()).env("RESEED_INVENTORY", self.inventory());
        command
    }

    /// Runs `reseed` as the operator sees it; it must succeed.
    pub fn shown(&self, args: &[&str]) -> Result<()> {
        let quoted = args.iter().map(|arg| if arg.contains(' ') { format!("'{arg}'") } else { (*arg).to_owned() });
        let line = format!("reseed {}", quoted.collect::<Vec<_>>().join(" "));
        typed(&line);
        let status = self.reseed(args).stdin(Stdio::null()).status()?;
        if status.success() { Ok(()) } else { Err(format!("`{line}` ended with {status}").into()) }
    }

    /// Runs `reseed` for what it prints.
    pub fn asked(&self, args: &[&str]) -> Result<String> {
        let output = self.reseed(args).stdin(Stdio::null()).output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
        Ok(String::from_utf8(output.stdout)?)
    }
}

/// Begins a part: what happens now, and why.
pub fn chapter(title: &str, text: &str) {
    println!("\n{}\n{text}", bold(&format!("== {title} ==")));
}

/// Shows rows.
pub fn show(rows: &[Vec<String>]) {
    for row in rows {
        println!("  {}", row.join("  "));
    }
}

/// Tells something.
pub fn say(text: &str) {
    println!("\n{text}");
}

/// Shows what is typed.
pub fn typed(line: &str) {
    prompt("$", line);
}

fn prompt(sign: &str, line: &str) {
    println!("{} {}", bold(sign), bold(line));
}

fn bold(text: &str) -> String {
    if stdout().is_terminal() { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
}
