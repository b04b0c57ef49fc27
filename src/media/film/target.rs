//! How many bytes a film's pictures may have.
//!
//! In: the largest file, the encoded sound, the number of frames. Out: bytes to aim at, and whether a file meets them.
//! Never: encoding.

/// What of the room for pictures is left free, as the second pass does not land exactly: a part of it, and so many seconds'
/// worth, which weigh more in short films; and the most. Of 4 films of 8 to 12 s the worst came out 1.08 % over its aim.
const FREE: (f64, f64, f64) = (0.006, 0.05, 0.011);

/// The least of a file's limit that is used where the film gains from bytes.
const LEAST_USED: f64 = 0.985;

/// What a film may cost, and what of that is taken already.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target {
    /// The largest file.
    pub max_bytes: u64,
    /// Bytes of the sound's packets.
    pub sound_bytes: u64,
    /// How many of them there are.
    pub sound_packets: u64,
    /// Frames of the film.
    pub frames: u64,
    /// How long it is.
    pub seconds: f64,
}

/// What is to be done about a file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Verdict {
    /// It is good.
    Met,
    /// It is larger than it may be.
    Over,
    /// It has room for more.
    Under,
}

impl Target {
    /// What the file's index will need: sizes, times and places of every frame and packet.
    fn index_bytes(&self) -> u64 {
        // measured: 12.3 bytes a frame, 4.2 a packet of sound, and a little more for both
        1500 + self.frames * 13 + self.sound_packets * 5
    }

    /// Bytes of pictures to aim at.
    pub fn pictures(&self) -> f64 {
        let taken = self.sound_bytes + self.index_bytes();
        let aim = 1.0 - (FREE.0 + FREE.1 / self.seconds).min(FREE.2);
        (self.max_bytes.saturating_sub(taken) as f64 * aim).max(1.0)
    }

    /// Bytes of pictures above which the file is too large.
    pub fn most_pictures(&self) -> u64 {
        self.max_bytes.saturating_sub(self.sound_bytes)
    }

    /// Bytes of a file with so many of pictures.
    pub fn file(&self, pictures: f64) -> u64 {
        self.sound_bytes + self.index_bytes() + pictures as u64
    }

    /// Judges a file of so many bytes.
    pub fn judge(&self, file: u64) -> Verdict {
        if file > self.max_bytes {
            Verdict::Over
        } else if (file as f64) < self.max_bytes as f64 * LEAST_USED {
            Verdict::Under
        } else {
            Verdict::Met
        }
    }
}

/// Bytes to aim at after a pass that was told to make `last.0` bytes and made `last.1`, and perhaps one before it.
///
/// Short films answer to what they are told by more or by less than that: two passes tell by how much.
pub(super) fn next_aim(wanted: f64, last: (f64, f64), earlier: Option<(f64, f64)>) -> f64 {
    let missed = libm::log(wanted / last.1.max(1.0));
    let answer = earlier.map_or(1.0, |earlier| {
        let (asked, came) = (
            libm::log(last.0 / earlier.0),
            libm::log(last.1 / earlier.1.max(1.0)),
        );
        match asked.abs() > 1e-3 && came / asked > 0.0 {
            true => (came / asked).clamp(0.5, 3.0),
            false => 1.0,
        }
    });
    last.0 * libm::exp(missed / answer)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_passes_tell_how_a_film_answers() {
        // a film that makes the square of what it is told, in parts of what it may have
        let made = |aim: f64| 1000.0 * (aim / 800.0).powi(2);
        let first = (1000.0, made(1000.0));
        let second = next_aim(1000.0, first, None);
        let third = next_aim(1000.0, (second, made(second)), Some(first));
        assert!((made(third) / 1000.0 - 1.0).abs() < 1e-9, "{third}");
        assert!(next_aim(1000.0, (500.0, 0.0), None).is_finite());
    }
}
