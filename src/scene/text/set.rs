//! The typesetter: one for all threads.
//!
//! In: brand fonts, then texts. Out: a [`Set`] for each, the same on every thread and in any order.

use std::sync::Mutex;

use parley::LayoutContext;

use super::fonts::{BrandFont, Fonts, UnreadableFont};
use super::place::{Axes, Placing, place};
use super::shape::{Bench, Look, Shaped};
use super::words::Words;
use super::{Fit, Room, Set, Span, Style};

/// Sets texts with one choice of fonts. Threads share it.
pub struct Typesetter {
    fonts: Fonts,
    idle: Mutex<Vec<Bench>>,
}

impl Typesetter {
    /// With the bundled faces and these; and the files among them that hold no face.
    pub fn new(brand_fonts: Vec<BrandFont>) -> (Self, Vec<UnreadableFont>) {
        let (fonts, unreadable) = Fonts::new(brand_fonts);
        let typesetter = Self {
            fonts,
            idle: Mutex::default(),
        };
        (typesetter, unreadable)
    }

    /// Sets a text.
    pub fn set(&self, spans: &[Span], style: &Style, room: Room) -> Set {
        let mut bench = Bench {
            layouts: LayoutContext::new(),
            fonts: self.fonts.own(),
        };
        let words = Words::new(spans);
        let stack = self
            .fonts
            .stack(&style.families, &mut bench.fonts.collection, false);
        let look = Look {
            spans,
            style,
            stack: &stack,
        };
        let mut shaped = Shaped::new(&mut bench, &words, look, style.size);
        shaped.break_at(style.size, room.width);
        let mut axes = Axes::default();
        place(
            &shaped,
            &Placing {
                words: &words,
                style,
                room,
                size: style.size,
                fit: Fit::Whole,
            },
            &mut axes,
        )
    }

    /// Every family that a style may name: the brand's keys, the bundled, the machine's.
    pub fn families(&self) -> Vec<String> {
        self.fonts.families()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::text::{Align, Direction, Overflow, Transform};

    #[test]
    fn a_family_of_emoji_is_one_glyph_of_the_emoji_face() {
        let (typesetter, _) = Typesetter::new(Vec::new());
        let style = Style {
            families: vec![],
            weight: 700.0,
            italic: false,
            size: 64.0,
            min_size: 32.0,
            max_lines: None,
            overflow: Overflow::Shrink,
            line_height: 1.2,
            letter_spacing: 0.0,
            align: Align::Center,
            direction: Direction::Auto,
            lang: None,
            transform: Transform::None,
        };
        let spans = [Span {
            text: "We 👨‍👩‍👧‍👦".to_owned(),
            weight: None,
            italic: None,
        }];
        let room = Room {
            width: 500.0,
            fill_width: true,
            height: None,
        };
        let set = typesetter.set(&spans, &style, room);
        assert_eq!(set.runs.len(), 2);
        assert_eq!(set.runs[1].glyphs.len(), 1);
    }
}
