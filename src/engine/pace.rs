//! The pace at which hosts are looked at again while something is waited for.
//!
//! Looking starts JVMs (nodetool), each a second or two of a core, on nodes that are busy starting: looking
//! slows down what is looked for. So for the whole run, whatever runs in parallel, looking again starts no more than one JVM
//! per [`JVM`]. What starts none goes by [`PAUSES`].

use std::sync::Mutex;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::step::Ask;

/// What one JVM takes of the pace.
const JVM: Duration = Duration::from_secs(2);
/// Pauses between looks: quick at first.
const PAUSES: [Duration; 3] = [Duration::from_millis(300), Duration::from_secs(1), Duration::from_secs(2)];

/// The pace of one run.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// When looking may start a JVM again.
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// Says that these were asked, so long ago.
    pub(super) fn asked(&self, asks: &[Ask], ago: Duration) {
        let now = Instant::now();
        let now = now.checked_sub(ago).unwrap_or(now);
        let mut next = self.next.lock().expect("nobody panics here");
        *next = Some(next.map_or(now, |next| next.max(now)) + JVM * jvms(asks));
    }

    /// Waits until they may be asked again, after so many looks.
    pub(super) async fn again(&self, looks: usize, asks: &[Ask]) {
        let pause = Instant::now() + PAUSES[looks.min(PAUSES.len()) - 1];
        if jvms(asks) == 0 {
            return sleep_until(pause).await;
        }
        loop {
            let next = self.next.lock().expect("nobody panics here").map_or(pause, |next| next.max(pause));
            if next <= Instant::now() {
                return;
            }
            sleep_until(next).await;
        }
    }
}

/// How many JVMs these start.
fn jvms(asks: &[Ask]) -> u32 {
    let jvms = asks.iter().filter(|ask| ask.script.vars.contains_key("NODETOOL")).count();
    u32::try_from(jvms).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::HostName;
    use crate::script::Script;

    fn asks(jvms: usize) -> Vec<Ask> {
        let host = HostName::parse("cass1").unwrap();
        let script = Script::new("x");
        let plain = Ask { host: host.clone(), script: script.clone() };
        let jvm = Ask { host, script: script.var("NODETOOL", "nodetool") };
        std::iter::once(plain).chain(std::iter::repeat_n(jvm, jvms)).collect()
    }

    /// When the looks after the first one begin, in ms.
    async fn looks(pace: &Pace, jvms: usize, count: usize) -> Vec<u128> {
        let (asks, began) = (asks(jvms), Instant::now());
        let mut times = vec![];
        pace.asked(&asks, Duration::ZERO);
        for look in 1..=count {
            pace.again(look, &asks).await;
            pace.asked(&asks, Duration::ZERO);
            times.push(began.elapsed().as_millis());
        }
        times
    }

    #[tokio::test(start_paused = true)]
    async fn what_starts_no_jvm_is_looked_at_quickly_at_first() {
        assert_eq!(looks(&Pace::default(), 0, 4).await, [300, 1300, 3300, 5300]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_that_starts_jvms_is_repeated_no_sooner_than_two_seconds_for_each() {
        assert_eq!(looks(&Pace::default(), 1, 3).await, [2000, 4000, 6000]);
        assert_eq!(looks(&Pace::default(), 3, 2).await, [6000, 12000]);
    }

    #[tokio::test(start_paused = true)]
    async fn lanes_that_wait_at_the_same_time_share_the_pace() {
        let pace = Pace::default();
        let (a, b, c) = tokio::join!(looks(&pace, 1, 5), looks(&pace, 1, 5), looks(&pace, 1, 5));
        let mut all = [a, b, c].concat();
        all.sort_unstable();
        assert!(all[0] >= 6000 && all.windows(2).all(|two| two[1] - two[0] >= 2000), "{all:?}");
    }
}
