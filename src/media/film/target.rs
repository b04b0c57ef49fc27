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
