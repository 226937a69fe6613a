//! What each node holds by itself, asked while nobody else can answer.
//!
//! A coordinator may ask another replica, also at CL ONE. So the links of all nodes are taken down, all at once:
//! each is alone then, and what it answers is its own. Nobody waits until the others are noticed as down: a
//! node that asks one of them all the same gets no answer, and is asked again.
//!
//! Afterwards the links are healed: not only up, but with nothing left that TCP has to send again.

use std::{
    fs,
    panic::resume_unwind,
    thread,
    time::{Duration, Instant},
};

use crate::{
    Consistency, Error, Host, Lab, Result,
    cluster::STORAGE,
    cql, interrupt,
    ports::{self, unsent},
};

/// How long a node may take to answer.
const PATIENCE: Duration = Duration::from_mins(3);

/// A node whose link is down.
#[derive(Debug)]
pub struct Alone<'a> {
    host: &'a Host,
}

impl Alone<'_> {
    /// The node.
    pub fn host(&self) -> &Host {
        self.host
    }

    /// What it answers at CL ONE; see [`Lab::cql`].
    ///
    /// # Errors
    /// When it still has no answer after minutes.
    pub fn cql(&self, statement: &str) -> Result<Vec<Vec<String>>> {
        self.cql_all(&[statement])
    }

    /// The rows of all statements, which only read: they may be asked more than once.
    ///
    /// # Errors
    /// When it still has no answer after minutes.
    pub fn cql_all(&self, statements: &[impl AsRef<str>]) -> Result<Vec<Vec<String>>> {
        let since = Instant::now();
        loop {
            match cql::execute(self.host, cql::LAB, statements, Consistency::One, 1) {
                Err(Error::Cql { .. }) if since.elapsed() < PATIENCE => interrupt::check()?,
                answered => return answered,
            }
        }
    }
}

impl Lab {
    /// Cuts off every node that runs, asks these, all at the same time, and joins the nodes again.
    ///
    /// # Errors
    /// When a link cannot be set, or the ring does not become whole again; `ask`'s own errors.
    pub fn each_alone<T: Send>(&self, hosts: &[&Host], ask: impl Fn(&Alone<'_>) -> Result<T> + Sync) -> Result<Vec<T>> {
        let running: Vec<&Host> = self.nodes().iter().filter(|node| node.alive()).collect();
        // what was acknowledged by two may still be on its way to the third
        thread::sleep(Duration::from_secs(1));
        let cut = running.iter().try_for_each(|node| node.cut_off());
        let answers: Vec<_> = thread::scope(|scope| {
            let ask = &ask;
            let asked: Vec<_> = hosts.iter().map(|host| scope.spawn(move || ask(&Alone { host }))).collect();
            asked.into_iter().map(thread::ScopedJoinHandle::join).collect()
        });
        // also after an error, and after a panic
        running.iter().try_for_each(|node| node.reconnect())?;
        cut.and_then(|()| self.heal(&running))?;
        answers.into_iter().map(|answer| answer.unwrap_or_else(|panic| resume_unwind(panic))).collect()
    }

    /// Waits until what the nodes had for each other has arrived, and they are UN to each other.
    fn heal(&self, running: &[&Host]) -> Result<()> {
        let since = Instant::now();
        let waiting = |host: &Host| {
            let peers = running.iter().filter(|peer| peer.address != host.address).map(|peer| peer.address.as_str());
            unsent(host.pid(), &peers.collect::<Vec<_>>(), STORAGE)
        };
        while let Some(host) = running.iter().find(|host| waiting(host)) {
            interrupt::check()?;
            if since.elapsed() > PATIENCE {
                let what = format!("waiting until {} has sent what it had for the others", host.name);
                let tail = fs::read_to_string(ports::table(host.pid(), "tcp")).unwrap_or_default();
                return Err(Error::Timeout { what, seconds: PATIENCE.as_secs(), tail });
            }
            thread::sleep(Duration::from_millis(100));
        }
        // a round of gossip or two, before anybody is asked who is down
        thread::sleep(Duration::from_secs(2));
        if running.len() == self.nodes().len() { self.wait_un() } else { Ok(()) }
    }
}
