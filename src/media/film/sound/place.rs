//! Lays decoded sound on the time line that its marks describe.
//!
//! In: a [`DecodedAudio`], and the moment that shall be sample 0. Out: samples with silence where nothing was recorded. Never: a
//! hole for a timestamp that is only unsteady, or sound that slowly runs away from its picture.

use std::ops::Range;

use super::decoded::{DecodedAudio, Mark};
use super::{RATE, fade_in, fade_out, samples};

/// Timestamps that are off by less than this say nothing, seconds; by more, twice in a row, they mean it.
const UNSTEADY: f64 = 0.03;

/// Where something is missing, timestamps count from here on, seconds; less is how containers round.
const TORN: f64 = 0.004;

/// A clock that goes back further than this was reset, seconds; less is an overlap.
const RESET: f64 = 2.0;

/// How far sound may be from where its timestamps say before it is stretched to follow them, seconds.
const ASTRAY: f64 = 0.01;

/// Sound is stretched in pieces of this length, seconds, so that one wrong timestamp moves nothing.
const KNOT: f64 = 2.0;

/// Length of the fades at a hole, seconds.
const EDGE: f64 = 0.003;

/// Samples that follow each other without a hole, and by how much they are late, seconds.
struct Run {
    from: usize,
    to: usize,
    late: Vec<(usize, f64)>,
}

/// The sound between two moments; shorter if the sound ends earlier, never longer.
pub fn place(decoded: &DecodedAudio, wanted: Range<f64>) -> Vec<[f32; 2]> {
    let whole = samples(wanted.end - wanted.start);
    let mut placed: Vec<[f32; 2]> = Vec::new();
    for run in runs(&decoded.marks, decoded.samples.len(), wanted.start) {
        let (start, sound) = run.straight(&decoded.samples, wanted.start);
        if start >= whole as i64 {
            break;
        }
        lay(&mut placed, start, &sound);
    }
    placed.truncate(whole);
    placed
}

/// Adds sound at a sample that may lie before the end of what is there, or before 0.
fn lay(placed: &mut Vec<[f32; 2]>, start: i64, sound: &[[f32; 2]]) {
    let end = placed.len() as i64;
    let known = (end - start).clamp(0, sound.len() as i64) as usize;
    let sound = &sound[known..];
    if sound.is_empty() {
        return;
    }
    let hole = (start - end).max(0) as usize;
    // less than a millisecond is rounding, not a hole
    let joined = end == 0 || (hole < 48 && known < 48);
    if !joined {
        fade_out(placed, samples(EDGE));
    }
    placed.resize(placed.len() + hole, [0.0; 2]);
    let first = placed.len();
    placed.extend_from_slice(sound);
    if !joined {
        fade_in(&mut placed[first..], samples(EDGE));
    }
}

/// Splits decoded sound where sound is missing or doubled.
fn runs(marks: &[Mark], length: usize, start: f64) -> Vec<Run> {
    let late = lateness(marks, start);
    let mut runs: Vec<Run> = Vec::new();
    for (index, &(mark, stated)) in late.iter().enumerate() {
        let mut new = true;
        if let Some(run) = runs.last() {
            let recent = run.late.iter().rev().take(8);
            let usual = recent.clone().map(|(_, late)| late).sum::<f64>() / recent.count() as f64;
            let off = |(_, late): &(Mark, f64)| late - usual;
            let here = stated - usual;
            let mut following = late[index + 1..]
                .iter()
                .take(2)
                .take_while(|(mark, _)| !mark.torn);
            let meant = following.all(|next| off(next) * here.signum() > UNSTEADY);
            new = (here.abs() > UNSTEADY && meant) || (mark.torn && here.abs() > TORN);
        }
        if new {
            if let Some(last) = runs.last_mut() {
                last.to = mark.at.min(length);
            }
            runs.push(Run {
                from: mark.at,
                to: length,
                late: Vec::new(),
            });
        }
        if let Some(run) = runs.last_mut() {
            run.late.push((mark.at, stated));
        }
    }
    // before the first mark nothing was recorded; behind the last one there may be nothing left
    runs.retain(|run| run.from < run.to);
    runs
}

