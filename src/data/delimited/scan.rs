//! One record of a delimited table at a time.

use std::borrow::Cow;
use std::ops::Range;

/// How cells are parted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dialect {
    /// `,`, `;`, tab ….
    pub delimiter: u8,
    /// Whether a quote at a cell's start may be just a quote: Google Sheets' TSV quotes nothing.
    pub lenient: bool,
}

/// One cell as it is.
#[derive(Debug)]
pub(super) struct Cell {
    /// With its quotes.
    pub range: Range<usize>,
    /// Without them.
    inner: Range<usize>,
    is_quoted: bool,
}

/// Why a record cannot be read.
#[derive(Debug)]
pub(super) enum Broken {
    /// The quote at `at` is never closed.
    Unclosed { column: usize, at: usize },
    /// Something stands between a closing quote and the delimiter.
    AfterQuote { column: usize, at: usize },
}

/// One record.
#[derive(Debug)]
pub(super) struct Record {
    /// Without its line ending.
    pub range: Range<usize>,
    /// The cells up to where it is broken.
    pub cells: Vec<Cell>,
    pub broken: Option<Broken>,
    /// Where the next record starts.
    pub next: usize,
}

impl Cell {
    /// What the cell says.
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let inner = &text[self.inner.clone()];
        if self.is_quoted && inner.contains(['"', '\r']) {
            Cow::Owned(inner.replace("\"\"", "\"").replace("\r\n", "\n"))
        } else {
            Cow::Borrowed(inner)
        }
    }

    /// Whether it says nothing.
    pub fn is_blank(&self, text: &str) -> bool {
        text[self.inner.clone()].trim().is_empty()
    }
}

/// The end of the line `at` stands in, before its line ending.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    text.as_bytes()[at..]
        .iter()
        .position(|b| matches!(b, b'\n' | b'\r'))
        .map_or(text.len(), |n| at + n)
}

/// The byte after the line ending at `at`; `at` itself where there is none.
pub(super) fn after_newline(text: &str, at: usize) -> usize {
    match text.as_bytes().get(at..).unwrap_or_default() {
        [b'\r', b'\n', ..] => at + 2,
        [b'\r' | b'\n', ..] => at + 1,
        _ => at,
    }
}

enum Quoted {
    /// The closing quote's offset.
    Closed(usize),
    /// Never closed.
    Open,
    /// The offset of what follows the closing quote.
    Followed(usize),
}

impl Dialect {
    /// Reads the record that starts at `start`.
    pub fn record(self, text: &str, start: usize) -> Record {
        let bytes = text.as_bytes();
        let mut cells = Vec::new();
        let mut at = start;
        loop {
            let column = cells.len();
            let cell = match self.quoted(bytes, at) {
                Some((open, Quoted::Closed(close))) => Cell {
                    range: open..close + 1,
                    inner: open + 1..close,
                    is_quoted: true,
                },
                Some((at, Quoted::Open)) => {
                    let broken = Broken::Unclosed { column, at };
                    return Record::broken(text, start, cells, broken, at);
                }
                Some((open, Quoted::Followed(at))) => {
                    let spans_lines = bytes[open..at].contains(&b'\n');
                    let (broken, at) = if spans_lines {
                        (Broken::Unclosed { column, at: open }, open)
                    } else {
                        (Broken::AfterQuote { column, at }, at)
                    };
                    return Record::broken(text, start, cells, broken, at);
                }
                None => {
                    let end = self.bare_end(bytes, at);
                    Cell {
                        range: at..end,
                        inner: at..end,
                        is_quoted: false,
                    }
                }
            };
            let end = self.bare_end(bytes, cell.range.end);
            cells.push(cell);
            if bytes.get(end) == Some(&self.delimiter) {
                at = end + 1;
                continue;
            }
            return Record {
                range: start..end,
                cells,
                broken: None,
                next: after_newline(text, end),
            };
        }
    }

    /// The end of what is not quoted: a delimiter, a line ending or the end.
    fn bare_end(self, bytes: &[u8], at: usize) -> usize {
        bytes[at..]
            .iter()
            .position(|b| *b == self.delimiter || matches!(b, b'\n' | b'\r'))
            .map_or(bytes.len(), |n| at + n)
    }

    /// A quoted cell at `at`, with the offset of its opening quote; `None` where none opens.
    ///
    /// Spaces before the quote are passed over if the cell closes well, as in `1, "Hello, world"`.
    fn quoted(self, bytes: &[u8], at: usize) -> Option<(usize, Quoted)> {
        let open = at + bytes[at..].iter().take_while(|b| **b == b' ').count();
        if bytes.get(open) != Some(&b'"') {
            return None;
        }
        let quoted = self.close(bytes, open);
        let is_plain = match &quoted {
            Quoted::Closed(close) => open > at && bytes[open..*close].contains(&b'\n'),
            Quoted::Open => open > at,
            Quoted::Followed(end) => {
                open > at || self.lenient && !bytes[open..*end].contains(&b'\n')
            }
        };
        (!is_plain).then_some((open, quoted))
    }

    fn close(self, bytes: &[u8], open: usize) -> Quoted {
        let mut at = open + 1;
        loop {
            match bytes[at..].iter().position(|b| *b == b'"') {
                None => return Quoted::Open,
                Some(n) => at += n,
            }
            if bytes.get(at + 1) == Some(&b'"') {
                at += 2;
                continue;
            }
            let after = at + 1 + bytes[at + 1..].iter().take_while(|b| **b == b' ').count();
            return match bytes.get(after) {
                None | Some(b'\n' | b'\r') => Quoted::Closed(at),
                Some(b) if *b == self.delimiter => Quoted::Closed(at),
                Some(_) => Quoted::Followed(after),
            };
        }
    }
}

impl Record {
    /// Reading goes on at the line after the one in which it broke.
    fn broken(text: &str, start: usize, cells: Vec<Cell>, broken: Broken, at: usize) -> Self {
        let end = line_end(text, at);
        Self {
            range: start..end,
            cells,
            broken: Some(broken),
            next: after_newline(text, end),
        }
    }
}
