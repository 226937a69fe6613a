//! How far a host's clock is from the coordinator's: [`Clock`].

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Bounds of a host's clock minus the coordinator's: the host read its own somewhere between
/// question and answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// At least this, in milliseconds.
    pub low_ms: i64,
    /// At most this, in milliseconds.
    pub high_ms: i64,
}

impl Clock {
    /// From what the host said (`1795380000.123456789`, or whole seconds) and when it was asked and had answered.
    pub fn bounds(said: &str, asked: Timestamp, answered: Timestamp) -> Option<Self> {
        let (seconds, fraction) = said.split_once('.').unwrap_or((said, ""));
        let millis: i64 = if fraction.is_empty() { 0 } else { format!("{fraction:0<3}").get(..3)?.parse().ok()? };
        let said = seconds.parse::<i64>().ok()?.checked_mul(1000)?.checked_add(millis)?;
        let granule = if fraction.is_empty() { 1000 } else { 1 };
        Some(Self { low_ms: said - answered.as_millisecond(), high_ms: said + granule - asked.as_millisecond() })
    }

    /// The least that it is off by, and the most.
    pub fn off_by_ms(self) -> (u64, u64) {
        let (low, high) = (self.low_ms.unsigned_abs(), self.high_ms.unsigned_abs());
        let least = if self.low_ms <= 0 && self.high_ms >= 0 { 0 } else { low.min(high) };
        (least, low.max(high))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(said: &str) -> Option<(i64, i64, u64, u64)> {
        let at = |ms| Timestamp::from_millisecond(ms).unwrap();
        let clock = Clock::bounds(said, at(1_000_000), at(1_000_200))?;
        let (least, most) = clock.off_by_ms();
        Some((clock.low_ms, clock.high_ms, least, most))
    }

    #[test]
    fn the_round_trip_bounds_it_and_whole_seconds_widen_it() {
        assert_eq!(bounds("1000.100"), Some((-100, 101, 0, 101)));
        assert_eq!(bounds("1005.5"), Some((5300, 5501, 5300, 5501)));
        assert_eq!(bounds("990.123456789"), Some((-10077, -9876, 9876, 10077)));
        assert_eq!(bounds("1000"), Some((-200, 1000, 0, 1000)));
        assert_eq!((bounds(""), bounds("x.1"), bounds("1.x")), (None, None, None));
    }
}
