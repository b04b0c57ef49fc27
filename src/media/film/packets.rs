//! The packets of a file, one after the other, to their end.
//!
//! In: an opened file. Out: its packets, and what of it could not be read. Never: a file that is read for ever: a
//! damaged container can answer every question with the same refusal.

use ffmpeg_next::format::context::Input;
use ffmpeg_next::{Error as Refusal, Packet};

use super::av;

/// Refusals in a row after which nothing more is expected; between two of them a container may find its way again.
const MAX_REFUSALS: u32 = 200;

/// Reads packets.
#[derive(Debug, Default)]
pub(super) struct Packets {
    in_a_row: u32,
    /// What the container refused first, in FFmpeg's words.
    pub refused: Option<String>,
}

impl Packets {
    /// Reads the next packet; false at the end.
    ///
    /// # Errors
    /// Of FFmpeg, [`Refusal::Exit`] when the reading was stopped. Damage that can be passed over is none.
    pub fn next(&mut self, input: &mut Input, packet: &mut Packet) -> Result<bool, Refusal> {
        loop {
            // the library forgets what a packet held before, and would keep it for ever
            *packet = Packet::empty();
            match packet.read(input) {
                Ok(()) => {
                    self.in_a_row = 0;
                    return Ok(true);
                }
                Err(Refusal::Eof) => return Ok(false),
                Err(Refusal::InvalidData) => {
                    let message = av::words(Refusal::InvalidData);
                    self.refused.get_or_insert(message);
                    self.in_a_row += 1;
                    if self.in_a_row > MAX_REFUSALS {
                        return Ok(false);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }
}
