//! Film that the platform accepts: read, framed, painted over, encoded to the byte budget, checked.
//!
//! In: a [`Scene`](crate::scene::Scene) with clips in it, and the name its file shall have. Out: a
//! [`Media`](super::Media), whole and verified, or an error and no file. Never: more bytes than the budget, a second
//! of the film lost, a file or address that the scene does not name.

mod analysis;
mod audio;
mod av;
mod boxes;
mod compose;
mod cover;
mod crop;
mod damage;
mod decode;
mod ebml;
mod encode;
mod facts;
mod first_pass;
mod frames;
mod grey;
pub(super) mod instead;
mod lay;
mod lazy_load;
mod left_out;
mod level;
mod look;
mod make;
mod mux;
mod options;
mod packets;
mod pictures;
mod player;
pub(super) mod probe;
mod progress;
mod promise;
mod quality;
mod rate;
mod remarks;
mod second_pass;
mod see_through;
mod shape;
mod sound;
mod split;
mod spool;
mod stand_in;
mod target;
mod timeline;
mod times;
mod tone;
mod trim;
pub(super) mod verify;

use std::path::Path;

pub use damage::{Broken, Damage};
pub(super) use decode::Watch;
pub(super) use facts::SOUND_ALONE;
pub use options::{Effort, FILM_LIMIT, FilmOptions, Level, Short};
pub use probe::{AudioProbe, FilmProbe, VideoProbe};
pub use progress::{Progress, Stage};
pub use remarks::Enlarged;
pub use sound::SoundTrack;
pub use split::{Film, parts};

use super::{Error, Media};
use crate::scene::Scene;

/// Makes a film of a scene at `path`, replacing what is there.
///
/// H.264 High and AAC-LC in an MP4 that starts with its index: 8-bit 4:2:0, BT.709, a constant rate of 23 to 60 frames a
/// second, a key frame at least every two seconds, 48 kHz stereo. The whole film is in it and it is never larger than
/// `options.max_bytes`. It gets its name when it has been read back and everything was good.
///
/// # Errors
/// [`Error::TooShort`], [`Error::TooLong`], [`Error::Unreadable`] for a clip that cannot be used, [`Error::TooSlow`] for
/// one that takes longer than `options.limit`, [`Error::Cancelled`], [`Error::Io`] and [`Error::Altered`] from the disk,
/// [`Error::Film`] when the encoder fails. No file is left behind then, and an older one stays.
pub fn video(
    scene: &Scene,
    path: &Path,
    options: &FilmOptions,
    progress: &mut dyn FnMut(Progress),
) -> Result<Media, Error> {
    Film::of(scene, options)?.video(path, progress)
}
