//! Numbers, parts of hundred and prices written by CLDR's patterns: `#,##,##0.###`, `#,##0 %`, `¤ #,##0.00;¤ -#,##0.00`.
//!
//! In: a number, a language, a currency's sign. Out: text. Never: rounding.

use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;

use super::languages::{Language, SPACE};
use super::numbers::Decimal;

/// A number alone: `1,23,456.5`.
pub(super) fn number(number: &Decimal, language: &Language) -> String {
    let signs = &language.signs;
    let separators = (signs.decimal, signs.group);
    let digits = digits(number, language, signs.number_pattern, separators);
    affixed(number, language, signs.number_pattern, &digits, None)
}

/// A number of hundredths: `12,5 %`.
pub(super) fn percent(number: &Decimal, language: &Language) -> String {
    let signs = &language.signs;
    let separators = (signs.decimal, signs.group);
    let digits = digits(number, language, signs.percent_pattern, separators);
    affixed(number, language, signs.percent_pattern, &digits, None)
}

/// A price: `12,50 €`.
pub(super) fn money(number: &Decimal, sign: &str, language: &Language) -> String {
    let signs = &language.signs;
    let separators = (signs.money_decimal, signs.money_group);
    let digits = digits(number, language, signs.money_pattern, separators);
    affixed(number, language, signs.money_pattern, &digits, Some(sign))
}

/// Where in a pattern the digits stand.
fn body(pattern: &str) -> std::ops::Range<usize> {
    let is_digit = |c: char| matches!(c, '#' | '0' | ',' | '.');
    let start = pattern.find(is_digit).unwrap_or(pattern.len());
    let end = pattern.rfind(is_digit).map_or(start, |at| at + 1);
    start..end
}

fn positive(pattern: &str) -> &str {
    pattern.split(';').next().unwrap_or(pattern)
}

/// The digits without their sign, parted as the pattern says: India parts three digits, and then two and two.
fn digits(
    number: &Decimal,
    language: &Language,
    pattern: &str,
    (decimal, group): (&str, &str),
) -> String {
    let pattern = positive(pattern);
    let whole_part = pattern[body(pattern)].split('.').next().unwrap_or("");
    let sizes: Vec<usize> = whole_part.rsplit(',').map(str::len).collect();
    // the last one has no comma before it
    let (first, next) = match sizes.as_slice() {
        [] | [_] => (0, 0),
        [first, _] => (*first, *first),
        [first, next, ..] => (*first, *next),
    };
    let parts = number.parts();
    let length = parts.whole.len();
    let is_grouped = first > 0 && length >= first + language.signs.least_before;
    let mut out = String::new();
    for (at, digit) in parts.whole.chars().enumerate() {
        let left = length - at;
        let is_border = left == first || left > first && (left - first).is_multiple_of(next);
        if is_grouped && at > 0 && is_border {
            out.push_str(group);
        }
        out.push_str(&language.in_digits(&digit.to_string()));
    }
    if !parts.fraction.is_empty() {
        out.push_str(decimal);
        out.push_str(&language.in_digits(&parts.fraction));
    }
    out
}

/// The digits with what stands before and after them.
fn affixed(
    number: &Decimal,
    language: &Language,
    pattern: &str,
    digits: &str,
    currency: Option<&str>,
) -> String {
    let own = pattern.split(';').nth(1);
    let (pattern, minus) = match (number.is_negative(), own) {
        (true, Some(own)) => (own, ""),
        (true, None) => (positive(pattern), language.signs.minus),
        (false, _) => (positive(pattern), ""),
    };
    let body = body(pattern);
    let (before, after) = (&pattern[..body.start], &pattern[body.end..]);
    let fill = |text: &str| {
        let mut out = String::new();
        for c in text.chars() {
            match c {
                '¤' => out.push_str(currency.unwrap_or_default()),
                '%' => out.push_str(language.signs.percent),
                '-' => out.push_str(language.signs.minus),
                '\'' => {}
                c => out.push(c),
            }
        }
        out
    };
    // letters would run into the digits
    let space = |touches: bool, edge: Option<char>| match edge {
        Some(c) if touches && !is_sign_or_space(c) => SPACE.to_string(),
        _ => String::new(),
    };
    let currency_end = currency.and_then(|sign| sign.chars().next_back());
    let currency_start = currency.and_then(|sign| sign.chars().next());
    format!(
        "{minus}{}{}{digits}{}{}",
        fill(before),
        space(before.ends_with('¤'), currency_end),
        space(after.starts_with('¤'), currency_start),
        fill(after),
    )
}

/// Whether a character needs no space between itself and a digit, by CLDR's `currencySpacing`.
fn is_sign_or_space(c: char) -> bool {
    use GeneralCategory as Is;
    matches!(
        CodePointMapData::<GeneralCategory>::new().get(c),
        Is::CurrencySymbol
            | Is::MathSymbol
            | Is::ModifierSymbol
            | Is::OtherSymbol
            | Is::SpaceSeparator
            | Is::LineSeparator
            | Is::ParagraphSeparator
    )
}

/// Whether a character is a currency's sign such as `€`.
pub(super) fn is_currency_sign(c: char) -> bool {
    CodePointMapData::<GeneralCategory>::new().get(c) == GeneralCategory::CurrencySymbol
}
