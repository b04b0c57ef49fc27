//! Currencies and their signs.
//!
//! In: three letters, a language. Out: the currency, the sign it has there, and texts without that sign. Never: a currency
//! that was not named.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::arguments::Fault;
use super::cldr::{TABLE, pairs};
use super::languages::Language;
use super::numbers::Decimal;
use super::{numerals, patterns};
use crate::diag::did_you_mean;

/// A currency that is money somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Currency {
    /// Its three letters.
    code: &'static str,
    /// Digits after the point.
    decimals: usize,
}

/// Marks that people write and no language has as its sign.
const MORE_MARKS: [(&str, &[&str]); 12] = [
    ("CHF", &["SFr.", "sFr.", "Fr."]),
    ("DKK", &["kr."]),
    ("NOK", &["kr."]),
    ("SEK", &["kr."]),
    ("USD", &["US$"]),
    ("CAD", &["CA$", "C$"]),
    ("AUD", &["AU$", "A$"]),
    ("NZD", &["NZ$"]),
    ("JPY", &["円", "￥", "JP¥"]),
    ("CNY", &["元", "￥", "CN¥", "RMB"]),
    ("TRY", &["TL"]),
    ("BGN", &["лв"]),
];

/// Signs that are words and may stand beside a number of no named currency. Others could be anything: `5 km`, `top 5`.
const WORDS: [&str; 14] = [
    "kr", "kr.", "zł", "Kč", "Ft", "lei", "лв.", "лв", "Rp", "R", "S/", "TL", "RMB", "元",
];

/// Codes that are words of headlines as well, and say nothing of money by themselves: `TOP 5`, `ALL 3`. A filter that
/// names the currency reads them. Read off the list of codes, for words of English that stand before numbers.
const CODES_THAT_ARE_WORDS: [&str; 5] = ["ALL", "CUP", "MOP", "SOS", "TOP"];

/// Each currency with all marks that it has in any language, its letters among them.
static MARKS: LazyLock<Vec<(Currency, Vec<&'static str>)>> = LazyLock::new(|| {
    let mut signs: HashMap<&str, Vec<&'static str>> = HashMap::new();
    let of_locales = (0..TABLE.len())
        .filter_map(|at| TABLE.own(at, "c"))
        .flat_map(pairs);
    for (code, sign) in TABLE.entries("signs").chain(of_locales) {
        let of_code = signs.entry(code).or_default();
        let sign = sign.trim_matches(numerals::is_direction);
        if !of_code.contains(&sign) {
            of_code.push(sign);
        }
    }
    let with_marks = |currency: Currency| {
        let mut marks = vec![currency.code];
        marks.extend(signs.remove(currency.code).unwrap_or_default());
        let more = MORE_MARKS.iter().find(|(code, _)| *code == currency.code);
        marks.extend(more.map_or(&[][..], |(_, more)| *more));
        // `US$` before `$`: the most that comes off
        marks.sort_by_key(|mark| std::cmp::Reverse(mark.len()));
        (currency, marks)
    };
    all().map(with_marks).collect()
});

/// The marks that stand for a currency whichever it is.
static PLAIN_MARKS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let signs = MARKS.iter().flat_map(|(_, marks)| marks.iter().copied());
    let has_sign = |mark: &&str| mark.chars().any(patterns::is_currency_sign);
    let mut marks: Vec<&str> = signs.filter(has_sign).collect();
    marks.extend(MORE_MARKS.iter().flat_map(|(_, more)| more.iter().copied()));
    marks.extend(WORDS);
    marks.sort_by_key(|mark| (std::cmp::Reverse(mark.len()), *mark));
    marks.dedup();
    marks
});

fn all() -> impl Iterator<Item = Currency> {
    TABLE.entries("money").map(|(code, decimals)| Currency {
        code,
        decimals: decimals.parse().unwrap_or(2),
    })
}

/// The currencies whose three letters are nothing else.
fn plain_codes() -> impl Iterator<Item = Currency> {
    all().filter(|currency| !CODES_THAT_ARE_WORDS.contains(&currency.code))
}

/// `text` without `mark` at its start or end; letters may be small.
fn without<'t>(text: &'t str, mark: &str) -> &'t str {
    let is_mark = |part: Option<&str>| part.is_some_and(|part| part.eq_ignore_ascii_case(mark));
    // `12 kr` but not the end of a word
    let is_free = |c: Option<char>| {
        !mark.starts_with(char::is_alphabetic) || !c.is_some_and(char::is_alphabetic)
    };
    if is_mark(text.get(..mark.len())) && is_free(text[mark.len()..].chars().next()) {
        return text[mark.len()..].trim_start();
    }
    match text.len().checked_sub(mark.len()) {
        Some(at) if is_mark(text.get(at..)) && is_free(text[..at].chars().next_back()) => {
            text[..at].trim_end()
        }
        _ => text,
    }
}

