//! RSS and Atom: an entry a row, with the columns of [`COLUMNS`].
//!
//! In: a feed's text. Out: what its entries say, as plain text, and what of it could not be read. Never: markup taken
//! out of a text that the feed declares to have none.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::encoding::{self, Decoded, Encoding};
use super::xml::{self, Element, Space};
use super::{Damage, Row, Table, bad_row, markup};
use crate::diag::{Code, Diagnostic, Place, Severity, Source};
use crate::template::expression::written_date;

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

/// Decodes by the encoding that the XML declares, then by the one that is named.
pub(super) fn decode(bytes: &[u8], named: Option<Encoding>) -> Option<Decoded> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]);
    let label = head
        .split_once("?>")
        .and_then(|(prolog, _)| prolog.split_once("encoding="))
        .and_then(|(_, rest)| rest.get(1..)?.split(['"', '\'']).next())
        .and_then(Encoding::declared);
    // what claims UTF-8 or, with bytes for letters, UTF-16 is read by what it is
    encoding::decode(bytes, label.or(named))
}

/// Reads every entry.
pub(super) fn read(source: &Arc<Source>, damage: &Damage<'_>) -> Result<Table, Vec<Diagnostic>> {
    let text = without_prolog(&source.text);
    let root = xml::read(&text).map_err(|fault| {
        let place = Place::new(
            source,
            fault.at..fault.at + width_at(&source.text, fault.at),
        );
        let is_entity = fault.message.contains("entities");
        let hint = is_entity.then(|| "remove its `<!DOCTYPE …>`".to_owned());
        vec![Diagnostic::at(Code::Syntax, &place, fault.message).maybe_hint(hint)]
    })?;
    let Some((kind, entries)) = entries(&root) else {
        let message = "this is neither RSS nor Atom";
        return Err(vec![
            Diagnostic::at(Code::Syntax, &Place::whole(source), message)
                .hint("a feed opens with `<rss version=\"2.0\">` or `<feed>`"),
        ]);
    };
    let mut warnings = Vec::new();
    let rows = entries
        .into_iter()
        .enumerate()
        .map(|(index, element)| {
            let number = index + 1;
            if let Some(at) = damage.in_range(&element.range) {
                let message = damage.message();
                return Err(bad_row(number, &Place::new(source, at), message).hint(damage.hint()));
            }
            let entry = Entry {
                element,
                kind,
                root: &root,
                source,
                text: &text,
            };
            let (row, reported) = entry.row(number);
            warnings.extend(reported);
            Ok(row)
        })
        .collect();
    Ok(Table {
        rows,
        columns: COLUMNS.map(str::to_owned).to_vec(),
        headings: Vec::new(),
        own_columns: false,
        warnings,
        source: source.clone(),
    })
}

fn width_at(text: &str, at: usize) -> usize {
    text.get(at..)
        .and_then(|rest| rest.chars().next())
        .map_or(0, char::len_utf8)
}

/// Which of the two ways an entry is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rss,
    Atom,
}

/// The entries, wherever this version of the format keeps them.
fn entries(root: &Element) -> Option<(Kind, Vec<&Element>)> {
    let items = |of: &'_ Element| -> Vec<usize> {
        let is_item = |child: &Element| child.name == "item";
        of.children
            .iter()
            .enumerate()
            .filter(|(_, c)| is_item(c))
            .map(|(at, _)| at)
            .collect()
    };
    match root.name.as_str() {
        "feed" => {
            let entries = root.children.iter().filter(|child| child.name == "entry");
            Some((Kind::Atom, entries.collect()))
        }
        "rss" | "rdf" => {
            // RSS 1.0 keeps its items beside the channel
            let mut found: Vec<&Element> = items(root)
                .into_iter()
                .map(|at| &root.children[at])
                .collect();
            for channel in root.children.iter().filter(|child| child.name == "channel") {
                found.extend(items(channel).into_iter().map(|at| &channel.children[at]));
            }
            Some((Kind::Rss, found))
        }
        _ => None,
    }
}

struct Entry<'a> {
    element: &'a Element,
    kind: Kind,
    root: &'a Element,
    source: &'a Arc<Source>,
    /// What the ranges of elements are of.
    text: &'a str,
}

