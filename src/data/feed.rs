//! RSS and Atom: an entry a row, with the columns of [`COLUMNS`].

use std::ops::Range;
use std::sync::Arc;

use feed_rs::model::{Entry, MediaContent, MediaObject};
use feed_rs::parser::{Builder, ParseErrorKind, ParseFeedError};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::encoding::{self, Decoded};
use super::{Row, Table, markup};
use crate::diag::{Code, Diagnostic, Place, Source};

/// What every feed row has, empty where the entry says nothing.
pub(super) const COLUMNS: [&str; 7] = [
    "id",
    "title",
    "link",
    "summary",
    "image",
    "author",
    "published",
];

/// Whether a file without a telling extension is XML.
pub(super) fn is_xml(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    bytes.trim_ascii_start().starts_with(b"<?xml")
}

/// Decodes by the encoding that the XML declares.
pub(super) fn decode(bytes: &[u8]) -> Option<Decoded> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]);
    let label = head
        .split_once("?>")
        .and_then(|(prolog, _)| prolog.split_once("encoding="))
        .and_then(|(_, rest)| rest.get(1..)?.split(['"', '\'']).next())
        .and_then(|label| encoding_rs::Encoding::for_label(label.as_bytes()));
    match label {
        // what claims UTF-8 or, with bytes for letters, UTF-16 is read by what it is
        Some(label) if label != encoding_rs::UTF_8 && label.is_ascii_compatible() => {
            let text = label.decode(bytes).0.into_owned();
            Some(Decoded {
                text,
                damaged: Vec::new(),
            })
        }
        _ => encoding::decode(bytes),
    }
}

/// Reads every entry.
pub(super) fn read(source: &Arc<Source>) -> Result<Table, Vec<Diagnostic>> {
    let text = source.text.as_str();
    if let Some(at) = find_ignoring_case(text, "<!entity") {
        let place = Place::new(source, at..at + "<!ENTITY".len());
        let message = "the feed declares entities of its own, which may grow without end";
        return Err(vec![
            Diagnostic::at(Code::Syntax, &place, message).hint("remove its `<!DOCTYPE …>`"),
        ]);
    }
    // an entry without a guid has no id, rather than a made-up one
    let parser = Builder::new().id_generator(|_, _, _| String::new()).build();
    let feed = parser
        .parse(without_prolog(text).as_bytes())
        .map_err(|e| vec![unreadable(source, &e)])?;
    let places = entry_ranges(text);
    let rows = feed
        .entries
        .iter()
        .enumerate()
        .map(|(index, entry)| {
            let place = match places.get(index) {
                Some(range) if places.len() == feed.entries.len() => {
                    Place::new(source, range.clone())
                }
                _ => Place::whole(source),
            };
            Ok(Row::new(index + 1, values(entry), place, Vec::new()))
        })
        .collect();
    Ok(Table {
        rows,
        columns: COLUMNS.map(str::to_owned).to_vec(),
        source: source.clone(),
    })
}

fn unreadable(source: &Arc<Source>, error: &ParseFeedError) -> Diagnostic {
    let (message, hint) = match error {
        ParseFeedError::ParseError(ParseErrorKind::NoFeedRoot) => (
            "this is neither RSS nor Atom".to_owned(),
            Some("a feed opens with `<rss version=\"2.0\">` or `<feed>`"),
        ),
        ParseFeedError::XmlReader(e) => (format!("the feed's XML is broken: {e}"), None),
        other => (other.to_string(), None),
    };
    Diagnostic::at(Code::Syntax, &Place::whole(source), message).maybe_hint(hint.map(str::to_owned))
}