/// Whether a text has nothing but digits and what parts them: most cells are so.
fn is_bare(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_digit() || b" .,'+-".contains(&b))
}

impl Currency {
    /// Its three letters.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The currency of three letters.
    pub fn find(code: &str) -> Result<Self, Fault> {
        let wanted = code.trim().to_uppercase();
        all().find(|c| c.code == wanted).ok_or_else(|| {
            let english = Language::english();
            let by_sign = |c: &Currency| c.sign(english) == code.trim();
            // `$` is the dollar of the United States first
            let first = ["EUR", "USD", "GBP", "JPY"].into_iter();
            let by_sign = first
                .filter_map(|code| all().find(|c| c.code == code))
                .chain(all())
                .find(by_sign);
            let hint = by_sign
                .map(|c| format!("did you mean `{}`?", c.code))
                .or_else(|| did_you_mean(&wanted, all().map(|c| c.code)))
                .unwrap_or_else(|| "currencies have three letters, such as `EUR`".into());
            Fault::new(format!("no currency `{code}`")).hint(hint)
        })
    }

    /// The sign it has in a language: `€`, `R$`, or its letters.
    fn sign(&self, language: &Language) -> &'static str {
        let named = |list: &'static str| pairs(list).find(|(code, _)| *code == self.code);
        let own = TABLE
            .chain(language.locale())
            .find_map(|at| TABLE.own(at, "c").and_then(named));
        own.map(|(_, sign)| sign)
            .or_else(|| TABLE.entry("signs", self.code))
            .unwrap_or(self.code)
    }

    /// A text without this currency's own sign or letters at either end: `€12` is 12 euros.
    ///
    /// A sign before the mark stays: `-€12`, `(€12)`.
    pub fn stripped(&self, text: &str) -> String {
        let marks = MARKS.iter().find(|(currency, _)| currency == self);
        stripped(text, marks.map_or(&[][..], |(_, marks)| marks))
    }

    /// A text without any currency's mark at either end: a sign, letters in capitals, or one of few words.
    pub fn stripped_of_any(text: &str) -> String {
        let text = undirected(text);
        let text = text.trim();
        if is_bare(text) {
            return text.to_owned();
        }
        let (before, bare, after) = unsigned(text);
        let once = |text: &'_ str| -> usize {
            let rest = PLAIN_MARKS.iter().map(|mark| without(text, mark).len());
            let codes = plain_codes()
                .filter(|c| text.starts_with(c.code) || text.ends_with(c.code))
                .map(|c| without(text, c.code).len());
            rest.chain(codes).min().unwrap_or(text.len())
        };
        let mut bare = bare;
        // `US$ 5 USD`
        for _ in 0..2 {
            let shortest = once(bare);
            let of = |mark: &str| Some(without(bare, mark)).filter(|t| t.len() == shortest);
            let by_mark = PLAIN_MARKS.iter().find_map(|mark| of(mark));
            bare = by_mark
                .or_else(|| plain_codes().find_map(|c| of(c.code)))
                .unwrap_or(bare);
        }
        format!("{before}{bare}{after}")
    }

    /// An amount as a language writes it; `is_short` leaves out decimals that are all zero.
    pub fn format(
        &self,
        amount: Decimal,
        decimals: Option<usize>,
        is_short: bool,
        language: &Language,
    ) -> String {
        let mut amount = amount.rounded(decimals.unwrap_or(self.decimals));
        if is_short && amount.is_whole() {
            amount = amount.rounded(0);
        }
        patterns::money(&amount, self.sign(language), language)
    }
}

fn stripped(text: &str, marks: &[&str]) -> String {
    let text = undirected(text);
    let (before, mut bare, after) = unsigned(text.trim());
    for mark in marks {
        bare = without(bare, mark);
    }
    format!("{before}{bare}{after}")
}

/// A text without the marks that only steer its direction.
fn undirected(text: &str) -> String {
    text.replace(numerals::is_direction, "")
}

/// A text with its sign, or an accountant's brackets, apart.
fn unsigned(text: &str) -> (&str, &str, &str) {
    if let Some(inside) = text.strip_prefix('(').and_then(|t| t.strip_suffix(')')) {
        return ("(", inside.trim(), ")");
    }
    let rest = text.trim_start_matches(['-', '−', '–', '+']);
    (&text[..text.len() - rest.len()], rest.trim(), "")
}
