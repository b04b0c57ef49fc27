//! The pictures of a batch: each file is looked at once, each wanted form made once while it is remembered.

use std::collections::HashMap;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::cache::Cache;
use super::error::Error;
use super::scratch::Scratch;
use super::svg::Drawing;
use super::svg_style::Note;
use super::{Fit, Prepared, Wanted, format, prepare};
use crate::scene::{Identity, Mask};

/// How much of a machine pictures may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Pixels of one picture, 100 million by default.
    pub max_pixels: u64,
    /// Bytes of prepared pictures that are remembered, 96 MiB by default.
    pub cache_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_pixels: 100_000_000,
            cache_bytes: 96 << 20,
        }
    }
}

/// Bytes of a file that is read as a picture; a hundred megapixels of 16-bit PNG are about 600 MB.
const MAX_FILE_BYTES: u64 = 640 << 20;

/// Bytes at the start of a file: a phone's photograph has its thumbnail and profile there.
const START: u64 = 128 << 10;

/// Bytes at the start of a file that tell a drawing from other pictures.
const SNIFFED: u64 = 64 << 10;

/// What has been learnt of a file.
#[derive(Default)]
struct Facts {
    size: OnceLock<Result<(u32, u32), Error>>,
    digest: OnceLock<Result<[u8; 32], Error>>,
    notes: OnceLock<Vec<Note>>,
}

/// What a prepared picture is known by; floats by their bits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    file: Identity,
    size: (u32, u32),
    fit: Fit,
    numbers: [u32; 7],
}

/// The pictures of a batch, shared by its threads.
///
/// A file is known by its path, length and times; when it changes, it is read anew. Two threads that want
/// the same wait for one of them to make it. What was used longest ago is forgotten first.
pub struct Pictures {
    limits: Limits,
    facts: Mutex<HashMap<Identity, Arc<Facts>>>,
    prepared: Cache<Key, Result<Prepared, Error>>,
    masks: Cache<(Identity, u32, u32), Result<Arc<Mask>, Error>>,
}

