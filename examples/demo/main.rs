//! The tour: `make demo`. Boots a real cluster of three Cassandra nodes and a gateway on this
//! machine, backs it up, damages the data, restores it with `reseed`, and shows with plain CQL
//! what each node holds when it is asked alone. Cleans up, also after a failure or Ctrl-C.
//!
//! Nothing is acted: these are the commands that an operator types, on hosts that are reached
//! over SSH. Ends with 0 only if every node holds exactly what was backed up.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it talks to a person")]

mod stage;
mod story;

use std::process::ExitCode;
use std::time::Instant;

use stage::Stage;

fn main() -> ExitCode {
    if !rustix::process::geteuid().is_root() {
        eprintln!("The demo makes hosts of network namespaces and mounts: run it as root.");
        return ExitCode::FAILURE;
    }
    if let Err(error) = lab::interrupt::install() {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    let began = Instant::now();
    let told = Stage::set().and_then(|stage| story::tell(&stage));
    stage::say("Cleaning up: the hosts, their network and their files are taken away.");
    let cleaned = lab::down(stage::LAB);
    if lab::interrupt::seen() {
        return ExitCode::from(130);
    }
    match (told, cleaned) {
        (Ok(report), Ok(_)) => {
            stage::say(&format!(
                "Done in {:.0} s. Every node holds exactly what was backed up.\n\
                 The evidence, with every command and every proof: {}",
                began.elapsed().as_secs_f64(),
                report.display()
            ));
            ExitCode::SUCCESS
        }
        (told, cleaned) => {
            for error in [told.err(), cleaned.err().map(Into::into)].into_iter().flatten() {
                eprintln!("\nThe demo failed: {error}");
            }
            ExitCode::FAILURE
        }
    }
}
