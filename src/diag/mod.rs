//! Messages that point at a line.
//!
//! In: a source text, a span in it, what is wrong. Out: a [`Diagnostic`] that prints itself with file, line,
//! caret and hint, and serialises to the report. Never: reading files, deciding what is an error.

mod code;
mod render;
mod row;
mod serialize;
mod suggest;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use code::{Code, Severity};
pub use row::RowName;
pub use serialize::WithBytes;
pub use suggest::{did_you_mean, nearest};

/// A text that was read, with the name under which people know it.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// The path as it should be shown: as the user gave it, or relative to the working directory.
    pub path: PathBuf,
    /// The whole text, UTF-8.
    pub text: String,
    /// Bytes of the file before `text`: those of a byte order mark.
    pub mark: usize,
}

impl Source {
    /// Wraps a text and its name.
    pub fn new(path: impl Into<PathBuf>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self {
            path: path.into(),
            text: text.into(),
            mark: 0,
        })
    }

    /// Wraps the text of a file, which may begin with a byte order mark.
    pub fn of_file(path: impl Into<PathBuf>, text: &str) -> Arc<Self> {
        let rest = text.strip_prefix('\u{feff}').unwrap_or(text);
        Arc::new(Self {
            path: path.into(),
            text: rest.to_owned(),
            mark: text.len() - rest.len(),
        })
    }

    /// The path as programs read it, with `/` between its parts.
    pub fn name(&self) -> String {
        let name = self.path.display().to_string();
        match std::path::MAIN_SEPARATOR {
            '/' => name,
            other => name.replace(other, "/"),
        }
    }

    /// Line and column, both from 1, of a byte offset; the column counts characters.
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let offset = self.floor(offset);
        let before = &self.text[..offset];
        let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        (line, before[start..].chars().count() + 1)
    }

    /// The text of a line counted from 1, without its line ending; empty past the end.
    pub fn line(&self, line: usize) -> &str {
        self.text.lines().nth(line.saturating_sub(1)).unwrap_or("")
    }

    fn floor(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }
}

/// Where something is: bytes `start..end` of a source.
#[derive(Clone, PartialEq, Eq)]
pub struct Place {
    /// The text it is in.
    pub source: Arc<Source>,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// UTF-8 bytes of a file, as programs read them; the first is 0, a byte order mark counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Bytes {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}:{}..{}",
            self.source.path.display(),
            self.start,
            self.end
        )
    }
}

impl Place {
    /// Bytes `range` of `source`.
    pub fn new(source: &Arc<Source>, range: Range<usize>) -> Self {
        Self {
            source: source.clone(),
            start: range.start,
            end: range.end,
        }
    }

    /// The first character of a source: for what concerns the whole file.
    pub fn whole(source: &Arc<Source>) -> Self {
        Self::new(source, 0..0)
    }

    /// A part of this place, in bytes from its start.
    pub fn part(&self, range: Range<usize>) -> Self {
        Self::new(
            &self.source,
            self.start + range.start..self.start + range.end,
        )
    }

    /// The bytes of the file it takes.
    pub fn bytes(&self) -> Bytes {
        Bytes {
            start: self.start + self.source.mark,
            end: self.end + self.source.mark,
        }
    }

    /// The text there.
    pub fn text(&self) -> &str {
        self.source.text.get(self.start..self.end).unwrap_or("")
    }
}

/// One thing that is wrong, or worth a look.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnostic {
    /// Whether the item fails by it.
    pub severity: Severity,
    /// The stable word scripts match on.
    pub code: Code,
    /// One sentence without its full stop; names in backticks.
    pub message: String,
    /// Where; `None` only for what has no text at all, such as a picture given on the command line.
    pub place: Option<Place>,
    /// The file to name when there is no place.
    pub file: PathBuf,
    /// What to do about it.
    pub hint: Option<String>,
    /// The story's row, when it came from data.
    pub row: Option<RowName>,
    /// Where it was, when it was kept from an earlier run and its text is gone: it was reported then.
    pub kept: Option<Lines>,
}

/// Where something was: lines and columns from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lines {
    /// Line and column of its first character.
    pub start: (usize, usize),
    /// Line and column behind its last character; none where it concerns a whole file.
    pub end: Option<(usize, usize)>,
}

impl Diagnostic {
    /// An error or warning (by its code's default) at a place.
    pub fn at(code: Code, place: &Place, message: impl Into<String>) -> Self {
        Self {
            severity: code.severity(),
            code,
            message: message.into(),
            file: place.source.path.clone(),
            place: Some(place.clone()),
            hint: None,
            row: None,
            kept: None,
        }
    }

    /// The same for a file without text.
    pub fn of_file(code: Code, file: &Path, message: impl Into<String>) -> Self {
        Self {
            severity: code.severity(),
            code,
            message: message.into(),
            file: file.to_owned(),
            place: None,
            hint: None,
            row: None,
            kept: None,
        }
    }

    /// Adds what to do about it.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds a hint if there is one.
    pub fn maybe_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint.or(self.hint);
        self
    }

    /// Makes it an error or a warning whatever its code's default is.
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Whether the item fails by it.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Line and column from 1; `(1, 1)` without a place.
    pub fn line_column(&self) -> (usize, usize) {
        self.lines().start
    }

    /// Where it is, in lines and columns; without a place the first character of its file.
    pub fn lines(&self) -> Lines {
        match (&self.place, self.kept) {
            (Some(place), _) => Lines {
                start: place.source.line_column(place.start),
                end: Some(place.source.line_column(place.end.max(place.start))),
            },
            (None, Some(kept)) => kept,
            (None, None) => Lines {
                start: (1, 1),
                end: None,
            },
        }
    }

    /// The same without its text: as one that was reported already.
    pub fn into_kept(mut self) -> Self {
        self.kept = Some(self.lines());
        self.place = None;
        self
    }

    /// Whether it was reported already: by an earlier run, or as part of something that is not new.
    pub fn is_kept(&self) -> bool {
        self.kept.is_some()
    }
}

/// Puts diagnostics into the order of their files, each once.
pub fn in_order(reported: &mut Vec<Diagnostic>) {
    let key = |d: &Diagnostic| (d.file.clone(), d.place.as_ref().map_or(0, |p| p.start));
    reported.sort_by_cached_key(key);
    let mut seen: Vec<Diagnostic> = Vec::with_capacity(reported.len());
    for diagnostic in reported.drain(..) {
        if !seen.contains(&diagnostic) {
            seen.push(diagnostic);
        }
    }
    *reported = seen;
}

/// A value that came with warnings.
#[derive(Debug, Clone)]
pub struct Warned<T> {
    /// The value.
    pub value: T,
    /// What is worth a look; never an error.
    pub warnings: Vec<Diagnostic>,
}
