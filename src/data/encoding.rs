//! Bytes of a text file to text.
//!
//! In: bytes, and the code page that they are said to be in. Out: text, what could not be read, and which code page
//! it was where that was a guess. Never: a guess that is not reported.
//!
//! UTF-8, and UTF-16 with a byte-order mark, say what they are. Anything else is guessed from its letters: what
//! spreadsheets write as plain "CSV" is the code page of the machine they run on.

use encoding_rs::{Encoding as CodePage, MACINTOSH, UTF_8, UTF_16LE, WINDOWS_1252};

use crate::diag::did_you_mean;

mod alternatives;
mod dos;
mod guess;

use dos::Dos;

/// A code page that a file is said to be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding(Page);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Page {
    /// One that browsers read, too.
    Web(&'static CodePage),
    Dos(&'static Dos),
}

/// Names that people know them by, beside those of the web.
const ALIASES: [(&str, &CodePage); 12] = [
    ("utf16", UTF_16LE),
    ("utf-16", UTF_16LE),
    ("macroman", MACINTOSH),
    ("mac-roman", MACINTOSH),
    ("macintosh", MACINTOSH),
    ("ansi", WINDOWS_1252),
    ("cp932", encoding_rs::SHIFT_JIS),
    ("cp936", encoding_rs::GBK),
    ("cp949", encoding_rs::EUC_KR),
    ("cp950", encoding_rs::BIG5),
    ("cp866", encoding_rs::IBM866),
    ("koi8", encoding_rs::KOI8_R),
];

/// Names of those that browsers do not read.
const DOS: [(&[&str], &Dos); 3] = [
    (&["ibm850", "cp850", "850", "dos"], &dos::IBM850),
    (&["ibm852", "cp852", "852"], &dos::IBM852),
    (&["ibm437", "cp437", "437"], &dos::IBM437),
];

/// What is offered for a slip.
const NAMES: [&str; 25] = [
    "utf-8",
    "utf-16",
    "windows-1250",
    "windows-1251",
    "windows-1252",
    "windows-1253",
    "windows-1254",
    "windows-1255",
    "windows-1256",
    "windows-1257",
    "windows-1258",
    "windows-874",
    "iso-8859-2",
    "iso-8859-15",
    "koi8-r",
    "macintosh",
    "ibm437",
    "ibm850",
    "ibm852",
    "ibm866",
    "shift_jis",
    "euc-jp",
    "gbk",
    "big5",
    "euc-kr",
];

impl Encoding {
    /// What most files are in.
    pub(super) const UTF_8: Self = Self(Page::Web(UTF_8));

    /// The code page of a name such as `windows-1250`, `cp1250`, `latin2` or `shift_jis`.
    ///
    /// # Errors
    /// What to say of a name that nobody knows.
    pub fn named(name: &str) -> Result<Self, String> {
        let label = name.trim().to_ascii_lowercase();
        if let Some((_, page)) = DOS
            .iter()
            .find(|(names, _)| names.contains(&label.as_str()))
        {
            return Ok(Self(Page::Dos(page)));
        }
        let alias = ALIASES
            .iter()
            .find(|(alias, _)| *alias == label)
            .map(|(_, page)| *page);
        // `1250`, and `win1250`
        let digits = label.trim_start_matches(|c: char| !c.is_ascii_digit());
        let windows = (digits.len() >= 3 && (label == digits || label.starts_with("win")))
            .then(|| CodePage::for_label(format!("windows-{digits}").as_bytes()))
            .flatten();
        let found = alias
            .or_else(|| CodePage::for_label(label.as_bytes()))
            .or(windows);
        found.map(|page| Self(Page::Web(page))).ok_or_else(|| {
            let hint = did_you_mean(&label, NAMES);
            let hint = hint.unwrap_or_else(|| format!("there are {}", NAMES.join(", ")));
            format!("no encoding `{name}`; {hint}")
        })
    }

    /// What an XML declaration names; nothing for UTF-8 and UTF-16, which are found out by their bytes.
    pub(super) fn declared(label: &str) -> Option<Self> {
        let page = CodePage::for_label(label.trim().as_bytes())?;
        (page != UTF_8 && page.is_ascii_compatible()).then_some(Self(Page::Web(page)))
    }

    /// Its name on the web, or IANA's.
    pub fn name(self) -> String {
        match self.0 {
            Page::Web(page) => page.name().to_ascii_lowercase(),
            Page::Dos(page) => page.name.to_owned(),
        }
    }
}

/// A decoded text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decoded {
    /// Lone carriage returns are line feeds, so that lines are lines everywhere.
    pub text: String,
    /// Offsets of the replacement characters that stand for undecodable bytes; sorted.
    pub damaged: Vec<usize>,
    /// What it was read as.
    pub encoding: Encoding,
    /// Whether that was a guess.
    pub is_guess: bool,
    /// Of a guess: the first word that shows it, and what other code pages make of it, each with its name.
    pub word: Option<Word>,
}

