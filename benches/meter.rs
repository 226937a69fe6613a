//! Clocks, memory, processes.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Instant;

use crate::Result;

/// How long it took, in seconds, and what came of it.
pub fn timed<T>(what: impl FnOnce() -> T) -> (f64, T) {
    let began = Instant::now();
    let result = what();
    (began.elapsed().as_secs_f64(), result)
}

/// Runs a command that must succeed; how long it took, in seconds.
pub fn run(command: &mut Command) -> Result<f64> {
    let (time, output) = timed(|| output(command));
    output.map(|_| time)
}

/// Runs a command that must succeed.
pub fn output(command: &mut Command) -> Result<Output> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(output);
    }
    let both = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&both);
    let lines: Vec<&str> = text.lines().collect();
    let tail = lines[lines.len().saturating_sub(12)..].join("\n  ");
    let mut words = std::iter::once(command.get_program()).chain(command.get_args()).map(|word| word.to_string_lossy());
    let line: Vec<_> = words.by_ref().take(6).collect();
    Err(format!("`{}` ended with {}\n  {tail}", line.join(" "), output.status).into())
}

/// A line of `/proc/PID/status` in bytes.
fn status(pid: &str, name: &str) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse::<f64>().ok().map(|kib| kib * 1024.0)
}

/// The most memory that this process has held so far, in bytes.
pub fn peak() -> f64 {
    status("self", "VmHWM").unwrap_or_default()
}

/// Open files of this process.
pub fn files() -> f64 {
    fs::read_dir("/proc/self/fd").map_or(0, Iterator::count) as f64
}

/// Seconds of processor time that this process has used.
pub fn cpu() -> f64 {
    ticks("self", 11)
}

fn ticks(pid: &str, first: usize) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let words: Vec<&str> = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
    let tick = |at: usize| words.get(at).and_then(|word| word.parse::<f64>().ok()).unwrap_or_default();
    (tick(first) + tick(first + 1)) / 100.0
}

/// Sums over the processes of that name whose command line holds a text: how many, resident
/// bytes, seconds of processor time.
pub fn processes(name: &str, holding: &str) -> (f64, f64, f64) {
    let mut sum = (0.0, 0.0, 0.0);
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let pid = entry.file_name().to_string_lossy().into_owned();
        let read = |file: &str| fs::read_to_string(entry.path().join(file)).unwrap_or_default();
        if read("comm").trim() == name && read("cmdline").contains(holding) {
            sum.0 += 1.0;
            sum.1 += status(&pid, "VmRSS").unwrap_or_default();
            sum.2 += ticks(&pid, 11);
        }
    }
    sum
}

/// Removes a directory with all that is in it.
pub fn clear(dir: &Path) -> Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// The middle one.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
