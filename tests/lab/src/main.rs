//! The `lab` program: `lab up`, `lab down`, `lab shell`, `lab coordinator`,
//! `lab power`, `lab capture`, `lab list`.

use std::{
    io::{Write, stderr, stdout},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use clap::{Args, Parser, Subcommand, ValueEnum};
use lab::{Data, Disk, Error, Init, Lab, Options, Phase, Result};

/// Real Cassandra clusters, each node a host of its own, on this machine.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Boot a lab; with the same options as one that runs, that one is kept
    Up(Up),
    /// End a lab, completely, also after a crash
    Down {
        /// The lab's name
        #[arg(long, default_value = "lab")]
        name: String,
        /// End every lab of this machine
        #[arg(long, conflicts_with = "name")]
        all: bool,
    },
    /// Run a command, or a shell, as root on a host
    Shell {
        /// The lab's name
        #[arg(long, default_value = "lab")]
        name: String,
        /// The host: cass1, gw1 …
        host: String,
        /// The command with its arguments
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
    /// Run a command where the coordinator is: on this machine, in the lab's network
    Coordinator {
        /// The lab's name
        #[arg(long, default_value = "lab")]
        name: String,
        /// The command with its arguments
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        command: Vec<String>,
    },
    /// Kill everything on a host at once, or boot it again
    Power {
        /// The lab's name
        #[arg(long, default_value = "lab")]
        name: String,
        /// The host: cass1, gw1 …
        host: String,
        /// What becomes of it
        #[arg(value_enum)]
        to: Power,
    },
    /// Boot a lab of each version in turn, and capture what its tools print and its log says: the parsers' fixtures
    Capture {
        /// The lab's name while it runs
        #[arg(long, default_value = "capture")]
        name: String,
        /// The folder that gets a folder per version
        #[arg(long, default_value = "tests/fixtures")]
        into: PathBuf,
        /// Versions; all when none is named
        versions: Vec<String>,
    },
    /// List the labs of this machine
    List,
}

#[derive(Clone, Copy, ValueEnum)]
enum Power {
    /// Everything is killed; what was written is kept
    Off,
    /// Everything is killed; what was not synced is lost (needs --disk image)
    Cut,
    /// It boots
    On,
}

#[derive(Args)]
struct Up {
    /// The lab's name: 1-8 of a-z and 0-9
    #[arg(long, default_value = "lab")]
    name: String,
    /// Cassandra's version: 2.2.19, 3.11.19, 4.0.19, 4.1.10 or 5.0.8
    #[arg(long, default_value = "5.0.8")]
    version: String,
    /// Cassandra nodes
    #[arg(long, default_value_t = 3)]
    nodes: usize,
    /// Data directories of each node
    #[arg(long, default_value_t = 1)]
    data_dirs: usize,
    /// Data centres
    #[arg(long, default_value_t = 1)]
    dcs: usize,
    /// What the data directories are
    #[arg(long, value_enum, default_value_t)]
    data: Data,
    /// The first process of every host
    #[arg(long, value_enum, default_value_t)]
    init: Init,
    /// Where the hosts' files are
    #[arg(long, value_enum, default_value_t)]
    disk: Disk,
    /// Gateway hosts
    #[arg(long, default_value_t = 1)]
    gateways: usize,
    /// Leave the gateways' instances stopped
    #[arg(long)]
    no_gateway_start: bool,
}

/// One lab after the other; the newest version first.
fn capture(name: &str, into: &Path, versions: &[String]) -> Result<()> {
    let all: Vec<String> = lab::versions().map(str::to_owned).collect();
    for version in if versions.is_empty() { &all[..] } else { versions } {
        let options = Options { name: name.to_owned(), version: version.clone(), gateways: 0, ..Options::default() };
        let lab = Lab::up(&options)?;
        let captured = lab.capture(&into.join(version));
        lab.down()?;
        captured?;
    }
    Ok(())
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            drop(writeln!(stderr(), "lab: {error}"));
            ExitCode::from(if matches!(error, Error::Interrupted) { 130 } else { 1 })
        }
    }
}

fn run(verb: Verb) -> Result<()> {
    match verb {
        Verb::Up(up) => self::up(up),
        Verb::Down { all: true, .. } => lab::down_all().map(|names| {
            if names.is_empty() {
                note("no lab to end");
            }
        }),
        Verb::Down { name, .. } => lab::down(&name).map(|any| {
            if !any {
                note(&format!("no lab {name} to end"));
            }
        }),
        Verb::Capture { name, into, versions } => capture(&name, &into, &versions),
        Verb::Shell { name, host, command } => {
            let lab = Lab::attach(&name)?;
            let host = lab.host(&host)?;
            let (program, args) = match command.split_first() {
                Some((program, args)) => (program.as_str(), args),
                None => ("/bin/bash", [].as_slice()),
            };
            let mut inside = host.command(program);
            if let Some(term) = std::env::var_os("TERM") {
                inside.env("TERM", term);
            }
            Err(replace_by(inside.args(args)))
        }
        Verb::Coordinator { name, command } => {
            let lab = Lab::attach(&name)?;
            Err(replace_by(lab.coordinator(&command[0]).args(&command[1..])))
        }
        Verb::Power { name, host, to } => {
            let lab = Lab::attach(&name)?;
            let host = lab.host(&host)?;
            match to {
                Power::Off => lab.crash(host),
                Power::Cut => lab.power_cut(host),
                Power::On => lab.power_on(host),
            }
        }
        Verb::List => list(),
    }
}

fn up(up: Up) -> Result<()> {
    // Without a handler Ctrl-C would leave a half-made lab; `down` finds it all the same.
    if let Err(error) = lab::interrupt::install() {
        note(&format!("Ctrl-C is not handled: {error}"));
    }
    let lab = Lab::up(&Options {
        name: up.name,
        version: up.version,
        nodes: up.nodes,
        data_dirs: up.data_dirs,
        data: up.data,
        init: up.init,
        disk: up.disk,
        dcs: up.dcs,
        gateways: up.gateways,
        start_gateways: !up.no_gateway_start,
    })?;
    let (dir, name) = (lab.dir().display(), &lab.options().name);
    note(&format!(
        "{} is up: {}
  inventory    {dir}/inventory.yaml   (inventory-sudo.yaml: as ops, with sudo)
  environment  . {dir}/env
  coordinator  lab coordinator --name {name} reseed check
  ssh          lab coordinator --name {name} ssh -F {dir}/ssh_config cass1
  shell        lab shell --name {name} cass1 nodetool status
  end          lab down --name {name}",
        name,
        lab.options().summary()
    ));
    Ok(())
}

fn list() -> Result<()> {
    for (options, phase, alive) in Lab::list()? {
        let state = match (phase, alive) {
            (Phase::Running, true) => "running",
            (Phase::Running, false) => "dead (lab down cleans up), or a host is off",
            (Phase::Starting, _) => "starting, or killed while starting",
            (Phase::Failed, _) => "failed",
        };
        drop(writeln!(stdout(), "{}\t{state}\t{}", options.name, options.summary()));
    }
    Ok(())
}

/// Becomes the command; only returns when that fails.
fn replace_by(command: &mut Command) -> Error {
    let program = command.get_program().to_string_lossy().into_owned();
    let source = command.exec();
    Error::Spawn { what: "entering the lab".into(), program, source }
}

fn note(message: &str) {
    drop(writeln!(stderr(), "lab: {message}"));
}
