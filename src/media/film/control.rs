//! Which quality each stretch of a film gets, so that the whole fills its budget.
//!
//! In: how hard each stretch looked, what those before it came to. Out: x264's quality number for the next one, and at
//! the end whether one must be encoded once more. Never: encoding.
//!
//! One quality for the whole film looks best, and the bits follow from the content. A look at some frames tells how
//! hard stretches are beside each other; the stretches that are done tell how many bytes that means. So the number
//! soon stands nearly still, and what is missed at the end, the last stretch corrects alone.

use super::budget::{CRF_AN_OCTAVE, FINEST_CRF, LOOK_CRF};

/// The coarsest that x264 knows.
const COARSEST_CRF: f64 = 51.0;

/// How much a stretch counts for the next one's forecast, beside the one after it.
const FORGET: f64 = 0.9;

/// The number moves by no more than this from one stretch to the next: what looks even is worth more than a forecast.
const STEP: f64 = 0.35;

/// In the last third of the film it may move faster, for the budget to be met, and the last two stretches as they must.
const LATE_STEP: f64 = 0.8;

/// How far it may go from where it began, before the last third: at first, and more with every stretch that is done.
const DRIFT: (f64, f64) = (0.75, 1.5);

/// A look at a few frames is off by a third; forecasts are drawn to their mean by this power.
const TRUST: f64 = 0.6;

/// A first stretch that was further off than this is encoded again.
const FIRST_OFF: f64 = 1.75;

/// What is too large gets coarser by this at the least.
const LEAST_STEP: f64 = 0.02;

/// Attempts at correcting the end.
const MOST_CORRECTIONS: u32 = 9;

/// A part of a film that is encoded by itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stretch {
    /// Its first frame.
    pub first: u64,
    /// How many it has.
    pub frames: u64,
}

/// Cuts a film of `frames` into stretches of one or two times `gop` frames; the last ones are short, to correct with.
pub(super) fn stretches(frames: u64, gop: u64) -> Vec<Stretch> {
    let gop = gop.max(1);
    let count = (frames / gop).max(1);
    let mut out: Vec<Stretch> = Vec::new();
    let (mut at, mut left) = (0, count);
    while left > 0 {
        let gops = if count > 6 && left > 3 { 2 } else { 1 };
        let length = if left == gops {
            frames - at
        } else {
            gops * gop
        };
        out.push(Stretch {
            first: at,
            frames: length,
        });
        at += length;
        left -= gops;
    }
    out
}

/// What is to be done after the last stretch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Verdict {
    /// Nothing.
    Good,
    /// This stretch once more, at this quality.
    Again(usize, f64),
    /// It cannot be done.
    Hopeless,
}

/// Steers the quality.
#[derive(Debug, Clone)]
pub(super) struct Control {
    /// What each stretch is expected to need at [`LOOK_CRF`], bytes.
    expected: Vec<f64>,
    /// What they got, and at which quality.
    done: Vec<Option<(f64, f64)>>,
    /// Bytes for all.
    target: f64,
    corrections: u32,
    /// What was tried at the end, for the slope: quality and bytes of one stretch.
    tried: Vec<(usize, f64, f64)>,
}

impl Control {
    /// For stretches that are expected to need so many bytes each at [`LOOK_CRF`], and `target` bytes for all of them.
    pub fn new(expected: Vec<f64>, stretches: &[Stretch], target: f64) -> Self {
        let all: u64 = stretches.iter().map(|s| s.frames).sum();
        let per_stretch = stretches.len() as f64 / all.max(1) as f64;
        let frames = stretches.iter().map(|s| s.frames as f64 * per_stretch);
        let mut expected: Vec<f64> = expected.into_iter().map(|bytes| bytes.max(1.0)).collect();
        let mean = expected.iter().sum::<f64>() / expected.len().max(1) as f64;
        for (bytes, frames) in expected.iter_mut().zip(frames) {
            let even = mean * frames;
            *bytes = even * (*bytes / even).powf(TRUST);
        }
        Self {
            done: vec![None; expected.len()],
            expected,
            target: target.max(1.0),
            corrections: 0,
            tried: Vec::new(),
        }
    }

