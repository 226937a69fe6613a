//! The data of a stream: what goes to a script's stdin and what comes from its stdout, as bytes.
//!
//! Memory is bounded by construction: both ways are channels of [`DEPTH`] chunks, a chunk is what one
//! read gave ([`CHUNK`] at most, and what was held back before it), and who cannot send waits. One chunk that
//! goes to many hosts is one piece of memory.
//!
//! [`Sieve`] tells a stream's data from what a login shell prints around it: it passes on what is between
//! the marks of the frame and keeps the rest for the frame to read.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

/// Bytes on their way.
pub type Chunk = Arc<Vec<u8>>;

/// Bytes that one read of a stream's output takes.
pub(super) const CHUNK: usize = 64 << 10;
/// Chunks that may wait between two that are not equally fast: a mebibyte.
pub const DEPTH: usize = 16;

/// The two ways of a stream.
#[derive(Debug)]
pub struct Flow {
    /// What the script reads; its stdin ends when all senders are gone.
    pub input: Option<mpsc::Receiver<Chunk>>,
    /// Where goes what the script prints; `None`: into the reply.
    pub output: Option<mpsc::Sender<Chunk>>,
    /// So long the script may take no byte of what waits for it, or give none of what is waited for.
    pub silence: Duration,
}

impl Default for Flow {
    /// Nothing either way.
    fn default() -> Self {
        Self { input: None, output: None, silence: Duration::MAX }
    }
}

/// Takes the data out of a stream's output.
#[derive(Debug)]
pub(super) struct Sieve {
    begin: Vec<u8>,
    end: Vec<u8>,
    at: At,
    /// The end of the data so far: it may be the begin of the end mark.
    held: Vec<u8>,
}

#[derive(Debug, PartialEq, Eq)]
enum At {
    Before,
    Within,
    After,
}

impl Sieve {
    pub(super) fn new(begin: String, end: String) -> Self {
        Self { begin: begin.into_bytes(), end: end.into_bytes(), at: At::Before, held: vec![] }
    }

    /// Passes `bytes` on: what is not data goes to `kept`, what is comes back (it may be nothing).
    pub(super) fn pass(&mut self, bytes: &[u8], kept: &mut Vec<u8>) -> Vec<u8> {
        match self.at {
            At::Before => {
                let looked_at = kept.len().saturating_sub(self.begin.len());
                kept.extend_from_slice(bytes);
                let Some(at) = find(&kept[looked_at..], &self.begin) else { return vec![] };
                let data = kept.split_off(looked_at + at + self.begin.len());
                self.at = At::Within;
                self.pass(&data, kept)
            }
            At::Within => {
                self.held.extend_from_slice(bytes);
                if let Some(at) = find(&self.held, &self.end) {
                    kept.extend(self.held.drain(at..));
                    self.at = At::After;
                    return std::mem::take(&mut self.held);
                }
                let sure = self.held.len().saturating_sub(self.end.len() - 1);
                let rest = self.held.split_off(sure);
                std::mem::replace(&mut self.held, rest)
            }
            At::After => {
                kept.extend_from_slice(bytes);
                vec![]
            }
        }
    }
}

/// Where `needle` is first. Its first byte is looked for alone: that is quick, and data is long.
pub(super) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    let first = *needle.first()?;
    let mut at = 0;
    while let Some(next) = haystack[at..].iter().position(|byte| *byte == first) {
        at += next;
        if haystack[at..].starts_with(needle) {
            return Some(at);
        }
        at += 1;
    }
    None
}

/// Where `needle` is last.
pub(super) fn rfind(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).rposition(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATA: &[u8] = b"\nM en\n\nM end\0\xff\nM begin\nM end\n";

    #[test]
    fn data_comes_out_whole_however_it_is_cut_and_noise_stays_outside() {
        let all = [b"Welcome\nM beg\nM begin\n", DATA, b"\nM end 0 1 2\nbye"].concat();
        for size in 1..=all.len() {
            let mut sieve = Sieve::new("\nM begin\n".into(), "\nM end ".into());
            let (mut kept, mut data) = (vec![], vec![]);
            for part in all.chunks(size) {
                data.extend(sieve.pass(part, &mut kept));
            }
            assert_eq!(data, DATA, "in parts of {size}");
            assert_eq!(kept, b"Welcome\nM beg\nM begin\n\nM end 0 1 2\nbye", "in parts of {size}");
        }
    }

    #[test]
    fn no_more_is_held_back_than_a_mark_is_long() {
        let mut sieve = Sieve::new("\nM begin\n".into(), "\nM end ".into());
        let mut kept = vec![];
        assert_eq!(sieve.pass(b"\nM begin\n0123456789", &mut kept), b"0123");
        assert_eq!(sieve.pass(b"ab", &mut kept), b"45");
    }
}
