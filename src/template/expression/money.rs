//! Prices.

use super::arguments::Fault;
use super::languages::{Language, SPACE, Sign};
use super::numbers::Decimal;
use crate::diag::did_you_mean;

/// A currency as it is written where it is spent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Currency {
    /// Its three letters.
    code: &'static str,
    /// `€`, `CHF`.
    pub sign: &'static str,
    /// Digits after the point.
    decimals: usize,
}

const ALL: [Currency; 37] = [
    currency("EUR", "€", 2),
    currency("USD", "$", 2),
    currency("GBP", "£", 2),
    currency("JPY", "¥", 0),
    currency("CHF", "CHF", 2),
    currency("AED", "AED", 2),
    currency("ARS", "$", 2),
    currency("AUD", "$", 2),
    currency("BGN", "лв.", 2),
    currency("BRL", "R$", 2),
    currency("CAD", "$", 2),
    currency("CLP", "$", 0),
    currency("CNY", "¥", 2),
    currency("COP", "$", 2),
    currency("CZK", "Kč", 2),
    currency("DKK", "kr", 2),
    currency("HKD", "HK$", 2),
    currency("HUF", "Ft", 2),
    currency("IDR", "Rp", 2),
    currency("ILS", "₪", 2),
    currency("INR", "₹", 2),
    currency("ISK", "kr", 0),
    currency("KRW", "₩", 0),
    currency("MAD", "MAD", 2),
    currency("MXN", "$", 2),
    currency("NOK", "kr", 2),
    currency("NZD", "$", 2),
    currency("PEN", "S/", 2),
    currency("PLN", "zł", 2),
    currency("RON", "lei", 2),
    currency("SEK", "kr", 2),
    currency("SGD", "$", 2),
    currency("THB", "฿", 2),
    currency("TRY", "₺", 2),
    currency("UAH", "₴", 2),
    currency("VND", "₫", 0),
    currency("ZAR", "R", 2),
];

const fn currency(code: &'static str, sign: &'static str, decimals: usize) -> Currency {
    Currency {
        code,
        sign,
        decimals,
    }
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

impl Currency {
    /// Its three letters.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The currency of three letters.
    pub fn find(code: &str) -> Result<&'static Self, Fault> {
        let wanted = code.trim().to_uppercase();
        ALL.iter().find(|c| c.code == wanted).ok_or_else(|| {
            let by_sign = ALL.iter().find(|c| c.sign == code.trim()).map(|c| c.code);
            let hint = by_sign
                .map(|code| format!("did you mean `{code}`?"))
                .or_else(|| did_you_mean(&wanted, ALL.iter().map(|c| c.code)))
                .unwrap_or_else(|| "currencies have three letters, such as `EUR`".into());
            Fault::new(format!("no currency `{code}`")).hint(hint)
        })
    }

    /// A text without this currency's own sign or letters at either end: `€12` is 12 euros.
    ///
    /// A sign before the mark stays: `-€12`, `(€12)`.
    pub fn stripped(&self, text: &str) -> String {
        let text = text.trim();
        if let Some(inside) = text.strip_prefix('(').and_then(|t| t.strip_suffix(')')) {
            return format!("({})", self.bare(inside));
        }
        let rest = text.trim_start_matches(['-', '−', '–', '+']);
        let sign = &text[..text.len() - rest.len()];
        format!("{sign}{}", self.bare(rest))
    }

    fn bare<'t>(&self, text: &'t str) -> &'t str {
        let more: &[&str] = match self.code {
            "CHF" => &["SFr.", "sFr.", "Fr."],
            "DKK" | "NOK" | "SEK" => &["kr."],
            "USD" => &["US$"],
            "CAD" => &["CA$", "C$"],
            "AUD" => &["AU$", "A$"],
            "NZD" => &["NZ$"],
            "JPY" => &["円", "￥", "JP¥"],
            "CNY" => &["元", "￥", "CN¥", "RMB"],
            "RON" => &["RON"],
            "TRY" => &["TL"],
            _ => &[],
        };
        let mut text = text.trim();
        for mark in [self.sign, self.code].iter().chain(more) {
            text = without(text, mark);
        }
        text
    }

    /// A text without any currency's mark at either end.
    pub fn stripped_of_any(text: &str) -> String {
        let all = ALL.iter().map(|currency| currency.stripped(text));
        // `R$` before `$`: the most that comes off
        all.min_by_key(String::len).unwrap_or_default()
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
        let minus = if amount.is_negative() { "-" } else { "" };
        let digits = amount.abs().format(language);
        let sign = self.sign;
        // letters would run into the digits
        let is_word = sign.ends_with(|c: char| c.is_alphabetic() || c == '.');
        match language.money {
            Sign::Before if is_word => format!("{minus}{sign}{SPACE}{digits}"),
            Sign::Before => format!("{minus}{sign}{digits}"),
            Sign::BeforeSpaced => format!("{minus}{sign}{SPACE}{digits}"),
            Sign::AfterSpaced => format!("{minus}{digits}{SPACE}{sign}"),
        }
    }
}
