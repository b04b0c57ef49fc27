//! What a report will say of a long batch, kept out of memory.
//!
//! In: the text of each story as it ends, in any order. Out: the texts in the order of the plan. Never: more memory than
//! a few words a story.

use std::fs::File;
use std::io;
use std::ops::AddAssign;
use std::os::unix::fs::FileExt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::batch::Status;

/// How many stories ended how.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub done: usize,
    pub unchanged: usize,
    pub failed: usize,
    /// Of all of them.
    pub diagnostics: usize,
}

impl Counts {
    pub fn add(&mut self, status: Status, diagnostics: usize) {
        match status {
            Status::Done => self.done += 1,
            Status::Unchanged => self.unchanged += 1,
            Status::Failed => self.failed += 1,
        }
        self.diagnostics += diagnostics;
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, more: Self) {
        self.done += more.done;
        self.unchanged += more.unchanged;
        self.failed += more.failed;
        self.diagnostics += more.diagnostics;
    }
}

/// What is said of a story.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Text {
    /// Its object for programs; empty where nobody asked for it.
    pub json: String,
    /// What is wrong with it, for people.
    pub diagnostics: String,
    /// What became of it, for people.
    pub lines: String,
}

#[derive(Debug, Clone)]
enum Kept {
    Nothing,
    /// In the file: where, and how long its parts are.
    File(u64, [u32; 3]),
    /// The disk is full.
    Memory(Box<Text>),
}

#[derive(Debug)]
struct State {
    /// Has no name: whatever happens, nothing of it is left.
    file: Option<File>,
    end: u64,
    kept: Vec<Kept>,
    counts: Counts,
}

/// The texts of the stories of a plan.
#[derive(Debug)]
pub(super) struct Spool(Mutex<State>);

impl Spool {
    /// For so many stories.
    pub fn new(stories: usize) -> Self {
        Self(Mutex::new(State {
            file: tempfile::tempfile().ok(),
            end: 0,
            kept: vec![Kept::Nothing; stories],
            counts: Counts::default(),
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The story at `place` ended.
    pub fn put(&self, place: usize, text: Text, status: Status, diagnostics: usize) {
        let mut state = self.state();
        state.counts.add(status, diagnostics);
        let kept = state.write(&text).unwrap_or(Kept::Memory(Box::new(text)));
        state.kept[place] = kept;
    }

    /// How many ended how.
    pub fn counts(&self) -> Counts {
        self.state().counts
    }

    /// Every story that ended, in the order of the plan.
    ///
    /// # Errors
    /// What `each` gives, and what the system says.
    pub fn each(&self, mut each: impl FnMut(&Text) -> io::Result<()>) -> io::Result<()> {
        let state = self.state();
        for kept in &state.kept {
            match kept {
                Kept::Nothing => {}
                Kept::Memory(text) => each(text)?,
                Kept::File(at, lengths) => each(&state.read(*at, *lengths)?)?,
            }
        }
        Ok(())
    }
}

impl State {
    fn write(&mut self, text: &Text) -> Option<Kept> {
        let file = self.file.as_ref()?;
        let parts = [&text.json, &text.diagnostics, &text.lines];
        let mut lengths = [0; 3];
        for (length, part) in lengths.iter_mut().zip(parts) {
            *length = part.len().try_into().ok()?;
        }
        let kept = Kept::File(self.end, lengths);
        let bytes = parts.map(String::as_bytes).concat();
        // at a place: what was broken off by a full disk is written over
        file.write_all_at(&bytes, self.end).ok()?;
        self.end += bytes.len() as u64;
        Some(kept)
    }

    fn read(&self, at: u64, lengths: [u32; 3]) -> io::Result<Text> {
        let length = lengths.iter().map(|l| *l as usize).sum();
        let mut bytes = vec![0; length];
        if let Some(file) = &self.file {
            file.read_exact_at(&mut bytes, at)?;
        }
        let mut rest = &bytes[..];
        let mut part = |length: u32| {
            let (part, behind) = rest.split_at(length as usize);
            rest = behind;
            String::from_utf8_lossy(part).into_owned()
        };
        Ok(Text {
            json: part(lengths[0]),
            diagnostics: part(lengths[1]),
            lines: part(lengths[2]),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_in_the_order_of_the_plan() {
        let spool = Spool::new(4);
        let text = |json: &str, lines: &str| Text {
            json: json.to_owned(),
            diagnostics: format!("{lines}{json}"),
            lines: lines.to_owned(),
        };
        spool.put(3, text("d", "ä"), Status::Done, 1);
        spool.put(0, text("", "a"), Status::Failed, 2);
        spool.put(2, text("c", ""), Status::Unchanged, 0);
        let mut all = Vec::new();
        spool
            .each(|text| {
                all.push(text.clone());
                Ok(())
            })
            .expect("texts");
        assert_eq!(all, [text("", "a"), text("c", ""), text("d", "ä")]);
        let counts = spool.counts();
        assert_eq!((counts.done, counts.unchanged, counts.failed), (1, 1, 1));
        assert_eq!(counts.diagnostics, 3);
    }
}
