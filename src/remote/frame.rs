//! How a script travels and how its answer is told from noise.
//!
//! Flow: [`command`] is the fixed text that a host runs; [`Frame::of`] makes what goes to its
//! stdin (first line: the secret; rest: assignments and `frame.sh`); the host prints
//! `MARK begin`, the script's output, `MARK end RC T0 T1`; [`Frame::read`] makes a [`Reply`] of it. Where
//! another script runs behind it ([`Call::then`]), `MARK then RC T0 T1` is between their outputs.
//!
//! Invariants: no part of a script or value is ever an argument, so neither `ps` nor the length
//! limit of an argument sees it; the mark is fresh per call, so no output can imitate it; a
//! transfer cut short runs nothing; the command is plain words and one single-quoted word, which
//! sh, csh and fish read alike.
//!
//! A stream ([`Frame::stream`]) has data behind the script on stdin, so its loader is told how many
//! bytes the script has, in a second line, and reads these one by one (a script of a stream is small:
//! lists travel as data). Its output is data between the same two marks.

use std::collections::BTreeMap;
use std::time::Duration;

use super::channel::Heard;
use super::flow::{Sieve, find, rfind};
use super::{Call, Reply, TransportError};
use crate::inventory::Become;
use crate::name::HostName;
use crate::script::{self, Rendered};

const FRAME: &str = include_str!("frame.sh");

/// What every call runs. `read` takes single bytes from a pipe, so that `cat` gets the rest; the
/// `unset` drops an inherited export, without which the secret would reach children's environment.
pub(super) const LOADER: &str = r#"unset RESEED_SECRET; IFS= read -r RESEED_SECRET; eval "$(cat)""#;

/// What every stream runs: `dd` reads not one byte more than the script has, and what is behind it stays
/// for the script. (`head -c` of busybox reads ahead.)
pub(super) const STREAM_LOADER: &str = r#"unset RESEED_SECRET; IFS= read -r RESEED_SECRET; IFS= read -r RESEED_BYTES; eval "$(dd bs=1 count="$RESEED_BYTES" 2>/dev/null)""#;

/// The whole command for a login shell of any kind, with one of the loaders.
pub(super) fn command(privilege: &Become, loader: &str) -> String {
    let loader = script::quote(loader);
    match privilege {
        Become::None => format!("exec sh -c {loader}"),
        Become::Sudo(user) => format!("exec sudo -n -u {} -- sh -c {loader}", script::quote(user)),
    }
}

/// How a channel came to its end.
#[derive(Debug)]
pub(super) enum Ended {
    /// The shell ended with this code.
    Exit(i32),
    /// No code arrived: a signal, or the connection broke.
    Broken(String),
}

/// One call on its way.
pub(super) struct Frame {
    mark: String,
    /// The loader that it is for.
    pub(super) loader: &'static str,
    /// What goes to the shell's stdin.
    pub(super) input: Vec<u8>,
}

impl Frame {
    /// Of a script that gets no stdin.
    pub(super) fn of(call: &Call) -> Self {
        let (mark, secret, script) = Self::parts(call, "");
        Self { mark, loader: LOADER, input: format!("{secret}\n{script}").into_bytes() }
    }

    /// Of a script whose stdin is what follows.
    pub(super) fn stream(call: &Call) -> Self {
        debug_assert!(call.then.is_none(), "its answer would be data");
        let (mark, secret, script) = Self::parts(call, "yes");
        let input = format!("{secret}\n{}\n{script}", script.len()).into_bytes();
        Self { mark, loader: STREAM_LOADER, input }
    }

