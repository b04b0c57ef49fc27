//! Which code page bytes are in that do not say it.

use encoding_rs::{
    Encoding, MACINTOSH, UTF_16BE, UTF_16LE, WINDOWS_1250, WINDOWS_1252, WINDOWS_1254,
    WINDOWS_1255, WINDOWS_1257,
};

use super::Page;
use super::dos::IBM850;

/// UTF-16 without a byte-order mark: line ends, commas and digits have a zero on one side only.
pub(super) fn utf_16(bytes: &[u8]) -> Option<&'static Encoding> {
    let zeros = |parity: usize| {
        bytes
            .iter()
            .skip(parity)
            .step_by(2)
            .filter(|b| **b == 0)
            .count()
    };
    let (even, odd) = (zeros(0), zeros(1));
    // a byte of zero that strayed into plain text makes no other code page of it
    if is_plain_text(bytes) {
        return None;
    }
    let page = match (even, odd) {
        (0, _) => UTF_16LE,
        (_, 0) => UTF_16BE,
        _ if odd > 20 * even => UTF_16LE,
        _ if even > 20 * odd => UTF_16BE,
        _ => return None,
    };
    let (text, is_broken) = page.decode_without_bom_handling(bytes);
    let is_control = |c: char| c.is_control() && !matches!(c, '\t' | '\r' | '\n');
    (bytes.len().is_multiple_of(2) && !is_broken && !text.chars().any(is_control)).then_some(page)
}

/// Nearly all bytes are letters and signs of ASCII, and few are zero: in UTF-16 every second one would be.
pub(super) fn is_plain_text(bytes: &[u8]) -> bool {
    let zeros = bytes.iter().filter(|b| **b == 0).count();
    let is_sign = |b: &&u8| matches!(**b, b'\t' | b'\n' | b'\r' | b' '..=b'~');
    let signs = bytes.iter().filter(is_sign).count();
    zeros * 10 < bytes.len() && (signs + zeros) * 10 >= bytes.len() * 9
}

/// Japanese mail: seven bits, and an escape before each change of letters.
pub(super) fn is_iso_2022(bytes: &[u8]) -> bool {
    [b"\x1b$B".as_slice(), b"\x1b$@", b"\x1b(J"]
        .iter()
        .any(|escape| bytes.windows(3).any(|w| w == *escape))
}

/// UTF-8 with a few bytes that are none: most of its other characters are whole sequences.
pub(super) fn is_damaged_utf_8(bytes: &[u8]) -> bool {
    let (mut whole, mut broken) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        whole += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    whole >= broken * 2 && whole > 0
}

/// The likeliest code page.
pub(super) fn code_page(bytes: &[u8]) -> Page {
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    let page = detector.guess(None, chardetng::Utf8Detection::Deny);
    // the detector is a browser's, and browsers meet neither DOS nor Mac Roman
    if is_latin(page) && is_dos(bytes, page) {
        return Page::Dos(&IBM850);
    }
    if page.is_single_byte() && is_mac_roman(bytes, page) {
        return Page::Web(MACINTOSH);
    }
    if is_latin(page) && is_hebrew(bytes) {
        return Page::Web(WINDOWS_1255);
    }
    if page.is_single_byte() && !is_latin(page) && is_western_after_all(bytes, page) {
        return Page::Web(WINDOWS_1252);
    }
    Page::Web(other_latin(bytes, page).unwrap_or(page))
}

/// Whether `page` puts letters of another script into words of Latin, where windows-1252 has signs at their places.
fn is_western_after_all(bytes: &[u8], page: &'static Encoding) -> bool {
    let text = page.decode_without_bom_handling(bytes).0;
    let mixes = |word: &str| {
        let is_other = |c: char| c.is_alphabetic() && u32::from(c) > 0x24F;
        word.contains(|c: char| c.is_ascii_alphabetic()) && word.contains(is_other)
    };
    text.split(|c: char| c.is_whitespace() || c.is_ascii_punctuation())
        .any(mixes)
        && strangeness(&WINDOWS_1252.decode_without_bom_handling(bytes).0) == 0
}

const LATIN: [&Encoding; 4] = [WINDOWS_1250, WINDOWS_1252, WINDOWS_1254, WINDOWS_1257];

fn is_latin(page: &'static Encoding) -> bool {
    LATIN.contains(&page)
        || is_western(page)
        || ["ISO-8859-2", "ISO-8859-4", "ISO-8859-13", "ISO-8859-16"].contains(&page.name())
}