/// How much later than its place in what was decoded each mark is due; a clock that was reset goes on where it stood.
fn lateness(marks: &[Mark], start: f64) -> Vec<(Mark, f64)> {
    let late = |mark: &Mark| mark.due.map(|due| due - mark.at as f64 / f64::from(RATE));
    let mut last = marks.iter().find_map(late).unwrap_or(start);
    let mut reset = 0.0;
    let mut list = Vec::with_capacity(marks.len());
    for (index, mark) in marks.iter().enumerate() {
        let mut stated = late(mark).map_or(last, |late| late + reset);
        if (stated - last).abs() > RESET {
            let next = marks[index + 1..]
                .iter()
                .find_map(late)
                .map(|late| late + reset);
            let back = stated < last;
            // one timestamp alone is a mistake; the next must agree
            let meant =
                next.is_some_and(|next| next > stated - RESET && (!back || next < stated + RESET));
            if back && meant {
                reset += last - stated;
            }
            if back || !meant {
                stated = last;
            }
        }
        last = stated;
        list.push((*mark, stated));
    }
    list
}

impl Run {
    /// The run's samples, stretched if its marks ask for it, and the sample of the time line they start at.
    fn straight<'a>(
        &self,
        decoded: &'a [[f32; 2]],
        start: f64,
    ) -> (i64, std::borrow::Cow<'a, [[f32; 2]]>) {
        let sound = &decoded[self.from.min(decoded.len())..self.to.min(decoded.len())];
        let due = |at: usize, late: f64| {
            ((at as f64 / f64::from(RATE) + late - start) * f64::from(RATE)).round() as i64
        };
        let usual = median(self.late.iter().map(|(_, late)| *late).collect());
        let knots = self.knots();
        if knots.iter().all(|(_, late)| (late - usual).abs() <= ASTRAY) {
            return (due(self.from, usual), sound.into());
        }
        let mut straight = Vec::with_capacity(sound.len());
        for pair in knots.windows(2) {
            let [(at, late), (next_at, next_late)] = [pair[0], pair[1]];
            let length = (due(next_at, next_late) - due(at, late)).max(0) as usize;
            stretch(
                sound,
                at - self.from,
                next_at - self.from,
                length,
                &mut straight,
            );
        }
        (due(self.from, knots[0].1), straight.into())
    }

    /// The usual lateness around points of the run, its two ends among them.
    fn knots(&self) -> Vec<(usize, f64)> {
        let spacing = samples(KNOT);
        let pieces = ((self.to - self.from) / spacing).max(1);
        let near = |point: usize| {
            let range = point.saturating_sub(spacing / 2)..=point + spacing / 2;
            let around: Vec<f64> = self
                .late
                .iter()
                .filter(|(at, _)| range.contains(at))
                .map(|(_, late)| *late)
                .collect();
            match around.is_empty() {
                true => self
                    .late
                    .iter()
                    .min_by_key(|(at, _)| at.abs_diff(point))
                    .map_or(0.0, |(_, late)| *late),
                false => median(around),
            }
        };
        (0..=pieces)
            .map(|piece| self.from + (self.to - self.from) * piece / pieces)
            .map(|point| (point, near(point)))
            .collect()
    }
}

/// Adds the samples `from..to` as `length` samples, along cubic curves.
fn stretch(sound: &[[f32; 2]], from: usize, to: usize, length: usize, out: &mut Vec<[f32; 2]>) {
    let step = (to - from) as f64 / length.max(1) as f64;
    let near = |index: isize| sound[index.clamp(0, sound.len() as isize - 1) as usize];
    for index in 0..length {
        let place = from as f64 + index as f64 * step;
        let whole = place.floor() as isize;
        let part = (place - place.floor()) as f32;
        let [a, b, c, d] = [
            near(whole - 1),
            near(whole),
            near(whole + 1),
            near(whole + 2),
        ];
        out.push(std::array::from_fn(|side| {
            let (a, b, c, d) = (a[side], b[side], c[side], d[side]);
            let curve = a - 2.5 * b + 2.0 * c - 0.5 * d;
            b + part * (0.5 * (c - a) + part * (curve + part * (0.5 * (d - a) + 1.5 * (b - c))))
        }));
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}
