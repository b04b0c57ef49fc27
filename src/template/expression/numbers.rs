//! Numbers as data has them, and as people read them: decimal digits throughout, so that 2.675 rounds to 2.68.

use minijinja::Value;
use minijinja::value::ValueKind;

use super::arguments::{Fault, said};
use super::languages::Language;
use super::numerals::{self, Unread};

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
    /// Reads a number, or a text that is one, written in `language` where that is known.
    pub fn read(value: &Value, language: Option<&Language>) -> Result<Self, Fault> {
        let no_number = || Fault::new(format!("{} is not a number", said(value)));
        let number = match value.kind() {
            ValueKind::Number => Self::plain(&value.to_string()),
            ValueKind::String => {
                let text = value.as_str().unwrap_or_default();
                match numerals::read(text, language) {
                    Ok(d) => Self::new(d.is_negative, &d.whole, &d.fraction),
                    Err(Unread::NoNumber) => None,
                    Err(Unread::Ambiguous { grouped, decimal }) => {
                        return Err(ambiguous(text, &grouped, &decimal));
                    }
                }
            }
            _ => None,
        };
        number.ok_or_else(no_number)
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

    /// A hundredth of it.
    pub fn hundredth(mut self) -> Self {
        let padded = format!("{:0>3}", self.whole);
        let (whole, moved) = padded.split_at(padded.len() - 2);
        self.fraction = format!("{moved}{}", self.fraction);
        let whole = whole.trim_start_matches('0');
        self.whole = if whole.is_empty() { "0" } else { whole }.to_owned();
        self
    }

    /// As a value that can be calculated with.
    pub fn value(&self) -> Value {
        let sign = if self.is_negative { "-" } else { "" };
        if self.is_whole()
            && let Ok(whole) = format!("{sign}{}", self.whole).parse::<i64>()
        {
            return Value::from(whole);
        }
        let text = format!("{sign}{}.{}0", self.whole, self.fraction);
        Value::from(text.parse::<f64>().unwrap_or(f64::NAN))
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

/// What is said of a text that is one number in one language and another in another.
pub(super) fn ambiguous(text: &str, grouped: &str, decimal: &str) -> Fault {
    let text = text.trim();
    Fault::new(format!("`{text}` can be {grouped} or {decimal}")).hint(
        "name the language it is written in: `lang=\"de\"` for a decimal comma, `lang=\"en\"` for a decimal point",
    )
}
