//! What the time is: the real one, or that of a sandbox, which can be turned forward and run faster.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// The real time, or that of a world that runs beside it. Copies show the same time.
#[derive(Clone, Default)]
pub struct Clock {
    world: Option<Arc<RwLock<Face>>>,
}

/// What a world's clock showed at one moment of real time, and how fast it runs since.
#[derive(Debug, Clone, Copy)]
struct Face {
    real: Timestamp,
    world: Timestamp,
    speed: f64,
}

impl Face {
    fn at(&self, real: Timestamp) -> Timestamp {
        let passed = real.duration_since(self.real).as_secs_f64() * self.speed;
        shifted(self.world, passed)
    }
}

/// So far a clock may be from what was expected before it counts as turned, in real seconds.
const SLACK: f64 = 0.15;

/// How long work waits for a clock that stands.
const STANDS: Duration = Duration::from_secs(60);

/// A time that much later, or the end of all time.
pub fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_real() {
            "the real time"
        } else {
            "a world's time"
        })
    }
}

impl Clock {
    /// A world's clock, which shows `world` now and runs `speed` seconds each real one.
    pub fn of_world(world: Timestamp, speed: f64) -> Self {
        let real = Timestamp::now();
        Self {
            world: Some(Arc::new(RwLock::new(Face { real, world, speed }))),
        }
    }

    /// It is the real time.
    pub fn is_real(&self) -> bool {
        self.world.is_none()
    }

    /// What it shows.
    pub fn now(&self) -> Timestamp {
        let real = Timestamp::now();
        self.face().map_or(real, |face| face.at(real))
    }

    /// When it will show that, in real time, if it runs on as it does.
    pub fn real(&self, world: Timestamp) -> Timestamp {
        match self.face() {
            None => world,
            Some(face) if face.speed > 0.0 => {
                let left = world.duration_since(face.world).as_secs_f64() / face.speed;
                shifted(face.real, left)
            }
            Some(face) if face.world >= world => face.real,
            Some(_) => Timestamp::MAX,
        }
    }

    /// How long it takes until it shows that, in real time; nothing, where it is past.
    pub fn until(&self, world: Timestamp) -> Duration {
        let left = self.real(world).duration_since(Timestamp::now());
        let left = Duration::try_from(left).unwrap_or_default();
        match self.is_real() {
            true => left,
            // it may be turned meanwhile
            false => left.min(STANDS),
        }
    }

    /// Has it show `world` now, at that speed; whether that is another time than it would have shown. Nothing happens to
    /// the real time.
    pub fn set(&self, world: Timestamp, speed: f64) -> bool {
        let Some(face) = &self.world else {
            return false;
        };
        let real = Timestamp::now();
        let mut face = face.write().unwrap_or_else(PoisonError::into_inner);
        let off = world.duration_since(face.at(real)).as_secs_f64().abs();
        let is_turned = off > SLACK * speed.max(face.speed).max(1.0)
            || (speed - face.speed).abs() > f64::EPSILON * speed.abs();
        *face = Face { real, world, speed };
        is_turned
    }

    fn face(&self) -> Option<Face> {
        let face = self.world.as_ref()?;
        Some(*face.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A time, so many seconds later; the ends of all time are its edges.
fn shifted(time: Timestamp, seconds: f64) -> Timestamp {
    let edge = match seconds < 0.0 {
        true => Timestamp::MIN,
        false => Timestamp::MAX,
    };
    SignedDuration::try_from_secs_f64(seconds)
        .ok()
        .and_then(|by| time.checked_add(by).ok())
        .unwrap_or(edge)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(from: Timestamp, to: Timestamp) -> f64 {
        to.duration_since(from).as_secs_f64()
    }

    #[test]
    fn the_real_time_cannot_be_turned() {
        let clock = Clock::default();
        assert!(!clock.set(Timestamp::MAX, 5.0));
        assert!(seconds(Timestamp::now(), clock.now()).abs() < 1.0);
        assert_eq!(clock.real(Timestamp::MAX), Timestamp::MAX);
        assert_eq!(clock.until(Timestamp::UNIX_EPOCH), Duration::ZERO);
    }

    #[test]
    fn a_world_runs_at_its_speed_and_says_when_it_is_turned() {
        let start: Timestamp = "2026-12-01T09:00:00Z".parse().unwrap();
        let clock = Clock::of_world(start, 3600.0);
        let later = clock.now();
        assert!(later >= start && seconds(start, later) < 3600.0);
        // an hour of it is a second
        let wait = clock.until(start + SignedDuration::from_hours(2));
        assert!(
            wait <= Duration::from_secs(2) && wait > Duration::from_secs(1),
            "{wait:?}"
        );
        assert!(!clock.set(clock.now(), 3600.0), "it is as it was");
        assert!(clock.set(clock.now() + SignedDuration::from_hours(1), 3600.0));
        assert!(clock.set(clock.now(), 1.0), "another speed");
    }

    #[test]
    fn a_clock_that_stands_is_waited_for_but_not_for_ever() {
        let start: Timestamp = "2026-12-01T09:00:00Z".parse().unwrap();
        let clock = Clock::of_world(start, 0.0);
        assert_eq!(clock.now(), start);
        assert_eq!(clock.until(Timestamp::MAX), STANDS);
        assert_eq!(clock.until(start), Duration::ZERO);
    }
}