/// Words of three letters and more, each of Hebrew letters only: in Latin they would be words of accents only.
fn is_hebrew(bytes: &[u8]) -> bool {
    let mut words = bytes
        .split(|b| b.is_ascii() && !b.is_ascii_alphanumeric())
        .filter(|word| !word.is_ascii())
        .peekable();
    let mut has_long = false;
    let are_hebrew = words.peek().is_some()
        && words.all(|word| {
            has_long |= word.len() >= 3;
            word.iter().all(|b| (0xE0..=0xFA).contains(b))
        });
    are_hebrew && has_long
}

/// Whether the code page of DOS makes words where `page` puts signs into them, and Mac Roman none.
fn is_dos(bytes: &[u8], page: &'static Encoding) -> bool {
    let text = page.decode_without_bom_handling(bytes).0;
    strangeness(&IBM850.decode(bytes)) == 0
        && has_signs_in_words(&text)
        && strangeness(&MACINTOSH.decode_without_bom_handling(bytes).0) > 0
}

/// A sign in the middle of a word, or one at its end or start that stands there in no language.
fn has_signs_in_words(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    let is_letter = |at: Option<usize>| {
        let c = at.and_then(|at| chars.get(at));
        c.is_some_and(|c| c.is_alphabetic())
    };
    let mut beyond = chars.iter().enumerate().filter(|(_, c)| !c.is_ascii());
    beyond.any(|(at, c)| {
        let (before, after) = (is_letter(at.checked_sub(1)), is_letter(Some(at + 1)));
        match c {
            // between letters of their own, in French and Catalan, in names of roads
            '’' | '\u{a0}' | '–' | '—' | '·' | '\u{ad}' => false,
            c if c.is_control() => before || after,
            c if c.is_alphabetic() => false,
            '‚' | '„' | '‡' | 'ˆ' | '¤' | '˜' => before,
            '™' | '‰' => after,
            _ => before && after,
        }
    })
}

/// Letters beside a to z of the languages that windows code pages for Latin letters were made for, from their
/// orthographies. The guesses that rest on them were read off the rows in `tests.rs` and checked on those of
/// `tests/corpus/code-pages` (menus in twelve languages) and `tests/corpus/code-pages-short` (one word, and DOS).
const ALPHABETS: [(&str, &str); 22] = [
    ("Catalan", "àçèéíïòóúü"),
    ("Croatian, Slovene", "čćđšž"),
    ("Czech", "áčďéěíňóřšťúůýž"),
    ("Danish, Norwegian", "æøåéèêóòô"),
    ("Dutch", "áàéèêëíïóòôöúùü"),
    ("Estonian", "äöõüšž"),
    ("French", "àâæçéèêëîïôœùûüÿ"),
    ("German", "äöüßéèà"),
    ("Hungarian", "áéíóöőúüű"),
    ("Icelandic", "áðéíóúýþæö"),
    ("Italian", "àèéìíîòóùú"),
    ("Latvian", "āčēģīķļņōŗšūž"),
    ("Lithuanian", "ąčęėįšųūž"),
    ("Polish", "ąćęłńóśźż"),
    ("Portuguese", "áàâãçéêíóôõúü"),
    ("Romanian", "ăâîşţșțáé"),
    ("Slovak", "áäčďéíĺľňóôŕšťúýž"),
    ("Spanish", "áéíñóúü"),
    ("Swedish, Finnish", "åäöéàšž"),
    ("Turkish", "çğıöşüâîû"),
    ("Albanian", "çë"),
    ("Welsh", "âêîôûŵŷäëïöüáéíóúàèìòù"),
];

/// Whether all letters are of one language.
fn is_of_a_language(text: &str) -> bool {
    let text = text.to_lowercase();
    let letters = || text.chars().filter(|c| c.is_alphabetic() && !c.is_ascii());
    let mut alphabets = ALPHABETS.iter();
    alphabets.any(|(_, alphabet)| letters().all(|c| alphabet.contains(c)))
}

/// Whether the byte of `£`, which is `Ł` elsewhere, stands before a number wherever it is.
fn has_pounds(bytes: &[u8]) -> bool {
    let after = |at: usize| bytes[at + 1..].iter().find(|b| **b != b' ');
    let places = || (0..bytes.len()).filter(|at| bytes[*at] == 0xA3);
    places().next().is_some() && places().all(|at| after(at).is_some_and(u8::is_ascii_digit))
}

