//! The page for a phone.
//!
//! In: a story, and its picture's bytes where they are embedded. Out: HTML that works without script, in English; its
//! script adds sharing, copying and the reader's language. Never: markup out of a story's words, a request to elsewhere.

use std::fmt::Write;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use super::Posted;
use super::words::{ENGLISH, OTHERS, english};
use crate::media::Kind;
use crate::scene::{Audience, Sticker, StickerKind};

const STYLE: &str = include_str!("../../assets/handoff/page.css");

/// The script, its words before it.
static SCRIPT: LazyLock<String> = LazyLock::new(|| {
    let words: serde_json::Map<String, serde_json::Value> = OTHERS
        .iter()
        .map(|(tag, words)| {
            let pairs = ENGLISH.iter().zip(words);
            let pairs = pairs.map(|((key, _), word)| ((*key).to_owned(), (*word).into()));
            (
                (*tag).to_owned(),
                serde_json::Value::Object(pairs.collect()),
            )
        })
        .collect();
    let words = serde_json::Value::Object(words);
    format!(
        "const WORDS = {words};\n{}",
        include_str!("../../assets/handoff/page.js")
    )
});

/// What a page may do: show and share its own file, run the one script and use the one style that it has.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    format!(
        "default-src 'none'; img-src 'self' data:; media-src 'self'; connect-src 'self' data:; \
         style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(&SCRIPT)
    )
});

/// The page's style.
pub fn style() -> &'static str {
    STYLE
}

/// The page's script: sharing, copying, the reader's language.
pub fn script() -> &'static str {
    &SCRIPT
}

/// A server that shows the page: the addresses of its files, and markup of its own around what the page has.
#[derive(Debug, Clone, Copy)]
pub struct Served<'a> {
    /// Where the finished file is.
    pub media: &'a str,
    /// Where style sheets are: [`style`], then the server's own.
    pub styles: &'a [&'a str],
    /// Where [`script`] is.
    pub script: &'a str,
    /// Before everything.
    pub before: &'a str,
    /// After the steps, in the place of the call that says it is live.
    pub after_steps: &'a str,
}

/// Where the file is for the page.
#[derive(Clone, Copy)]
pub(super) enum Origin<'a> {
    /// In it: the bytes of a picture.
    Within(&'a [u8]),
    /// In the same folder. A film is: phones play and share a film of megabytes from a file, and many refuse it inside a page.
    Beside,
    /// At an address of a server.
    Server(&'a Served<'a>),
}

/// The page.
pub(super) fn html(story: &Posted<'_>, from: Origin<'_>) -> String {
    let media = story.media;
    let file = media.path.file_name().unwrap_or_default();
    let file = file.to_string_lossy();
    let within = match from {
        Origin::Within(bytes) => bytes.len(),
        _ => 0,
    };
    let mut page = String::with_capacity(within * 4 / 3 + 16_384);
    head(&mut page, from);
    let _ = write!(
        page,
        "<header><h1 data-t=\"title\">{}</h1><p class=\"name\">{}</p>",
        english("title"),
        escaped(story.name)
    );
    if media.extras.audience == Some(Audience::CloseFriends) {
        let _ = write!(page, "<p class=\"close\">{}</p>", said("close"));
    }
    page.push_str("</header>\n<div class=\"left\">\n");
    figure(&mut page, story, &file, from);
    let _ = write!(
        page,
        "<div class=\"actions\"><button id=\"share\" hidden>{}</button>\
         <a class=\"button\" id=\"save\" href=\"{}\" download=\"{}\">{}</a><p class=\"hint\">{}</p></div>\n</div>\n<div class=\"right\">\n",
        said("share"),
        source(&file, media.kind, from),
        escaped(&file),
        said("save"),
        said("hold"),
    );
    steps(&mut page, story, from);
    stickers(&mut page, &media.extras.stickers, story.zone);
    for (key, text) in [
        ("caption", &media.extras.caption),
        ("alt", &media.extras.alt),
    ] {
        if let Some(text) = text {
            let _ = write!(page, "<section><h2 data-t=\"{key}\">{}</h2>", english(key));
            value(&mut page, key, &Typed::plain(text));
            page.push_str("</section>\n");
        }
    }
    page.push_str("</div>\n</main>\n");
    if !matches!(from, Origin::Server(_)) {
        let _ = writeln!(page, "<script>{}</script>", *SCRIPT);
    }
    page.push_str("</html>\n");
    page
}

