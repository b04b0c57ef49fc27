//! What a level of H.264 lets a stream need.
//!
//! In: a level and what a stream is. Out: what of it is too much. Never: a stream's bytes.

/// Limits of a level: macroblocks a second, in a picture, in the memory of pictures; kbit/s of the Main profile.
type Limits = (u32, u64, u64, u64, u64);

/// ITU-T H.264, table A-1, by ten times the level; 9 is 1b.
#[rustfmt::skip]
const LEVELS: [Limits; 20] = [
    (9, 1485, 99, 396, 128),
    (10, 1485, 99, 396, 64),
    (11, 3000, 396, 900, 192),
    (12, 6000, 396, 2376, 384),
    (13, 11_880, 396, 2376, 768),
    (20, 11_880, 396, 2376, 2000),
    (21, 19_800, 792, 4752, 4000),
    (22, 20_250, 1620, 8100, 4000),
    (30, 40_500, 1620, 8100, 10_000),
    (31, 108_000, 3600, 18_000, 14_000),
    (32, 216_000, 5120, 20_480, 20_000),
    (40, 245_760, 8192, 32_768, 20_000),
    (41, 245_760, 8192, 32_768, 50_000),
    (42, 522_240, 8704, 34_816, 50_000),
    (50, 589_824, 22_080, 110_400, 135_000),
    (51, 983_040, 36_864, 184_320, 240_000),
    (52, 2_073_600, 36_864, 184_320, 240_000),
    (60, 4_177_920, 139_264, 696_320, 240_000),
    (61, 8_355_840, 139_264, 696_320, 480_000),
    (62, 16_711_680, 139_264, 696_320, 800_000),
];

/// What a stream needs of its decoder.
#[derive(Debug, Clone, Copy)]
pub(super) struct Needs {
    /// Pixels a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Pictures a second.
    pub rate: f64,
    /// Pictures kept to refer to.
    pub references: usize,
    /// Bits a second.
    pub bit_rate: f64,
    /// The High profile, which a level lets a quarter more bits.
    pub is_high: bool,
}

/// What of it is more than a level allows, in words; `None` if it fits.
pub(super) fn excess(level: u32, needs: &Needs) -> Option<String> {
    let found = LEVELS.iter().find(|(name, ..)| *name == level);
    let Some((_, a_second, a_picture, kept, kilobits)) = found else {
        return Some("there is no such level".to_owned());
    };
    let blocks = u64::from(needs.width.div_ceil(16)) * u64::from(needs.height.div_ceil(16));
    // a rate is measured, so a hair more than the limit is the limit
    let speed = blocks as f64 * needs.rate * 0.999;
    let bits = if needs.is_high { 1250.0 } else { 1000.0 } * *kilobits as f64;
    if blocks > *a_picture {
        Some(format!("pictures of {}×{}", needs.width, needs.height))
    } else if speed > *a_second as f64 {
        Some(format!("{:.2} pictures a second", needs.rate))
    } else if blocks * needs.references as u64 > *kept {
        Some(format!("{} pictures to refer to", needs.references))
    } else if needs.bit_rate > bits {
        Some(format!("{:.1} Mbit/s", needs.bit_rate / 1e6))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORY: Needs = Needs {
        width: 1080,
        height: 1920,
        rate: 30.0,
        references: 4,
        bit_rate: 1e6,
        is_high: true,
    };

    #[test]
    fn a_story_fits_level_4() {
        assert_eq!(excess(40, &STORY), None);
        assert_eq!(excess(31, &STORY).as_deref(), Some("pictures of 1080×1920"));
        assert_eq!(
            excess(43, &STORY).as_deref(),
            Some("there is no such level")
        );
    }

    #[test]
    fn twice_the_rate_needs_level_4_2() {
        let fast = Needs {
            rate: 60.0,
            ..STORY
        };
        assert_eq!(
            excess(41, &fast).as_deref(),
            Some("60.00 pictures a second")
        );
        assert_eq!(excess(42, &fast), None);
    }

    #[test]
    fn memory_and_bits_are_limited_too() {
        let deep = Needs {
            references: 5,
            ..STORY
        };
        assert_eq!(excess(40, &deep).as_deref(), Some("5 pictures to refer to"));
        let wide = Needs {
            bit_rate: 26e6,
            ..STORY
        };
        assert_eq!(excess(40, &wide).as_deref(), Some("26.0 Mbit/s"));
        assert_eq!(excess(41, &wide), None);
    }
}
