//! A track's samples in time.
//!
//! In: a track's tables. Out: when it starts, how long it lasts, where decoding can start. Never: more work than the samples
//! that a film can have, whatever the tables claim.

use super::{MAX_SAMPLES, Track};

/// What a walk over a track's samples shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::media) struct Samples {
    /// Seconds at which the first one is shown, without the edit list.
    pub start: f64,
    /// Seconds from there until the last one is over.
    pub seconds: f64,
    /// All last equally long; the last one may differ.
    pub is_constant: bool,
    /// The longest way from one sample that decoding can start at to the next, seconds.
    pub longest_group: f64,
    /// A sample that is decoded behind such a one and shown before it, by number from 1.
    pub open_at: Option<u64>,
    /// Decoding can start at the first sample.
    pub starts_clean: bool,
}

impl Track {
    /// Decode and show time of each sample, in the track's units.
    fn stamps(&self) -> impl Iterator<Item = (i64, i64, u32)> {
        let runs = self.times.iter();
        let steps = runs.flat_map(|(count, step)| std::iter::repeat_n(*step, *count as usize));
        let runs = self.delays.iter();
        let delays = runs.flat_map(|(count, delay)| std::iter::repeat_n(*delay, *count as usize));
        let delays = delays.chain(std::iter::repeat(0));
        let limit = self.samples.min(MAX_SAMPLES) as usize;
        let mut decoded = 0_i64;
        steps.zip(delays).take(limit).map(move |(step, delay)| {
            let at = decoded;
            decoded = decoded.saturating_add(i64::from(step));
            (at, at.saturating_add(i64::from(delay)), step)
        })
    }

    /// Walks over the samples' times; `None` without samples or a clock.
    pub fn walk(&self) -> Option<Samples> {
        let unit = match self.timescale {
            0 => return None,
            scale => 1.0 / f64::from(scale),
        };
        let mut sync = self.sync.as_ref().map(|numbers| numbers.iter().peekable());
        let (mut start, mut end) = (i64::MAX, i64::MIN);
        let (mut group, mut longest) = (None::<i64>, 0);
        let (mut open_at, mut starts_clean) = (None, false);
        let mut number = 0;
        for (_, at, step) in self.stamps() {
            number += 1;
            let clean = match &mut sync {
                None => true,
                Some(numbers) => {
                    // numbers that are out of order are passed over
                    while numbers.next_if(|n| u64::from(**n) < number).is_some() {}
                    numbers.next_if(|n| u64::from(**n) == number).is_some()
                }
            };
            starts_clean |= clean && number == 1;
            if clean {
                longest = longest.max(at.saturating_sub(group.unwrap_or(at)));
                group = Some(at);
            } else if group.is_some_and(|group| at < group) {
                open_at.get_or_insert(number);
            }
            start = start.min(at);
            end = end.max(at.saturating_add(i64::from(step)));
        }
        let span = end.checked_sub(start).filter(|_| number > 0)?;
        longest = longest.max(end.saturating_sub(group.unwrap_or(start)));
        Some(Samples {
            start: start as f64 * unit,
            seconds: span as f64 * unit,
            is_constant: self.is_constant(),
            longest_group: longest as f64 * unit,
            open_at,
            starts_clean,
        })
    }

    /// All samples but the last are equally long, to the clock's unit.
    fn is_constant(&self) -> bool {
        let steps = || {
            let runs = self.times.iter().filter(|(count, _)| *count > 0);
            let last = runs.clone().count();
            runs.enumerate().filter_map(move |(index, (count, step))| {
                // the last sample stands alone at the end
                (index == 0 || index + 1 < last || *count > 1).then_some(*step)
            })
        };
        match (steps().min(), steps().max()) {
            (Some(least), Some(most)) => most - least <= 1,
            _ => false,
        }
    }

    /// Pictures or packets a second.
    pub fn rate(&self) -> Option<f64> {
        let walk = self.walk()?;
        (walk.seconds > 0.0).then(|| self.samples as f64 / walk.seconds)
    }

    /// Bits a second.
    pub fn bit_rate(&self) -> Option<f64> {
        let walk = self.walk()?;
        (walk.seconds > 0.0).then(|| self.bytes as f64 * 8.0 / walk.seconds)
    }

    /// The matrix leaves the picture as it is, or there is none.
    pub fn is_upright(&self) -> bool {
        let [a, b, _, c, d, ..] = self.matrix;
        (b, c) == (0, 0) && a == d && a >= 0
    }
}