fn head(page: &mut String, from: Origin<'_>) {
    page.push_str("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n");
    // a server says what its pages may do; its scripts and styles are files
    if !matches!(from, Origin::Server(_)) {
        let _ = writeln!(
            page,
            "<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">",
            *POLICY
        );
    }
    let _ = write!(
        page,
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<title>{}</title>\n",
        english("title"),
    );
    let before = match from {
        Origin::Server(served) => {
            for style in served.styles {
                let _ = writeln!(page, "<link rel=\"stylesheet\" href=\"{style}\">");
            }
            let _ = writeln!(page, "<script src=\"{}\" defer></script>", served.script);
            served.before
        }
        _ => {
            let _ = writeln!(page, "<style>{STYLE}</style>");
            ""
        }
    };
    let _ = writeln!(page, "{before}<main>");
}

fn said(key: &str) -> String {
    format!("<span data-t=\"{key}\">{}</span>", english(key))
}

/// What the file is for a browser.
fn content_type(file: &str, kind: Kind) -> &'static str {
    match kind {
        Kind::Video => "video/mp4",
        Kind::Image if file.to_ascii_lowercase().ends_with(".png") => "image/png",
        Kind::Image => "image/jpeg",
    }
}

/// Where the file is, as an attribute has it.
fn source(file: &str, kind: Kind, from: Origin<'_>) -> String {
    match from {
        Origin::Within(bytes) => format!(
            "data:{};base64,{}",
            content_type(file, kind),
            STANDARD.encode(bytes)
        ),
        Origin::Beside => in_address(file),
        Origin::Server(served) => escaped(served.media),
    }
}

/// A file's name as a relative address.
fn in_address(file: &str) -> String {
    let mut out = String::from("./");
    for byte in file.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                out.push(char::from(byte));
            }
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

fn figure(page: &mut String, story: &Posted<'_>, file: &str, from: Origin<'_>) {
    let media = story.media;
    let (name, kind) = (escaped(file), content_type(file, media.kind));
    let source = source(file, media.kind, from);
    let alt = escaped(media.extras.alt.as_deref().unwrap_or(story.name));
    page.push_str("<figure>");
    let _ = match media.kind {
        Kind::Image => write!(
            page,
            "<img id=\"media\" src=\"{source}\" alt=\"{alt}\" data-name=\"{name}\" data-type=\"{kind}\">"
        ),
        Kind::Video => write!(
            page,
            "<video id=\"media\" src=\"{source}\" aria-label=\"{alt}\" data-name=\"{name}\" data-type=\"{kind}\" controls playsinline preload=\"metadata\"></video>"
        ),
    };
    sketch(page, &media.extras.stickers);
    page.push_str("</figure>\n");
}

/// The frames over the picture, in canvas units.
fn sketch(page: &mut String, stickers: &[Sticker]) {
    if stickers.is_empty() {
        return;
    }
    page.push_str("<svg viewBox=\"0 0 1080 1920\" aria-hidden=\"true\">");
    for (sticker, number) in stickers.iter().zip(1..) {
        let (w, h) = (sticker.width * 1080.0, sticker.height * 1920.0);
        let (x, y) = (sticker.x * 1080.0, sticker.y * 1920.0);
        let _ = write!(
            page,
            "<g transform=\"rotate({} {x} {y})\"><rect x=\"{}\" y=\"{}\" width=\"{w}\" height=\"{h}\" rx=\"18\" fill=\"none\" stroke=\"#000\" stroke-opacity=\".5\" stroke-width=\"14\"/>\
             <rect x=\"{}\" y=\"{}\" width=\"{w}\" height=\"{h}\" rx=\"18\" fill=\"none\" stroke=\"#ffd23f\" stroke-width=\"7\"/></g>",
            sticker.rotation,
            x - w / 2.0,
            y - h / 2.0,
            x - w / 2.0,
            y - h / 2.0,
        );
        let (bx, by) = (x - w / 2.0, y - h / 2.0);
        let _ = write!(
            page,
            "<circle cx=\"{bx}\" cy=\"{by}\" r=\"44\" fill=\"#ffd23f\"/><text x=\"{bx}\" y=\"{}\" text-anchor=\"middle\" font-size=\"56\" font-weight=\"700\" fill=\"#14171c\">{number}</text>",
            by + 20.0
        );
    }
    page.push_str("</svg>");
}

fn steps(page: &mut String, story: &Posted<'_>, from: Origin<'_>) {
    let extras = &story.media.extras;
    let _ = write!(
        page,
        "<section><h2 data-t=\"steps\">{}</h2><ol>",
        english("steps")
    );
    // the one whose button is there
    let first = [
        ("id=\"by-share\" hidden", "step1"),
        ("id=\"by-save\"", "step1save"),
    ];
    for (which, key) in first {
        let _ = write!(page, "<li {which}>{}</li>", said(key));
    }
    let mut step = |key: &str, more: &str| {
        let _ = write!(page, "<li>{}{more}</li>", said(key));
    };
    match extras.stickers.is_empty() {
        true => step("none", ""),
        false => step("step2", ""),
    }
    match extras.audience {
        Some(Audience::CloseFriends) => step("step3close", ""),
        None => step("step3", ""),
    }
    if let (Some(id), Origin::Within(_) | Origin::Beside) = (story.id, from) {
        let call = format!(" <code>storypress resolve {} --live</code>", escaped(id));
        step("step4", &call);
    }
    page.push_str("</ol></section>\n");
    if let Origin::Server(served) = from {
        page.push_str(served.after_steps);
    }
}

