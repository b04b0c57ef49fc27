//! The first pass: how hard every frame of a film is.
//!
//! In: a timeline, the size and the bytes that the film will have. Out: x264's own statistics, for the second pass. Never:
//! packets that anybody sees.

use std::ffi::CString;

use super::encode::{Encoder, Pass};
use super::frames::{self, Findings, Source};
use super::progress::{Reporter, Stage};
use super::spool::Spool;
use super::timeline::Timeline;
use crate::media::Error;
use crate::media::unfinished::Scratch;

/// The kind of scratch file that x264 writes; a second one lies beside it.
const STATISTICS: &str = "statistics";

/// The kind of scratch file that frames are kept in.
const FRAMES: &str = "frames";

/// A first pass that was done.
pub(super) struct FirstPass {
    /// Its files; they are removed with it.
    _scratch: Scratch,
    /// Where x264 reads them.
    pub statistics: CString,
    /// The film's frames, as far as there was room.
    pub spool: Spool,
    /// What is to be reported of the clips.
    pub findings: Findings,
}

/// Encodes a film of `size` pixels quickly, at the bit rate that it will have.
///
/// Both have to be the film's own. x264 reckons from one quality to another, and the further it has to, the more it is
/// wrong: grain is gone at half the size, and at a finer quality it takes all the bits (`docs/film.md`).
///
/// # Errors
/// What the clips give, [`Error::Io`], [`Error::Film`], [`Error::Cancelled`].
pub(super) fn run(
    film: &Timeline<'_>,
    size: (u32, u32),
    bit_rate: f64,
    scratch: Scratch,
    progress: &mut Reporter<'_>,
) -> Result<FirstPass, Error> {
    let file = scratch.path(STATISTICS);
    let statistics =
        CString::new(file.as_os_str().as_encoded_bytes()).map_err(|_| Error::Film {
            message: format!("x264 cannot write to `{}`", file.display()),
        })?;
    let pass = Pass::First {
        statistics: &statistics,
        bit_rate,
    };
    let mut encoder = Encoder::open(film.format(size), pass, film.options.effort)?;
    let mut spool = Spool::create(scratch.path(FRAMES));
    let findings = frames::each(
        film,
        size,
        Source::KeptIn(&mut spool),
        |_, _| {},
        |frame| {
            encoder.give(frame)?;
            progress.frame(Stage::Analyse, 0);
            Ok(())
        },
    )?;
    // only now are they whole
    encoder.end()?;
    Ok(FirstPass {
        _scratch: scratch,
        statistics,
        spool,
        findings,
    })
}
