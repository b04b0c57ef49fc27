//! How far a film is.
//!
//! In: frames as they are done. Out: [`Progress`] for whoever waits. Never: a promise of time.

/// How far a film is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub stage: Stage,
    /// Frames that are done, of all stages.
    pub done: u64,
    /// Frames there are to do, of all stages.
    pub total: u64,
    /// Bytes of pictures so far.
    pub bytes: u64,
}

/// The stages of a film, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The first pass: how hard is it, and where?
    Analyse,
    /// The film itself.
    Encode,
    /// It is read back.
    Check,
}

/// Counts frames over all stages, and reports them.
pub(super) struct Reporter<'a> {
    report: &'a mut dyn FnMut(Progress),
    done: u64,
    total: u64,
}

impl<'a> Reporter<'a> {
    /// For a film of so many frames that is encoded and read back.
    pub fn new(report: &'a mut dyn FnMut(Progress), frames: u64) -> Self {
        Self {
            report,
            done: 0,
            total: frames * 2,
        }
    }

    /// Work on more frames than was foreseen.
    pub fn more(&mut self, frames: u64) {
        self.total += frames;
    }

    /// Frames that are done, of all stages.
    pub fn done(&self) -> u64 {
        self.done
    }

    /// A stage that would have ended with so many frames done is over now.
    pub fn cut_short(&mut self, foreseen: u64) {
        self.total -= foreseen.saturating_sub(self.done).min(self.total);
    }

    /// One frame is done; `bytes` of pictures so far.
    pub fn frame(&mut self, stage: Stage, bytes: u64) {
        self.done += 1;
        let (done, total) = (self.done, self.total);
        (self.report)(Progress {
            stage,
            done,
            total,
            bytes,
        });
    }
}
