//! The world's time: it can be turned forward and run faster, never back.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The fastest a world's time runs: a day in under a tenth of a second.
const MAX_SPEED: f64 = 1_000_000.0;

/// Where the world's time stood at one moment of real time, and how fast it runs since.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Clock {
    real: Timestamp,
    world: Timestamp,
    speed: f64,
}

impl Clock {
    /// A clock that shows real time at `real`, and runs at real speed.
    pub fn new(real: Timestamp) -> Self {
        Self {
            real,
            world: real,
            speed: 1.0,
        }
    }

    /// What it shows at a moment of real time.
    pub fn at(&self, real: Timestamp) -> Timestamp {
        let passed = real.duration_since(self.real).as_secs_f64().max(0.0) * self.speed;
        later(
            self.world,
            Duration::try_from_secs_f64(passed).unwrap_or(Duration::MAX),
        )
    }

    /// World seconds a real second.
    pub fn speed(&self) -> f64 {
        self.speed
    }

    /// Turns it forward.
    pub fn advance(&mut self, real: Timestamp, by: Duration) {
        self.world = later(self.at(real), by);
        self.real = real;
    }

    /// Lets it run faster or slower from now on; kept between 0 (it stands) and a million.
    pub fn set_speed(&mut self, real: Timestamp, speed: f64) {
        self.world = self.at(real);
        self.real = real;
        self.speed = if speed.is_finite() {
            speed.clamp(0.0, MAX_SPEED)
        } else {
            1.0
        };
    }
}

/// `by` after `time`, or the end of all time.
pub fn later(time: Timestamp, by: Duration) -> Timestamp {
    SignedDuration::try_from(by)
        .ok()
        .and_then(|by| time.checked_add(by).ok())
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn a_clock_is_turned_forward_and_sped_up() {
        let start = at("2026-11-20T10:00:00Z");
        let mut clock = Clock::new(start);
        let ten = at("2026-11-20T10:00:10Z");
        assert_eq!(clock.at(ten), ten);
        clock.advance(ten, Duration::from_secs(3600));
        assert_eq!(clock.at(ten), at("2026-11-20T11:00:10Z"));
        clock.set_speed(ten, 60.0);
        assert_eq!(
            clock.at(at("2026-11-20T10:00:11Z")),
            at("2026-11-20T11:01:10Z")
        );
        assert_eq!(clock.at(start), at("2026-11-20T11:00:10Z"), "never back");
    }

    #[test]
    fn the_end_of_time_is_no_panic() {
        let mut clock = Clock::new(Timestamp::MAX);
        clock.advance(Timestamp::MAX, Duration::MAX);
        clock.set_speed(Timestamp::MIN, f64::NAN);
        assert_eq!(clock.at(Timestamp::MAX), Timestamp::MAX);
    }
}