    /// The quality of stretch `at`; all before it are done.
    pub fn crf(&self, at: usize) -> f64 {
        let ahead: f64 = self.expected[at..].iter().sum();
        let crf = self.for_room(ahead * self.ratio(), self.target - self.spent());
        let before = at.checked_sub(1).and_then(|before| self.done[before]);
        match before {
            // at the end there is nobody left to make up for a careful step
            Some((_, last)) if at + 2 < self.expected.len() => {
                let done = at as f64 / self.expected.len() as f64;
                let first = self.done[0].map_or(last, |(_, crf)| crf);
                let drift = DRIFT.0 + DRIFT.1 * done;
                match done < 2.0 / 3.0 {
                    true => crf
                        .clamp(last - STEP, last + STEP)
                        .clamp(first - drift, first + drift),
                    false => crf.clamp(last - LATE_STEP, last + LATE_STEP),
                }
            }
            _ => crf,
        }
        .clamp(FINEST_CRF, COARSEST_CRF)
    }

    fn for_room(&self, bytes: f64, room: f64) -> f64 {
        LOOK_CRF + CRF_AN_OCTAVE * (bytes / room.max(1.0)).log2()
    }

    fn spent(&self) -> f64 {
        self.done.iter().flatten().map(|(bytes, _)| bytes).sum()
    }

    /// Bytes that came out for one that was expected at the same quality; the latest stretches count most.
    fn ratio(&self) -> f64 {
        let (mut out, mut expected, mut weight) = (0.0, 0.0, 1.0);
        for (wanted, done) in self.expected.iter().zip(&self.done).rev() {
            let Some((bytes, crf)) = done else { continue };
            out += weight * bytes;
            expected += weight * wanted * 2_f64.powf((LOOK_CRF - crf) / CRF_AN_OCTAVE);
            weight *= FORGET;
        }
        if expected > 0.0 {
            (out / expected).clamp(0.01, 100.0)
        } else {
            1.0
        }
    }

    /// Stretch `at` came to so many bytes.
    pub fn note(&mut self, at: usize, crf: f64, bytes: u64) {
        self.done[at] = Some((bytes as f64, crf));
        self.tried.push((at, crf, bytes as f64));
    }

    /// Whether the first stretch was so far from what the film can have that it shows.
    pub fn first_again(&self) -> Option<f64> {
        let (_, crf) = self.done.first().copied().flatten()?;
        if self.expected.len() < 2 {
            return None;
        }
        let all: f64 = self.expected.iter().sum();
        let right = self
            .for_room(all * self.ratio(), self.target)
            .clamp(FINEST_CRF, COARSEST_CRF);
        ((right - crf).abs() > FIRST_OFF).then_some(right)
    }

    /// What to do about a film of so many bytes of pictures, which may be between `least` and `most`.
    pub fn verdict(&mut self, least: f64, most: f64) -> Verdict {
        let spent = self.spent();
        let over = spent > most;
        let at_best = self
            .done
            .iter()
            .flatten()
            .all(|(_, crf)| *crf <= FINEST_CRF + 0.01);
        // a little room that many attempts did not fill is no loss that anybody sees
        if !over && (spent >= least || at_best || self.corrections >= 6) {
            return Verdict::Good;
        }
        if self.corrections >= MOST_CORRECTIONS {
            return if over {
                Verdict::Hopeless
            } else {
                Verdict::Good
            };
        }
        self.corrections += 1;
        // each miss asks for more distance from the edge
        let aside = (0.2 + 0.15 * f64::from(self.corrections)).min(0.7);
        let aim = if over {
            most - (most - least) * aside
        } else {
            (least + most) / 2.0
        };
        // the last one that can bear it alone, else the largest
        // at the end of x264's numbers one gives nothing more, or takes nothing
        let moves = |crf: f64| match over {
            true => crf < COARSEST_CRF - 0.01,
            false => crf > FINEST_CRF + 0.01,
        };
        let bears = |at: &usize| {
            self.done[*at].is_some_and(|(bytes, crf)| {
                let room = bytes + aim - spent;
                room > bytes * 0.5 && room < bytes * 2.0 && moves(crf)
            })
        };
        let last = (0..self.done.len()).rev().find(bears);
        let largest = || {
            let size = |at: &usize| self.done[*at].map_or(0.0, |(bytes, _)| bytes);
            (0..self.done.len())
                .filter(|at| self.done[*at].is_some_and(|(_, crf)| moves(crf)))
                .max_by(|a, b| size(a).total_cmp(&size(b)))
        };
        let Some(at) = last.or_else(largest) else {
            return if over {
                Verdict::Hopeless
            } else {
                Verdict::Good
            };
        };
        let (bytes, crf) = self.done[at].unwrap_or((1.0, LOOK_CRF));
        let room = (bytes + aim - spent).max(bytes * 0.1);
        let next = crf + self.slope(at) * (bytes / room).log2();
        let next = if over {
            next.max(crf + LEAST_STEP)
        } else {
            next
        };
        let next = next.clamp(FINEST_CRF, COARSEST_CRF);
        if (next - crf).abs() < 0.005 {
            return if over {
                Verdict::Hopeless
            } else {
                Verdict::Good
            };
        }
        Verdict::Again(at, next)
    }

