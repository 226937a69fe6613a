//! One conversation with a remote (or local) shell over its three streams.
//!
//! Flow: write the frame, read both outputs at once (a full pipe would stop the other side), until
//! both end. Invariant: memory is bounded by the caps, whatever a script prints.
//! Of a stream ([`Flow`]) the input goes behind the frame, and the data between the marks to its output;
//! while that cannot be sent on, nothing more is read, so who is slow slows the script down.
//!
//! A script may leave something behind that holds its stdout open, such as a daemon. So the end
//! mark ends the conversation too, after [`LINGER`]; [`Heard::lingering`] then tells the caller
//! that the channel is still taken on the server (which counts it until the daemon ends).

use std::future::pending;
use std::sync::Mutex;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use tokio::time::{Instant, sleep_until, timeout};

use super::flow::{CHUNK, Flow};
use super::frame::Frame;

/// More than this on stdout is refused: cut facts would be wrong facts.
pub(super) const STDOUT_CAP: usize = 16 << 20;
/// Of stderr the last part is kept: the reason comes last.
const STDERR_CAP: usize = 256 << 10;
/// What is read at once of an answer.
const ANSWER: usize = 8 << 10;
/// How long streams may stay open after the end mark.
const LINGER: Duration = Duration::from_secs(1);
/// Enough to hold the end mark.
const TAIL: usize = 256;

/// What came.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
    /// Stdout went over its cap; only its end was kept.
    pub(super) flooded: bool,
    /// The answer is whole but something still holds the streams.
    pub(super) lingering: bool,
    /// Nothing moved for as long as the flow allows.
    pub(super) stuck: bool,
}

/// Sends `frame` and what flows in, hears the answer and passes on what flows out. The frame's text is gone then: with
/// hundreds of hosts it would be most of our memory.
pub(super) async fn talk(
    frame: &mut Frame,
    mut stdin: impl AsyncWrite + Unpin,
    mut stdout: impl AsyncRead + Unpin,
    mut stderr: impl AsyncRead + Unpin,
    flow: Flow,
) -> Heard {
    let Flow { input, output, silence } = flow;
    let mut heard = Heard::default();
    // In either direction. Who gives data may read its input now and then only: what comes out of it says that it
    // lives, so the input has no time of its own there.
    let moved = Mutex::new(Instant::now());
    let alone = if output.is_some() { Duration::MAX } else { silence };
    let stirs = || *moved.lock().expect("no holder panics") = Instant::now();
    // A write error means that the other side ended early; what it printed says why.
    let text = std::mem::take(&mut frame.input);
    let feed = async move {
        let mut sent = stdin.write_all(&text).await;
        drop(text);
        if let Some(mut input) = input {
            while let (Ok(()), Some(chunk)) = (&sent, input.recv().await) {
                match timeout(alone, stdin.write_all(&chunk)).await {
                    Ok(result) => {
                        stirs();
                        sent = result;
                    }
                    Err(_) => return true,
                }
            }
        }
        drop(stdin);
        false
    };
    tokio::pin!(feed);
    let mut sieve = output.as_ref().map(|_| frame.sieve());
    let (mut feeding, mut out_open, mut err_open) = (true, true, true);
    // hundreds of hosts answer at the same time, with a few lines each; data comes from one or a few
    let (mut out, mut err) = (vec![0; if output.is_some() { CHUNK } else { ANSWER }], vec![0; ANSWER]);
    let mut until: Option<Instant> = None;
    while out_open || err_open {
        // where data is expected, and not yet at its end, its absence is something
        let last = || *moved.lock().expect("no holder panics");
        let stuck = sieve.as_ref().filter(|_| until.is_none()).and_then(|_| last().checked_add(silence));
        tokio::select! {
            stuck = &mut feed, if feeding => {
                feeding = false;
                if stuck {
                    heard.stuck = true;
                    break;
                }
            }
            got = stdout.read(&mut out), if out_open => match got {
                Ok(0) | Err(_) => out_open = false,
                Ok(n) => {
                    let checked = heard.stdout.len().saturating_sub(TAIL);
                    if let (Some(sieve), Some(output)) = (&mut sieve, &output) {
                        let data = sieve.pass(&out[..n], &mut heard.stdout);
                        if !data.is_empty() && output.send(data.into()).await.is_err() {
                            // nobody wants it any more
                            break;
                        }
                        stirs();
                    } else {
                        heard.stdout.extend_from_slice(&out[..n]);
                    }
                    if frame.ends(&heard.stdout[checked..]) {
                        until.get_or_insert_with(|| Instant::now() + LINGER);
                    }
                    if heard.stdout.len() > STDOUT_CAP {
                        heard.flooded = true;
                        keep_last(&mut heard.stdout, TAIL);
                    }
                }
            },
            got = stderr.read(&mut err), if err_open => match got {
                Ok(0) | Err(_) => err_open = false,
                Ok(n) => {
                    heard.stderr.extend_from_slice(&err[..n]);
                    if heard.stderr.len() > 2 * STDERR_CAP {
                        keep_last(&mut heard.stderr, STDERR_CAP);
                    }
                }
            },
            () = at(until) => {
                heard.lingering = true;
                break;
            }
            // the input may have moved since
            () = at(stuck) => if last().elapsed() >= silence {
                heard.stuck = true;
                break;
            }
        }
    }
    keep_last(&mut heard.stderr, STDERR_CAP);
    heard
}

/// When that time comes; `None`: never.
async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => pending().await,
    }
}

fn keep_last(bytes: &mut Vec<u8>, count: usize) {
    bytes.drain(..bytes.len().saturating_sub(count));
}