impl Pictures {
    /// None so far.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            facts: Mutex::default(),
            prepared: Cache::new(limits.cache_bytes),
            masks: Cache::new(limits.cache_bytes / 8),
        }
    }

    /// The natural size of a picture once it is upright, in its own pixels; of an SVG in CSS pixels, rounded up.
    ///
    /// # Errors
    /// The file cannot be read, is no known picture, or has more pixels than the limit.
    pub fn size(&self, path: &Path) -> Result<(u32, u32), Error> {
        let file = identify(path)?;
        let facts = self.facts(&file);
        facts
            .size
            .get_or_init(|| {
                let head = start(file.path(), START)?;
                let early = format::early_size(&head, self.limits.max_pixels);
                early.unwrap_or_else(|| format::size(&read(&file)?, self.limits.max_pixels))
            })
            .clone()
    }

    /// Whether a file is drawn rather than made of pixels, by its first bytes.
    pub fn is_drawing(&self, path: &Path) -> bool {
        start(path, SNIFFED).is_ok_and(|head| format::Format::of(&head) == Ok(format::Format::Svg))
    }

    /// What of a drawing is not shown as it was meant; nothing for pictures of pixels.
    pub fn notes(&self, path: &Path) -> Vec<Note> {
        let Ok(file) = identify(path) else {
            return Vec::new();
        };
        let facts = self.facts(&file);
        let notes = facts.notes.get_or_init(|| {
            if !self.is_drawing(path) {
                return Vec::new();
            }
            let drawing =
                read(&file).and_then(|text| Drawing::parse(&text, self.limits.max_pixels));
            drawing.map_or(Vec::new(), |drawing| drawing.notes)
        });
        notes.clone()
    }

    /// The BLAKE3 hash of a file, a picture or not, of any length.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn digest(&self, path: &Path) -> Result<[u8; 32], Error> {
        let file = identify(path)?;
        let facts = self.facts(&file);
        facts
            .digest
            .get_or_init(|| {
                // a film may be larger than memory
                let open = fs::File::open(file.path()).map_err(unreadable)?;
                let mut hasher = blake3::Hasher::new();
                hasher.update_reader(open).map_err(unreadable)?;
                Ok(*hasher.finalize().as_bytes())
            })
            .clone()
    }

    /// The BLAKE3 hash of what a story read of a file that it noted as `noted` before; none where the file has changed
    /// since, or went away.
    pub fn digest_of_read(&self, noted: &Identity) -> Option<[u8; 32]> {
        let digest = self.digest(noted.path()).ok()?;
        // asked for last: what was hashed is not newer than this
        noted.is_current().then_some(digest)
    }

    /// A picture as a layer needs it: upright, sRGB, cropped and resized to the pixel, filtered.
    ///
    /// # Errors
    /// The file cannot be read, is no known picture, is cut off or damaged, or is larger than the limit.
    pub fn prepare(&self, path: &Path, wanted: &Wanted) -> Result<Prepared, Error> {
        let file = identify(path)?;
        let filter = wanted.filter;
        let numbers = [
            wanted.focus.0,
            wanted.focus.1,
            filter.blur,
            filter.brightness,
            filter.contrast,
            filter.saturation,
            filter.grayscale,
        ];
        let key = Key {
            file,
            size: (wanted.width_px, wanted.height_px),
            fit: wanted.fit,
            numbers: numbers.map(f32::to_bits),
        };
        self.prepared.get(
            &key,
            || {
                let mut bytes = read(&key.file)?;
                prepare::prepare(&mut bytes, wanted, self.limits.max_pixels)
            },
            |made| made.as_ref().map_or(0, |made| made.pixels.rgba.len()),
        )
    }

    /// A picture as a mask, stretched over `width_px` × `height_px`: its alpha, or its light when it is opaque.
    ///
    /// # Errors
    /// As for [`prepare`](Self::prepare).
    pub fn mask(&self, path: &Path, width_px: u32, height_px: u32) -> Result<Arc<Mask>, Error> {
        let file = identify(path)?;
        self.masks.get(
            &(file.clone(), width_px, height_px),
            || {
                let mut bytes = read(&file)?;
                prepare::mask(&mut bytes, (width_px, height_px), self.limits.max_pixels)
                    .map(Arc::new)
            },
            |made| made.as_ref().map_or(0, |made| made.coverage.len()),
        )
    }

    /// How many times a picture was made rather than remembered.
    pub fn made(&self) -> usize {
        self.prepared.made()
    }

    fn facts(&self, file: &Identity) -> Arc<Facts> {
        let mut facts = self.facts.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(facts.entry(file.clone()).or_default())
    }
}

impl std::fmt::Debug for Pictures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pictures")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

fn identify(path: &Path) -> Result<Identity, Error> {
    Identity::of(path).map_err(unreadable)
}

/// The first bytes of a file, `most` of them or all that it has.
fn start(path: &Path, most: u64) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|open| open.take(most).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    Ok(bytes)
}

fn read(file: &Identity) -> Result<Scratch, Error> {
    if file.bytes() == 0 {
        return Err(Error::Empty);
    }
    if file.bytes() > MAX_FILE_BYTES {
        return Err(Error::FileTooLarge {
            bytes: file.bytes(),
            limit: MAX_FILE_BYTES,
        });
    }
    let mut bytes = Scratch::new(file.bytes() as usize);
    fs::File::open(file.path())
        .and_then(|mut open| open.read_exact(&mut bytes))
        .map_err(unreadable)?;
    Ok(bytes)
}

fn unreadable(error: std::io::Error) -> Error {
    match error.kind() {
        std::io::ErrorKind::NotFound => Error::Missing,
        _ => Error::Unreadable {
            reason: error.to_string(),
        },
    }
}