fn stickers(page: &mut String, stickers: &[Sticker], zone: &TimeZone) {
    if stickers.is_empty() {
        return;
    }
    let _ = write!(
        page,
        "<section><h2 data-t=\"stickers\">{}</h2><ul>",
        english("stickers")
    );
    for (sticker, number) in stickers.iter().zip(1..) {
        let word = sticker.kind.word();
        let percent = |part: f32| format!("{:.0} %", part * 100.0);
        let _ = write!(
            page,
            "<li class=\"sticker\"><div class=\"number\">{number}</div><div><div class=\"kind\" data-t=\"{word}\">{}</div><div class=\"where\">↔ {} · ↕ {} · {} × {}",
            english(word),
            percent(sticker.x),
            percent(sticker.y),
            percent(sticker.width),
            percent(sticker.height),
        );
        if sticker.rotation != 0.0 {
            let _ = write!(page, " · {} {:.0}°", said("turned"), sticker.rotation);
        }
        page.push_str("</div>");
        for (at, typed) in values(&sticker.kind, zone).iter().enumerate() {
            value(page, &format!("v{number}-{at}"), typed);
        }
        page.push_str("</div></li>");
    }
    page.push_str("</ul></section>\n");
}

/// What is typed into the app.
struct Typed {
    /// Markup of ours, where it needs a label.
    label: Option<String>,
    text: String,
    /// Of a time, so that the script can put it into the reader's language.
    time: Option<String>,
}

impl Typed {
    fn plain(text: impl Into<String>) -> Self {
        Self {
            label: None,
            text: text.into(),
            time: None,
        }
    }

    fn labelled(label: String, text: &str) -> Self {
        Self {
            label: Some(label),
            ..Self::plain(text)
        }
    }

    /// As clocks and calendars show it there; a midnight is a day.
    fn time(at: Timestamp, zone: &TimeZone) -> Self {
        let local = at.to_zoned(zone.clone());
        let is_day = local.time() == Time::midnight();
        let name = match zone.iana_name() {
            Some(name) => name.to_owned(),
            None => local.strftime("%:z").to_string(),
        };
        let day = local.strftime("%-d %B %Y");
        let (text, mark) = match is_day {
            true => (day.to_string(), " data-day"),
            false => (format!("{day}, {}, {name}", local.strftime("%H:%M")), ""),
        };
        Self {
            time: Some(format!(
                " data-time=\"{at}\" data-zone=\"{}\"{mark}",
                escaped(&name)
            )),
            ..Self::plain(text)
        }
    }
}

/// What is typed for a sticker.
fn values(kind: &StickerKind, zone: &TimeZone) -> Vec<Typed> {
    let answers = |options: &[String], right: Option<usize>| {
        let one = |(option, number): (&String, usize)| {
            let mark = match right == Some(number) {
                true => format!("{number} ✓ {}", said("right")),
                false => number.to_string(),
            };
            Typed::labelled(mark, option)
        };
        options.iter().zip(1..).map(one).collect::<Vec<_>>()
    };
    match kind {
        StickerKind::Link { url, text } => {
            let words = text.iter().map(|t| Typed::labelled(said("text"), t));
            std::iter::once(Typed::plain(url)).chain(words).collect()
        }
        StickerKind::Mention { username } => vec![Typed::plain(format!("@{username}"))],
        StickerKind::Hashtag { name } => vec![Typed::plain(format!("#{name}"))],
        StickerKind::Location { name, id } => {
            let id = id.iter().map(|id| Typed::labelled("ID".to_owned(), id));
            std::iter::once(Typed::plain(name)).chain(id).collect()
        }
        StickerKind::Question { question } => vec![Typed::plain(question)],
        StickerKind::Poll { question, options } => {
            let asked = question.iter().map(Typed::plain);
            asked.chain(answers(options, None)).collect()
        }
        StickerKind::Quiz {
            question,
            options,
            answer,
        } => {
            let asked = std::iter::once(Typed::plain(question));
            asked.chain(answers(options, Some(*answer))).collect()
        }
        StickerKind::Countdown { name, ends } => {
            vec![Typed::plain(name), Typed::time(*ends, zone)]
        }
        StickerKind::Slider { question, emoji } => {
            let asked = question.iter().map(Typed::plain);
            asked.chain([Typed::plain(emoji)]).collect()
        }
    }
}

