//! The typesetter: one for all threads.
//!
//! In: brand fonts, then texts. Out: a [`Set`] for each, the same on every thread and in any order. Never: the
//! machine's fonts, unless a text names one or has a character that the bundled and brand faces lack.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use parley::{FontContext, LayoutContext};

use super::case::cased;
use super::fit::Fitting;
use super::fonts::{BrandFont, Fonts, Stack, UnreadableFont};
use super::hyphen::hyphenated;
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
        let lang = style.lang.as_deref();
        let mut texts = cased(spans, style.transform, lang);
        if style.hyphenate {
            texts = texts.into_iter().map(|t| hyphenated(t, lang)).collect();
        }
        let spaced = style.letter_spacing != 0.0;
        let job = Job {
            words: &Words::new(&texts, spaced),
            spans,
            style,
            room,
        };
        let mut bench = take(&self.own, || self.fonts.own());
        let stack = self.fonts.stack(&style.families, &mut bench.fonts, false);
        if !stack.asks_system {
            let (shaped, missing) = job.shape(&mut bench, &stack);
            if missing.is_empty() {
                let set = job.fit(&mut bench, &stack, shaped);
                lock(&self.own).push(bench);
                return set;
            }
        }
        lock(&self.own).push(bench);
        self.set_with_system(&job)
    }

    fn set_with_system(&self, job: &Job<'_>) -> Set {
        let mut bench = take(&self.system, || self.fonts.system());
        let mut stack = self
            .fonts
            .stack(&job.style.families, &mut bench.fonts, true);
        let (mut shaped, mut missing) = job.shape(&mut bench, &stack);
        // The machine lends what no family has: but it names any family of a script, also one that is for liturgy.
        let faces = stack.faces(&mut bench.fonts);
        let lent = shaped.lent(job.words, &faces);
        if !lent.is_empty() {
            let lang = job.style.lang.as_deref();
            stack.add(self.fonts.holders(&lent, lang));
            (shaped, missing) = job.shape(&mut bench, &stack);
        }
        let set = job.fit(&mut bench, &stack, shaped);
        lock(&self.system).push(bench);
        Set {
            missing,
            missing_families: stack.missing,
            ..set
        }
    }
}

/// One text to set.
struct Job<'a> {
    words: &'a Words,
    spans: &'a [Span],
    style: &'a Style,
    room: Room,
}

impl Job<'_> {
    fn look<'a>(&'a self, stack: &'a Stack) -> Look<'a> {
        Look {
            spans: self.spans,
            style: self.style,
            stack,
        }
    }

    /// Shapes at the size that was asked for, and reports what no face has.
    fn shape(&self, bench: &mut Bench, stack: &Stack) -> (Shaped, Vec<char>) {
        let size = self.style.size;
        let mut shaped = Shaped::new(bench, self.words, self.look(stack), size);
        shaped.break_at(size, self.room.width);
        let missing = shaped.missing(self.words);
        (shaped, missing)
    }

    fn fit(&self, bench: &mut Bench, stack: &Stack, shaped: Shaped) -> Set {
        let fitting = Fitting {
            bench,
            words: self.words,
            look: self.look(stack),
            room: self.room,
            shapes: vec![shaped],
        };
        fitting.run()
    }
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
        line_height: style.line_height.map(|height| or(height, 1.2).max(0.01)),
        letter_spacing: or(style.letter_spacing, 0.0).clamp(-1.0, 10.0),
        ..style.clone()
    }
}
