//! Making text fit its room.
//!
//! In: words and the room. Out: a [`Set`] that fits, or the nearest thing to it and [`Fit::Cut`]. Never: judging
//! whether a cut is an error.

use unicode_segmentation::UnicodeSegmentation;

use super::place::{Placing, place};
use super::shape::{Bench, Look, Measure, SLACK, Shaped};
use super::words::Words;
use super::{Fit, Overflow, Room, Set};

/// One text on its way into one room.
pub(super) struct Fitting<'a> {
    pub bench: &'a mut Bench,
    pub words: &'a Words,
    pub look: Look<'a>,
    pub room: Room,
    /// Shapings so far; sizes at which the faces look alike share one.
    pub shapes: Vec<Shaped>,
}

impl Fitting<'_> {
    /// Does what the style asks for.
    pub fn run(mut self) -> Set {
        let style = self.look.style;
        let size = style.size;
        let first = self.measure(size);
        if self.fits(size, first) && !(first.broken && style.overflow == Overflow::Shrink) {
            return self.whole(size, Fit::Whole);
        }
        match style.overflow {
            Overflow::Clip | Overflow::Error => self.whole(size, Fit::Cut),
            Overflow::Ellipsis => self.cut(size),
            Overflow::Shrink => self.shrink(),
        }
    }

    /// The greatest of the sizes a unit apart at which everything fits and no word is broken.
    fn shrink(mut self) -> Set {
        let (most, least) = (self.look.style.size, self.look.style.min_size);
        if least >= most {
            return self.cut(most);
        }
        let size_of = |step: u32| (most - step as f32).max(least);
        let steps = (most - least).ceil() as u32;
        let good = |this: &mut Self, step| {
            let measure = this.measure(size_of(step));
            !measure.broken && this.fits(size_of(step), measure)
        };
        if !good(&mut self, steps) {
            return self.cut(least);
        }
        // Every step from `low` on fits as far as is known, and none up to `high`.
        let (mut high, mut low) = (0, steps);
        while low - high > 1 {
            let middle = high + (low - high) / 2;
            if good(&mut self, middle) {
                low = middle;
            } else {
                high = middle;
            }
        }
        let size = size_of(low);
        self.measure(size);
        self.whole(size, Fit::Shrunk)
    }

    /// Leaves out what is too much and says so with an ellipsis.
    fn cut(mut self, size: f32) -> Set {
        let measure = self.measure(size);
        let lines = self.lines_at_most(size).max(1);
        if measure.lines <= lines && measure.widest <= self.room.width + SLACK {
            // a box lower than one line has it stand over
            let fit = match self.lines_at_most(size) {
                0 => Fit::Cut,
                _ => Fit::Broken,
            };
            return self.whole(size, fit);
        }
        // The word that opens the next line may still lend its beginning.
        let end = self.end_of_line(size, lines.saturating_add(1));
        let ends: Vec<usize> = self.words.text[..end]
            .grapheme_indices(true)
            .map(|(at, _)| at)
            .collect();
        let mut best = self.shortened(0, size);
        // Where not even the ellipsis fits across, width says nothing.
        let width = self.room.width.max(best.1.widest);
        let (mut low, mut high) = (0, ends.len());
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            let tried = self.shortened(ends[middle], size);
            if tried.1.lines <= lines && tried.1.widest <= width + SLACK {
                low = middle;
                best = tried;
            } else {
                high = middle;
            }
        }
        let (words, _, shaped) = best;
        let how = Placing {
            words: &words,
            style: self.look.style,
            room: self.room,
            size,
            fit: Fit::Cut,
            most_lines: usize::MAX,
        };
        place(&shaped, &how, &mut self.bench.axes)
    }

    /// The words up to `at` and an ellipsis, broken into lines.
    fn shortened(&mut self, at: usize, size: f32) -> (Words, Measure, Shaped) {
        let words = self.words.cut(at);
        let mut shaped = Shaped::new(self.bench, &words, self.look, size);
        let measure = shaped.break_at(size, self.room.width);
        (words, measure, shaped)
    }

    /// Everything, at `size`, which was measured last; where it is clipped, the lines that there may be.
    fn whole(&mut self, size: f32, fit: Fit) -> Set {
        let style = self.look.style;
        let most_lines = match style.overflow {
            Overflow::Clip => style.max_lines.unwrap_or(usize::MAX).max(1),
            _ => usize::MAX,
        };
        let how = Placing {
            words: self.words,
            style: self.look.style,
            room: self.room,
            size,
            fit,
            most_lines,
        };
        let at = self.shape_for(size);
        if self.look.style.balance {
            self.balance(size);
        }
        place(&self.shapes[at], &how, &mut self.bench.axes)
    }

    /// Breaks lines in the least width that needs no more of them, so that they are about equally long.
    fn balance(&mut self, size: f32) {
        let at = self.shape_for(size);
        let width = self.room.width;
        let shaped = &mut self.shapes[at];
        let whole = shaped.break_at(size, width);
        if whole.lines < 2 || !width.is_finite() {
            return;
        }
        let (mut less, mut enough) = (0.0, width);
        while enough - less > 1.0 {
            let middle = (less + enough) / 2.0;
            let tried = shaped.break_at(size, middle);
            let fits = tried.lines <= whole.lines && tried.widest <= middle + SLACK;
            if fits && (whole.broken || !tried.broken) {
                enough = middle;
            } else {
                less = middle;
            }
        }
        shaped.break_at(size, enough);
    }

    fn measure(&mut self, size: f32) -> Measure {
        let at = self.shape_for(size);
        self.shapes[at].break_at(size, self.room.width)
    }

    /// The shaping that holds at `size`.
    fn shape_for(&mut self, size: f32) -> usize {
        let optical = |size: f32| {
            self.look
                .stack
                .optical
                .map_or(0.0, |(low, high)| size.clamp(low, high))
        };
        let known = self
            .shapes
            .iter()
            .position(|shaped| optical(shaped.size) == optical(size));
        known.unwrap_or_else(|| {
            let shaped = Shaped::new(self.bench, self.words, self.look, size);
            self.shapes.push(shaped);
            self.shapes.len() - 1
        })
    }

    fn fits(&self, size: f32, measure: Measure) -> bool {
        measure.lines <= self.lines_at_most(size) && measure.widest <= self.room.width + SLACK
    }

    /// How many lines the room and the style allow.
    fn lines_at_most(&self, size: f32) -> usize {
        let style = self.look.style;
        let by_height = self.room.height.map_or(usize::MAX, |height| {
            ((height + SLACK) / self.shapes[0].line_height(style, size)).floor() as usize
        });
        style.max_lines.unwrap_or(usize::MAX).max(1).min(by_height)
    }

    /// The byte at which line number `lines` ends.
    fn end_of_line(&mut self, size: f32, lines: usize) -> usize {
        let at = self.shape_for(size);
        let mut left = lines;
        for paragraph in &self.shapes[at].paragraphs {
            let count = paragraph.layout.len().max(1);
            if left <= count {
                let line = paragraph.layout.get(left - 1);
                let end = line.map_or(0, |line| line.text_range().end);
                return paragraph.range.start + end;
            }
            left -= count;
        }
        self.words.text.len()
    }
}
