//! What each sticker is drawn of, in the sizes that the app gives it.
//!
//! In: what a sticker does, its look, the words it brings, the time it is. Out: a [`Piece`] in canvas units.
//! Never: a place, a box to tap; both come from the layout of what is drawn here.

use jiff::Timestamp;

use super::glyph;
use super::look::Look;
use super::model::StickerKind;
use super::piece::{Piece, Shown};
use super::read::Words;

/// Cards are so wide where nothing else is said; a story is 1080 units wide.
const CARD: f64 = 760.0;
/// Words on a pill.
const PILL: f64 = 52.0;
/// Sigma of the blur beneath glass.
const GLASS: f64 = 22.0;

/// The sticker as it is drawn at a moment.
pub fn drawn(kind: &StickerKind, look: &Look, words: &Words, now: Timestamp) -> Piece {
    let [link, mention, hashtag, location] = &look.pills;
    match kind {
        StickerKind::Link { url, text } => {
            let words = match text {
                Some(text) => label(text, link),
                None => label(&host(url), link).with("transform", "uppercase"),
            };
            pill(look, vec![glyph::link(PILL * 0.92, link), words])
        }
        StickerKind::Mention { username } => {
            let words = label(&format!("@{username}"), mention);
            pill(look, vec![words.with("transform", "uppercase")])
        }
        StickerKind::Hashtag { name } => {
            let words = label(&format!("#{name}"), hashtag);
            pill(look, vec![words.with("transform", "uppercase")])
        }
        StickerKind::Location { name, .. } => pill(
            look,
            vec![glyph::pin(PILL * 0.98, location), label(name, location)],
        ),
        StickerKind::Poll { question, options } => {
            let asked = question.iter().map(|q| asked(q, &look.ink));
            let options = options.iter().map(|option| answer(option, look));
            let options = Piece::column(18.0, options.collect());
            card(look, 30.0, asked.chain([options]).collect())
        }
        StickerKind::Question { question } => {
            let field = Piece::text(&words.placeholder, 38.0)
                .with("max_lines", 1.0)
                .with("align", "center")
                .colored(&look.hint);
            let field = Piece::column(0.0, vec![field])
                .padded(46.0, 28.0)
                .filled(&look.field)
                .bordered(2.0, &look.edge)
                .round(22.0);
            card(look, 32.0, vec![asked(question, &look.ink), field])
        }
        StickerKind::Quiz {
            question, options, ..
        } => quiz(question, options, look),
        StickerKind::Countdown { name, ends } => countdown(name, left(now, *ends), words, look),
        StickerKind::Slider { question, emoji } => {
            let asked = question.iter().map(|q| asked(q, &look.ink));
            card(look, 30.0, asked.chain([track(emoji, look)]).collect())
        }
    }
}

/// What the app shows of an address: its host.
fn host(url: &str) -> String {
    let host = url::Url::parse(url)
        .ok()
        .and_then(|u| u.host_str().map(|host| idna::domain_to_unicode(host).0));
    let host = host.unwrap_or_else(|| url.to_owned());
    host.strip_prefix("www.").unwrap_or(&host).to_owned()
}

fn label(words: &str, color: &Shown) -> Piece {
    Piece::line(words, PILL)
        .weight(700.0)
        .with("letter_spacing", -0.6)
        .with("min_size", 24.0)
        .with("line_height", 1.1)
        .colored(color)
}

fn body(piece: Piece, look: &Look, radius: f64) -> Piece {
    let piece = piece.filled(&look.body).round(radius);
    let piece = match &look.shadow {
        Some(shadow) => piece.with("shadow", shadow.clone()),
        None => piece,
    };
    match look.is_glass {
        true => piece
            .with(
                "backdrop",
                Shown::Table(vec![("blur", Shown::Number(GLASS))]),
            )
            .bordered(1.5, &"#ffffff4d".into()),
        false => piece,
    }
}

fn pill(look: &Look, parts: Vec<Piece>) -> Piece {
    let row = Piece::row(14.0, parts).with("justify", "center");
    body(row.padded(24.0, 32.0), look, 26.0)
}

fn card(look: &Look, gap: f64, parts: Vec<Piece>) -> Piece {
    let column = Piece::column(gap, parts).with("width", CARD);
    body(column.padded(40.0, 36.0), look, 40.0)
}

fn asked(question: &str, color: &Shown) -> Piece {
    Piece::text(question, 46.0)
        .weight(700.0)
        .with("max_lines", 4.0)
        .with("text_wrap", "balance")
        .with("line_height", 1.18)
        .with("align", "center")
        .colored(color)
}

fn answer(option: &str, look: &Look) -> Piece {
    let words = Piece::line(option, 42.0)
        .weight(600.0)
        .with("min_size", 24.0)
        .with("align", "center")
        .colored(&look.on_field);
    Piece::column(0.0, vec![words])
        .padded(28.0, 28.0)
        .filled(&look.field)
        .bordered(2.0, &look.edge)
        .round(24.0)
}