    /// How the quality number goes with bytes for one stretch: from two attempts at it, else as usual.
    fn slope(&self, at: usize) -> f64 {
        let mut tried = self.tried.iter().rev().filter(|(tried, ..)| *tried == at);
        match (tried.next(), tried.next()) {
            (Some((_, a, bytes_a)), Some((_, b, bytes_b)))
                if (a - b).abs() > 0.05 && bytes_a != bytes_b =>
            {
                ((a - b) / (bytes_b / bytes_a).log2()).clamp(2.0, 9.0)
            }
            _ => CRF_AN_OCTAVE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_hold_every_frame_once_and_end_short() {
        for (frames, gop) in [
            (1800, 60),
            (3600, 120),
            (90, 60),
            (1, 50),
            (131, 60),
            (750, 50),
        ] {
            let cut = stretches(frames, gop);
            assert_eq!(cut.iter().map(|s| s.frames).sum::<u64>(), frames);
            assert!(
                cut.windows(2)
                    .all(|w| w[0].first + w[0].frames == w[1].first)
            );
            assert!(cut.last().is_some_and(|s| s.frames < gop * 2));
            assert!(cut.iter().rev().skip(1).all(|s| s.frames % gop == 0));
        }
    }

    fn even(count: u64) -> Vec<Stretch> {
        let one = |at| Stretch {
            first: at * 60,
            frames: 60,
        };
        (0..count).map(one).collect()
    }

    /// An encoder that needs `hard` times what the look expected, and halves with every 3.6 of quality.
    fn film(control: &mut Control, hard: &[f64]) -> f64 {
        let bytes = |at: usize, crf: f64| (hard[at] * 2_f64.powf((LOOK_CRF - crf) / 3.6)) as u64;
        for at in 0..hard.len() {
            let crf = control.crf(at);
            control.note(at, crf, bytes(at, crf));
            if at == 0
                && let Some(again) = control.first_again()
            {
                control.note(0, again, bytes(0, again));
            }
        }
        while let Verdict::Again(at, crf) = control.verdict(985.0, 1000.0) {
            control.note(at, crf, bytes(at, crf));
        }
        control.spent()
    }

    #[test]
    fn a_film_fills_its_budget_however_wrong_the_look_was() {
        for factor in [0.2, 1.0, 1.7, 6.0] {
            let expected: Vec<f64> = (0..16).map(|i| 50.0 + f64::from(i % 5) * 40.0).collect();
            let uneven = |(at, bytes): (usize, &f64)| {
                bytes * factor * (0.8 + 0.4 * ((at * 7 % 5) as f64) / 4.0)
            };
            let hard: Vec<f64> = expected.iter().enumerate().map(uneven).collect();
            let spent = film(&mut Control::new(expected, &even(16), 992.0), &hard);
            assert!((985.0..=1000.0).contains(&spent), "{factor}: {spent}");
        }
    }

    #[test]
    fn an_end_that_is_too_hard_is_paid_for_by_what_came_before() {
        // so much at the end that its own coarsest quality does not make up for it
        for end in [30.0, 300.0] {
            let hard: Vec<f64> = (0..10)
                .map(|at| if at < 8 { 100.0 } else { end * 100.0 })
                .collect();
            let mut control = Control::new(vec![100.0; 10], &even(10), 992.0);
            let spent = film(&mut control, &hard);
            assert!(spent <= 1000.0, "{end}: {spent}");
        }
    }

    #[test]
    fn what_needs_no_more_bytes_gets_none() {
        let mut control = Control::new(vec![1.0; 4], &even(4), 992.0);
        let spent = film(&mut control, &[1.0; 4]);
        assert!(spent < 100.0);
        assert!(
            control
                .done
                .iter()
                .flatten()
                .all(|(_, crf)| *crf == FINEST_CRF)
        );
    }

    #[test]
    fn what_cannot_be_done_is_said() {
        let mut control = Control::new(vec![1e6; 3], &even(3), 992.0);
        for at in 0..3 {
            let crf = control.crf(at);
            control.note(at, crf, 900_000);
        }
        for _ in 0..20 {
            match control.verdict(985.0, 1000.0) {
                Verdict::Again(at, crf) => control.note(at, crf, 900_000),
                Verdict::Hopeless => return,
                Verdict::Good => panic!("900 times too large is not good"),
            }
        }
        panic!("it never ends");
    }
}
