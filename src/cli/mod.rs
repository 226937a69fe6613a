//! The command line: the only place that knows clap, prints, and maps errors to exit codes.
//!
//! One file per command, its arguments beside its `run`. A command ends with an exit code, or with
//! a [`Failure`] that is printed once, here.

mod abandon;
mod after;
mod backup;
mod backups;
mod before;
mod check;
mod config;
mod confirm;
mod detach;
mod discard;
pub mod exit;
mod explain;
mod failure;
mod follow;
mod keyspaces;
#[cfg(test)]
mod packaging;
pub mod printer;
mod reach;
mod report;
mod restore;
mod resume;
mod rollback;
mod runs;
mod schema;
mod screen;
mod selection;
mod session;
mod signals;
mod status;
mod unlock;
pub mod view;

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{ArgAction, Parser, Subcommand};

use exit::{ExitCode, Failure};
use printer::{Color, Flags, Output, Printer, Verbosity};

/// Restores an Apache Cassandra cluster from a backup: the whole cluster, from one machine, over SSH.
#[derive(Debug, Parser)]
#[command(name = "reseed", version, max_term_width = 100, propagate_version = true)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// This command line, for the journal; what is no text is told as near as can be.
fn command_line() -> Vec<String> {
    std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect()
}

/// Options of every command.
#[derive(Debug, clap::Args)]
pub struct Global {
    /// The cluster's inventory
    #[arg(
        short,
        long,
        global = true,
        env = "RESEED_INVENTORY",
        default_value = "inventory/cluster.yaml",
        value_name = "FILE"
    )]
    inventory: PathBuf,
    /// Where runs are kept
    #[arg(long, global = true, value_name = "DIR", help = "Where runs are kept [default: $XDG_STATE_HOME/reseed]")]
    state_dir: Option<PathBuf>,
    /// How to show what happens
    #[arg(long, global = true, value_enum, default_value_t, hide_possible_values = false)]
    output: Output,
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t)]
    color: Color,
    /// Only what went wrong, and how it ended
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Attempts, times on the hosts, scripts
    #[arg(short, long, global = true, action = ArgAction::SetTrue)]
    verbose: bool,
    #[command(flatten)]
    after: after::Options,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::Args),
    Keyspaces(keyspaces::Args),
    Backup(backup::Args),
    Backups(backups::Args),
    Config(config::Args),
    Restore(restore::Args),
    Resume(resume::Args),
    Rollback(rollback::Args),
    Discard(discard::Args),
    Runs(runs::Args),
    Status(status::Args),
    Report(report::Args),
    Unlock(unlock::Args),
    Abandon(abandon::Args),
    Explain(explain::Args),
    Schema(schema::Args),
}

impl Command {
    /// Whether it is a run, and prints events rather than a document.
    fn changes(&self) -> bool {
        match self {
            Self::Backup(_) | Self::Resume(_) => true,
            Self::Restore(args) => !args.dry_run,
            Self::Rollback(args) => !args.dry_run,
            Self::Discard(args) => !args.dry_run,
            Self::Backups(args) => args.changes(),
            Self::Config(args) => args.changes(),
            _ => false,
        }
    }
}

impl Global {
    fn printer(&self) -> Printer {
        let verbosity = match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (_, true) => Verbosity::Verbose,
            _ => Verbosity::Normal,
        };
        Printer::of_process(Flags { output: self.output, color: self.color, verbosity })
    }
}

/// Parses the command line, runs the command, prints a failure.
pub fn main() -> std::process::ExitCode {
    detach::settle();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // clap knows which stream: help goes to stdout with 0, wrong usage to stderr with 2
            let _ = error.print();
            return u8::try_from(error.exit_code()).unwrap_or(2).into();
        }
    };
    let printer = cli.global.printer();
    let ended = match &cli.command {
        Command::Check(args) => check::run(&cli.global, printer, args),
        Command::Keyspaces(args) => keyspaces::run(&cli.global, printer, args),
        Command::Backup(args) => backup::run(&cli.global, printer, args),
        Command::Backups(args) => backups::run(&cli.global, printer, args),
        Command::Config(args) => config::run(&cli.global, printer, args),
        Command::Restore(args) => restore::run(&cli.global, printer, args),
        Command::Resume(args) => resume::run(&cli.global, printer, args),
        Command::Rollback(args) => rollback::run(&cli.global, printer, args),
        Command::Discard(args) => discard::run(&cli.global, printer, args),
        Command::Runs(args) => runs::run(&cli.global, printer, args),
        Command::Status(args) => status::run(&cli.global, printer, args),
        Command::Report(args) => report::run(&cli.global, printer, args),
        Command::Unlock(args) => unlock::run(&cli.global, printer, args),
        Command::Abandon(args) => abandon::run(&cli.global, printer, args),
        Command::Explain(args) => explain::run(printer, args),
        Command::Schema(args) => Ok(schema::run(args)),
    };
    match ended {
        Ok(code) => code.into(),
        Err(failure) => {
            let last = if printer.json && cli.command.changes() { view::json::last_word(&failure) } else { None };
            if let Some(last) = last {
                let _ = writeln!(io::stdout(), "{last}");
            }
            let _ = failure.print(&mut io::stderr(), printer.err);
            failure.code.into()
        }
    }
}

/// What a command ends with.
type Ended = Result<ExitCode, Failure>;