/// Nothing beyond ASCII but signs where signs stand: `50 £`, `± 1`, `¡Hoy!`, `«rare»`. Of their bytes other pages make letters
/// that stand alone, which no language has, or that no other word of the file has.
fn has_signs_alone(text: &str) -> bool {
    let is_letter = |c: Option<char>| c.is_some_and(char::is_alphabetic);
    text.lines().filter(|line| !line.is_ascii()).all(|line| {
        let mut signs = line.char_indices().filter(|(_, c)| !c.is_ascii());
        signs.all(|(at, c)| {
            let (before, after) = (&line[..at], &line[at + c.len_utf8()..]);
            let is_first = !is_letter(before.chars().next_back());
            match c {
                '¡' => is_first && after.contains('!'),
                '¿' => is_first && after.contains('?'),
                '«' => is_first && after.contains('»'),
                '»' => before.contains('«'),
                '°' | '\u{a0}' => true,
                '£' | '¥' | '¢' | '¼' | '½' | '¾' | '±' | '×' | '²' | '³' => {
                    is_first && !is_letter(after.chars().next())
                }
                _ => false,
            }
        })
    })
}

/// A sign of pounds before a letter: it is `Ł`.
fn has_pounds_of_words(text: &str) -> bool {
    let mut after = text.split('£').skip(1);
    after.any(|rest| rest.starts_with(|c: char| c.is_lowercase()))
}

/// Another Latin code page than the guess, where the guess mixes the letters of several languages and the other one has
/// those of a single one. From two rows of Hungarian or Lithuanian the detector takes a neighbour's code page.
fn other_latin(bytes: &[u8], page: &'static Encoding) -> Option<&'static Encoding> {
    let text = |page: &'static Encoding| page.decode_without_bom_handling(bytes).0;
    if !is_latin(page) {
        return None;
    }
    if page != WINDOWS_1252 {
        let western = text(WINDOWS_1252);
        if has_pounds(bytes) && is_of_a_language(&western) || has_signs_alone(&western) {
            return Some(WINDOWS_1252);
        }
    }
    if is_of_a_language(&text(page)) && !has_pounds_of_words(&text(page)) {
        return None;
    }
    LATIN
        .into_iter()
        .find(|other| is_of_a_language(&text(other)))
}

/// Whether Mac Roman makes words where `page` makes none: letters of western Europe among letters, and no sign or
/// control character inside a word.
fn is_mac_roman(bytes: &[u8], page: &'static Encoding) -> bool {
    if !is_western(page) {
        return false;
    }
    let mac = strangeness(&MACINTOSH.decode_without_bom_handling(bytes).0);
    let other = strangeness(&page.decode_without_bom_handling(bytes).0);
    mac < other
}

fn is_western(page: &'static Encoding) -> bool {
    page == WINDOWS_1252 || ["windows-1254", "windows-1258", "ISO-8859-15"].contains(&page.name())
}

/// How much of a text is not as people write western languages.
fn strangeness(text: &str) -> usize {
    const LETTERS: &str = "áàâäãåæçéèêëíìîïñóòôöõøœúùûüÿßÁÀÂÄÃÅÆÇÉÈÊËÍÌÎÏÑÓÒÔÖÕØŒÚÙÛÜ";
    let chars: Vec<char> = text.chars().collect();
    let is_letter = |at: Option<&char>| at.is_some_and(|c| c.is_alphabetic());
    let is_lower = |at: Option<&char>| at.is_some_and(|c| c.is_lowercase());
    let mut strange = 0;
    for (at, c) in chars.iter().enumerate().filter(|(_, c)| !c.is_ascii()) {
        let before = at.checked_sub(1).and_then(|i| chars.get(i));
        let after = chars.get(at + 1);
        let within = is_letter(before) && is_letter(after);
        strange += match c {
            c if c.is_control() || *c == char::REPLACEMENT_CHARACTER => 3,
            // a capital in the middle of a small word
            c if LETTERS.contains(*c) => usize::from(c.is_uppercase() && is_lower(before)) * 2,
            // quotes, dashes, signs of money; an apostrophe is at home in a word
            '’' | '\u{a0}' => 0,
            '–' | '—' | '“' | '”' | '‘' | '„' | '«' | '»' | '€' | '£' | '…' | '•' | '°' | '¡'
            | '¿' | '·' | '™' | '®' | '©' | '½' | '¼' | 'º' | 'ª' => {
                usize::from(within) * 2
            }
            _ => 2,
        };
    }
    strange
}
