//! Scripts that take and give data: the second half of what every transport must do.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reseed::remote::{Chunk, Flow, Reply, Transport, TransportError};
use tokio::sync::mpsc;

use super::{call, exec, host};

const LONG: Duration = Duration::from_mins(1);

/// Bytes that nothing must take for text, for a mark or for an end.
pub fn bytes(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let mut all: Vec<u8> = (0..length).map(|_| next()).collect();
    for (at, text) in
        [(0, "\nreseed-0 begin\n"), (length / 2, "\nreseed-0 end 0 0 0\n\0\r\n"), (length.saturating_sub(4), "\n\nend")]
    {
        let end = (at + text.len()).min(length);
        all[at..end].copy_from_slice(&text.as_bytes()[..end - at]);
    }
    all
}

/// Runs `body` with this on its stdin; what it gave, and its answer.
pub async fn through<T: Transport>(t: &T, body: &str, input: &[u8]) -> (Vec<u8>, Result<Reply, TransportError>) {
    let ((to, from), (out, mut data)) = (mpsc::channel(2), mpsc::channel(2));
    let flow = Flow { input: Some(from), output: Some(out), silence: LONG };
    let feed = async move {
        for part in input.chunks(9999) {
            let chunk: Chunk = Arc::new(part.to_vec());
            if to.send(chunk).await.is_err() {
                return;
            }
        }
    };
    let hear = async move {
        let mut all = vec![];
        while let Some(chunk) = data.recv().await {
            all.extend_from_slice(&chunk);
        }
        all
    };
    let host = host();
    let ((), heard, reply) = tokio::join!(feed, hear, t.stream(&host, call(body), flow));
    (heard, reply)
}

pub async fn a_stream_carries_any_bytes_both_ways<T: Transport>(t: &T) {
    for length in [100, 65_536, 1_000_003] {
        let sent = bytes(length);
        let (heard, reply) = through(t, "cat; echo said >&2; exit 3", &sent).await;
        let reply = reply.unwrap();
        assert!(heard == sent, "{} of {length} bytes", heard.len());
        assert_eq!((reply.rc, reply.stdout.as_str()), (3, ""));
        assert!(reply.stderr.ends_with("said\n"), "{}", reply.stderr);
    }
    let (heard, reply) = through(t, "printf '%s|' \"$RESEED_RUN\"; cat", b"").await;
    assert_eq!((heard.as_slice(), reply.unwrap().rc), (b"run-1|".as_slice(), 0));
}

pub async fn a_script_reads_lines_and_then_exactly_so_many_bytes<T: Transport>(t: &T) {
    let body =
        "read -r n; dd bs=1000 count=\"$n\" iflag=fullblock 2>/dev/null; read -r word; printf '%s' \"$word\"; cat";
    let sent = [b"70\n".as_slice(), &bytes(70_000), b"word\nrest"].concat();
    let (heard, reply) = through(t, body, &sent).await;
    assert_eq!(reply.unwrap().rc, 0);
    assert!(heard == [bytes(70_000).as_slice(), b"wordrest"].concat(), "{} bytes", heard.len());
}

pub async fn what_is_not_streamed_is_the_answer<T: Transport>(t: &T) {
    let (to, from) = mpsc::channel(1);
    let flow = Flow { input: Some(from), output: None, silence: LONG };
    let feed = async move {
        for _ in 0..100 {
            to.send(Arc::new(vec![7; 5000])).await.unwrap();
        }
    };
    let host = host();
    let ((), reply) = tokio::join!(feed, t.stream(&host, call("wc -c"), flow));
    let reply = reply.unwrap();
    assert_eq!((reply.rc, reply.stdout.trim()), (0, "500000"));
}

pub async fn a_script_that_ends_early_ends_the_stream_with_its_reason<T: Transport>(t: &T) {
    let endless = vec![0; 20 << 20];
    let (_, reply) = through(t, "read -r x; die 'no more'", &[b"x\n", endless.as_slice()].concat()).await;
    let reply = reply.unwrap();
    assert_eq!((reply.rc, reply.reason().as_str()), (1, "no more"));
    assert_eq!(exec(t, "echo next").await.stdout, "next\n");
}