    fn parts<'c>(call: &'c Call, streams: &str) -> (String, &'c str, String) {
        let mark = format!("reseed-{:016x}{:016x}", super::random(), super::random());
        let header = script::header(&BTreeMap::from([
            ("MARK".to_owned(), mark.clone()),
            ("RESEED_RUN".to_owned(), call.run.clone()),
            ("SCRIPT".to_owned(), call.script.text()),
            ("STREAMS".to_owned(), streams.to_owned()),
            ("THEN".to_owned(), call.then.as_ref().map_or_else(String::new, Rendered::text)),
        ]));
        (mark, call.secret.as_ref().map_or("", super::Secret::expose), format!("{header}{FRAME}"))
    }

    /// What takes a stream's data out of its output.
    pub(super) fn sieve(&self) -> Sieve {
        Sieve::new(format!("\n{} begin\n", self.mark), format!("\n{} end ", self.mark))
    }

    /// Whether `tail`, the end of what was heard, holds the end mark.
    pub(super) fn ends(&self, tail: &[u8]) -> bool {
        let wanted = format!("\n{} end ", self.mark);
        rfind(tail, wanted.as_bytes()).is_some_and(|at| tail[at + wanted.len()..].contains(&b'\n'))
    }

    /// The answer in what was heard.
    pub(super) fn read(&self, host: &HostName, heard: &Heard, ended: Ended) -> Result<Reply, TransportError> {
        let begin = format!("\n{} begin\n", self.mark);
        let end = format!("\n{} end ", self.mark);
        let host = host.clone();
        if heard.flooded {
            let why = format!("it printed more than {} MiB", super::channel::STDOUT_CAP >> 20);
            return Err(TransportError::Garbled { host, why });
        }
        let Some(start) = find(&heard.stdout, begin.as_bytes()).map(|at| at + begin.len()) else {
            return Err(unanswered(host, heard, ended));
        };
        let Some(stop) = rfind(&heard.stdout[start..], end.as_bytes()).map(|at| start + at) else {
            let why = match ended {
                Ended::Exit(rc) => format!("the shell ended with code {rc} before the script did"),
                Ended::Broken(why) => why,
            };
            return Err(TransportError::LinkLost { host, why });
        };
        let (said, trailer) = (&heard.stdout[start..stop], &heard.stdout[stop + end.len()..]);
        let (out_mark, err_mark) = (format!("\n{} then ", self.mark), format!("\n{} then\n", self.mark));
        let Some(out) = find(said, out_mark.as_bytes()) else {
            return ended_as(host, trailer, said, &heard.stderr);
        };
        let (first, rest) = (&said[..out], &said[out + out_mark.len()..]);
        // of a stderr that was cut only the end is there: whose it is cannot be told, so the second answer is not given
        let Some(err) = find(&heard.stderr, err_mark.as_bytes()) else {
            return ended_as(host, rest, first, &heard.stderr);
        };
        let line = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |at| at + 1);
        let then = ended_as(host.clone(), trailer, &rest[line..], &heard.stderr[err + err_mark.len()..])?;
        Ok(Reply { then: Some(Box::new(then)), ..ended_as(host, rest, first, &heard.stderr[..err])? })
    }
}

/// The answer of one script whose mark is followed by `RC T0 T1`.
fn ended_as(host: HostName, mark: &[u8], stdout: &[u8], stderr: &[u8]) -> Result<Reply, TransportError> {
    let line = text(mark.split(|byte| *byte == b'\n').next().unwrap_or_default());
    let mut words = line.split(' ');
    let Some(rc) = words.next().and_then(|rc| rc.parse().ok()) else {
        return Err(TransportError::Garbled { host, why: format!("its end mark reads {line:?}") });
    };
    let (from, to) = (uptime(words.next()), uptime(words.next()));
    let remote = to.saturating_sub(from);
    Ok(Reply { rc, stdout: text(stdout), stderr: text(stderr), remote, then: None })
}

/// Seconds since boot as `/proc/uptime` gives them; zero when absent.
pub(super) fn uptime(word: Option<&str>) -> Duration {
    let seconds = word.and_then(|w| w.parse::<f64>().ok()).unwrap_or_default();
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

/// What sudo says when it will not; the script did not start.
const REFUSALS: [&str; 7] = [
    "a password is required",
    "a terminal is required",
    "no tty present",
    "must have a tty",
    "not in the sudoers file",
    "is not allowed to",
    "unknown user",
];

/// Why the begin mark never came: the script did not start.
fn unanswered(host: HostName, heard: &Heard, ended: Ended) -> TransportError {
    let stderr = text(&heard.stderr);
    if let Some(line) = stderr.lines().find(|l| l.contains("sudo") && REFUSALS.iter().any(|r| l.contains(r))) {
        return TransportError::Denied { host, why: line.trim().to_owned() };
    }
    let said: String = format!("{}\n{stderr}", text(&heard.stdout)).trim().chars().take(200).collect();
    match ended {
        Ended::Broken(why) => TransportError::LinkLost { host, why },
        Ended::Exit(code) => {
            let what = match code {
                127 => "it has no sh, or no sudo",
                _ => "the login shell did not start sh",
            };
            TransportError::Garbled { host, why: format!("{what} (code {code}); it said {said:?}") }
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests;