fn quiz(question: &str, options: &[String], look: &Look) -> Piece {
    let head = asked(question, &look.on_head);
    let options = options.iter().zip('A'..).map(|(option, letter)| {
        let letter = Piece::text(&letter.to_string(), 34.0)
            .weight(700.0)
            .with("align", "center")
            .with("valign", "middle")
            .sized(60.0, 60.0)
            .colored(&look.on_field);
        let ring = Piece::shape(60.0, 60.0)
            .at(0.0, 0.0)
            .round(30.0)
            .bordered(4.0, &look.on_field);
        let ring = Piece::free(60.0, 60.0, vec![ring, letter.at(0.0, 0.0)]);
        let words = Piece::line(option, 42.0)
            .weight(600.0)
            .with("min_size", 24.0)
            .with("grow", 1.0)
            .colored(&look.on_field);
        Piece::row(24.0, vec![ring, words])
            .padded(18.0, 22.0)
            .filled(&look.field)
            .bordered(2.0, &look.edge)
            .round(48.0)
    });
    let tail = Piece::column(18.0, options.collect());
    let Some(of_head) = &look.head else {
        let whole = Piece::column(32.0, vec![head, tail]).with("width", CARD);
        return body(whole.padded(38.0, 32.0), look, 40.0);
    };
    // the head lies beneath: a light body under dark corners would shine through at their edges
    let corners = [0.0, 0.0, 40.0, 40.0].map(Shown::Number).to_vec();
    let tail = tail
        .padded(32.0, 32.0)
        .filled(&look.body)
        .with("radius", Shown::List(corners));
    let head = Piece::column(0.0, vec![head]).padded(38.0, 36.0);
    let whole = Piece::column(0.0, vec![head, tail]).with("width", CARD);
    body(whole, look, 40.0).filled(of_head)
}

/// Days, hours and minutes until then, the last one begun not counted; nothing where it is over.
fn left(now: Timestamp, ends: Timestamp) -> [i64; 3] {
    let minutes = ends.duration_since(now).as_secs().max(0) / 60;
    [minutes / (24 * 60), minutes / 60 % 24, minutes % 60]
}

fn countdown(name: &str, left: [i64; 3], words: &Words, look: &Look) -> Piece {
    let digit = |digit: char| {
        let words = Piece::text(&digit.to_string(), 76.0)
            .weight(700.0)
            .with("features", "tnum")
            .with("align", "center")
            .with("valign", "middle")
            .with("line_height", 1.0)
            .sized(84.0, 112.0)
            .at(0.0, 0.0)
            .colored(&look.on_field);
        Piece::free(84.0, 112.0, vec![words])
            .filled(&look.field)
            .bordered(2.0, &look.edge)
            .round(20.0)
    };
    let unit = |(count, word): (i64, &&str)| {
        let digits = format!("{count:02}").chars().map(digit).collect();
        let word = Piece::line(word, 28.0)
            .with("align", "center")
            .with("min_size", 18.0)
            .weight(500.0)
            .colored(&look.soft);
        let digits = Piece::row(8.0, digits).with("justify", "center");
        Piece::column(12.0, vec![digits, word])
    };
    let units: Vec<Piece> = left.into_iter().zip(&words.units).map(unit).collect();
    let fits = (CARD - 2.0 * 36.0) / clock_width(left);
    let colon = || {
        let dot = || Piece::shape(12.0, 12.0).round(6.0).filled(&look.soft);
        Piece::column(22.0, vec![dot(), dot()]).padded(33.0, 0.0)
    };
    let mut parts = Vec::new();
    for unit in units {
        if !parts.is_empty() {
            parts.push(colon());
        }
        parts.push(unit);
    }
    let clock = Piece::row(18.0, parts)
        .with("align", "start")
        .with("justify", "center");
    card(
        look,
        30.0,
        vec![asked(name, &look.ink), clock.scaled(fits.min(1.0))],
    )
}

/// How wide the digits of a countdown are with the colons between them: many days are many digits.
fn clock_width(left: [i64; 3]) -> f64 {
    let digits = left.map(|count| format!("{count:02}").len() as f64);
    let tiles: f64 = digits.iter().map(|n| n * 84.0 + (n - 1.0) * 8.0).sum();
    tiles + 2.0 * (12.0 + 2.0 * 18.0)
}

fn track(emoji: &str, look: &Look) -> Piece {
    let (high, at) = (104.0, "34%");
    let rail = Piece::new_shape()
        .with("left", 0.0)
        .with("right", 0.0)
        .with("top", (high - 16.0) / 2.0)
        .with("height", 16.0)
        .round(8.0)
        .filled(&look.rail);
    let full = Piece::new_shape()
        .with("left", 0.0)
        .with("width", at)
        .with("top", (high - 16.0) / 2.0)
        .with("height", 16.0)
        .round(8.0)
        .filled(&look.strong);
    let thumb = Piece::text(emoji, 84.0)
        .with("max_lines", 1.0)
        .with("align", "center")
        .with("valign", "middle")
        .with("line_height", 1.0)
        .sized(high, high)
        .with("left", at)
        .with("top", high / 2.0)
        .with("anchor", "center")
        .colored(&look.ink);
    Piece::free_high(high, vec![rail, full, thumb])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_countdown_counts_whole_minutes_and_ends_at_nothing() {
        let at = |text: &str| text.parse::<Timestamp>().expect("a time");
        let ends = at("2026-12-24T18:00:00Z");
        assert_eq!(left(at("2026-12-22T16:30:30Z"), ends), [2, 1, 29]);
        assert_eq!(left(at("2026-12-24T17:59:00Z"), ends), [0, 0, 1]);
        assert_eq!(left(at("2026-12-25T00:00:00Z"), ends), [0, 0, 0]);
    }

    #[test]
    fn a_countdown_of_many_days_has_room_in_its_card() {
        let inside = CARD - 2.0 * 36.0;
        assert!(clock_width([99, 23, 59]) <= inside);
        assert!(clock_width([1_000, 23, 59]) > inside);
    }

    #[test]
    fn a_link_without_words_shows_its_host() {
        assert_eq!(host("https://www.example.com/menu?day=1"), "example.com");
        assert_eq!(
            host("https://www.münchen.example/straße"),
            "münchen.example"
        );
    }
}
