//! How a host that is out of reach is asked again: which errors, how often, for how long.
//!
//! Pauses double from [`FIRST`] to [`LONGEST`], and each is drawn from its upper half, so that many
//! waiting for one host (or its bastion) do not knock together. Time out of reach counts from the
//! first error after an answer.
//!
//! Invariant: an untrusted key, a refused login and an improper answer are never asked about again.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Call, Reply, Transport, TransportError, random};
use crate::name::HostName;

/// The first pause,
const FIRST: Duration = Duration::from_millis(100);
/// and what they grow to.
const LONGEST: Duration = Duration::from_secs(10);

/// Patience with one host.
#[derive(Debug)]
pub(crate) struct Patience {
    silence: Duration,
    lost: Option<Instant>,
    pause: Duration,
}

impl Patience {
    /// For a host that may be out of reach for `silence`.
    pub(crate) fn new(silence: Duration) -> Self {
        Self { silence, lost: None, pause: FIRST }
    }

    /// It answered: all counts start anew.
    pub(crate) fn answered(&mut self) {
        *self = Self::new(self.silence);
    }

    /// Pauses before another try; or gives the error back, when trying cannot help or patience is over.
    pub(crate) async fn bear(&mut self, error: TransportError) -> Result<(), TransportError> {
        let lost = *self.lost.get_or_insert_with(Instant::now);
        let pause = jittered(self.pause);
        if !error.retryable() || lost.elapsed() + pause > self.silence {
            return Err(error);
        }
        sleep(pause).await;
        self.pause = (self.pause * 2).min(LONGEST);
        Ok(())
    }
}

/// A random time between half of `pause` and all of it.
fn jittered(pause: Duration) -> Duration {
    let half = pause / 2;
    half + half.mul_f64(f64::from(u16::try_from(random() & 0xffff).unwrap_or_default()) / 65536.0)
}

/// Runs a script that may run again: one that only reads. For a host that may be out of reach for
/// `silence`. A script over its limit is not run again: the line is alive then, and it would be
/// over its limit again.
pub async fn exec<T: Transport>(
    transport: &T,
    host: &HostName,
    call: Call,
    silence: Duration,
) -> Result<Reply, TransportError> {
    let mut patience = Patience::new(silence);
    loop {
        match transport.exec(host, call.clone()).await {
            Err(error @ TransportError::Timeout { .. }) => return Err(error),
            Err(error) => patience.bear(error).await?,
            answer => return answer,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::remote::fake::FakeTransport;
    use crate::script::Rendered;

    fn host() -> HostName {
        HostName::parse("h1").unwrap()
    }

    fn call() -> Call {
        let script = Rendered { name: "t".into(), vars: std::collections::BTreeMap::default(), body: "".into() };
        Call::new(script, "run-1", Duration::from_mins(1))
    }

    fn lost() -> TransportError {
        TransportError::LinkLost { host: host(), why: "cut".into() }
    }

    #[tokio::test(start_paused = true)]
    async fn a_line_that_is_back_after_two_minutes_gives_the_answer() {
        let cut = Instant::now();
        let fake = FakeTransport::new(move |host, _| match cut.elapsed() {
            t if t < Duration::from_secs(1) => Err(lost()),
            t if t < Duration::from_mins(2) => {
                Err(TransportError::Unreachable { host: host.clone(), why: "no route".into() })
            }
            _ => Ok(Reply { stdout: "there".into(), ..Reply::default() }),
        });
        let reply = exec(&fake, &host(), call(), Duration::from_mins(5)).await.unwrap();
        assert_eq!(reply.stdout, "there");
        assert!(cut.elapsed() < Duration::from_secs(131), "the longest pause is ten seconds: {:?}", cut.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_stays_away_is_given_up_when_patience_is_over() {
        let began = Instant::now();
        let fake = FakeTransport::new(|_, _| Err(lost()));
        assert_eq!(exec(&fake, &host(), call(), Duration::from_mins(5)).await.unwrap_err(), lost());
        assert!(
            (Duration::from_secs(289)..=Duration::from_mins(5)).contains(&began.elapsed()),
            "{:?}",
            began.elapsed()
        );
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_to_ten_seconds_and_are_not_the_same_twice() {
        let mut waited = vec![];
        for _ in 0..2 {
            let times = std::sync::Arc::new(Mutex::new(vec![]));
            let seen = times.clone();
            let fake = FakeTransport::new(move |_, _| {
                seen.lock().unwrap().push(Instant::now());
                Err(lost())
            });
            let _ = exec(&fake, &host(), call(), Duration::from_mins(2)).await;
            let times = times.lock().unwrap().clone();
            let pauses: Vec<Duration> = times.windows(2).map(|two| two[1] - two[0]).collect();
            let mut most = FIRST;
            for pause in &pauses {
                // timers have a grain of a millisecond
                let range = most / 2..=most + Duration::from_millis(2);
                assert!(range.contains(pause), "{pause:?} not in {range:?}");
                most = (most * 2).min(LONGEST);
            }
            assert_eq!(most, LONGEST);
            waited.push(pauses);
        }
        assert_ne!(waited[0], waited[1]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_trying_again_cannot_help_is_asked_once() {
        let why = || "no".to_owned();
        for error in [
            TransportError::HostKey { host: host(), why: why() },
            TransportError::Denied { host: host(), why: why() },
            TransportError::Garbled { host: host(), why: why() },
            TransportError::Timeout { host: host(), limit: Duration::from_secs(1) },
        ] {
            let answer = error.clone();
            let fake = FakeTransport::new(move |_, _| Err(answer.clone()));
            assert_eq!(exec(&fake, &host(), call(), Duration::from_mins(5)).await.unwrap_err(), error);
            assert_eq!(fake.calls().len(), 1, "{error}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn patience_starts_anew_with_each_answer() {
        let mut patience = Patience::new(Duration::from_mins(1));
        for _ in 0..3 {
            let began = Instant::now();
            while patience.bear(lost()).await.is_ok() {}
            assert!(began.elapsed() > Duration::from_secs(49));
            patience.answered();
        }
    }
}
