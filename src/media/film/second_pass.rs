//! The pass that makes the film.
//!
//! In: a timeline, a size, how bits are given out. Out: the packets of the whole film. Never: judging what came out.

use super::encode::{Encoder, Pass, Track};
use super::frames::{self, Findings, Source};
use super::progress::{Reporter, Stage};
use super::quality::Originals;
use super::timeline::Timeline;
use crate::media::Error;

/// A film's pictures.
pub(super) struct Pictures {
    /// Encoded.
    pub track: Track,
    /// What is to be reported of the clips that were read for it.
    pub findings: Findings,
    /// Some frames as they were.
    pub originals: Originals,
}

/// Encodes a film, and gives up when it sees on the way that its pictures have more than `most_bytes`.
///
/// # Errors
/// What the clips give, [`Error::Film`], [`Error::Cancelled`], [`Error::TooLarge`].
pub(super) fn run(
    film: &Timeline<'_>,
    size: (u32, u32),
    pass: Pass<'_>,
    source: Source<'_>,
    most_bytes: u64,
    progress: &mut Reporter<'_>,
) -> Result<Pictures, Error> {
    let mut encoder = Encoder::open(film.format(size), pass, film.options.effort)?;
    let mut originals = Originals::of(film.rate());
    let findings = frames::each(
        film,
        size,
        source,
        |index, frame| originals.note(index, frame),
        |frame| {
            encoder.give(frame)?;
            progress.frame(Stage::Encode, encoder.bytes());
            match encoder.bytes() > most_bytes {
                true => Err(Error::TooLarge {
                    bytes: encoder.bytes(),
                    max_bytes: most_bytes,
                    quality: None,
                }),
                false => Ok(()),
            }
        },
    )?;
    Ok(Pictures {
        track: encoder.end()?,
        findings,
        originals,
    })
}
