//! Numbers as people and spreadsheets write them.
//!
//! In: a text, and the language it is written in where that is known. Out: its digits, or why it is no number. Never:
//! a guess: `1.299` is 1299 in Berlin and 1.299 in London, and without a language it is neither.

use super::languages::Language;

/// The digits of a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Digits {
    pub is_negative: bool,
    /// ASCII digits; may be empty where the fraction is not.
    pub whole: String,
    /// ASCII digits, may be empty.
    pub fraction: String,
}

/// Why a text is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is no number.
    NoNumber,
    /// Its only separator parts thousands in one language and decimals in another.
    Ambiguous {
        /// What it is if the separator parts thousands.
        grouped: String,
        /// What it is if it is the decimal point.
        decimal: String,
    },
}

/// Largest power of ten that an exponent may move the point by.
const MAX_EXPONENT: i32 = 40;

/// Zeros of the decimal digits that people write in Unicode, each followed by its nine.
const ZEROS: [u32; 22] = [
    0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66,
    0xe50, 0xed0, 0xf20, 0x1040, 0x17e0, 0x1810, 0xa8d0, 0xa900, 0xff10,
];

/// The Arabic decimal separator, which is never anything else.
const ARABIC_POINT: char = '\u{66b}';

/// The ASCII digit of a decimal digit of any script.
pub(super) fn ascii_digit(c: char) -> Option<char> {
    let code = u32::from(c);
    let zero = ZEROS
        .iter()
        .find(|zero| (**zero..**zero + 10).contains(&code))?;
    char::from_digit(code - zero, 10)
}

/// A mark that only steers the direction of a text, or is not seen at all: they stand around the numbers, prices and
/// dates of languages from right to left, and where a text was copied from a page.
pub(super) fn is_direction(c: char) -> bool {
    matches!(
        c,
        '\u{200b}'..='\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
    )
}

/// The same text in ASCII digits, signs and separators, without marks that only steer its direction.
pub(super) fn plain(text: &str) -> String {
    let one = |c: char| {
        Some(match c {
            _ if ascii_digit(c).is_some() => ascii_digit(c)?,
            c if is_direction(c) => return None,
            '−' | '–' | '—' | '‒' | '‐' | '‑' | '﹣' | '－' => '-',
            '＋' => '+',
            '’' | '‘' | 'ʼ' | '′' | '`' | '\u{66c}' => '\'',
            '．' => '.',
            '，' | '﹐' => ',',
            c if c.is_whitespace() => ' ',
            c => c,
        })
    };
    text.chars()
        .filter_map(one)
        .collect::<String>()
        .trim()
        .to_owned()
}

/// The number of a text that ends, or in some languages begins, with a percent sign.
pub(super) fn hundredths(text: &str) -> Option<String> {
    let text = plain(text);
    let signs = ['%', '٪', '％', '﹪'];
    let number = text
        .strip_suffix(signs)
        .or_else(|| text.strip_prefix(signs))?;
    Some(number.trim().to_owned())
}

/// Reads a number.
///
/// Groups are parted by spaces, apostrophes, points or commas; `(5)`, `5-` and `−5` are negative; `5.–` is a price
/// without cents; `1.2E+3` has an exponent.
pub(super) fn read(text: &str, language: Option<&Language>) -> Result<Digits, Unread> {
    let text = plain(text);
    let (mut is_negative, body) = signed(&text);
    let body = body.ok_or(Unread::NoNumber)?;
    let (mantissa, exponent) = exponent(body).ok_or(Unread::NoNumber)?;
    let (whole, fraction) = match exponent {
        0 => parts(mantissa, language)?,
        // nobody groups digits before an exponent
        by => moved(mantissa, by).ok_or(Unread::NoNumber)?,
    };
    if whole.is_empty() && fraction.is_empty() {
        return Err(Unread::NoNumber);
    }
    is_negative &= (whole.bytes().chain(fraction.bytes())).any(|b| b != b'0');
    Ok(Digits {
        is_negative,
        whole,
        fraction,
    })
}

