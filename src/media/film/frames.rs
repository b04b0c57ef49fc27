//! A film's frames, made ahead of whoever needs them.
//!
//! In: a timeline, a size. Out: every frame once, in order, and what was concealed on the way. Never: encoding; more than
//! a few frames at a time in memory.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use ffmpeg_next::frame;

use super::compose::{self, Composer};
use super::damage::{self, Damage};
use super::pictures::Purpose;
use super::spool::Spool;
use super::timeline::Timeline;
use crate::media::Error;

/// Frames between the thread that makes them and the one that takes them.
const AHEAD: usize = 3;

/// What is to be reported of the clips that a film was made of, in words.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// What was broken and concealed.
    pub damaged: Vec<Damage>,
    /// What is other on the way than at the start.
    pub changed: Vec<String>,
}

/// Where frames come from, and where they are kept.
pub(super) enum Source<'a> {
    /// They are made of the clips.
    Clips,
    /// They are made of the clips, and kept.
    KeptIn(&'a mut Spool),
    /// They were kept, as far as there was room; the others are made of the clips.
    Spool(&'a mut Spool),
}

impl Source<'_> {
    /// Makes the next frame.
    fn frame(
        &mut self,
        composer: &mut Composer,
        index: u64,
        frame: &mut frame::Video,
    ) -> Result<(), Error> {
        match self {
            Self::Spool(spool) if index < spool.frames() => return spool.next(frame),
            Self::Spool(spool) if index == spool.frames() && index > 0 => composer.seek(index)?,
            _ => {}
        }
        composer.frame(index, frame)?;
        if let Self::KeptIn(spool) = self {
            spool.keep(frame);
        }
        Ok(())
    }
}

/// Makes all frames of a film on a thread of its own. Each goes to `take` on this thread, in order; `look` sees it before,
/// with its number, on the other one.
///
/// Gives what is to be reported of the clips.
///
/// # Errors
/// What the clips give, [`Error::Cancelled`], and those of `take`.
pub(super) fn each(
    film: &Timeline<'_>,
    size: (u32, u32),
    mut source: Source<'_>,
    mut look: impl FnMut(u64, &frame::Video) + Send,
    mut take: impl FnMut(&mut frame::Video) -> Result<(), Error>,
) -> Result<Findings, Error> {
    std::thread::scope(|scope| {
        let (to_take, made) = sync_channel(AHEAD);
        let (give_back, used) = sync_channel(AHEAD + 2);
        let maker = scope.spawn(move || make(film, size, &mut source, &mut look, &to_take, &used));
        for _ in 0..film.frames {
            film.go_on()?;
            let Ok(mut frame) = made.recv() else {
                // the maker failed and says why
                break;
            };
            take(&mut frame)?;
            // the maker may be gone already
            let _ = give_back.try_send(frame);
        }
        drop(made);
        maker.join().unwrap_or_else(|_| {
            Err(Error::Film {
                message: "the thread that makes frames failed".to_owned(),
            })
        })
    })
}

fn make(
    film: &Timeline<'_>,
    size: (u32, u32),
    source: &mut Source<'_>,
    look: &mut impl FnMut(u64, &frame::Video),
    to_take: &SyncSender<frame::Video>,
    used: &Receiver<frame::Video>,
) -> Result<Findings, Error> {
    if let Source::Spool(spool) = source {
        spool.rewind()?;
    }
    let mut composer = film.composer(size, Purpose::Show)?;
    for index in 0..film.frames {
        let mut frame = used.try_recv().unwrap_or_else(|_| compose::black(size));
        source.frame(&mut composer, index, &mut frame)?;
        look(index, &frame);
        if to_take.send(frame).is_err() {
            // the other side gave up and says why
            return Ok(Findings::default());
        }
    }
    Ok(Findings {
        damaged: damage::of_pictures(&composer.damaged(), film.rate()),
        changed: composer.changed(),
    })
}
