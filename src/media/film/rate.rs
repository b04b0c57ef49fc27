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
    let own = if facts.rate > own * 0.8 || facts.count < 3 {
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
    let mut rate = own;
    if rate > MOST * 1.01 {
        rate /= (rate / (MOST * 1.01)).ceil();
    }
    if rate < LEAST * 0.999 {
        rate *= (LEAST * 0.999 / rate).ceil();
    }
    let close = |(n, d): &(i32, i32)| (f64::from(*n) / f64::from(*d) / rate - 1.0).abs();
    let mut by_distance = KEPT;
    by_distance.sort_by(|a, b| close(a).total_cmp(&close(b)));
    let best = by_distance[0];
    // 29.97 and 30 lie a thousandth apart, clocks of phones drift by less than a hundredth
    if close(&best) < 0.012 {
        return rational(best);
    }
    let next = KEPT
        .iter()
        .find(|(n, d)| f64::from(*n) / f64::from(*d) >= rate);
    if (rate - rate.round()).abs() < 0.001 && (LEAST..=MOST).contains(&rate) {
        return Rational::new(rate.round() as i32, 1);
    }
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
        assert_eq!(of(29.93), (30000, 1001));
        assert_eq!(of(27.3), (30000, 1001));
        assert_eq!(of(f64::NAN), (30, 1));
    }
}
