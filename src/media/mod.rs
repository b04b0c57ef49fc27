//! Finished media that the platform accepts, and the judgement of media that exist.
//!
//! In: a painted frame and the name its file shall have. Out: a [`Media`], whole and verified, or an error and no file.
//! [`probe`] says what a file holds, [`verify`] holds it against the platform's rules.
//! Never: painting, the network, a clock but for how long a film may take; a file under its final name before it is whole.

mod animated;
mod error;
mod exif;
mod film;
mod icc;
mod jpeg;
mod jpeg_walk;
mod motion_photo;
mod png;
mod png_walk;
mod probe;
mod rules;
mod unfinished;
mod verify;

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::frame::Frame;
use crate::scene::Extras;

pub use crate::platform::{BUDGET_BYTES, Cancel, PLATFORM_IMAGE_BYTES, PLATFORM_VIDEO_BYTES};
pub use error::Error;
pub use film::{
    AudioProbe, Broken, Damage, Effort, Enlarged, FILM_LIMIT, Film, FilmOptions, FilmProbe, Level,
    Progress, Short, SoundTrack, Stage, VideoProbe, parts, video,
};
pub use motion_photo::MotionPhoto;
pub use probe::{Icc, More, Probe, StillProbe, probe, probe_until};
pub use unfinished::{FOLDER, sweep};
pub use verify::{Profile, Report, Rule, examine, verify, verify_until};

use unfinished::Unfinished;

/// A finished file: written whole, read back, and under its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Media {
    /// Where it is; absolute.
    pub path: PathBuf,
    /// Image or video.
    pub kind: Kind,
    /// Its length.
    pub bytes: u64,
    /// Width in pixels.
    #[serde(default)]
    pub width: u32,
    /// Height in pixels.
    #[serde(default)]
    pub height: u32,
    /// How long a film is, seconds; none for a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<f64>,
    /// SHA-256 of the whole file, 64 lower-case hex digits.
    pub sha256: String,
    /// The JPEG quality, 1–100, where the limit of bytes pushed it below what was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<u8>,
    /// Sentences for the report: what was given up to keep a film within its bytes. Usually none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What a person taps on it, and what else it has in the app; nothing where only the file is known.
    #[serde(default, skip_serializing_if = "Extras::is_empty")]
    pub extras: Extras,
    /// Sections of its clips that were damaged and concealed. Usually none.
    #[serde(skip)]
    pub damaged: Vec<Damage>,
}

/// What the platform takes a medium for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A still picture.
    Image,
    /// A film.
    Video,
}

impl Kind {
    /// `image` or `video`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
        }
    }
}

/// The file formats a still can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// The one the platform takes.
    Jpeg,
    /// For guides, contact sheets, and other uses than publishing.
    Png,
}

impl Format {
    /// How a file name of it ends, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
        })
    }
}

/// How a still is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// JPEG by default, whatever the path ends in.
    pub format: Format,
    /// JPEG quality, 1–100, clamped; 90 by default.
    pub quality: u8,
    /// The largest file, in bytes; 8,000,000 by default. Quality steps down, to 30 at the least, to keep it.
    pub max_bytes: u64,
    /// The folder for the unfinished file, on the target's file system; by default `.storypress` beside the target.
    pub unfinished: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            format: Format::Jpeg,
            quality: 90,
            max_bytes: BUDGET_BYTES,
            unfinished: None,
        }
    }
}

/// Writes a frame as a picture at `path`, replacing what is there.
///
/// The bytes go to a temporary file first, are read back, and get their name last: whoever looks at `path` sees the
/// old file or the whole new one. Missing folders are made. The same frame and options give the same bytes on
/// every machine and thread.
///
/// JPEGs carry no profile: a JPEG without one is sRGB to every reader, the platform's included, and sRGB is what
/// frames are. They carry no EXIF either, so nothing can turn them. Transparent pixels show black in a JPEG.
///
/// # Errors
/// [`Error::TooLarge`] if even quality 30 is over `max_bytes`, [`Error::Size`] for a frame without pixels,
/// [`Error::Io`] and [`Error::Altered`] from the disk. No file is left behind then, and an older one stays.
pub fn still(frame: &Frame, path: &Path, options: &Options) -> Result<Media, Error> {
    let pixels = Pixels {
        width: frame.width(),
        height: frame.height(),
        rgba: frame.rgba(),
    };
    write(pixels, path, options)
}

