//! The operator's word: the cluster's name, typed or given (safety rule 8).

use std::io::{self, BufRead, IsTerminal, Write};

use super::exit::{ExitCode, Failure};
use crate::inventory::Inventory;

/// The name as given, else as typed on a terminal; without one there is no answer.
pub fn asked(given: Option<&str>, inventory: &Inventory, what: &str) -> Option<String> {
    if given.is_some() || !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return given.map(str::to_owned);
    }
    let _ = write!(io::stderr(), "This {what} of cluster {}. Type the cluster's name to go on: ", inventory.cluster);
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).ok()?;
    Some(line.trim_end_matches(['\n', '\r']).to_owned())
}

/// The same, for commands that have nothing to tell when it is not right.
pub fn demanded(given: Option<&str>, inventory: &Inventory, what: &str) -> Result<String, Failure> {
    let cluster = inventory.cluster.as_str();
    match asked(given, inventory, what) {
        Some(name) if name == cluster => Ok(name),
        Some(name) => Err(Failure::new(ExitCode::Refused, format!("{name:?} is not the cluster's name, {cluster:?}"))),
        None => Err(Failure::new(ExitCode::Refused, format!("it {what}, and the cluster's name was not confirmed"))
            .hint(format!("add --confirm '{cluster}'"))),
    }
}
