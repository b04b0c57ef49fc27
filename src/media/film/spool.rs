//! Finished frames on disk, so that the second pass need not decode and scale them again.
//!
//! In: the frames of the first pass, in order. Out: the same frames. Never: more than [`MOST_BYTES`]; a film that fails
//! because the disk is full: what is not kept is made again.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use ffmpeg_next::frame;

use crate::media::Error;

/// The most that is kept: twenty seconds of 1080×1920, fifty of 720×1280. Frames beyond it are decoded twice.
const MOST_BYTES: u64 = 2 << 30;

/// The first frames of a film.
pub(super) struct Spool {
    path: PathBuf,
    /// Nothing once it could not be written.
    file: Option<File>,
    bytes: u64,
    /// How many frames it has.
    frames: u64,
}

impl Spool {
    /// An empty one at a path that nothing is at. Where no file can be made it stays empty.
    pub fn create(path: PathBuf) -> Self {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)
            .ok();
        Self {
            path,
            file,
            bytes: 0,
            frames: 0,
        }
    }

    /// How many frames it has, from the film's first.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Keeps the next frame, as long as there is room.
    pub fn keep(&mut self, frame: &frame::Video) {
        let Some(file) = &mut self.file else { return };
        let bytes: u64 = (0..frame.planes())
            .map(|plane| frame.data(plane).len() as u64)
            .sum();
        if self.bytes + bytes > MOST_BYTES {
            return;
        }
        match (0..frame.planes()).try_for_each(|plane| file.write_all(frame.data(plane))) {
            Ok(()) => {
                self.bytes += bytes;
                self.frames += 1;
            }
            // a full disk: the rest is made again, and so is what it needed room for
            Err(_) => self.give_up(),
        }
    }

    fn give_up(&mut self) {
        self.file = None;
        self.frames = 0;
        let _ = std::fs::remove_file(&self.path);
    }

    /// Goes back to the first frame.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn rewind(&mut self) -> Result<(), Error> {
        match &mut self.file {
            Some(file) => file.rewind().map_err(Error::io("read back", &self.path)),
            None => Ok(()),
        }
    }

    /// Fills `frame`, which is of the same shape as those that were kept, with the next one.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn next(&mut self, frame: &mut frame::Video) -> Result<(), Error> {
        let path: &Path = &self.path;
        let file = self.file.as_mut().ok_or(io::ErrorKind::UnexpectedEof);
        file.map_err(io::Error::from)
            .and_then(|file| {
                (0..frame.planes()).try_for_each(|plane| file.read_exact(frame.data_mut(plane)))
            })
            .map_err(Error::io("read back", path))
    }
}

#[cfg(test)]
mod tests {
    use super::super::compose::black;
    use super::*;

    #[test]
    fn frames_come_back_as_they_were_and_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::create(folder.path().join("frames"));
        let frame = |value: u8| {
            let mut frame = black((36, 64));
            (0..3).for_each(|plane| frame.data_mut(plane).fill(value));
            frame
        };
        (0..5).for_each(|value| spool.keep(&frame(value)));
        assert_eq!(spool.frames(), 5);
        for _ in 0..2 {
            spool.rewind().unwrap();
            for value in 0..5 {
                let mut read = black((36, 64));
                spool.next(&mut read).unwrap();
                assert_eq!(read.data(1), frame(value).data(1));
            }
        }
        assert!(spool.next(&mut black((36, 64))).is_err());
    }

    #[test]
    fn where_no_file_can_be_made_nothing_is_kept() {
        let mut spool = Spool::create(PathBuf::from("/nowhere/frames"));
        spool.keep(&black((36, 64)));
        assert_eq!(spool.frames(), 0);
        assert!(spool.rewind().is_ok());
    }
}
