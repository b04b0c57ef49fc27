//! The text of a template as it is written: headings, keys, values and comments, each with its bytes.
//!
//! In: TOML text without a fault. Out: a [`Document`] that finds where a value stands, however it is written: under a
//! heading, inline, with dots. Never: what a value means.

use std::collections::HashMap;
use std::ops::Range;

use toml_parser::parser::{Event, EventKind, parse_document};

/// One step into a document.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Step {
    Key(String),
    At(usize),
}

/// Where something is: `layer[2].shadow`.
pub(super) type Path = Vec<Step>;

/// A text with what is in it.
pub(super) struct Document<'t> {
    pub text: &'t str,
    /// The keys before the first heading, then a section for each heading.
    pub sections: Vec<Section>,
    /// Every comment.
    pub comments: Vec<Range<usize>>,
}

/// A heading and the keys under it.
#[derive(Debug)]
pub(super) struct Section {
    /// None for the keys before the first heading.
    pub heading: Option<Heading>,
    pub path: Path,
    pub pairs: Vec<Pair>,
}

/// `[a.b]` or `[[a.b]]`.
#[derive(Debug)]
pub(super) struct Heading {
    /// From its first bracket to its last.
    pub span: Range<usize>,
    /// Each part of its name.
    pub parts: Vec<Range<usize>>,
}

/// `a.b = value`.
#[derive(Debug)]
pub(super) struct Pair {
    pub keys: Vec<(String, Range<usize>)>,
    pub value: Written,
}

/// A value as it is written.
#[derive(Debug)]
pub(super) enum Written {
    Scalar(Range<usize>),
    Array {
        span: Range<usize>,
        items: Vec<Written>,
    },
    Inline {
        span: Range<usize>,
        pairs: Vec<Pair>,
    },
}

impl Written {
    pub fn span(&self) -> &Range<usize> {
        match self {
            Self::Scalar(span) | Self::Array { span, .. } | Self::Inline { span, .. } => span,
        }
    }
}

impl Pair {
    /// From the first byte of its key to the last of its value.
    pub fn span(&self) -> Range<usize> {
        self.keys[0].1.start..self.value.span().end
    }

    pub fn names(&self) -> Path {
        self.keys
            .iter()
            .map(|(k, _)| Step::Key(k.clone()))
            .collect()
    }
}