fn values(entry: &Entry) -> Map<String, Value> {
    let text = |text: &Option<feed_rs::model::Text>| {
        text.as_ref()
            .map_or_else(String::new, |t| markup::plain(&t.content))
    };
    let body = entry.content.as_ref().and_then(|c| c.body.as_deref());
    let summary = match text(&entry.summary) {
        empty if empty.is_empty() => body.map_or(empty, markup::plain),
        summary => summary,
    };
    let link = entry
        .links
        .iter()
        .find(|l| matches!(l.rel.as_deref(), None | Some("alternate")))
        .or(entry.links.first());
    let author = entry
        .authors
        .iter()
        .find_map(|a| a.name.as_deref().or(a.email.as_deref()));
    let published = entry
        .published
        .or(entry.updated)
        .and_then(|date| Timestamp::from_second(date.timestamp()).ok());
    let values = [
        entry.id.clone(),
        text(&entry.title),
        link.map_or_else(String::new, |l| l.href.clone()),
        summary,
        image(entry).unwrap_or_default(),
        author.map_or_else(String::new, markup::plain),
        published.map_or_else(String::new, |date| date.to_string()),
    ];
    COLUMNS
        .iter()
        .zip(values)
        .map(|(name, value)| ((*name).to_owned(), Value::String(value)))
        .collect()
}

/// A picture of the entry: attached, as a thumbnail, or the first in its text.
fn image(entry: &Entry) -> Option<String> {
    let contents = |media: &MediaObject| {
        let content = media.content.iter().find(|c| is_picture(c))?;
        Some(content.url.as_ref()?.to_string())
    };
    let thumbnail = |media: &MediaObject| Some(media.thumbnails.first()?.image.uri.clone());
    let enclosed = || {
        let is_image = |l: &&feed_rs::model::Link| {
            l.rel.as_deref() == Some("enclosure")
                && l.media_type
                    .as_deref()
                    .is_some_and(|t| t.starts_with("image/"))
        };
        Some(entry.links.iter().find(is_image)?.href.clone())
    };
    let in_text = || {
        let body = entry.content.as_ref().and_then(|c| c.body.as_deref());
        let summary = entry.summary.as_ref().map(|s| s.content.as_str());
        [body, summary]
            .into_iter()
            .flatten()
            .find_map(markup::first_image)
    };
    entry
        .media
        .iter()
        .find_map(contents)
        .or_else(|| entry.media.iter().find_map(thumbnail))
        .or_else(enclosed)
        .or_else(in_text)
}

fn is_picture(content: &MediaContent) -> bool {
    if let Some(kind) = &content.content_type {
        return kind.ty().as_str() == "image";
    }
    let path = content.url.as_ref().map_or("", |url| url.path());
    let name = path.rsplit('/').next().unwrap_or("").to_ascii_lowercase();
    match name.rsplit_once('.') {
        Some((_, extension)) => {
            ["jpg", "jpeg", "png", "webp", "avif", "gif", "heic", "svg"].contains(&extension)
        }
        None => true,
    }
}

/// Blanks the XML declaration: the text is UTF-8 by now, whatever it says.
fn without_prolog(text: &str) -> String {
    let start = text.len() - text.trim_start().len();
    match text[start..].find("?>") {
        Some(end) if text[start..].starts_with("<?xml") => {
            format!(
                "{}{}",
                " ".repeat(start + end + 2),
                &text[start + end + 2..]
            )
        }
        _ => text.to_owned(),
    }
}

/// Where each `<item>` or `<entry>` stands.
fn entry_ranges(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut at = 0;
    while let Some(open) = text[at..].find('<').map(|n| at + n) {
        at = open + 1;
        let Some(name) = ["item", "entry"].iter().find(|name| {
            let rest = text[at..].strip_prefix(**name);
            rest.is_some_and(|r| r.starts_with(|c: char| c == '>' || c.is_whitespace()))
        }) else {
            continue;
        };
        let close = format!("</{name}>");
        let Some(end) = text[at..].find(&close) else {
            break;
        };
        at += end + close.len();
        ranges.push(open..at);
    }
    ranges
}

fn find_ignoring_case(text: &str, word: &str) -> Option<usize> {
    let word = word.as_bytes();
    text.as_bytes()
        .windows(word.len())
        .position(|window| window.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests;
