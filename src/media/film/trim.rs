//! Which section of a clip plays, and when its pictures are due.
//!
//! In: a clip and its facts. Out: moments of the clip for moments of the film. Trim, speed, loop and hold happen here, and
//! variable rates become constant ones. Never: reading pictures.

use super::facts::Facts;
use crate::scene::Clip;

/// What is shorter than this is one picture, seconds.
pub(super) const LEAST: f64 = 0.001;

/// Parts of a picture's time that clocks may be off by: containers count milliseconds.
const OFF: f64 = 0.05;

/// Frames of a film after which pictures and frames come in the same order again, at most.
const MOST_FRAMES: u32 = 30;

/// The section of a clip that plays, on the clip's own time line from its zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Trim {
    /// Where it begins, seconds.
    pub from: f64,
    /// Where it is over, seconds.
    pub until: f64,
    /// Clip seconds a film second.
    pub speed: f64,
    /// Begins again when it is over.
    pub looped: bool,
    /// When the clip's first picture shows, seconds.
    first: f64,
    /// The usual time between two pictures, seconds.
    step: f64,
    /// All pictures are a whole number of steps from the first.
    is_even: bool,
}

impl Trim {
    /// What of a clip plays.
    pub fn of(clip: &Clip, facts: &Facts) -> Self {
        let end = clip
            .end
            .map_or(facts.seconds, |end| end.as_secs_f64().min(facts.seconds));
        Self {
            from: clip.start.as_secs_f64(),
            until: end,
            speed: f64::from(clip.speed).clamp(0.05, 20.0),
            looped: clip.looped,
            first: facts.first,
            step: facts.beat.unwrap_or(facts.step),
            is_even: facts.is_constant || facts.beat.is_some(),
        }
    }

    /// Film seconds until it is over for the first time.
    pub fn length(&self) -> f64 {
        ((self.until - self.from) / self.speed).max(0.0)
    }

    /// The clip's time at a film's time.
    pub fn time(&self, film: f64) -> f64 {
        self.at(film).0
    }

    /// By when pictures are due that frame `index` of a film of `rate` frames a second may show, seconds on the clip's time
    /// line, and how often the section began again before it.
    ///
    /// Pictures of the film's own rate all show, one after the other, wherever the section begins: the moment lies half-way
    /// between two pictures, and clocks that are not exact change nothing. The section begins with the picture next to its
    /// start. Of pictures that come slower or faster, a frame shows the last one that is due in the first half of its time, or
    /// as near to that as no picture is; all are half a frame early or late at most.
    pub fn due(&self, index: u64, rate: f64) -> (f64, u64) {
        let frame = self.speed / rate;
        // a frame that stands where the section is over begins it again
        let film = |index: u64| (index as f64 + OFF) / rate;
        let (_, round) = self.at(film(index));
        let begun = match round {
            0 => 0,
            round => (round as f64 * self.length() * rate - OFF).ceil().max(0.0) as u64,
        };
        let start = match begun {
            0 => self.from,
            _ => self.at(film(begun)).0 - OFF * frame,
        };
        let start = match self.is_even {
            true => self.first + self.steps(start) * self.step,
            false => start,
        };
        let passed = index.saturating_sub(begun) as f64 * frame;
        let due = start + passed + self.in_between(frame);
        (due.min(self.until - LEAST), round)
    }

    /// The picture next to a moment, in steps from the first; of two that are equally near always the later one.
    fn steps(&self, at: f64) -> f64 {
        ((at - self.first) / self.step + 0.5 + OFF).floor()
    }

    /// How far behind the start of a frame of `frame` clip seconds the pictures may be due that it shows, seconds.
    fn in_between(&self, frame: f64) -> f64 {
        let half = frame.min(self.step.max(frame / 100.0)) / 2.0;
        let steps = frame / self.step;
        // after so many frames they stand as at first, and meet the pictures at multiples of a part of a step
        let order = (1..=MOST_FRAMES).find(|frames| {
            let all = f64::from(*frames) * steps;
            all > 0.5 && (all - all.round()).abs() < OFF / 10.0
        });
        match order.filter(|_| self.is_even) {
            Some(order) => {
                let part = self.step / f64::from(order);
                // half-way between two of them
                ((half / part - 0.5 - OFF).round() + 0.5).max(0.5) * part
            }
            None => half,
        }
    }