/// A value with the element that says it.
type Found<'a> = Option<(String, &'a Element)>;

impl<'a> Entry<'a> {
    fn row(&self, number: usize) -> (Row, Option<Diagnostic>) {
        let (published, reported) = self.published(number);
        let found = [
            self.id(),
            self.first(&[
                (Space::Plain, "title"),
                (Space::Atom, "title"),
                (Space::Media, "title"),
                (Space::Itunes, "title"),
            ]),
            self.link(),
            self.summary(),
            self.image(),
            self.author(),
            published,
        ];
        let mut values = Map::new();
        let mut places = Vec::new();
        for (name, found) in COLUMNS.iter().zip(found) {
            let (value, at) =
                found.map_or((String::new(), self.element), |(value, at)| (value, at));
            values.insert((*name).to_owned(), Value::String(value));
            places.push(((*name).to_owned(), self.place(at)));
        }
        (
            Row::new(number, values, self.place(self.element), places),
            reported,
        )
    }

    fn place(&self, element: &Element) -> Place {
        Place::new(self.source, element.range.clone())
    }

    /// The first of the children of those names that says something.
    fn first(&self, names: &[(Space, &str)]) -> Found<'a> {
        names.iter().find_map(|(space, name)| {
            let found = self.element.all(*space, name);
            found
                .map(|at| (self.words(at), at))
                .find(|(words, _)| !words.is_empty())
        })
    }

    /// What an element says, in one line of plain text.
    fn words(&self, element: &Element) -> String {
        if element.space != Space::Atom && self.kind == Kind::Rss {
            return self.loose(element);
        }
        match text_type(element) {
            TextType::Plain => markup::fold(&element.text),
            TextType::Html => markup::plain(&element.text),
            TextType::Xhtml => markup::plain(self.inside(element)),
        }
    }

    /// RSS does not say whether a text is HTML, and most of it is, some of it encoded once too often.
    fn loose(&self, element: &Element) -> String {
        let html = match element.children.is_empty() {
            true => element.text.as_str(),
            false => self.inside(element),
        };
        let words = markup::plain(html);
        let is_doubled = words.split('&').skip(1).any(|part| {
            let name = part.split(';').next().unwrap_or("");
            part.contains(';')
                && (name.starts_with('#')
                    || ["amp", "quot", "lt", "gt", "apos", "nbsp"].contains(&name))
        });
        match is_doubled {
            true => markup::fold(&markup::decoded(&words)),
            false => words,
        }
    }

    /// The text between an element's tags, as it is.
    fn inside(&self, element: &Element) -> &'a str {
        self.text.get(element.inner.clone()).unwrap_or("")
    }

    fn id(&self) -> Found<'a> {
        let names = [
            (Space::Plain, "guid"),
            (Space::Atom, "id"),
            (Space::Plain, "id"),
        ];
        let found = names
            .iter()
            .find_map(|(space, name)| self.element.child(*space, name));
        match found
            .map(|at| (markup::fold(&at.text), at))
            .filter(|(id, _)| !id.is_empty())
        {
            Some(found) => Some(found),
            None => Some((
                self.element.attribute("rdf:about")?.to_owned(),
                self.element,
            )),
        }
    }

    fn link(&self) -> Found<'a> {
        let plain = self.element.all(Space::Plain, "link");
        let written = plain
            .map(|at| (at.text.trim(), at))
            .find(|(link, _)| !link.is_empty());
        if let Some((link, at)) = written {
            return Some((at.address(link), at));
        }
        let mut links = self.links().filter(|at| at.attribute("href").is_some());
        let is_page = |at: &&Element| matches!(at.attribute("rel"), None | Some("alternate"));
        let found = links
            .clone()
            .find(is_page)
            .or_else(|| links.find(|at| at.attribute("rel") != Some("enclosure")));
        if let Some(at) = found {
            return Some((at.address(at.attribute("href")?), at));
        }
        // a guid is the page's address unless it says otherwise
        let guid = self.element.child(Space::Plain, "guid")?;
        let id = guid.text.trim();
        let is_address = id.starts_with("http://") || id.starts_with("https://");
        (is_address && guid.attribute("isPermaLink") != Some("false"))
            .then(|| (id.to_owned(), guid))
    }

    fn links(&self) -> impl Iterator<Item = &'a Element> + Clone + use<'a> {
        let is_link = |child: &&Element| {
            child.name == "link" && matches!(child.space, Space::Atom | Space::Plain)
        };
        self.element.children.iter().filter(is_link)
    }

    fn summary(&self) -> Found<'a> {
        self.first(&[
            (Space::Plain, "description"),
            (Space::Atom, "summary"),
            (Space::Plain, "summary"),
            (Space::Itunes, "summary"),
            (Space::Content, "encoded"),
            (Space::Atom, "content"),
            (Space::Plain, "content"),
        ])
        .or_else(|| {
            let described = self
                .media("description")
                .find(|at| !at.text.trim().is_empty())?;
            Some((self.words(described), described))
        })
        .or_else(|| self.first(&[(Space::Itunes, "subtitle"), (Space::Dublin, "description")]))
    }

    /// Media RSS, in the entry and in its groups.
    fn media(&self, name: &'a str) -> impl Iterator<Item = &'a Element> + use<'a> {
        let groups = self.element.all(Space::Media, "group");
        let within = std::iter::once(self.element).chain(groups);
        within.flat_map(move |at| {
            // a thumbnail may stand in the film it is of
            let nested = at
                .all(Space::Media, "content")
                .flat_map(move |content| content.all(Space::Media, name));
            at.all(Space::Media, name).chain(nested)
        })
    }

    /// A picture of the entry: attached, as a thumbnail, or the first in its text.
    fn image(&self) -> Found<'a> {
        let address = |at: &'a Element, written: Option<&str>| Some((at.address(written?), at));
        let content = self.media("content").find(|at| is_picture(at));
        let thumbnail = || {
            let width = |at: &&Element| {
                at.attribute("width")
                    .and_then(|w| w.parse::<u32>().ok())
                    .unwrap_or(0)
            };
            self.media("thumbnail")
                .filter(|at| at.attribute("url").is_some())
                .max_by_key(width)
        };
        let enclosed = || {
            let own = self
                .element
                .all(Space::Plain, "enclosure")
                .find(|at| is_picture(at));
            let own = own.and_then(|at| address(at, at.attribute("url")));
            own.or_else(|| {
                let is_image = |at: &&Element| {
                    at.attribute("rel") == Some("enclosure")
                        && at
                            .attribute("type")
                            .is_some_and(|kind| kind.starts_with("image/"))
                };
                let at = self.links().find(is_image)?;
                address(at, at.attribute("href"))
            })
        };
        let episode = || {
            let at = self.element.child(Space::Itunes, "image")?;
            address(
                at,
                at.attribute("href")
                    .or(Some(at.text.trim()).filter(|t| !t.is_empty())),
            )
        };
        let plain = || {
            let at = self.element.child(Space::Plain, "image")?;
            let inner = at
                .child(Space::Plain, "url")
                .map_or(at.text.trim(), |url| url.text.trim());
            address(
                at,
                at.attribute("url")
                    .or(Some(inner).filter(|t| !t.is_empty())),
            )
        };
        content
            .and_then(|at| address(at, at.attribute("url")))
            .or_else(|| thumbnail().and_then(|at| address(at, at.attribute("url"))))
            .or_else(enclosed)
            .or_else(episode)
            .or_else(plain)
            .or_else(|| self.image_in_text())
    }

    fn image_in_text(&self) -> Found<'a> {
        let bodies = [
            (Space::Content, "encoded"),
            (Space::Atom, "content"),
            (Space::Plain, "content"),
            (Space::Plain, "description"),
            (Space::Atom, "summary"),
            (Space::Plain, "summary"),
        ];
        bodies.iter().find_map(|(space, name)| {
            let at = self.element.child(*space, name)?;
            let html = match at.children.is_empty() {
                true => at.text.as_str(),
                false => self.inside(at),
            };
            Some((at.address(&markup::first_image(html)?), at))
        })
    }

    fn author(&self) -> Found<'a> {
        let person = |of: &'a Element| {
            let at = of.children.iter().find(|c| {
                c.name == "author"
                    && c.children
                        .iter()
                        .any(|p| p.name == "name" || p.name == "email")
            })?;
            let part = |name: &str| {
                at.children
                    .iter()
                    .find(|c| c.name == name && !c.text.trim().is_empty())
            };
            Some((
                markup::fold(&part("name").or_else(|| part("email"))?.text),
                at,
            ))
        };
        person(self.element)
            .or_else(|| {
                self.first(&[
                    (Space::Dublin, "creator"),
                    (Space::Itunes, "author"),
                    (Space::Plain, "author"),
                    (Space::Atom, "author"),
                ])
            })
            .map(|(name, at)| (without_mail(&name), at))
            // an Atom entry without an author has the feed's
            .or_else(|| person(self.root).filter(|_| self.kind == Kind::Atom))
    }

    /// When it was published, and what is to be said of a date that is none, or that names another weekday.
    fn published(&self, number: usize) -> (Found<'a>, Option<Diagnostic>) {
        let names = [
            (Space::Plain, "pubdate"),
            (Space::Atom, "published"),
            (Space::Plain, "published"),
            (Space::Dublin, "date"),
            (Space::Plain, "issued"),
            (Space::Atom, "issued"),
            (Space::Atom, "created"),
            (Space::Atom, "updated"),
            (Space::Plain, "updated"),
            (Space::Atom, "modified"),
            (Space::Plain, "modified"),
        ];
        let given = names.iter().find_map(|(space, name)| {
            let at = self.element.child(*space, name)?;
            Some((markup::fold(&at.text), at)).filter(|(text, _)| !text.is_empty())
        });
        let Some((text, at)) = given else {
            return (None, None);
        };
        let warning = |what: String| {
            let of = bad_row(
                number,
                &self.place(at),
                format!("column `published`: {what}"),
            );
            Some(of.severity(Severity::Warning))
        };
        match written_date(&text) {
            Ok(date) => {
                let other = date
                    .other_weekday
                    .and_then(|day| warning(format!("`{text}` is a {day}")));
                (Some((date.iso, at)), other)
            }
            Err(why) => (None, warning(why)),
        }
    }
}