/// A text with its button to copy it.
fn value(page: &mut String, id: &str, typed: &Typed) {
    let label = typed.label.as_ref();
    let label = label.map_or(String::new(), |l| format!("<small>{l}</small>"));
    let _ = write!(
        page,
        "<div class=\"value\"><div>{label}<span id=\"{id}\" dir=\"auto\"{}>{}</span></div><button class=\"quiet\" data-copy=\"{id}\" data-t=\"copy\" hidden>{}</button></div>",
        typed.time.as_deref().unwrap_or_default(),
        escaped(&typed.text),
        english("copy"),
    );
}

/// Text that is no markup, in an element and in an attribute.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // what no page may hold
            c if c.is_control() && !matches!(c, '\n' | '\t') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::Media;
    use crate::scene::Extras;

    fn media(file: &str, kind: Kind, extras: Extras) -> Media {
        Media {
            path: file.into(),
            kind,
            bytes: 3,
            width: 1080,
            height: 1920,
            duration_s: None,
            sha256: "0".repeat(64),
            quality: None,
            notes: Vec::new(),
            extras,
            damaged: Vec::new(),
        }
    }

    #[test]
    fn words_of_a_story_are_no_markup() {
        let evil = "\"><script>alert(1)</script>'&";
        let extras = Extras {
            stickers: vec![Sticker {
                kind: StickerKind::Poll {
                    question: Some(evil.to_owned()),
                    options: vec![evil.to_owned(), "b".to_owned()],
                },
                x: 0.5,
                y: 0.5,
                width: 0.5,
                height: 0.2,
                rotation: 3.0,
            }],
            caption: Some(evil.to_owned()),
            alt: Some(evil.to_owned()),
            audience: None,
        };
        let media = media("a\"><bold.jpg", Kind::Image, extras);
        let story = Posted {
            name: evil,
            media: &media,
            id: Some(evil),
            zone: &TimeZone::UTC,
        };
        let page = html(&story, Origin::Within(b"abc"));
        assert!(!page.contains("alert(1)</script>"));
        assert!(!page.contains("\"><script>"));
        assert!(!page.contains("\"><bold"));
        assert_eq!(page.matches("<script").count(), 1);
        assert!(page.contains("src=\"data:image/jpeg;base64,YWJj\""));
        assert!(!page.contains("http://") && !page.contains("https://"));
    }

    #[test]
    fn a_countdown_ends_by_the_clock_of_the_project() {
        let zone = TimeZone::get("Europe/Madrid").expect("a zone");
        let text = |ends: &str| {
            let kind = StickerKind::Countdown {
                name: "Party".to_owned(),
                ends: ends.parse().expect("a time"),
            };
            let typed = values(&kind, &zone).remove(1);
            (typed.text, typed.time.expect("a time"))
        };
        let (text_of, time) = text("2026-12-24T17:00:00Z");
        assert_eq!(text_of, "24 December 2026, 18:00, Europe/Madrid");
        assert_eq!(
            time,
            " data-time=\"2026-12-24T17:00:00Z\" data-zone=\"Europe/Madrid\""
        );
        let (day, time) = text("2026-12-23T23:00:00Z");
        assert_eq!(day, "24 December 2026");
        assert!(time.ends_with(" data-day"), "{time}");
    }

    #[test]
    fn a_film_lies_beside_its_page() {
        let media = media("a b#c.mp4", Kind::Video, Extras::default());
        let story = Posted {
            name: "film",
            media: &media,
            id: None,
            zone: &TimeZone::UTC,
        };
        let page = html(&story, Origin::Beside);
        assert!(page.contains("src=\"./a%20b%23c.mp4\""));
        assert!(page.contains(english("none")));
    }

    #[test]
    fn a_server_has_its_files_at_addresses_of_their_own() {
        let media = media("a.mp4", Kind::Video, Extras::default());
        let story = Posted {
            name: "film",
            media: &media,
            id: Some("0123"),
            zone: &TimeZone::UTC,
        };
        let served = Served {
            media: "/handoff/0123/media",
            styles: &["/a.css", "/b.css"],
            script: "/a.js",
            before: "<p>before</p>",
            after_steps: "<p>after</p>",
        };
        let page = html(&story, Origin::Server(&served));
        for word in ["<style", "http-equiv", "storypress resolve"] {
            assert!(!page.contains(word), "{word}");
        }
        assert_eq!(page.matches("<script").count(), 1);
        assert_eq!(page.matches("/handoff/0123/media").count(), 2);
        let places =
            ["/b.css", "<p>before</p>", "<main>", "<p>after</p>"].map(|word| page.find(word));
        assert!(places.iter().all(Option::is_some) && places.is_sorted());
    }

    #[test]
    fn every_language_says_everything() {
        for (tag, words) in OTHERS {
            assert_eq!(words.len(), ENGLISH.len(), "{tag}");
            assert!(words.iter().all(|word| !word.is_empty()), "{tag}");
        }
    }
}