    /// The clip's time at a film's time, and how often it began again.
    fn at(&self, film: f64) -> (f64, u64) {
        let length = self.length();
        if !self.looped || length < LEAST {
            return (self.from + film * self.speed, 0);
        }
        let round = (film / length).floor();
        (
            self.from + (film - round * length) * self.speed,
            round as u64,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What plays of a clip of `pictures` a second, from a start on.
    fn trim(pictures: f64, from: f64) -> Trim {
        Trim {
            from,
            until: 20.0,
            speed: 1.0,
            looped: false,
            first: 0.0,
            step: 1.0 / pictures,
            is_even: true,
        }
    }

    /// Numbers of the pictures that the first frames show, by a clock of milliseconds.
    fn shown(trim: &Trim, rate: f64, frames: u64) -> Vec<u64> {
        let at = |number: u64| (number as f64 * trim.step * 1000.0).round() / 1000.0;
        let last_before = |due: f64| (0..).take_while(|number| at(*number) < due).last();
        (0..frames)
            .map(|index| last_before(trim.due(index, rate).0).unwrap_or(0))
            .collect()
    }

    #[test]
    fn pictures_of_the_films_rate_all_show_wherever_it_begins() {
        for pictures in [24_000.0 / 1001.0, 24.0, 25.0, 29.97, 30.0, 50.0, 60.0] {
            for part in 0..60 {
                let from = 1.0 + f64::from(part) / (pictures * 12.0);
                let shown = shown(&trim(pictures, from), pictures, 90);
                assert!(shown.is_sorted_by(|a, b| a + 1 == *b), "{pictures} {from}");
                let begun = shown[0] as f64 / pictures;
                assert!((begun - from).abs() < 0.56 / pictures, "{pictures} {from}");
            }
        }
    }

    #[test]
    fn other_rates_and_speeds_go_in_even_steps() {
        let mut quick = trim(25.0, 0.5);
        quick.speed = 1.5;
        let steps =
            |shown: Vec<u64>| -> Vec<u64> { shown.windows(2).map(|w| w[1] - w[0]).collect() };
        for (trim, rate, period) in [
            (quick, 25.0, 2),
            (trim(60.0, 0.25), 30.0, 1),
            (trim(20.0, 0.025), 30.0, 3),
            (trim(15.0, 0.1), 30.0, 2),
            (trim(25.0, 0.5), 30.0, 6),
            (trim(24.0, 0.4375), 25.0, 25),
        ] {
            let steps = steps(shown(&trim, rate, 150));
            assert!(
                steps.windows(period + 1).all(|w| w[0] == w[period]),
                "{steps:?}"
            );
        }
    }

    #[test]
    fn what_begins_again_shows_nothing_from_before_its_start() {
        let mut looped = trim(25.0, 1.0);
        (looped.until, looped.looped) = (2.5, true);
        let shown = shown(&looped, 25.0, 113);
        let once: Vec<u64> = (25..=62).collect();
        assert_eq!(shown[..38], once);
        assert!((25..=26).contains(&shown[38]), "{shown:?}");
        assert!(
            shown.windows(2).all(|w| w[1] == w[0] + 1 || w[1] <= 26),
            "{shown:?}"
        );
        assert_eq!(shown[75..], once);
    }

    #[test]
    fn pictures_on_no_beat_show_when_they_are_due() {
        let mut free = trim(25.0, 0.51);
        free.is_even = false;
        assert!((free.due(0, 25.0).0 - 0.53).abs() < 1e-9);
        assert!((free.due(10, 25.0).0 - 0.93).abs() < 1e-9);
    }
}