/// The text without its sign; none where it has two.
fn signed(text: &str) -> (bool, Option<&str>) {
    // `12.–`, `12,--` and `12:-` are prices without cents
    let priced = [",-", ".-", ":-", ",--", ".--"]
        .iter()
        .filter_map(|end| text.strip_suffix(end))
        .find(|rest| rest.ends_with(|c: char| c.is_ascii_digit()));
    let text = priced.unwrap_or(text);
    if let Some(inside) = text.strip_prefix('(').and_then(|t| t.strip_suffix(')')) {
        return (
            true,
            Some(inside.trim()).filter(|t| !t.starts_with(['-', '+'])),
        );
    }
    let after = text.strip_suffix('-').filter(|_| priced.is_none());
    match (text.strip_prefix('-'), after) {
        (Some(_), Some(_)) => (true, None),
        (Some(rest), None) => (true, Some(rest.trim_start())),
        (None, Some(rest)) => (true, Some(rest.trim_end()).filter(|t| !t.starts_with('+'))),
        (None, None) => (
            false,
            Some(text.strip_prefix('+').unwrap_or(text).trim_start()),
        ),
    }
}

fn exponent(text: &str) -> Option<(&str, i32)> {
    let Some(at) = text.find(['e', 'E']) else {
        return Some((text, 0));
    };
    let exponent: i32 = text[at + 1..].parse().ok()?;
    (exponent.abs() <= MAX_EXPONENT && at > 0).then_some((&text[..at], exponent))
}

