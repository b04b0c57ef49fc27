//! How many frames a second a film has.

use ffmpeg_next::Rational;

use super::facts::Facts;
use crate::platform::{FILM_LEAST_RATE as LEAST, FILM_MOST_RATE as MOST};

/// What the platform takes: 23 to 60. Rates of cinema and television, in the order of their speed.
const KEPT: [(i32, i32); 8] = [
    (24000, 1001),
    (24, 1),
    (25, 1),
    (30000, 1001),
    (30, 1),
    (50, 1),
    (60000, 1001),
    (60, 1),
];

/// The rate of stills in motion.
pub(super) const STILL: (i32, i32) = (30, 1);

/// The constant rate for a clip: its own where the platform takes it, else what divides or multiplies into it, else the
/// next one up.
pub(super) fn of(facts: &Facts) -> Rational {
    if let Some(beat) = facts.beat {
        return nearest(1.0 / beat);
    }
    let own = if facts.step > 0.0 {
        1.0 / facts.step
    } else {
        facts.rate
    };
    // most steps are one length and some are longer: pictures are missing, the rate is that of the others
    let own = if facts.is_steady || facts.rate > own * 0.8 || facts.count < 3 {
        own
    } else {
        facts.rate
    };
    nearest(own)
}

fn nearest(own: f64) -> Rational {
    if !own.is_finite() || own <= 0.0 {
        return rational(STILL);
    }
    // 29.97 and 30 lie a thousandth apart, clocks of phones drift by less than a hundredth
    if let Some(kept) = kept(own, 0.012) {
        return kept;
    }
    if own > MOST * 1.01 {
        let part = own / (own / (MOST * 1.01)).ceil();
        return kept(part, 0.03).unwrap_or_else(|| next_up(part));
    }
    if own >= LEAST * 0.999 {
        return whole(own).unwrap_or_else(|| next_up(own));
    }
    // slow ones are shown more often: best so often that it is a rate of cinema or television, also where their clock is
    // none of the best
    let times = || (2..=(MOST / own) as u32 + 1).map(|n| own * f64::from(n));
    let fitting = || times().filter(|rate| (LEAST * 1.01..=MOST * 1.01).contains(rate));
    fitting()
        .find_map(|rate| kept(rate, 0.012).or_else(|| whole(rate)))
        .or_else(|| fitting().find_map(|rate| kept(rate, 0.03)))
        .or_else(|| fitting().next().map(next_up))
        .unwrap_or(rational(STILL))
}

/// The rate of cinema or television that is nearest, if it is no further off than a part of it.
fn kept(rate: f64, off: f64) -> Option<Rational> {
    let far = |(n, d): &(i32, i32)| (f64::from(*n) / f64::from(*d) / rate - 1.0).abs();
    let nearest = KEPT.iter().min_by(|a, b| far(a).total_cmp(&far(b)))?;
    (far(nearest) < off).then_some(rational(*nearest))
}

/// A rate that is a whole number is kept.
fn whole(rate: f64) -> Option<Rational> {
    ((rate - rate.round()).abs() < 0.001 && (LEAST..=MOST).contains(&rate))
        .then(|| Rational::new(rate.round() as i32, 1))
}

/// The next rate of cinema or television that is no slower.
fn next_up(rate: f64) -> Rational {
    let next = KEPT
        .iter()
        .find(|(n, d)| f64::from(*n) / f64::from(*d) >= rate);
    rational(*next.unwrap_or(&(60, 1)))
}

fn rational((n, d): (i32, i32)) -> Rational {
    Rational::new(n, d)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_that_the_platform_takes_are_kept_and_others_divide_or_multiply() {
        let of = |own: f64| {
            let rate = nearest(own);
            (rate.numerator(), rate.denominator())
        };
        for (n, d) in KEPT {
            assert_eq!(of(f64::from(n) / f64::from(d)), (n, d));
        }
        assert_eq!(of(120.0), (60, 1));
        assert_eq!(of(240.0), (60, 1));
        assert_eq!(of(119.88), (60000, 1001));
        assert_eq!(of(10.0), (30, 1));
        assert_eq!(of(12.5), (25, 1));
        assert_eq!(of(15.0), (30, 1));
        assert_eq!(of(20.0), (40, 1));
        assert_eq!(of(5.0), (25, 1));
        // a webcam whose clock is none of the best, and one that left pictures out
        assert_eq!(of(15.3), (30, 1));
        assert_eq!(of(14.6), (30000, 1001));
        assert_eq!(of(11.5), (46, 1));
        assert_eq!(of(7.67), (30, 1));
        assert_eq!(of(29.93), (30000, 1001));
        assert_eq!(of(27.3), (30000, 1001));
        assert_eq!(of(f64::NAN), (30, 1));
    }
}
