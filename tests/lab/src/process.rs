//! Running other programs: with their output, and with errors that tell it.

use std::{
    io::Write,
    process::{Command, Output, Stdio},
    thread,
};

use crate::{Error, Result, error::last_lines};

/// Runs a command to its end and returns what it printed; its failure is an error.
pub(crate) fn run(what: &str, command: &mut Command) -> Result<String> {
    let output = output(what, command, b"")?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(failed(what, command, &output))
}

/// Runs a command to its end, however it ends, with this standard input.
pub(crate) fn output(what: &str, command: &mut Command, input: &[u8]) -> Result<Output> {
    let program = command.get_program().to_string_lossy().into_owned();
    let spawn = |source| Error::Spawn { what: what.to_owned(), program, source };
    command
        .stdin(if input.is_empty() { Stdio::null() } else { Stdio::piped() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(source) => return Err(spawn(source)),
    };
    let stdin = child.stdin.take();
    thread::scope(|scope| {
        if let Some(mut stdin) = stdin {
            // A program that ends without reading all of it is judged by its end.
            scope.spawn(move || drop(stdin.write_all(input)));
        }
        child.wait_with_output()
    })
    .map_err(spawn)
}

/// The error of a command that ran and failed.
pub(crate) fn failed(what: &str, command: &Command, output: &Output) -> Error {
    let (stderr, stdout) = (String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
    let said = if stderr.trim().is_empty() { stdout } else { stderr };
    Error::Command {
        what: what.to_owned(),
        command: line(command),
        status: output.status.to_string(),
        tail: last_lines(&said, 12),
    }
}

/// A command with these arguments.
pub(crate) fn command<const N: usize>(program: &str, args: [&str; N]) -> Command {
    let mut command = Command::new(program);
    command.args(args);
    command
}

/// The command line, for people.
fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_output_or_the_reason() {
        assert_eq!(run("a test", &mut command("echo", ["yes"])).unwrap(), "yes\n");
        let error = run("a test", &mut command("sh", ["-c", "echo no >&2; exit 3"])).unwrap_err();
        assert_eq!(error.to_string(), "a test: `sh -c echo no >&2; exit 3` ended with exit status: 3\n    no");
    }

    #[test]
    fn more_input_than_a_pipe_holds() {
        let input = vec![b'x'; 1 << 20];
        let output = output("a test", &mut Command::new("cat"), &input).unwrap();
        assert_eq!(output.stdout.len(), input.len());
    }
}
