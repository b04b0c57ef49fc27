//! How many bytes a film's pictures get, and at which size they look best with them.
//!
//! In: the budget, what a first look found. Out: a [`Plan`]. All numbers here are measured; `docs/film.md` shows how.
//! Never: encoding.

use crate::media::Error;

/// The size of the first look: grain, which costs most, is hardly seen in smaller ones.
pub(super) const LOOK_SIZE: (u32, u32) = SMALL;

/// The quality of the first look.
pub(super) const LOOK_CRF: f64 = 23.0;

/// Bytes grow with the picture's area to this power, at the same quality.
const AREA_POWER: f64 = 0.7;

/// Halving the bytes costs this much of x264's quality number.
pub(super) const CRF_AN_OCTAVE: f64 = 4.5;

/// Nobody sees a difference to the source below this, so no more bytes are spent.
pub(super) const FINEST_CRF: f64 = 17.5;

/// What of the budget is aimed at; the last stretch lands within half a part in a hundred of it.
const AIM: f64 = 0.995;

/// The least of the budget that is used where the film gains from bytes.
const LEAST_USED: f64 = 0.9865;

/// Above this quality number, expected of the large size, the smaller one looks better: a landscape won 4 VMAF by it at 25.7,
/// an animation 6 at 27.5.
const SMALLER_ABOVE: f64 = 24.5;

/// A film of which more would look different at the small size, as a part of its area, is a screen, a page, a drawing.
const SHARP: f64 = 0.01;

/// [`SMALLER_ABOVE`] for such a film: at 28 a recorded screen wins 14 VMAF by the large size, at 31 it wins 9, at 33 nothing.
const SHARP_SMALLER_ABOVE: f64 = 33.0;

/// SSIM below which a film does not look decent.
const DECENT: f64 = 0.88;

/// The app's own size, and what looks better when bytes are few.
pub(super) use crate::platform::{STORY as LARGE, STORY_SMALL as SMALL};

/// What a film may cost, and what of that is taken already.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    pub max_bytes: u64,
    pub sound_bytes: u64,
    pub sound_packets: u64,
    pub frames: u64,
}

impl Budget {
    /// What the file's index will need: sizes, times and places of every frame and packet.
    fn index_bytes(&self) -> u64 {
        // measured: 12.3 bytes a frame, 4.2 a packet of sound, and a little more for both
        1500 + self.frames * 13 + self.sound_packets * 5
    }

    fn picture_bytes(&self, index: u64) -> f64 {
        self.max_bytes.saturating_sub(self.sound_bytes + index) as f64
    }

    /// Bytes of pictures to aim at.
    pub fn aimed(&self) -> f64 {
        self.picture_bytes(self.index_bytes()) * AIM
    }

    /// The least and the most bytes that pictures may come to; `index` as it was written, else as it is expected.
    pub fn room(&self, index: Option<u64>) -> (f64, f64) {
        let most = self.picture_bytes(index.unwrap_or_else(|| self.index_bytes()));
        let unused = self.max_bytes as f64 * (1.0 - LEAST_USED);
        ((most - unused).max(0.0), most)
    }
}

/// How a film is encoded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Plan {
    pub size: (u32, u32),
    /// Bytes at this size for one at the size of the look, at the same quality.
    pub growth: f64,
    /// x264's quality number that the budget is expected to come to.
    pub expected_crf: f64,
}

/// The sizes that may be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// This one.
    Fixed((u32, u32)),
    /// This one, or a smaller one if that looks better.
    UpTo((u32, u32)),
}

/// Decides the size of a film that looked as if it needed so many bytes; `lost` is asked for the part of its area that
/// looks different at the small size, where that decides.
///
/// # Errors
/// Those of `lost`.
pub(super) fn plan(
    budget: &Budget,
    looked: f64,
    size: Size,
    lost: impl FnOnce() -> Result<f64, Error>,
) -> Result<Plan, Error> {
    let at = |size| {
        let growth = growth(size);
        let expected_crf =
            LOOK_CRF + CRF_AN_OCTAVE * (looked * growth / budget.aimed().max(1.0)).log2();
        Plan {
            size,
            growth,
            expected_crf,
        }
    };
    let (Size::Fixed(wanted) | Size::UpTo(wanted)) = size;
    let large = at(wanted);
    if matches!(size, Size::Fixed(_)) || large.expected_crf <= SMALLER_ABOVE {
        return Ok(large);
    }
    let bound = match lost()? > SHARP {
        true => SHARP_SMALLER_ABOVE,
        false => SMALLER_ABOVE,
    };
    Ok(match large.expected_crf > bound {
        true => at(SMALL),
        false => large,
    })
}

fn growth(size: (u32, u32)) -> f64 {
    let area = |(w, h): (u32, u32)| f64::from(w) * f64::from(h);
    (area(size) / area(LOOK_SIZE)).powf(AREA_POWER)
}

/// Bits a second of sound: the platform's best where there is room, less where pictures need them.
pub(super) fn sound_bit_rate(max_bytes: u64, seconds: f64, is_silent: bool) -> usize {
    // under 64 kbit/s the encoder cuts off everything above 6 kHz
    const STEPS: [usize; 5] = [128_000, 112_000, 96_000, 80_000, 64_000];
    if is_silent {
        return 32_000;
    }
    let share = max_bytes as f64 * 8.0 / seconds * 0.1;
    let fitting = STEPS.iter().find(|step| share >= **step as f64);
    *fitting.unwrap_or(&64_000)
}

/// What a user should know of a film's quality.
pub(super) fn notes(plan: &Plan, budget: &Budget, likeness: f64) -> Vec<String> {
    let mut notes = Vec::new();
    if plan.size == SMALL {
        notes.push(format!(
            "720×1280 looks better than 1080×1920 within {} bytes",
            budget.max_bytes
        ));
    }
    if likeness < DECENT {
        notes.push(format!(
            "the picture suffers within {} bytes: SSIM {likeness:.3}, {DECENT} and more looks decent; parts (--split), a \
             shorter stretch (--start, --end) or more bytes (--max-bytes) would help",
            budget.max_bytes
        ));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: Budget = Budget {
        max_bytes: 1_000_000,
        sound_bytes: 48_000,
        sound_packets: 141,
        frames: 90,
    };

    /// The width that is chosen for a film whose large size is expected at that quality.
    fn width(expected_crf: f64, size: Size, lost: f64) -> u32 {
        let looked = BUDGET.aimed() * 2_f64.powf((expected_crf - LOOK_CRF) / CRF_AN_OCTAVE);
        let plan = plan(&BUDGET, looked / growth(LARGE), size, || Ok(lost));
        plan.expect("a plan").size.0
    }

    #[test]
    fn what_is_lost_by_scaling_keeps_the_large_size_for_longer() {
        let of = |crf, lost| width(crf, Size::UpTo(LARGE), lost);
        assert_eq!(
            [of(24.0, 0.0), of(25.0, 0.0), of(40.0, 0.0)],
            [1080, 720, 720]
        );
        assert_eq!(
            [of(25.0, 0.05), of(32.0, 0.05), of(34.0, 0.05)],
            [1080, 1080, 720]
        );
        assert_eq!(width(40.0, Size::Fixed(LARGE), 0.0), 1080);
    }
}
