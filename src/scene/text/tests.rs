//! Tests of the whole typesetter, with the bundled faces and the subsets in `tests/fonts`.

mod breaking;
mod faces;
mod fitting;
mod lines;
mod scripts;

use super::*;

/// Subsets that stand for a brand's fonts; the keys are the file names.
pub(super) fn typesetter() -> Typesetter {
    let fonts = [
        "Arabic.ttf",
        "Hebrew.ttf",
        "Devanagari.ttf",
        "Thai.ttf",
        "Cjk.otf",
        "Slanted.ttf",
        "Static.ttf",
    ]
    .map(|name| BrandFont {
        key: name.split('.').next().unwrap().to_lowercase(),
        data: std::fs::read(format!("tests/fonts/{name}")).unwrap().into(),
    });
    let (typesetter, unreadable) = Typesetter::new(fonts.into());
    assert_eq!(unreadable, []);
    typesetter
}

pub(super) const SCRIPTS: [&str; 5] = ["arabic", "hebrew", "devanagari", "thai", "cjk"];

pub(super) fn style() -> Style {
    Style {
        families: Vec::new(),
        weight: 400.0,
        italic: false,
        size: 64.0,
        min_size: 24.0,
        max_lines: None,
        overflow: Overflow::Shrink,
        line_height: Some(1.2),
        letter_spacing: 0.0,
        align: Align::Start,
        direction: Direction::Auto,
        lang: None,
        transform: Transform::None,
        hyphenate: false,
        balance: false,
        keep_all: false,
        keep_words: false,
        features: Vec::new(),
        decoration: Decoration::None,
    }
}

pub(super) fn in_scripts() -> Style {
    Style {
        families: SCRIPTS.map(str::to_owned).into(),
        ..style()
    }
}

pub(super) fn span(text: &str) -> Span {
    Span {
        text: text.to_owned(),
        weight: None,
        italic: None,
    }
}

pub(super) fn wide(width: f32) -> Room {
    Room {
        width,
        fill_width: true,
        height: None,
    }
}

pub(super) const ENDLESS: Room = Room {
    width: f32::INFINITY,
    fill_width: false,
    height: None,
};

pub(super) fn set(text: &str, style: &Style, room: Room) -> Set {
    typesetter().set(&[span(text)], style, room)
}

/// Glyphs by position, from the left.
pub(super) fn by_x(set: &Set) -> Vec<u16> {
    let mut glyphs: Vec<Glyph> = set.runs.iter().flat_map(|run| run.glyphs.clone()).collect();
    glyphs.sort_by(|a, b| (a.y, a.x).partial_cmp(&(b.y, b.x)).unwrap());
    glyphs.iter().map(|glyph| glyph.id).collect()
}

/// The face's own glyph for a character.
pub(super) fn plain(set: &Set, c: char) -> u16 {
    use ab_glyph::Font;
    let glyph = set.runs.iter().find_map(|run| {
        let face = run.face.bytes();
        let font = ab_glyph::FontRef::try_from_slice_and_index(face, run.face.key().1).unwrap();
        Some(font.glyph_id(c).0).filter(|id| *id != 0)
    });
    glyph.unwrap()
}

/// Whether every glyph is of the bundled emoji face, or of none that is.
pub(super) fn emoji_glyphs(set: &Set) -> (usize, usize) {
    let big = 5_000_000;
    let count = |emoji: bool| {
        let runs = set
            .runs
            .iter()
            .filter(|run| (run.face.bytes().len() > big) == emoji);
        runs.map(|run| run.glyphs.len()).sum()
    };
    (count(true), count(false))
}
