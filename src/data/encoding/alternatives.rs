//! What else a guessed file may say, for a person to see at a glance whether the guess is right.
//!
//! In: bytes, and the code page that was guessed. Out: the first word beyond ASCII, as it was read and as other code
//! pages read it. Never: a decision.

use encoding_rs::{
    BIG5, EUC_KR, GBK, IBM866, KOI8_R, MACINTOSH, SHIFT_JIS, WINDOWS_1250, WINDOWS_1251,
    WINDOWS_1252, WINDOWS_1253, WINDOWS_1254, WINDOWS_1255, WINDOWS_1256,
};

use super::dos::{IBM850, IBM852};
use super::{Encoding, Page, Word, lossy};

/// By how many people's files are in them.
const PAGES: [Page; 16] = [
    Page::Web(WINDOWS_1252),
    Page::Web(WINDOWS_1250),
    Page::Dos(&IBM850),
    Page::Web(WINDOWS_1251),
    Page::Web(WINDOWS_1255),
    Page::Web(WINDOWS_1256),
    Page::Web(WINDOWS_1253),
    Page::Web(WINDOWS_1254),
    Page::Web(GBK),
    Page::Web(EUC_KR),
    Page::Web(BIG5),
    Page::Web(SHIFT_JIS),
    Page::Web(MACINTOSH),
    Page::Dos(&IBM852),
    Page::Web(KOI8_R),
    Page::Web(IBM866),
];

/// Readings that a message has room for.
const MOST: usize = 5;

/// The first word that is not ASCII; none where the guess has no such word, and none in UTF-16, which no other page
/// could be taken for.
pub(super) fn of(bytes: &[u8], guess: Page) -> Option<Word> {
    if matches!(guess, Page::Web(page) if !page.is_ascii_compatible()) {
        return None;
    }
    let is_end = |b: &u8| matches!(b, b'\n' | b'\r');
    // lines end at the same byte in all of these code pages
    let line = bytes.split(is_end).find(|line| !line.is_ascii())?;
    let line = &line[..line.len().min(4096)];
    let (text, _) = lossy(line, guess);
    let read = word(&text)?.to_owned();
    let mut others: Vec<(String, Encoding)> = Vec::new();
    for page in PAGES.into_iter().filter(|page| *page != guess) {
        let (text, damaged) = lossy(line, page);
        let Some(other) = word(&text).filter(|_| damaged.is_empty()) else {
            continue;
        };
        let is_word = other.chars().all(char::is_alphabetic) && is_of_one_script(other);
        let is_new = other != read && others.iter().all(|(known, _)| known != other);
        if is_word && is_new {
            others.push((other.to_owned(), Encoding(page)));
        }
    }
    others.truncate(MOST);
    Some(Word { read, others })
}

/// The first run of characters without a space or a separator that has one beyond ASCII.
fn word(text: &str) -> Option<&str> {
    let ends = |c: char| c.is_whitespace() || (c.is_ascii() && !c.is_ascii_alphanumeric());
    text.split(ends)
        .find(|word| !word.is_ascii())
        .filter(|word| word.chars().count() <= 40)
}

/// No letters of Latin beside those of another script, and no small letter before a capital.
fn is_of_one_script(word: &str) -> bool {
    let is_latin = |c: char| (c as u32) < 0x250;
    let latin = word.chars().filter(|c| is_latin(*c)).count();
    let mut pairs = word.chars().zip(word.chars().skip(1));
    (latin == 0 || latin == word.chars().count())
        && pairs.all(|(a, b)| !(a.is_lowercase() && b.is_uppercase()))
}
