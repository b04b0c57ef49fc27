//! XML as feeds write it, to a tree with places.
//!
//! In: a text. Out: its outermost element. Never: names that mean something else by their prefix: a namespace is reported
//! by its address, and by its usual prefix where a feed forgot to declare it. A bare `&` and the names of HTML's
//! characters are read as what they mean.

use std::borrow::Cow;
use std::ops::Range;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::markup;

/// Elements within elements; more is no feed.
const MAX_DEPTH: usize = 200;

/// Whose name an element has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    /// RSS in all its versions, and names without a namespace.
    Plain,
    Atom,
    Media,
    Itunes,
    Dublin,
    Content,
    Other,
}

/// An element with what is in it.
#[derive(Debug)]
pub(super) struct Element {
    pub space: Space,
    /// Without its prefix, in small letters.
    pub name: String,
    /// Prefix and all.
    attributes: Vec<(String, String)>,
    pub children: Vec<Element>,
    /// The text directly in it, CDATA included.
    pub text: String,
    /// Where it is, with its tags.
    pub range: Range<usize>,
    /// Between its tags.
    pub inner: Range<usize>,
    /// The address that those in it are relative to.
    pub base: Option<url::Url>,
}

/// What is wrong with the XML, and where.
#[derive(Debug)]
pub(super) struct Fault {
    pub message: String,
    pub at: usize,
}

impl Element {
    /// An attribute by its name with prefix.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let found = self
            .attributes
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name));
        found
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    }

    /// The first child of that name.
    pub fn child(&self, space: Space, name: &str) -> Option<&Element> {
        self.all(space, name).next()
    }

    /// All children of that name.
    pub fn all(&self, space: Space, name: &str) -> impl Iterator<Item = &Element> {
        self.children
            .iter()
            .filter(move |child| child.space == space && child.name == name)
    }

    /// An address against the base that holds here.
    pub fn address(&self, written: &str) -> String {
        let written = written.trim();
        let joined = self.base.as_ref().and_then(|base| base.join(written).ok());
        joined.map_or_else(|| written.to_owned(), |url| url.to_string())
    }
}

/// Stands for a `<` that opens no tag while XML is read; XML itself has no such character.
const LONE: char = '\u{1}';

/// The text with [`LONE`] for every `<` before a space or a digit: people write `5 < 6` and `<3`. No place moves.
fn mark_lone_signs(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let is_lone = |at: &usize| {
        let next = bytes.get(at + 1);
        bytes[*at] == b'<' && next.is_some_and(|b| b.is_ascii_digit() || *b == b' ')
    };
    let lone: Vec<usize> = (0..bytes.len()).filter(is_lone).collect();
    if lone.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut marked = text.to_owned();
    for at in lone {
        marked.replace_range(at..=at, LONE.encode_utf8(&mut [0]));
    }
    Cow::Owned(marked)
}

/// Reads the outermost element.
pub(super) fn read(text: &str) -> Result<Element, Fault> {
    let marked = mark_lone_signs(text);
    let mut reader = Reader::from_str(&marked);
    let config = reader.config_mut();
    config.allow_dangling_amp = true;
    config.expand_empty_elements = true;
    let mut builder = Builder::default();
    loop {
        let start = reader.buffer_position() as usize;
        let event = reader.read_event();
        let end = reader.buffer_position() as usize;
        let fault = |message: String| Fault { message, at: start };
        match event {
            Err(e) => {
                let at = reader.error_position() as usize;
                return Err(Fault {
                    message: format!("the feed's XML is broken: {e}"),
                    at,
                });
            }
            Ok(Event::Start(tag)) => builder.open(&tag, start, end).map_err(fault)?,
            Ok(Event::End(_)) => {
                if let Some(root) = builder.close(start, end) {
                    return Ok(root);
                }
            }
            Ok(Event::Text(part)) => builder.push(&part),
            Ok(Event::CData(part)) => builder.push(&part),
            Ok(Event::GeneralRef(name)) => {
                let written = format!("&{};", &*name);
                match markup::reference(&written) {
                    Some((text, _)) => builder.push(&text),
                    None => builder.push(&written),
                }
            }
            Ok(Event::DocType(part)) => {
                let declared = part.to_ascii_lowercase();
                if let Some(at) = declared.find("<!entity") {
                    let message =
                        "the feed declares entities of its own, which may grow without end";
                    let from = text[start..end]
                        .to_ascii_lowercase()
                        .find("<!entity")
                        .unwrap_or(at);
                    return Err(Fault {
                        message: message.into(),
                        at: start + from,
                    });
                }
            }
            Ok(Event::Eof) if builder.open.is_empty() => {
                return Err(fault("there is no XML in it".into()));
            }
            Ok(Event::Eof) => {
                return Err(fault(
                    "the feed is cut off: not all of its elements are closed".into(),
                ));
            }
            Ok(_) => {}
        }
    }
}

