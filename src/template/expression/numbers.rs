//! Numbers as data has them, and as people read them: decimal digits throughout, so that 2.675 rounds to 2.68.

use minijinja::Value;
use minijinja::value::ValueKind;

use super::arguments::{Fault, said};
use super::languages::Language;

/// Longest number, in digits on either side of the point.
const MAX_DIGITS: usize = 40;

/// Digits that `number` shows at most when it is not told how many.
const DEFAULT_DECIMALS: usize = 6;

/// A number in decimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decimal {
    is_negative: bool,
    /// At least one digit, no leading zero but a lone one.
    whole: String,
    fraction: String,
}

impl Decimal {
    /// Reads a number, or a text that is one; separators in a text are understood by their places, and where
    /// `1,234` could be either, as the language has it.
    pub fn read(value: &Value, language: &Language) -> Result<Self, Fault> {
        let number = match value.kind() {
            ValueKind::Number => Self::plain(&value.to_string()),
            ValueKind::String => value.as_str().and_then(|t| Self::text(t, language)),
            _ => None,
        };
        number.ok_or_else(|| Fault::new(format!("{} is not a number", said(value))))
    }

    fn plain(text: &str) -> Option<Self> {
        let text = if text.contains(['e', 'E']) {
            let number: f64 = text.parse().ok()?;
            format!("{number}")
        } else {
            text.to_owned()
        };
        let (is_negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.as_str()),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        Self::new(is_negative, whole, fraction)
    }

    fn text(text: &str, language: &Language) -> Option<Self> {
        let text: String = text
            .trim()
            .chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '\'' | '’'))
            .collect();
        let (is_negative, digits) = match text.strip_prefix(['-', '−']) {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(&text)),
        };
        let (whole, fraction) = match decimal_point(digits, language) {
            Some(at) => (&digits[..at], &digits[at + 1..]),
            None => (digits, ""),
        };
        let groups: Vec<&str> = whole.split(['.', ',']).collect();
        let is_grouped = groups.len() == 1
            || groups[0].len() <= 3
                && !groups[0].is_empty()
                && groups[1..].iter().all(|g| g.len() == 3);
        is_grouped
            .then(|| Self::new(is_negative, &groups.concat(), fraction))
            .flatten()
    }

    fn new(is_negative: bool, whole: &str, fraction: &str) -> Option<Self> {
        let is_number = !(whole.is_empty() && fraction.is_empty())
            && whole.len() <= MAX_DIGITS
            && whole
                .bytes()
                .chain(fraction.bytes())
                .all(|b| b.is_ascii_digit());
        is_number.then(|| {
            let whole = whole.trim_start_matches('0');
            Self {
                is_negative,
                whole: if whole.is_empty() { "0" } else { whole }.to_owned(),
                fraction: fraction.to_owned(),
            }
        })
    }

    /// Whether nothing stands after the point but zeros.
    pub fn is_whole(&self) -> bool {
        self.fraction.bytes().all(|b| b == b'0')
    }

    /// Whether it is below zero.
    pub fn is_negative(&self) -> bool {
        self.is_negative
    }

    /// The same without its sign.
    pub fn abs(mut self) -> Self {
        self.is_negative = false;
        self
    }

    /// A hundred times as much.
    pub fn times_100(mut self) -> Self {
        let padded = format!("{:0<2}", self.fraction);
        let (moved, rest) = padded.split_at(2);
        let whole = format!("{}{moved}", self.whole);
        let whole = whole.trim_start_matches('0');
        self.whole = if whole.is_empty() { "0" } else { whole }.to_owned();
        self.fraction = rest.to_owned();
        self
    }

    /// Exactly so many decimals; a half goes away from zero, as people round.
    pub fn rounded(mut self, decimals: usize) -> Self {
        if self.fraction.len() <= decimals {
            self.fraction = format!("{:0<decimals$}", self.fraction);
            return self;
        }
        let goes_up = self.fraction.as_bytes()[decimals] >= b'5';
        self.fraction.truncate(decimals);
        if goes_up {
            let mut digits: Vec<u8> = self.whole.bytes().chain(self.fraction.bytes()).collect();
            let mut carries = true;
            for digit in digits.iter_mut().rev() {
                if *digit == b'9' {
                    *digit = b'0';
                } else {
                    *digit += 1;
                    carries = false;
                    break;
                }
            }
            if carries {
                digits.insert(0, b'1');
            }
            let point = digits.len() - decimals;
            let text = |digits: &[u8]| digits.iter().map(|d| char::from(*d)).collect();
            self.whole = text(&digits[..point]);
            self.fraction = text(&digits[point..]);
        }
        if self.whole == "0" && self.is_whole() {
            self.is_negative = false;
        }
        self
    }

    /// As many decimals as it has, but no noise.
    pub fn tidied(self) -> Self {
        if self.fraction.len() <= DEFAULT_DECIMALS {
            return self;
        }
        let mut number = self.rounded(DEFAULT_DECIMALS);
        number.fraction = number.fraction.trim_end_matches('0').to_owned();
        number
    }

    /// With the language's separators.
    pub fn format(&self, language: &Language) -> String {
        let mut out = String::new();
        if self.is_negative {
            out.push('-');
        }
        let is_grouped = self.whole.len() >= language.grouped_from;
        for (at, digit) in self.whole.chars().enumerate() {
            if is_grouped && at > 0 && (self.whole.len() - at).is_multiple_of(3) {
                out.push(language.group);
            }
            out.push(digit);
        }
        if !self.fraction.is_empty() {
            out.push(language.decimal);
            out.push_str(&self.fraction);
        }
        out
    }
}

/// Where the decimal point stands in a text of digits and separators.
fn decimal_point(digits: &str, language: &Language) -> Option<usize> {
    let count = |c: char| digits.matches(c).count();
    match (count('.'), count(',')) {
        (0, 0) => None,
        // machines write 1.234 and mean little more than one
        (1, 0) => digits.find('.'),
        (0, 1) => {
            let at = digits.find(',')?;
            let is_group = digits.len() - at == 4 && (1..=3).contains(&at);
            (language.decimal == ',' || !is_group).then_some(at)
        }
        (_, 0) | (0, _) => None,
        _ => digits.rfind(['.', ',']),
    }
}