/// How something stands in a document.
pub(super) enum Found<'d> {
    /// A value, and the pair that it is the value of, if it is one's.
    Value(&'d Written),
    /// A table under a heading of its own.
    Section(usize),
    /// A table that only keys with dots speak of, the last of them: in a section, or in an inline table.
    Dotted(&'d Pair),
    /// A table that only headings below it speak of, the first of them.
    Implied(usize),
    Nothing,
}

impl<'t> Document<'t> {
    /// Reads a text; what is wrong with it was found before.
    pub fn read(text: &'t str) -> Self {
        let source = toml_parser::Source::new(text);
        let tokens = source.lex().into_vec();
        let mut events = Vec::with_capacity(tokens.len());
        parse_document(&tokens, &mut |event: Event| events.push(event), &mut ());
        let mut reader = Reader {
            source,
            events,
            at: 0,
            comments: Vec::new(),
        };
        let sections = reader.sections();
        Self {
            text,
            sections: resolved(sections),
            comments: reader.comments,
        }
    }

    /// `\r\n` where the text has it.
    pub fn newline(&self) -> &'static str {
        match self.text.contains("\r\n") {
            true => "\r\n",
            false => "\n",
        }
    }

    /// What stands at `path`.
    pub fn find(&self, path: &[Step]) -> Found<'_> {
        if let Some(at) = self.sections.iter().position(|s| s.path == path) {
            return Found::Section(at);
        }
        let mut dotted = None;
        for section in &self.sections {
            if let Some(rest) = path.strip_prefix(section.path.as_slice()) {
                match within(&section.pairs, rest) {
                    Found::Nothing => {}
                    Found::Dotted(pair) => dotted = Some(pair),
                    found => return found,
                }
            }
        }
        if let Some(pair) = dotted {
            return Found::Dotted(pair);
        }
        let below = |s: &Section| s.path.len() > path.len() && s.path.starts_with(path);
        match self.sections.iter().position(below) {
            Some(at) => Found::Implied(at),
            None => Found::Nothing,
        }
    }

    /// The path of the table whose heading, or brace, is at a byte.
    pub fn path_at(&self, start: usize) -> Option<Path> {
        let starts = |s: &&Section| s.heading.as_ref().is_some_and(|h| h.span.start == start);
        if let Some(section) = self.sections.iter().find(starts) {
            return Some(section.path.clone());
        }
        self.sections.iter().find_map(|section| {
            let mut path = section.path.clone();
            inline_at(&section.pairs, start, &mut path).then_some(path)
        })
    }

    /// The whole lines that a span touches, their ending included.
    pub fn lines(&self, span: &Range<usize>) -> Range<usize> {
        self.line_start(span.start)..self.line_end(span.end)
    }

    /// The first byte of the line that a byte is in.
    pub fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |n| n + 1)
    }

    /// One past the ending of the line that a byte is in.
    pub fn line_end(&self, at: usize) -> usize {
        match self.text[at..].find('\n') {
            Some(n) => at + n + 1,
            None => self.text.len(),
        }
    }

    /// The white space that a line begins with.
    pub fn indent(&self, at: usize) -> &'t str {
        let line = &self.text[self.line_start(at)..at];
        match line.trim().is_empty() {
            true => line,
            false => "",
        }
    }

    /// The first byte of a section: of the comments straight above its heading.
    pub fn start_of(&self, at: usize) -> usize {
        let section = &self.sections[at];
        let heading = section.heading.as_ref().map_or(0, |h| h.span.start);
        self.above(self.line_start(heading))
    }

    /// The first byte of the comments straight above a line.
    pub fn above(&self, line: usize) -> usize {
        let mut start = line;
        while start > 0 {
            let before = self.line_start(start - 1);
            let text = self.text[before..start].trim();
            // the line that tells editors the schema is the file's
            let is_schema = before == 0 && text.starts_with("#:schema");
            if !text.starts_with('#') || is_schema || !self.is_comment(before) {
                break;
            }
            start = before;
        }
        start
    }

    /// Whether the first thing on a line is a comment, and not a part of a text of several lines.
    fn is_comment(&self, line: usize) -> bool {
        let end = self.line_end(line);
        let indent = self.text[line..end].len() - self.text[line..end].trim_start().len();
        let starts = |comment: &Range<usize>| comment.start == line + indent;
        self.comments.iter().any(starts)
    }

    /// One past the last line of a section: comments straight below its last key are its own, but for those straight
    /// above the next heading.
    pub fn end_of(&self, at: usize) -> usize {
        let last = self.line_end(self.section_end(&self.sections[at]));
        let next = match at + 1 < self.sections.len() {
            true => self.start_of(at + 1),
            false => self.text.len(),
        };
        let mut end = last;
        while end < next && self.text[end..self.line_end(end)].trim().starts_with('#') {
            end = self.line_end(end);
        }
        end.min(next.max(last))
    }

    /// The last byte of a section's own heading and keys.
    pub fn section_end(&self, section: &Section) -> usize {
        let heading = section.heading.as_ref().map_or(0, |h| h.span.end);
        section
            .pairs
            .last()
            .map_or(heading, |pair| pair.value.span().end)
    }
}

/// What stands at `rest`, counted from a table with these pairs.
fn within<'d>(pairs: &'d [Pair], rest: &[Step]) -> Found<'d> {
    let mut dotted = None;
    for pair in pairs {
        let names = pair.names();
        if let Some(rest) = rest.strip_prefix(names.as_slice()) {
            match inside(&pair.value, rest) {
                Found::Nothing => {}
                found => return found,
            }
        } else if names.starts_with(rest) {
            dotted = Some(pair);
        }
    }
    dotted.map_or(Found::Nothing, Found::Dotted)
}

fn inside<'d>(value: &'d Written, rest: &[Step]) -> Found<'d> {
    match (rest.first(), value) {
        (None, value) => Found::Value(value),
        (Some(Step::At(at)), Written::Array { items, .. }) => match items.get(*at) {
            Some(item) => inside(item, &rest[1..]),
            None => Found::Nothing,
        },
        (Some(Step::Key(_)), Written::Inline { pairs, .. }) => within(pairs, rest),
        _ => Found::Nothing,
    }
}

fn inline_at(pairs: &[Pair], start: usize, path: &mut Path) -> bool {
    fn value(value: &Written, start: usize, path: &mut Path) -> bool {
        match value {
            Written::Scalar(_) => false,
            Written::Inline { span, .. } if span.start == start => true,
            Written::Inline { pairs, .. } => inline_at(pairs, start, path),
            Written::Array { items, .. } => items.iter().enumerate().any(|(at, item)| {
                path.push(Step::At(at));
                value_or_pop(item, start, path)
            }),
        }
    }
    fn value_or_pop(item: &Written, start: usize, path: &mut Path) -> bool {
        let is_it = value(item, start, path);
        if !is_it {
            path.pop();
        }
        is_it
    }
    pairs.iter().any(|pair| {
        let length = path.len();
        path.extend(pair.names());
        let is_it = pair.value.span().contains(&start) && value(&pair.value, start, path);
        if !is_it {
            path.truncate(length);
        }
        is_it
    })
}