#[derive(Default)]
struct Builder {
    open: Vec<Element>,
    /// Declared prefixes; a feed declares each once.
    prefixes: Vec<(String, Space)>,
    /// The namespace of names without prefix, by depth.
    defaults: Vec<Space>,
}

impl Builder {
    fn open(&mut self, tag: &BytesStart<'_>, start: usize, end: usize) -> Result<(), String> {
        if self.open.len() >= MAX_DEPTH {
            return Err(format!("elements are nested more than {MAX_DEPTH} deep"));
        }
        let mut attributes = Vec::new();
        let mut default = self.defaults.last().copied().unwrap_or(Space::Plain);
        let mut written = tag.attributes();
        for attribute in written.with_checks(false).flatten() {
            let key = attribute.key.as_ref().to_owned();
            let value = markup::decoded(&attribute.value).replace(LONE, "<");
            if key == "xmlns" {
                default = by_address(&value);
            } else if let Some(prefix) = key.strip_prefix("xmlns:") {
                self.prefixes.push((prefix.to_owned(), by_address(&value)));
            } else {
                attributes.push((key, value));
            }
        }
        let name = tag.name().as_ref().to_owned();
        let (space, local) = match name.split_once(':') {
            Some((prefix, local)) => (self.by_prefix(prefix), local),
            None => (default, name.as_str()),
        };
        let mut element = Element {
            space,
            name: local.to_ascii_lowercase(),
            attributes,
            children: Vec::new(),
            text: String::new(),
            range: start..end,
            inner: end..end,
            base: self.open.last().and_then(|parent| parent.base.clone()),
        };
        if let Some(base) = element.attribute("xml:base") {
            let against = element
                .base
                .as_ref()
                .and_then(|outer| outer.join(base).ok());
            element.base = against
                .or_else(|| url::Url::parse(base).ok())
                .or(element.base.take());
        }
        self.defaults.push(default);
        self.open.push(element);
        Ok(())
    }

    /// The outermost element, when it is this one that closes.
    fn close(&mut self, start: usize, end: usize) -> Option<Element> {
        let mut element = self.open.pop()?;
        self.defaults.pop();
        element.inner.end = start.max(element.inner.start);
        element.range.end = end;
        match self.open.last_mut() {
            Some(parent) => {
                parent.children.push(element);
                None
            }
            None => Some(element),
        }
    }

    fn push(&mut self, text: &str) {
        if let Some(element) = self.open.last_mut() {
            // what XML does not allow and feeds contain all the same
            let is_text = |c: &char| !c.is_control() || matches!(c, '\t' | '\n' | '\r');
            let signs = text.chars().map(|c| if c == LONE { '<' } else { c });
            element.text.extend(signs.filter(is_text));
        }
    }

    fn by_prefix(&self, prefix: &str) -> Space {
        let declared = self.prefixes.iter().rev().find(|(name, _)| name == prefix);
        declared.map_or_else(
            || match prefix {
                "media" => Space::Media,
                "itunes" => Space::Itunes,
                "dc" => Space::Dublin,
                "content" => Space::Content,
                "atom" | "a10" => Space::Atom,
                _ => Space::Other,
            },
            |(_, space)| *space,
        )
    }
}

fn by_address(address: &str) -> Space {
    let address = address.trim().to_ascii_lowercase();
    let has = |part: &str| address.contains(part);
    if has("search.yahoo.com/mrss") {
        Space::Media
    } else if has("itunes.com/dtds/podcast") {
        Space::Itunes
    } else if has("purl.org/dc/") {
        Space::Dublin
    } else if has("purl.org/rss/1.0/modules/content") {
        Space::Content
    } else if has("w3.org/2005/atom") || has("purl.org/atom/ns") {
        Space::Atom
    } else if has("modules") || has("1999/xhtml") || has("rdf-syntax") {
        Space::Other
    } else {
        Space::Plain
    }
}