/// Nothing is read ahead of who listens, beyond what pipes and windows hold.
pub async fn a_script_waits_for_who_listens<T: Transport>(t: &T) {
    let (out, mut data) = mpsc::channel::<Chunk>(1);
    let flow = Flow { input: None, output: Some(out), silence: LONG };
    let dir = tempfile::tempdir().unwrap();
    let mark = dir.path().join("sent");
    let body = format!("head -c 60000000 /dev/zero; : >'{}'", mark.display());
    let listen = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert!(!mark.exists(), "60 MB went to where nobody listened");
        let mut all = 0;
        while let Some(chunk) = data.recv().await {
            assert!(chunk.len() <= 66_000, "{}", chunk.len());
            all += chunk.len();
        }
        all
    };
    let host = host();
    let (all, reply) = tokio::join!(listen, t.stream(&host, call(&body), flow));
    assert_eq!((all, reply.unwrap().rc), (60_000_000, 0));
}

pub async fn a_stream_in_which_nothing_moves_times_out_and_the_next_call_works<T: Transport>(t: &T) {
    t.connect(&host()).await.unwrap();
    let silence = Duration::from_millis(500);
    for gives in [true, false] {
        let started = Instant::now();
        let ((to, from), (out, mut data)) = (mpsc::channel(1), mpsc::channel(1));
        let flow = Flow { input: Some(from), output: gives.then_some(out), silence };
        let feed = async move {
            // more than what is between us and a script that takes nothing
            while !gives && to.send(Arc::new(vec![0; 1 << 20])).await.is_ok() {}
            drop(to);
        };
        let host = host();
        let (reply, (), _) = tokio::join!(t.stream(&host, call("sleep 30"), flow), feed, data.recv());
        let error = reply.unwrap_err();
        assert!(matches!(error, TransportError::Timeout { .. }), "{error:?}");
        assert!(started.elapsed() < Duration::from_secs(25), "{:?}", started.elapsed());
    }
    assert_eq!(exec(t, "echo next").await.stdout, "next\n");
}

/// It gives for longer than it may be silent before it takes what waits for it, which is more than pipes and windows
/// hold.
pub async fn a_script_that_gives_may_leave_its_input_waiting<T: Transport>(t: &T) {
    let ((to, from), (out, mut data)) = (mpsc::channel(1), mpsc::channel(1));
    let flow = Flow { input: Some(from), output: Some(out), silence: Duration::from_secs(5) };
    let feed = async move {
        for _ in 0..8 {
            to.send(Arc::new(vec![0; 1 << 20])).await.unwrap();
        }
    };
    let hear = async move {
        let mut all = 0;
        while let Some(chunk) = data.recv().await {
            all += chunk.len();
        }
        all
    };
    let body = "for n in 1 2 3 4 5 6 7 8 9 10; do head -c 1000 /dev/zero; sleep 1; done; exec cat";
    let host = host();
    let (reply, (), heard) = tokio::join!(t.stream(&host, call(body), flow), feed, hear);
    assert_eq!((reply.unwrap().rc, heard), (0, 10_000 + (8 << 20)));
}

pub async fn a_stream_whose_listener_went_away_ends<T: Transport>(t: &T) {
    let (out, mut data) = mpsc::channel::<Chunk>(1);
    let flow = Flow { input: None, output: Some(out), silence: LONG };
    let leave = async {
        data.recv().await;
        drop(data);
    };
    let host = host();
    let ((), reply) =
        tokio::join!(leave, t.stream(&host, call("while :; do head -c 100000 /dev/zero || exit; done"), flow));
    // how it ended is nobody's concern: only that it did
    drop(reply);
    assert_eq!(exec(t, "echo next").await.stdout, "next\n");
}
