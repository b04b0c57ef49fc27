//! The characters to set, cut into stretches that are shaped alike.
//!
//! In: spans and the style's case. Out: [`Words`]: one text with clean line ends, and which bytes belong to which
//! span, are emoji, or are written joined. Never: fonts.

use std::ops::Range;

use icu_properties::CodePointMapData;
use icu_properties::CodePointSetData;
use icu_properties::props::{
    EmojiModifier, EmojiPresentation, ExtendedPictographic, RegionalIndicator, Script,
};
use unicode_segmentation::UnicodeSegmentation;

/// How a stretch is shaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// Letters that stand apart.
    Text,
    /// Letters that join, as Arabic's; letter spacing would tear them.
    Joined,
    /// Emoji presentation.
    Emoji,
}

/// Bytes of one span and kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub range: Range<usize>,
    pub span: usize,
    pub kind: Kind,
}

/// A text to shape.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Words {
    /// Lines end with `\n` alone; nothing trails.
    pub text: String,
    /// In order, without gaps.
    pub pieces: Vec<Piece>,
}

impl Words {
    /// Joins the texts, a span each. With `spaced` letters, what only follows joined ones (spaces, digits,
    /// punctuation) follows from them.
    pub fn new<T: AsRef<str>>(spans: &[T], spaced: bool) -> Self {
        let mut text = String::new();
        let mut bounds = Vec::with_capacity(spans.len());
        for span in spans {
            clean(span.as_ref(), &mut text);
            bounds.push(text.len());
        }
        text.truncate(text.trim_end().len());
        let pieces = pieces(&text, &bounds, spaced);
        Self { text, pieces }
    }

    /// The words before byte `at`, without what looks odd before an ellipsis, and the ellipsis.
    pub fn cut(&self, at: usize) -> Self {
        let kept = self.text[..at].trim_end_matches(trails).len();
        let span = self
            .pieces
            .iter()
            .take_while(|piece| piece.range.start < kept)
            .last()
            .or(self.pieces.first())
            .map_or(0, |piece| piece.span);
        let mut pieces: Vec<Piece> = self
            .pieces
            .iter()
            .filter(|piece| piece.range.start < kept)
            .cloned()
            .collect();
        if let Some(last) = pieces.last_mut() {
            last.range.end = kept;
        }
        let mut text = self.text[..kept].to_owned();
        text.push('…');
        pieces.push(Piece {
            range: kept..text.len(),
            span,
            kind: Kind::Text,
        });
        Self { text, pieces }
    }

    /// The stretches of `range`, clipped to it.
    pub fn within(&self, range: &Range<usize>) -> impl Iterator<Item = Piece> {
        let first = self
            .pieces
            .partition_point(|piece| piece.range.end <= range.start);
        self.pieces[first..]
            .iter()
            .take_while(|piece| piece.range.start < range.end)
            .map(|piece| Piece {
                range: piece.range.start.max(range.start)..piece.range.end.min(range.end),
                ..piece.clone()
            })
    }

    /// The span of the byte at `at`.
    pub fn span_at(&self, at: usize) -> usize {
        let piece = self.pieces.iter().find(|piece| piece.range.contains(&at));
        piece.map_or(0, |piece| piece.span)
    }

    /// Whether any letters join.
    pub fn any_joined(&self) -> bool {
        self.pieces.iter().any(|piece| piece.kind == Kind::Joined)
    }
}

/// Space and punctuation that a cut sheds.
fn trails(c: char) -> bool {
    c.is_whitespace() || ".,;:!?…·-–—،؛؟。、，；：（([{«“‘¿¡/|".contains(c)
}

/// Every kind of line end becomes `\n`, a tab a space; controls vanish.
fn clean(from: &str, to: &mut String) {
    let mut chars = from.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => to.push('\n'),
            '\t' => to.push(' '),
            '\u{feff}' => {}
            c if c.is_control() => {}
            c => to.push(c),
        }
    }
}

fn pieces(text: &str, bounds: &[usize], spaced: bool) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut span = 0;
    let mut letters = Kind::Text;
    for (start, cluster) in text.grapheme_indices(true) {
        // A cluster that reaches over a span's end belongs to the span it starts in.
        while span + 1 < bounds.len() && bounds[span] <= start {
            span += 1;
        }
        let mut kind = kind(cluster, letters);
        if kind != Kind::Emoji {
            letters = kind;
        }
        if spaced && kind == Kind::Joined && stands_apart(cluster) {
            kind = Kind::Text;
        }
        // what does not show is not spaced either
        if spaced && cluster == "\u{ad}" {
            kind = Kind::Joined;
        }
        let end = start + cluster.len();
        match pieces.last_mut() {
            Some(last) if last.span == span && last.kind == kind => last.range.end = end,
            _ => pieces.push(Piece {
                range: start..end,
                span,
                kind,
            }),
        }
    }
    pieces
}

