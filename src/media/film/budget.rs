//! How many bits a film gets, and at which size it looks best with them.
//!
//! In: the budget, what a first look found. Out: a [`Plan`]: size, and bit rate or quality. All numbers here are
//! measured; `docs/film.md` shows the table. Never: encoding.

use std::path::Path;

use super::encode::Task;
use super::make::Look;
use crate::media::Error;

/// The size of the first look: half of the large one each way.
pub(super) const LOOK_SIZE: (u32, u32) = (540, 960);

/// The quality of the first look.
pub(super) const LOOK_CRF: f64 = 23.0;

/// Bits grow with the picture's area to this power, at the same quality.
const AREA_POWER: f64 = 0.7;

/// Halving the bits costs this much of x264's quality scale.
const CRF_AN_OCTAVE: f64 = 5.5;

/// Nobody sees a difference to the source below this, so no more bits are spent.
const LOSSLESS_CRF: f64 = 17.0;

/// What of the budget the first attempt aims at; the encoder lands within half a part in a hundred of it.
const AIM: f64 = 0.994;

/// The least of the budget that is used where the film gains from bits.
const LEAST_USED: f64 = 0.985;

/// Above this predicted quality number the smaller size looks better.
const SMALLER_ABOVE: f64 = 29.0;

/// SSIM below which a film does not look decent.
const DECENT: f64 = 0.88;

/// The platform's own size.
pub(super) const LARGE: (u32, u32) = (1080, 1920);

/// What looks better when bits are few.
const SMALL: (u32, u32) = (720, 1280);

/// What a film may cost, and what of that is taken already.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    pub max_bytes: u64,
    pub sound_bytes: u64,
    pub sound_packets: u64,
    pub frames: u64,
    pub seconds: f64,
}

/// How a film is encoded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Plan {
    pub size: (u32, u32),
    pub how: How,
    /// x264's quality number that the budget is expected to come to at this size.
    pub expected_crf: f64,
}

/// What decides the bits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum How {
    /// The budget: bits a second.
    Budget(u64),
    /// The eye: more would not be seen.
    Quality(f64),
}

impl Plan {
    /// As the encoder takes it.
    pub fn task(&self, notes: &Path) -> Task {
        match self.how {
            How::Budget(bit_rate) => Task::Fit {
                notes: notes.to_owned(),
                bit_rate,
            },
            How::Quality(crf) => Task::Quality { crf },
        }
    }
}

impl Budget {
    /// What the file's index will need: sizes, times and places of every frame and packet.
    pub fn table_bytes(&self) -> u64 {
        // measured: 13 bytes a frame, 5 a packet of sound
        1800 + self.frames * 14 + self.sound_packets * 6
    }

    /// Bytes for pictures.
    fn picture_bytes(&self) -> u64 {
        self.max_bytes
            .saturating_sub(self.sound_bytes + self.table_bytes())
    }

    fn bit_rate(&self, bytes: f64) -> u64 {
        ((bytes * 8.0 / self.seconds) as u64).max(1000)
    }

    /// The bit rate of the next attempt, if this one will not do.
    ///
    /// # Errors
    /// [`Error::TooLarge`] if three attempts were over the budget: it is less than the least that the encoder can do.
    pub fn correction(
        &self,
        plan: &Plan,
        file: u64,
        pictures: u64,
        attempt: u32,
    ) -> Result<Option<u64>, Error> {
        let over = file > self.max_bytes;
        let by_budget = matches!(plan.how, How::Budget(_));
        let under = by_budget && (file as f64) < self.max_bytes as f64 * LEAST_USED;
        // a film that needs no more bits does not take them the second time either
        if !over && (!under || attempt > 0) {
            return Ok(None);
        }
        if attempt >= 3 {
            return Err(Error::TooLarge {
                bytes: file,
                max_bytes: self.max_bytes,
                quality: None,
            });
        }
        let room = self.max_bytes.saturating_sub(file - pictures) as f64;
        let aim = if over {
            AIM - 0.004 * f64::from(attempt + 1)
        } else {
            AIM
        };
        Ok(Some(match plan.how {
            // where it landed says how far the encoder misses
            How::Budget(_) if attempt == 0 => {
                self.bit_rate(room * aim * self.aimed() / pictures.max(1) as f64)
            }
            _ => self.bit_rate(room * aim * 0.97_f64.powi(attempt as i32)),
        }))
    }

    /// Bytes of pictures that the first attempt aims at.
    fn aimed(&self) -> f64 {
        self.picture_bytes() as f64 * AIM
    }
}

/// Bits a second of sound: the platform's best where there is room, less where pictures need them.
pub(super) fn sound_bit_rate(max_bytes: u64, seconds: f64, is_silent: bool) -> usize {
    if is_silent {
        return 32_000;
    }
    let all = max_bytes as f64 * 8.0 / seconds;
    // a tenth of everything, in steps that the encoder likes
    match all * 0.1 {
        share if share >= 128_000.0 => 128_000,
        share if share >= 112_000.0 => 112_000,
        share if share >= 96_000.0 => 96_000,
        share if share >= 80_000.0 => 80_000,
        _ => 64_000,
    }
}

/// The sizes that may be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// This one.
    Fixed((u32, u32)),
    /// This one, or a smaller one if that looks better.
    UpTo((u32, u32)),
}

/// Decides size and bits.
pub(super) fn plan(budget: &Budget, look: &Look, size: Size) -> Plan {
    let at = |size| expected_crf(budget, look, size);
    let size = match size {
        Size::Fixed(size) => size,
        Size::UpTo(size) if at(size) > SMALLER_ABOVE => SMALL,
        Size::UpTo(size) => size,
    };
    let expected_crf = at(size);
    let how = if expected_crf < LOSSLESS_CRF {
        How::Quality(LOSSLESS_CRF + 1.0)
    } else {
        How::Budget(budget.bit_rate(budget.aimed()))
    };
    Plan {
        size,
        how,
        expected_crf,
    }
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

/// x264's quality number at which a film of this size fills the budget.
fn expected_crf(budget: &Budget, look: &Look, size: (u32, u32)) -> f64 {
    let area = |(w, h): (u32, u32)| f64::from(w) * f64::from(h);
    let grown = look.bytes as f64 * (area(size) / area(look.size)).powf(AREA_POWER);
    look.crf + CRF_AN_OCTAVE * (grown / budget.picture_bytes().max(1) as f64).log2()
}
