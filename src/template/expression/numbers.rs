//! Numbers as data has them, and as people read them: decimal digits throughout, so that 2.675 rounds to 2.68.
//!
//! In: a value, or a text that is a number. Out: the same number, to be rounded and written. Never: a binary fraction
//! between a cell and what is printed, or a digit less than the cell has.

use minijinja::Value;
use minijinja::value::ValueKind;
use rust_decimal::prelude::FromStr;
use rust_decimal::{Decimal as Exact, RoundingStrategy};

use super::arguments::{Fault, said};
use super::languages::Language;
use super::numerals::{self, Unread};

/// Digits that a number has at most: as many as [`Exact`] counts with in any case.
const MAX_DIGITS: usize = 28;

/// Digits that `number` shows at most when it is not told how many.
const DEFAULT_DECIMALS: usize = 6;

/// A number of at most 28 decimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decimal {
    exact: Exact,
    /// Digits after the point that are shown, zeros at the end among them.
    decimals: usize,
}

/// Whole digits and fraction, in ASCII; the sign apart.
pub(super) struct Parts {
    pub whole: String,
    /// May be empty.
    pub fraction: String,
}

impl Decimal {
    /// Reads a number, or a text that is one, written in `language` where that is known.
    pub fn read(value: &Value, language: Option<&Language>) -> Result<Self, Fault> {
        let no_number = || Fault::new(format!("{} is not a number", said(value)));
        match value.kind() {
            ValueKind::Number => {
                Self::of_number(value).ok_or_else(|| match f64::try_from(value.clone()) {
                    Ok(number) if number.is_finite() => too_long(&super::shown(value)),
                    _ => no_number(),
                })
            }
            ValueKind::String => {
                let text = value.as_str().unwrap_or_default();
                match numerals::read(text, language) {
                    Ok(d) => Self::of_digits(d.is_negative, &d.whole, &d.fraction)
                        .ok_or_else(|| too_long(text)),
                    Err(Unread::NoNumber) => Err(no_number()),
                    Err(Unread::Ambiguous { grouped, decimal }) => {
                        Err(ambiguous(text, &grouped, &decimal))
                    }
                }
            }
            _ => Err(no_number()),
        }
    }

    /// A value that was calculated, or a number of JSON: in the fewest digits that mean it.
    fn of_number(value: &Value) -> Option<Self> {
        let text = super::shown(value);
        let text = match text.contains(['e', 'E']) {
            true => format!("{}", text.parse::<f64>().ok()?),
            false => text,
        };
        // a fraction of more digits than 28 is one of binary counting
        let exact = Exact::from_str(&text).ok()?;
        let decimals = exact.scale() as usize;
        Some(Self { exact, decimals })
    }

    fn of_digits(is_negative: bool, whole: &str, fraction: &str) -> Option<Self> {
        let whole = whole.trim_start_matches('0');
        if whole.len() + fraction.len() > MAX_DIGITS {
            // zeros at the end say nothing
            let bare = fraction.trim_end_matches('0');
            if bare.len() == fraction.len() || whole.len() + bare.len() > MAX_DIGITS {
                return None;
            }
            return Self::of_digits(is_negative, whole, bare);
        }
        let sign = if is_negative { "-" } else { "" };
        let point = if fraction.is_empty() { "" } else { "." };
        let exact = Exact::from_str_exact(&format!("{sign}0{whole}{point}{fraction}")).ok()?;
        Some(Self {
            exact,
            decimals: fraction.len(),
        })
    }

    /// How it stands to another.
    pub fn order(&self, other: &Self) -> std::cmp::Ordering {
        self.exact.cmp(&other.exact)
    }

    /// Whether nothing stands after the point but zeros.
    pub fn is_whole(&self) -> bool {
        self.exact.fract().is_zero()
    }

    /// A hundredth of it; none where that has too many digits.
    pub fn hundredth(self) -> Option<Self> {
        let exact = self.exact.checked_mul(Exact::new(1, 2))?;
        let back = exact.checked_mul(Exact::ONE_HUNDRED)?;
        (back == self.exact).then_some(Self {
            exact,
            decimals: self.decimals + 2,
        })
    }

    /// As a value that can be calculated with; none where a binary fraction would be another number.
    pub fn value(&self) -> Option<Value> {
        if self.is_whole() {
            let whole = self.exact.trunc().normalize().mantissa();
            return Some(match i64::try_from(whole) {
                Ok(whole) => Value::from(whole),
                Err(_) => Value::from(whole),
            });
        }
        let text = self.exact.normalize().to_string();
        let number: f64 = text.parse().ok()?;
        (Exact::from_str_exact(&format!("{number}")) == Ok(self.exact)).then(|| Value::from(number))
    }

    /// Whether it is below zero.
    pub fn is_negative(&self) -> bool {
        self.exact.is_sign_negative() && !self.exact.is_zero()
    }

    /// A hundred times as much; none where that has too many digits.
    pub fn times_100(self) -> Option<Self> {
        Some(Self {
            exact: self.exact.checked_mul(Exact::ONE_HUNDRED)?,
            decimals: self.decimals.saturating_sub(2),
        })
    }

    /// Exactly so many decimals; a half goes away from zero, as people round.
    pub fn rounded(self, decimals: usize) -> Self {
        let places = u32::try_from(decimals).unwrap_or(u32::MAX);
        let strategy = RoundingStrategy::MidpointAwayFromZero;
        Self {
            exact: self.exact.round_dp_with_strategy(places, strategy),
            decimals,
        }
    }

    /// As many decimals as it has, but no noise; something is never nothing.
    pub fn tidied(self) -> Self {
        if self.decimals <= DEFAULT_DECIMALS {
            return self;
        }
        let mut exact = self.rounded(DEFAULT_DECIMALS).exact.normalize();
        if exact.is_zero() && !self.exact.is_zero() {
            let zeros = self
                .parts()
                .fraction
                .chars()
                .take_while(|c| *c == '0')
                .count();
            exact = self.rounded(zeros + DEFAULT_DECIMALS).exact.normalize();
        }
        Self {
            exact,
            decimals: exact.scale() as usize,
        }
    }

    /// Its digits without the sign.
    pub fn parts(&self) -> Parts {
        let text = self.exact.abs().to_string();
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let width = self.decimals;
        Parts {
            whole: whole.to_owned(),
            fraction: format!("{fraction:0<width$}")[..width].to_owned(),
        }
    }
}

/// What is said of a text that is one number in one language and another in another.
pub(super) fn ambiguous(text: &str, grouped: &str, decimal: &str) -> Fault {
    let text = text.trim();
    Fault::new(format!("`{text}` can be {grouped} or {decimal}")).hint(
        "name the language it is written in: `lang=\"de\"` for a decimal comma, `lang=\"en\"` for a decimal point",
    )
}

/// What is said of a number that would lose digits.
pub(super) fn too_long(text: &str) -> Fault {
    let shown = said(&Value::from(text.trim()));
    Fault::new(format!(
        "{shown} has more than {MAX_DIGITS} digits, which is more than are counted with"
    ))
}