/// `before` is what neutral characters (spaces, digits, punctuation) follow.
fn kind(cluster: &str, before: Kind) -> Kind {
    let mut bytes = cluster.bytes();
    if let (Some(byte), None) = (bytes.next(), bytes.next()) {
        return if byte.is_ascii_alphabetic() {
            Kind::Text
        } else {
            before
        };
    }
    if is_emoji(cluster) {
        return Kind::Emoji;
    }
    let Some(first) = cluster.chars().next() else {
        return before;
    };
    let script = CodePointMapData::<Script>::new().get(first);
    if script == Script::Common || script == Script::Inherited {
        before
    } else if JOINED.contains(&script) {
        Kind::Joined
    } else {
        Kind::Text
    }
}

/// A space, digit or mark between joined letters, which no line joins to them.
fn stands_apart(cluster: &str) -> bool {
    let first = cluster.chars().next().unwrap_or(' ');
    // the tatweel is common to several scripts, and nothing but a join
    CodePointMapData::<Script>::new().get(first) == Script::Common && first != '\u{640}'
}

/// The scripts CSS calls cursive.
const JOINED: [Script; 8] = [
    Script::Arabic,
    Script::Syriac,
    Script::Mandaic,
    Script::Mongolian,
    Script::Nko,
    Script::PhagsPa,
    Script::HanifiRohingya,
    Script::Adlam,
];

/// Whether a cluster is shown as emoji by Unicode's default (UTS #51) or by a variation selector.
fn is_emoji(cluster: &str) -> bool {
    let mut chars = cluster.chars();
    let Some(first) = chars.next() else {
        return false;
    };
    let rest = chars.as_str();
    if rest.starts_with('\u{fe0e}') {
        return false;
    }
    let shown = CodePointSetData::new::<EmojiPresentation>();
    if shown.contains(first) || CodePointSetData::new::<RegionalIndicator>().contains(first) {
        return true;
    }
    let keycap = matches!(first, '0'..='9' | '#' | '*');
    if keycap {
        return rest.contains('\u{20e3}');
    }
    // ©, ™, ❤ and their like are text until they are told otherwise.
    CodePointSetData::new::<ExtendedPictographic>().contains(first)
        && rest.chars().any(|c| {
            c == '\u{fe0f}'
                || CodePointSetData::new::<EmojiModifier>().contains(c)
                || shown.contains(c)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Words {
        Words::new(&[text], false)
    }

    #[test]
    fn emoji_is_what_unicode_shows_as_emoji() {
        for emoji in ["😀", "❤️", "1️⃣", "#⃣", "🇪🇸", "👨‍👩‍👧‍👦", "☝🏽", "❤‍🔥", "🏴‍☠️", "©️"]
        {
            assert_eq!(words(emoji).pieces.len(), 1, "{emoji}");
            assert_eq!(words(emoji).pieces[0].kind, Kind::Emoji, "{emoji}");
        }
        for text in ["1", "©", "™", "❤", "☎", "#", "😀\u{fe0e}", "é"] {
            assert_eq!(words(text).pieces[0].kind, Kind::Text, "{text}");
        }
    }

    #[test]
    fn spaces_and_digits_belong_to_the_letters_before_them() {
        let kinds: Vec<Kind> = words("من 7:30 a b").pieces.iter().map(|p| p.kind).collect();
        assert_eq!(kinds, [Kind::Joined, Kind::Text]);
    }

    #[test]
    fn spaces_between_joined_letters_are_spaced_like_others() {
        let spaced = Words::new(&["من 7:30 إلى"], true);
        let kinds: Vec<Kind> = spaced.pieces.iter().map(|p| p.kind).collect();
        assert_eq!(kinds, [Kind::Joined, Kind::Text, Kind::Joined]);
    }

    #[test]
    fn every_line_end_is_one_newline_and_nothing_trails() {
        assert_eq!(words("a\r\nb\rc\u{2028}d\te \n\n").text, "a\nb\nc\nd e");
    }

    #[test]
    fn a_cut_sheds_space_and_punctuation() {
        let words = words("One, two (three");
        assert_eq!(words.cut(5).text, "One…");
        assert_eq!(words.cut(10).text, "One, two…");
        assert_eq!(words.cut(12).text, "One, two (th…");
    }
}