/// A word of a file that can be read in several ways.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// As it was read.
    pub read: String,
    /// As it might be meant; the likeliest first.
    pub others: Vec<(String, Encoding)>,
}

/// `None` where the bytes are no text at all. What says itself what it is is read as that, then what `named` says.
pub(super) fn decode(bytes: &[u8], named: Option<Encoding>) -> Option<Decoded> {
    if let Some((page, length)) = CodePage::for_bom(bytes) {
        return read(&bytes[length..], Page::Web(page), false);
    }
    if let Some(Encoding(page)) = named {
        return read(bytes, page, false);
    }
    if bytes.contains(&0) {
        return match guess::utf_16(bytes) {
            Some(page) => read(bytes, Page::Web(page), true),
            None if guess::is_plain_text(bytes) => Some(with_zeros(bytes)),
            None => None,
        };
    }
    if std::str::from_utf8(bytes).is_ok() && !guess::is_iso_2022(bytes) {
        return read(bytes, Page::Web(UTF_8), false);
    }
    if guess::is_damaged_utf_8(bytes) {
        return read(bytes, Page::Web(UTF_8), false);
    }
    read(bytes, guess::code_page(bytes), true)
}

fn read(bytes: &[u8], page: Page, is_guess: bool) -> Option<Decoded> {
    let (text, damaged) = lossy(bytes, page);
    let word = is_guess.then(|| alternatives::of(bytes, page)).flatten();
    if text.contains('\0') {
        return None;
    }
    Some(Decoded {
        text: lines(text),
        damaged,
        encoding: Encoding(page),
        is_guess,
        word,
    })
}

/// UTF-8 into which bytes of zero strayed: they are damage.
fn with_zeros(bytes: &[u8]) -> Decoded {
    let mut text = String::with_capacity(bytes.len() + 16);
    let mut damaged = Vec::new();
    for c in String::from_utf8_lossy(bytes).chars() {
        let is_damage = matches!(c, '\0' | char::REPLACEMENT_CHARACTER);
        if is_damage {
            damaged.push(text.len());
        }
        text.push(if is_damage {
            char::REPLACEMENT_CHARACTER
        } else {
            c
        });
    }
    Decoded {
        text: lines(text),
        damaged,
        encoding: Encoding::UTF_8,
        is_guess: false,
        word: None,
    }
}

/// The text with a replacement character where bytes are none, and where those are.
fn lossy(bytes: &[u8], page: Page) -> (String, Vec<usize>) {
    let page = match page {
        Page::Web(page) => page,
        Page::Dos(page) => return (page.decode(bytes), Vec::new()),
    };
    let mut decoder = page.new_decoder_without_bom_handling();
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 2 + 16);
    let mut damaged = Vec::new();
    let mut rest = bytes;
    loop {
        text.reserve(rest.len() + 16);
        let (result, read) = decoder.decode_to_string_without_replacement(rest, &mut text, true);
        rest = &rest[read..];
        match result {
            encoding_rs::DecoderResult::InputEmpty => return (text, damaged),
            encoding_rs::DecoderResult::OutputFull => text.reserve(rest.len() * 3 + 16),
            encoding_rs::DecoderResult::Malformed(..) => {
                damaged.push(text.len());
                text.push(char::REPLACEMENT_CHARACTER);
            }
        }
    }
}

fn lines(text: String) -> String {
    let mut bytes = text.into_bytes();
    for at in 0..bytes.len() {
        // a byte for a byte: no offset moves
        if bytes[at] == b'\r' && bytes.get(at + 1) != Some(&b'\n') {
            bytes[at] = b'\n';
        }
    }
    String::from_utf8(bytes).expect("ASCII was replaced by ASCII")
}

#[cfg(test)]
mod tests;