/// How a text of Atom is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TextType {
    Plain,
    Html,
    Xhtml,
}

/// By the type that the element declares; Atom 0.3 had media types, and `mode` beside them.
fn text_type(element: &Element) -> TextType {
    let kind = element
        .attribute("type")
        .unwrap_or("text")
        .to_ascii_lowercase();
    let is_markup = kind.contains("html");
    match (kind.as_str(), element.attribute("mode")) {
        (_, Some("escaped")) if is_markup => TextType::Html,
        ("html" | "text/html", None) if element.children.is_empty() => TextType::Html,
        _ if is_markup || !element.children.is_empty() => TextType::Xhtml,
        _ => TextType::Plain,
    }
}

/// `ana@example.org (Ana Ruiz)` is how RSS names people.
fn without_mail(author: &str) -> String {
    let named = author
        .split_once(" (")
        .filter(|(mail, _)| mail.contains('@') && !mail.contains(' '));
    let name = named
        .and_then(|(_, rest)| rest.strip_suffix(')'))
        .map(str::trim);
    name.filter(|name| !name.is_empty())
        .unwrap_or(author)
        .to_owned()
}

fn is_picture(at: &Element) -> bool {
    let Some(url) = at.attribute("url") else {
        return false;
    };
    if let Some(kind) = at.attribute("type") {
        return kind.starts_with("image/");
    }
    if let Some(medium) = at.attribute("medium") {
        return medium == "image";
    }
    let path = url.split(['?', '#']).next().unwrap_or(url);
    let name = path.rsplit('/').next().unwrap_or("").to_ascii_lowercase();
    match name.rsplit_once('.') {
        Some((_, extension)) => {
            ["jpg", "jpeg", "png", "webp", "avif", "gif", "heic", "svg"].contains(&extension)
        }
        // Media RSS may leave everything out; an enclosure names its type
        None => at.space == Space::Media,
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

#[cfg(test)]
mod tests;