struct Reader<'t> {
    source: toml_parser::Source<'t>,
    events: Vec<Event>,
    at: usize,
    comments: Vec<Range<usize>>,
}

impl Reader<'_> {
    /// The next event that says something; comments are kept on the way.
    fn next(&mut self) -> Option<Event> {
        loop {
            let event = *self.events.get(self.at)?;
            self.at += 1;
            match event.kind() {
                EventKind::Comment => self.comments.push(range(&event)),
                EventKind::Whitespace | EventKind::Newline | EventKind::Error => {}
                _ => return Some(event),
            }
        }
    }

    fn key(&self, event: &Event) -> (String, Range<usize>) {
        let mut name = String::new();
        if let Some(raw) = self.source.get(event) {
            raw.decode_key(&mut name, &mut ());
        }
        (name, range(event))
    }

    fn sections(&mut self) -> Vec<(Section, bool, Vec<String>)> {
        let root = Section {
            heading: None,
            path: Path::new(),
            pairs: Vec::new(),
        };
        let mut sections = vec![(root, false, Vec::new())];
        let mut keys = Vec::new();
        while let Some(event) = self.next() {
            match event.kind() {
                EventKind::StdTableOpen | EventKind::ArrayTableOpen => {
                    let is_array = event.kind() == EventKind::ArrayTableOpen;
                    let section = self.heading(&event, is_array);
                    sections.push(section);
                }
                EventKind::SimpleKey => keys.push(self.key(&event)),
                EventKind::KeyValSep => {
                    let keys = std::mem::take(&mut keys);
                    if let (Some(value), Some((section, ..))) = (self.value(), sections.last_mut())
                        && !keys.is_empty()
                    {
                        section.pairs.push(Pair { keys, value });
                    }
                }
                _ => {}
            }
        }
        sections
    }

    fn heading(&mut self, open: &Event, is_array: bool) -> (Section, bool, Vec<String>) {
        let (mut names, mut parts) = (Vec::new(), Vec::new());
        let mut span = range(open);
        while let Some(event) = self.next() {
            match event.kind() {
                EventKind::SimpleKey => {
                    let (name, part) = self.key(&event);
                    names.push(name);
                    parts.push(part);
                }
                EventKind::KeySep => {}
                _ => {
                    span.end = range(&event).end;
                    break;
                }
            }
        }
        let section = Section {
            heading: Some(Heading { span, parts }),
            path: Path::new(),
            pairs: Vec::new(),
        };
        (section, is_array, names)
    }

    fn value(&mut self) -> Option<Written> {
        let event = self.next()?;
        self.value_of(event)
    }

    fn value_of(&mut self, event: Event) -> Option<Written> {
        let mut span = range(&event);
        match event.kind() {
            EventKind::Scalar => Some(Written::Scalar(span)),
            EventKind::ArrayOpen => {
                let mut items = Vec::new();
                while let Some(event) = self.next() {
                    match event.kind() {
                        EventKind::ArrayClose => {
                            span.end = range(&event).end;
                            break;
                        }
                        EventKind::ValueSep => {}
                        _ => items.extend(self.value_of(event)),
                    }
                }
                Some(Written::Array { span, items })
            }
            EventKind::InlineTableOpen => {
                let (mut pairs, mut keys) = (Vec::new(), Vec::new());
                while let Some(event) = self.next() {
                    match event.kind() {
                        EventKind::InlineTableClose => {
                            span.end = range(&event).end;
                            break;
                        }
                        EventKind::SimpleKey => keys.push(self.key(&event)),
                        EventKind::KeyValSep => {
                            let keys = std::mem::take(&mut keys);
                            if let Some(value) = self.value()
                                && !keys.is_empty()
                            {
                                pairs.push(Pair { keys, value });
                            }
                        }
                        _ => {}
                    }
                }
                Some(Written::Inline { span, pairs })
            }
            _ => None,
        }
    }
}

fn range(event: &Event) -> Range<usize> {
    event.span().start()..event.span().end()
}

/// Sections with their paths: a heading goes on in the last element of each list that its name passes.
fn resolved(sections: Vec<(Section, bool, Vec<String>)>) -> Vec<Section> {
    let mut lists: HashMap<Path, usize> = HashMap::new();
    let path_of = |(mut section, is_array, names): (Section, bool, Vec<String>)| {
        let mut path = Path::new();
        let last = names.len().saturating_sub(1);
        for (at, name) in names.into_iter().enumerate() {
            path.push(Step::Key(name));
            if at == last && is_array {
                let count = lists.entry(path.clone()).or_default();
                *count += 1;
                path.push(Step::At(*count - 1));
            } else if let Some(count) = lists.get(&path) {
                path.push(Step::At(count - 1));
            }
        }
        section.path = path;
        section
    };
    sections.into_iter().map(path_of).collect()
}