/// The point of `mantissa` moved to the right.
fn moved(mantissa: &str, by: i32) -> Option<(String, String)> {
    let at = mantissa.find(['.', ',']);
    let (whole, fraction) = at.map_or((mantissa, ""), |at| (&mantissa[..at], &mantissa[at + 1..]));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !is_digits(&digits) {
        return None;
    }
    let point = whole.len() as i32 + by;
    Some(if point <= 0 {
        let zeros = "0".repeat(point.unsigned_abs() as usize);
        ("0".to_owned(), format!("{zeros}{digits}"))
    } else {
        let point = point as usize;
        let padded = format!("{digits:0<point$}");
        (padded[..point].to_owned(), padded[point..].to_owned())
    })
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

/// Whole digits and fraction of a text of digits and separators.
fn parts(text: &str, language: Option<&Language>) -> Result<(String, String), Unread> {
    let point = decimal_point(text, language)?;
    let (whole, fraction) = match point {
        Some(at) => {
            let width = text[at..].chars().next().map_or(1, char::len_utf8);
            (&text[..at], &text[at + width..])
        }
        None => (text, ""),
    };
    let whole = ungrouped(whole).ok_or(Unread::NoNumber)?;
    if !is_digits(fraction) {
        return Err(Unread::NoNumber);
    }
    Ok((whole, fraction.to_owned()))
}

/// Where the decimal point is.
fn decimal_point(text: &str, language: Option<&Language>) -> Result<Option<usize>, Unread> {
    if let Some(at) = text.find(ARABIC_POINT) {
        return Ok(Some(at));
    }
    let count = |c: char| text.matches(c).count();
    let last = text.rfind(['.', ',']);
    match (count('.'), count(','), last) {
        (_, _, None) => Ok(None),
        (1, 0, Some(at)) | (0, 1, Some(at)) => lone(text, at, language),
        (_, 0, _) | (0, _, _) => Ok(None),
        // the last of two kinds is the point
        (.., Some(at)) => Ok(Some(at)),
    }
}

/// Whether the only separator is the point: not where exactly three digits follow up to three, and the language
/// parts thousands with it.
fn lone(text: &str, at: usize, language: Option<&Language>) -> Result<Option<usize>, Unread> {
    let (before, after) = (&text[..at], &text[at + 1..]);
    let could_group = after.len() == 3
        && is_digits(after)
        && (1..=3).contains(&before.len())
        && is_digits(before)
        && !before.starts_with('0');
    if !could_group {
        return Ok(Some(at));
    }
    match language {
        Some(language) if text[at..].starts_with(|c| language.is_point(c)) => Ok(Some(at)),
        Some(_) => Ok(None),
        None => Err(Unread::Ambiguous {
            grouped: format!("{before}{after}"),
            decimal: format!("{before}.{after}"),
        }),
    }
}

/// Digits without what parts their groups; none where the groups are not of three, or in India of two and then three.
fn ungrouped(text: &str) -> Option<String> {
    let Some(separator) = text.chars().find(|c| !c.is_ascii_digit()) else {
        return Some(text.to_owned());
    };
    if ![' ', '\'', '.', ','].contains(&separator) {
        return None;
    }
    let groups: Vec<&str> = text.split(separator).collect();
    let (first, rest) = groups.split_first()?;
    let (last, inner) = rest.split_last()?;
    let by_three = (1..=3).contains(&first.len()) && inner.iter().all(|g| g.len() == 3);
    let by_two = (1..=2).contains(&first.len()) && inner.iter().all(|g| g.len() == 2);
    let is_grouped = last.len() == 3
        && (by_three || by_two && separator == ',')
        && groups.iter().all(|group| is_digits(group));
    is_grouped.then(|| groups.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, lang: Option<&str>) -> String {
        let language = lang.map(|tag| Language::find(Some(tag)).expect("a language"));
        match read(text, language) {
            Ok(d) => {
                let sign = if d.is_negative { "-" } else { "" };
                let point = if d.fraction.is_empty() { "" } else { "." };
                format!("{sign}{}{point}{}", d.whole, d.fraction)
            }
            Err(Unread::NoNumber) => "no number".into(),
            Err(Unread::Ambiguous { grouped, decimal }) => format!("{grouped} or {decimal}"),
        }
    }

    #[test]
    fn a_lone_separator_before_three_digits_needs_a_language() {
        for text in ["1.299", "1,299", "12.500", "999,999", "-1.299", "١,٢٩٩"] {
            assert!(shown(text, None).contains(" or "), "{text}");
        }
        assert_eq!(shown("1.299", Some("de")), "1299");
        assert_eq!(shown("1.299", Some("en")), "1.299");
        assert_eq!(shown("1,299", Some("de")), "1.299");
        assert_eq!(shown("1,299", Some("en")), "1299");
        assert_eq!(shown("1,299", Some("de-CH")), "1299");
        assert_eq!(shown("12.500", Some("es")), "12500");
    }

    #[test]
    fn what_can_be_only_one_thing_needs_none() {
        for (text, right) in [
            ("1.299,00", "1299.00"),
            ("1,299.00", "1299.00"),
            ("1.299.000", "1299000"),
            ("0.125", "0.125"),
            ("4,5", "4.5"),
            ("1.2995", "1.2995"),
            ("1299.000", "1299.000"),
            ("1 299", "1299"),
            ("1\u{202f}299,50", "1299.50"),
            ("1'299.–", "1299"),
            ("1’299.50", "1299.50"),
            ("12,-", "12"),
            ("12:-", "12"),
            ("1,23,456.5", "123456.5"),
            ("١٢٣", "123"),
            ("١٬٢٩٩٫٥", "1299.5"),
            ("１２．５", "12.5"),
            ("(5.00)", "-5.00"),
            ("5-", "-5"),
            ("- 5", "-5"),
            ("−3", "-3"),
            ("-0,0", "0.0"),
            ("+7", "7"),
            (".5", ".5"),
            ("1.2E+3", "1200"),
            ("1,29e03", "1290"),
            ("5e-3", "0.005"),
            (" 7 ", "7"),
        ] {
            assert_eq!(shown(text, None), right, "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in [
            "",
            "-",
            ".",
            "1 2 3",
            "12 50",
            "1.29.5",
            "1.299,00,5",
            "--5",
            "-5-",
            "(-5)",
            "1e",
            "e5",
            "1e99",
            "12a",
            "€12",
            "0x10",
            "NaN",
            "inf",
            "1.2345.678",
            "1..2",
            "'5",
            "5%",
        ] {
            assert_eq!(shown(text, None), "no number", "{text}");
        }
    }
}