/// The bytes of the file that [`still`] writes, without the file.
///
/// # Errors
/// As [`still`], but for the disk.
pub fn still_bytes(frame: &Frame, options: &Options) -> Result<Vec<u8>, Error> {
    let pixels = Pixels {
        width: frame.width(),
        height: frame.height(),
        rgba: frame.rgba(),
    };
    encoded(pixels, options, |bytes, _| Ok(bytes.to_vec()))
}

/// A picture that no scene stands behind: a contact sheet, a guide.
#[derive(Clone, Copy)]
pub struct Pixels<'a> {
    /// Pixels a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// `width * height * 4` bytes: RGBA8, sRGB, premultiplied, from the top left.
    pub rgba: &'a [u8],
}

impl fmt::Debug for Pixels<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pixels({}×{})", self.width, self.height)
    }
}

impl Pixels<'_> {
    /// There are pixels, as many as the sides say, and no side is over `max_side`.
    fn fit_sides(&self, max_side: u32) -> bool {
        let sides = 1..=max_side;
        let bytes = u64::from(self.width) * u64::from(self.height) * 4;
        sides.contains(&self.width)
            && sides.contains(&self.height)
            && self.rgba.len() as u64 == bytes
    }

    fn refused(&self, format: Format) -> Error {
        Error::Size {
            width: self.width,
            height: self.height,
            format,
        }
    }
}

/// Writes pixels as [`still`] writes a frame.
///
/// # Errors
/// As [`still`]; [`Error::Size`] also where `rgba` has not the length that the sides ask for.
pub fn write(pixels: Pixels<'_>, path: &Path, options: &Options) -> Result<Media, Error> {
    let path = std::path::absolute(path).map_err(Error::io("write", path))?;
    let asked = options.quality.clamp(1, 100);
    let media = |bytes: &[u8], quality: Option<u8>| Media {
        path: path.clone(),
        kind: Kind::Image,
        bytes: bytes.len() as u64,
        width: pixels.width,
        height: pixels.height,
        duration_s: None,
        sha256: sha256(bytes),
        quality: quality.filter(|q| *q < asked),
        notes: Vec::new(),
        extras: Default::default(),
        damaged: Vec::new(),
    };
    encoded(pixels, options, |bytes, quality| {
        put(bytes, &path, options.unfinished.as_deref())?;
        Ok(media(bytes, quality))
    })
}

/// Encodes, and walks through what came of it; `take` gets the bytes and, of a JPEG, the quality.
fn encoded<T>(
    pixels: Pixels<'_>,
    options: &Options,
    take: impl FnOnce(&[u8], Option<u8>) -> Result<T, Error>,
) -> Result<T, Error> {
    match options.format {
        Format::Jpeg => jpeg::encode(
            pixels,
            options.quality,
            options.max_bytes,
            |bytes, quality| {
                jpeg_walk::whole(bytes, pixels.width, pixels.height)
                    .map_err(|message| refused(options.format, message))?;
                take(bytes, Some(quality))
            },
        ),
        Format::Png => png::encode(pixels, options.max_bytes, |bytes| {
            png_walk::whole(bytes, pixels.width, pixels.height)
                .map_err(|message| refused(options.format, message))?;
            take(bytes, None)
        }),
    }
}

/// A file that is whole under its name, or not there: temporary, read back, renamed. `unfinished` is where it waits,
/// beside itself without one.
pub(crate) fn put(bytes: &[u8], path: &Path, unfinished: Option<&Path>) -> Result<(), Error> {
    let mut file = Unfinished::create(path, unfinished)?;
    file.write(bytes)?;
    file.check(bytes)?;
    file.name(path)
}

fn refused(format: Format, message: String) -> Error {
    Error::Encode { format, message }
}

/// SHA-256 of a file, however long, 64 lower-case hex digits.
///
/// # Errors
/// [`Error::Io`] if it cannot be read.
pub fn sha256_of(path: &Path) -> Result<String, Error> {
    let failed = || Error::io("read", path);
    let mut file = File::open(path).map_err(failed())?;
    let mut digest = Sha256::new();
    let mut bytes = vec![0; 1 << 20];
    loop {
        match file.read(&mut bytes).map_err(failed())? {
            0 => return Ok(hex::encode(digest.finalize())),
            n => digest.update(&bytes[..n]),
        }
    }
}

/// SHA-256 of bytes, 64 lower-case hex digits.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests;
