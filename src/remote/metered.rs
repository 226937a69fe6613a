//! Meters the time during which hosts' scripts run, so that the tool's own share of a run (wall
//! time minus that) is measured and not guessed. A decorator: any [`Transport`] can be wrapped.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::{Call, Flow, Reply, Transport, TransportError};
use crate::name::HostName;

/// A transport with a meter.
pub struct Metered<T> {
    inner: Arc<T>,
    busy: Mutex<Vec<(Instant, Instant)>>,
}

impl<T> Metered<T> {
    /// Wraps a transport.
    pub fn new(inner: T) -> Self {
        Self { inner: Arc::new(inner), busy: Mutex::new(vec![]) }
    }

    /// The transport without its meter, for what goes on beside a run's own work.
    pub fn unmetered(&self) -> &Arc<T> {
        &self.inner
    }

    /// The host's clock gives the length, ours the end: what is left is ssh and we.
    fn meter(&self, reply: &Reply) {
        let remote = reply.remote + reply.then.as_ref().map_or(Duration::ZERO, |then| then.remote);
        let end = Instant::now();
        if let Some(start) = end.checked_sub(remote) {
            self.busy.lock().expect("no holder panics").push((start, end));
        }
    }

    /// When scripts ran on hosts, in seconds since then.
    pub fn busy(&self, since: Instant) -> Vec<(f64, f64)> {
        let spans = self.busy.lock().expect("no holder panics");
        let at = |time: Instant| time.saturating_duration_since(since).as_secs_f64();
        spans.iter().map(|(from, to)| (at(*from), at(*to))).collect()
    }
}

impl<T: Transport> Transport for Metered<T> {
    async fn connect(&self, host: &HostName) -> Result<(), TransportError> {
        self.inner.connect(host).await
    }

    async fn exec(&self, host: &HostName, call: Call) -> Result<Reply, TransportError> {
        self.inner.exec(host, call).await.inspect(|reply| self.meter(reply))
    }

    async fn stream(&self, host: &HostName, call: Call, flow: Flow) -> Result<Reply, TransportError> {
        self.inner.stream(host, call, flow).await.inspect(|reply| self.meter(reply))
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}
