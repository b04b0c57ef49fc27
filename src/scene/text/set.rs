//! The typesetter: one for all threads.
//!
//! In: brand fonts, then texts. Out: a [`Set`] for each, the same on every thread and in any order. Never: the
//! machine's fonts, unless a text names one or has a character that the bundled and brand faces lack.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use parley::{FontContext, LayoutContext};

use super::case::cased;
use super::fit::Fitting;
use super::fonts::{BrandFont, Fonts, UnreadableFont};
use super::place::Axes;
use super::shape::{Bench, Look, Shaped};
use super::words::Words;
use super::{Room, Set, Span, Style};

/// Sets texts with one choice of fonts. Threads share it.
pub struct Typesetter {
    fonts: Fonts,
    /// Benches with the bundled and brand faces, and with the machine's too. They are kept apart, so that what one
    /// text needed changes no other.
    own: Mutex<Vec<Bench>>,
    system: Mutex<Vec<Bench>>,
    /// What was set lately: most texts of a batch are the same in every row.
    done: Mutex<HashMap<String, Set>>,
}

/// How many texts are remembered.
const REMEMBERED: usize = 512;

impl Typesetter {
    /// With the bundled faces and these; and the files among them that hold no face.
    pub fn new(brand_fonts: Vec<BrandFont>) -> (Self, Vec<UnreadableFont>) {
        let (fonts, unreadable) = Fonts::new(brand_fonts);
        let typesetter = Self {
            fonts,
            own: Mutex::default(),
            system: Mutex::default(),
            done: Mutex::default(),
        };
        (typesetter, unreadable)
    }

    /// Sets a text: shaped, broken into lines, made to fit.
    pub fn set(&self, spans: &[Span], style: &Style, room: Room) -> Set {
        // Debug prints floats so that they read back the same, so two texts with one key are one text.
        let key = format!("{spans:?}{style:?}{room:?}");
        if let Some(set) = lock(&self.done).get(&key) {
            return set.clone();
        }
        let set = self.set_anew(spans, style, room);
        let mut done = lock(&self.done);
        if done.len() >= REMEMBERED {
            done.clear();
        }
        done.insert(key, set.clone());
        set
    }

    /// Every family that a style may name: the brand's keys, the bundled, the machine's.
    pub fn families(&self) -> Vec<String> {
        self.fonts.families()
    }

    fn set_anew(&self, spans: &[Span], style: &Style, room: Room) -> Set {
        let style = &sane(style);
        let texts = cased(spans, style.transform, style.lang.as_deref());
        let words = Words::new(&texts);
        let mut bench = take(&self.own, || self.fonts.own());
        let stack = self
            .fonts
            .stack(&style.families, &mut bench.fonts.collection, false);
        if !stack.asks_system {
            let look = Look {
                spans,
                style,
                stack: &stack,
            };
            let (shaped, missing) = shape(&mut bench, &words, look, room);
            if missing.is_empty() {
                return finish(&self.own, bench, &words, look, room, shaped);
            }
        }
        lock(&self.own).push(bench);
        self.set_with_system(&words, spans, style, room)
    }

    fn set_with_system(&self, words: &Words, spans: &[Span], style: &Style, room: Room) -> Set {
        let mut bench = take(&self.system, || self.fonts.system());
        let mut stack = self
            .fonts
            .stack(&style.families, &mut bench.fonts.collection, true);
        let look = Look {
            spans,
            style,
            stack: &stack,
        };
        let (mut shaped, mut missing) = shape(&mut bench, words, look, room);
        if !missing.is_empty() {
            // The machine names one family a script; others may still hold the character.
            let holders = self.fonts.holders(&missing);
            if !holders.is_empty() {
                stack.add(holders);
                let look = Look {
                    spans,
                    style,
                    stack: &stack,
                };
                (shaped, missing) = shape(&mut bench, words, look, room);
            }
        }
        let look = Look {
            spans,
            style,
            stack: &stack,
        };
        let set = finish(&self.system, bench, words, look, room, shaped);
        Set {
            missing,
            missing_families: stack.missing,
            ..set
        }
    }
}

/// Shapes at the size that was asked for, and tells what no face has.
fn shape(bench: &mut Bench, words: &Words, look: Look<'_>, room: Room) -> (Shaped, Vec<char>) {
    let mut shaped = Shaped::new(bench, words, look, look.style.size);
    shaped.break_at(look.style.size, room.width);
    let missing = shaped.missing(words);
    (shaped, missing)
}

fn finish(
    pool: &Mutex<Vec<Bench>>,
    mut bench: Bench,
    words: &Words,
    look: Look<'_>,
    room: Room,
    shaped: Shaped,
) -> Set {
    let fitting = Fitting {
        bench: &mut bench,
        words,
        look,
        room,
        shapes: vec![shaped],
    };
    let set = fitting.run();
    lock(pool).push(bench);
    set
}

fn take(pool: &Mutex<Vec<Bench>>, fonts: impl FnOnce() -> FontContext) -> Bench {
    let idle = lock(pool).pop();
    idle.unwrap_or_else(|| Bench {
        layouts: LayoutContext::new(),
        fonts: fonts(),
        axes: Axes::default(),
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics half-way through a change of what these guard.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The style with numbers that can be reckoned with.
fn sane(style: &Style) -> Style {
    let or = |value: f32, other: f32| if value.is_finite() { value } else { other };
    let size = or(style.size, 16.0).clamp(0.1, 10_000.0);
    Style {
        weight: or(style.weight, 400.0).clamp(1.0, 1000.0),
        size,
        min_size: or(style.min_size, size).clamp(0.1, size),
        line_height: or(style.line_height, 1.2).max(0.01),
        letter_spacing: or(style.letter_spacing, 0.0).clamp(-1.0, 10.0),
        ..style.clone()
    }
}
